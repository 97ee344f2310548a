"""Masked convolutions: what makes a convolutional network autoregressive.

References:
    Van den Oord et al., Pixel Recurrent Neural Networks, 2016, sec. 3.4, fig. 2.
    https://arxiv.org/abs/1601.06759
    Ramachandran et al., Fast Generation for Convolutional Autoregressive Models, 2017
    (the cache of `ConvWalker`). https://arxiv.org/abs/1704.06001
"""

import keras
import numpy as np
from keras import ops

from kgen.core import validation
from kgen.core.backend import register
from kgen.layers._walk import Walker, at, channel_of, spans


@register
class MaskedConv2D(keras.layers.Layer):
    """2D convolution whose output at a pixel depends on earlier pixels only.

    Pixels are ordered row by row, from the left, and the `channels` of a pixel one
    after the other. Feature k of m belongs to channel k * channels // m, among inputs
    and outputs alike. Mask "A" shows a feature the earlier channels of its own pixel,
    mask "B" its own channel too.

        kernel 3x3, one channel:   1 1 1      1 1 1
                               A:  1 0 0  B:  1 1 0
                                   0 0 0      0 0 0

    What no mask lets through is not stored: the rows below the centre and, of a kernel
    of one row, what is to the right of it.

    Args:
        filters: number of output features, >= channels.
        kernel_size: odd height and width of the kernel, as one number or a pair.
        mask_type: "A" for the first layer, "B" for all others.
        channels: channels of a pixel of the data.
        dilation: distance between the pixels that the kernel looks at, >= 1.
        activation: see `keras.layers.Conv2D`; works on every feature by itself.
        parts: how many outputs of `filters` features, one after the other, to be split
            along the last axis: what the gates of a unit take.
        **kwargs: see `keras.layers.Layer`.

    Input shape: (n, height, width, features).
    Output shape: (n, height, width, parts * filters).

    Raises:
        ValueError: if a kernel size is even, a mask unknown, or there are fewer
            features than channels.
    """

    def __init__(
        self,
        filters,
        kernel_size,
        mask_type="B",
        channels=1,
        dilation=1,
        activation=None,
        parts=1,
        **kwargs,
    ):
        super().__init__(**kwargs)
        owner = "MaskedConv2D"
        validation.check_setting(owner, "channels", channels, ge=1)
        validation.check_setting(owner, "filters", filters, ge=channels)
        validation.check_setting(owner, "dilation", dilation, ge=1)
        validation.check_setting(owner, "parts", parts, ge=1)
        if np.size(kernel_size) not in (1, 2):
            raise ValueError(
                f"`kernel_size` must be a number or a pair. Got {kernel_size!r}."
            )
        self.rows, self.columns = np.broadcast_to(kernel_size, 2).tolist()
        check_kernel(owner, (self.rows, self.columns), mask_type)
        self.filters = filters
        self.kernel_size = kernel_size
        self.mask_type = mask_type
        self.channels = channels
        self.dilation = dilation
        self.activation = keras.activations.get(activation)
        self.parts = parts

    def build(self, input_shape):
        features = input_shape[-1]
        validation.check_setting(
            "MaskedConv2D", "input features", features, ge=self.channels
        )
        centre = self.columns // 2
        self.kernel = self.add_weight(
            shape=(
                self.rows // 2 + 1,
                self.columns if self.rows > 1 else centre + 1,
                features,
                self.parts * self.filters,
            ),
            initializer="glorot_uniform",
            name="kernel",
        )
        self.bias = self.add_weight(
            shape=(self.parts * self.filters,), initializer="zeros", name="bias"
        )
        mask = np.ones(self.kernel.shape, "float32")
        mask[-1, centre + 1 :] = 0.0
        of_input = channel_of(features, self.channels)
        of_output = np.tile(channel_of(self.filters, self.channels), self.parts)
        earlier = of_input[:, None] < of_output[None, :]
        if self.mask_type == "B":
            earlier |= of_input[:, None] == of_output[None, :]
        mask[-1, centre] = earlier
        self.mask = mask

    def masked_kernel(self):
        """The kernel with zeros where it must not look, in the compute dtype."""
        # Without the cast a float32 mask would turn a 16-bit kernel into float32.
        dtype = self.compute_dtype
        return ops.cast(self.kernel, dtype) * ops.cast(self.mask, dtype)

    def call(self, x):
        kernel = self.masked_kernel()
        if self.rows == 1:
            return self.activation(self._in_row(x, kernel))
        above = self.rows // 2 * self.dilation
        beside = self.columns // 2 * self.dilation
        x = ops.pad(x, ((0, 0), (above, 0), (beside, beside), (0, 0)))
        return self.activation(convolve(x, kernel, self.bias, self.dilation))

    def _in_row(self, x, kernel):
        # Shifted copies and one product: on a CPU TensorFlow takes many times as long
        # over convolutions that are dilated by much.
        left = self.columns // 2
        if left:
            reach = left * self.dilation
            x = ops.pad(x, ((0, 0), (0, 0), (reach, 0), (0, 0)))
            taps = [
                x[:, :, k * self.dilation : k * self.dilation - reach or None]
                for k in range(left + 1)
            ]
            x = ops.concatenate(taps, axis=-1)
        h = ops.matmul(x, ops.reshape(kernel, (-1, kernel.shape[-1])))
        return h + ops.cast(self.bias, h.dtype)

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], self.parts * self.filters)

    def get_config(self):
        return {
            **super().get_config(),
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "mask_type": self.mask_type,
            "channels": self.channels,
            "dilation": self.dilation,
            "activation": keras.activations.serialize(self.activation),
            "parts": self.parts,
        }

    def walker(self, n, width, **options):
        """What computes the layer pixel by pixel, for n images of that width."""
        return ConvWalker(self, n, width)


