"""Masked convolutions, which make a convolutional network autoregressive.

References:
    Van den Oord et al., Pixel Recurrent Neural Networks, 2016, sec. 3.4, fig. 2.
    https://arxiv.org/abs/1601.06759
"""

import keras
import numpy as np
from keras import ops

from kgen.core import validation
from kgen.core.backend import register
from kgen.layers._kernel import KernelLayer
from kgen.layers.cache import channel_of
from kgen.layers.cached_conv import CachedConv


@register
class MaskedConv2D(KernelLayer):
    """2D convolution whose output at a pixel depends only on earlier pixels.

    Pixels are ordered row by row, from the left, and the `channels` of a pixel one
    after the other. Feature k of m belongs to channel k * channels // m, among inputs
    and outputs alike. Mask "A" shows a feature the earlier channels of its own pixel;
    mask "B" also shows it its own channel.

        kernel 3x3, one channel:   1 1 1      1 1 1
                               A:  1 0 0  B:  1 1 0
                                   0 0 0      0 0 0

    Weights that both masks hide are not stored: the rows below the centre and, in a
    kernel of one row, the weights to the right of it.

    Args:
        filters: number of output features, >= channels.
        kernel_size: odd height and width of the kernel, as one number or a pair.
        mask_type: "A" for the first layer, "B" for all others.
        channels: channels per pixel of the data.
        dilation: spacing of the kernel's taps, in pixels, >= 1.
        activation: see `keras.layers.Conv2D`; must be elementwise.
        parts: number of outputs of `filters` features each, to be split along the last
            axis, for the gates of a unit.
        **kwargs: `use_bias`, `kernel_initializer`, `bias_initializer`,
            `kernel_regularizer`, `bias_regularizer`, `kernel_constraint` and
            `bias_constraint` as in `keras.layers.Conv2D`; for others see
            `keras.layers.Layer`.

    Input shape: (n, height, width, features).
    Output shape: (n, height, width, parts * filters).

    Raises:
        ValueError: if a kernel size is even, the mask is unknown, or there are fewer
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
        self.channels = validation.check_setting(owner, "channels", channels, ge=1)
        self.filters = validation.check_setting(owner, "filters", filters, ge=channels)
        self.dilation = validation.check_setting(owner, "dilation", dilation, ge=1)
        self.parts = validation.check_setting(owner, "parts", parts, ge=1)
        if np.size(kernel_size) not in (1, 2):
            raise ValueError(
                f"`kernel_size` must be a number or a pair. Got {kernel_size!r}."
            )
        self.rows, self.columns = np.broadcast_to(kernel_size, 2).tolist()
        check_kernel(owner, (self.rows, self.columns), mask_type)
        self.kernel_size = kernel_size
        self.mask_type = mask_type
        self.activation = keras.activations.get(activation)

    def build(self, input_shape):
        features = input_shape[-1]
        validation.check_setting(
            "MaskedConv2D", "input features", features, ge=self.channels
        )
        centre, outputs = self.columns // 2, self.parts * self.filters
        columns = self.columns if self.rows > 1 else centre + 1
        mask = np.ones((self.rows // 2 + 1, columns, features, outputs), "float32")
        mask[-1, centre + 1 :] = 0.0
        input_channel = channel_of(features, self.channels)
        output_channel = np.tile(channel_of(self.filters, self.channels), self.parts)
        earlier = input_channel[:, None] < output_channel[None, :]
        if self.mask_type == "B":
            earlier |= input_channel[:, None] == output_channel[None, :]
        mask[-1, centre] = earlier
        self.mask = mask
        self.kernel = self.add_kernel(mask.shape, mask)
        self.bias = self.add_bias(outputs)

    def masked_kernel(self):
        """The kernel with zeros where it is masked, in the compute dtype."""
        # Without the cast, a float32 mask would turn a 16-bit kernel into float32.
        dtype = self.compute_dtype
        return ops.cast(self.kernel, dtype) * ops.cast(self.mask, dtype)

    def call(self, x):
        kernel = self.masked_kernel()
        if self.rows == 1:
            return self.activation(self.plus_bias(self._in_row(x, kernel)))
        above = self.rows // 2 * self.dilation
        beside = self.columns // 2 * self.dilation
        x = ops.pad(x, ((0, 0), (above, 0), (beside, beside), (0, 0)))
        h = convolve(x, kernel, self.dilation)
        return self.activation(self.plus_bias(h))

    def _in_row(self, x, kernel):
        # Shifted copies and one product: on a CPU, TensorFlow's convolutions with large
        # dilations are many times slower.
        left = self.columns // 2
        if left:
            reach = left * self.dilation
            x = ops.pad(x, ((0, 0), (0, 0), (reach, 0), (0, 0)))
            taps = [
                x[:, :, k * self.dilation : k * self.dilation - reach or None]
                for k in range(left + 1)
            ]
            x = ops.concatenate(taps, axis=-1)
        return ops.matmul(x, ops.reshape(kernel, (-1, kernel.shape[-1])))

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

    def cached(self, n, width):
        """The layer pixel by pixel, for n images of that width."""
        return CachedConv(self, n, width)


def check_kernel(owner, sizes, mask_type, least=1):
    """Raise a ValueError unless sizes are odd and >= `least`, and the mask is known."""
    for size in sizes:
        validation.check_setting(owner, "kernel_size", size, ge=least)
        if size % 2 == 0:
            raise ValueError(f"`kernel_size` must be odd. Got {size!r}.")
    if mask_type not in ("A", "B"):
        raise ValueError(f"`mask_type` must be 'A' or 'B'. Got {mask_type!r}.")


def convolve(x, kernel, dilation):
    """Convolution of features that are already padded."""
    return ops.conv(
        x,
        ops.cast(kernel, x.dtype),
        padding="valid",
        data_format="channels_last",
        dilation_rate=dilation,
    )