def check_kernel(owner, sizes, mask_type, least=1):
    """Raise a ValueError unless sizes are odd and at least that, and the mask known."""
    for size in sizes:
        validation.check_setting(owner, "kernel_size", size, ge=least)
        if size % 2 == 0:
            raise ValueError(f"`kernel_size` must be odd. Got {size!r}.")
    if mask_type not in ("A", "B"):
        raise ValueError(f"`mask_type` must be 'A' or 'B'. Got {mask_type!r}.")


def convolve(x, kernel, bias, dilation):
    """Convolution of features that are already padded."""
    h = ops.conv(
        x,
        ops.cast(kernel, x.dtype),
        padding="valid",
        data_format="channels_last",
        dilation_rate=dilation,
    )
    return h + ops.cast(bias, h.dtype)


class ConvWalker(Walker):
    """A masked convolution, pixel by pixel.

    The rows above count once for the whole row, in one product of matrices; pixels to
    the left and its own features together, channel by channel.
    """

    def __init__(self, layer, n, width):
        self.layer, self.n, self.width = layer, n, width
        self.reads_image = layer.mask_type == "A"
        self.reach = layer.columns // 2 * layer.dilation
        kernel, bias = layer.masked_kernel(), ops.cast(layer.bias, layer.compute_dtype)
        features, outputs = kernel.shape[-2:]
        mine = [spans(layer.filters, layer.channels)] * layer.parts
        self.sizes = [layer.parts * (high - low) for low, high in mine[0]]
        self.order = None
        if layer.parts > 1 and layer.channels > 1:
            # Outputs in the order of channels, to be cut into slices.
            self.order = [
                part * layer.filters + k
                for channel in range(layer.channels)
                for part in range(layer.parts)
                for k in range(*mine[part][channel])
            ]
            kernel = ops.take(kernel, self.order, axis=-1)
            bias = ops.take(bias, self.order, axis=-1)
        self.bias, self.above = bias, None
        centre = layer.columns // 2
        self.above_kernel = ops.reshape(kernel[:-1], (-1, outputs))
        self.kernel = ops.reshape(kernel[-1, : centre + 1], (-1, outputs))
        # Rows of the kernel that are known before each of the channels is.
        edges = [0, *(high for _, high in spans(features, layer.channels))]
        self.ends = [centre * features + edge for edge in edges]
        dtype, size = layer.compute_dtype, (n, features)
        if layer.rows > 1:
            above = layer.rows // 2 * layer.dilation
            self.past = ops.zeros((n, above, width + 2 * self.reach, features), dtype)
        if self.reach:
            # All of the row if rows below will look at it. Else a ring, in which pixel
            # p stands at p modulo its length.
            length = self.reach + (width if layer.rows > 1 else 0)
            kept = ops.zeros((n, length, features), dtype)
            self.row = [kept, ops.zeros(size, dtype)]
        self.blank = self.row

    def enter_row(self, above):
        self.row = self.blank
        layer, step = self.layer, self.layer.dilation
        if layer.rows > 1:
            taps = [
                self.past[:, i * step, k * step : k * step + self.width]
                for i in range(layer.rows // 2)
                for k in range(layer.columns)
            ]
            rows = ops.matmul(ops.concatenate(taps, axis=-1), self.above_kernel)
            self.above = rows + self.bias
        return above

    def _kept(self, column):
        """The row with the pixel before `column`, and what finds a pixel in it."""
        kept, last = self.row
        shift, length = self.reach, kept.shape[1]

        def place(column):
            return column + shift if self.past is not None else column % length

        # Written a pixel late, just before it is read: XLA would copy all of a tensor
        # that is read before it is written.
        last = ops.expand_dims(last, 1)
        return ops.slice_update(kept, (0, place(column - 1), 0), last), place

    def enter_pixel(self, column):
        layer = self.layer
        self.left, self.seen = [], []
        self.base = self.bias if self.above is None else at(self.above, column)
        if self.reach:
            kept, place = self._kept(column)
            self.left = [
                at(kept, place(column - m * layer.dilation))
                for m in range(layer.columns // 2, 0, -1)
            ]
            self.row = [kept, self.row[1]]

    def __call__(self, value, channel):
        if self.layer.mask_type == "B":
            self.see(value)
        first = sum(self.sizes[:channel])
        last = first + self.sizes[channel]
        h = self.base[..., first:last]
        known = [*self.left, *self.seen]
        if known:
            known = ops.concatenate(known, axis=-1) if len(known) > 1 else known[0]
            kernel = self.kernel[: self.ends[len(self.seen)], first:last]
            h = h + ops.matmul(known, kernel)
        if len(h.shape) == 1:
            h = ops.broadcast_to(h, (self.n, last - first))
        return self.layer.activation(h)

    def see(self, value):
        self.seen.append(value)

    def leave_pixel(self):
        if self.reach:
            self.row = [self.row[0], ops.concatenate(self.seen, axis=-1)]

    def leave_row(self, image):
        if self.past is not None:
            kept = self._kept(self.width)[0] if self.reach else None
            row = ops.pad(kept, ((0, 0), (0, self.reach), (0, 0)))
            row = ops.expand_dims(row, 1)
            self.past = ops.concatenate([self.past[:, 1:], row], axis=1)
