"""The gated layer of two stacks, which leaves no blind spot.

References:
    Van den Oord et al., Conditional Image Generation with PixelCNN Decoders, 2016,
    sec. 2.1-2.3, fig. 2. https://arxiv.org/abs/1606.05328
"""

from keras import layers, ops

from kgen.core import validation
from kgen.core.backend import register
from kgen.layers._kernel import KernelLayer
from kgen.layers.cache import CachedLayer, shared
from kgen.layers.masked_conv import MaskedConv2D, check_kernel, convolve


def gate(h):
    """The gated unit, tanh(a) * sigmoid(b), for a and b side by side (eq. 2)."""
    a, b = ops.split(h, 2, axis=-1)
    return ops.tanh(a) * ops.sigmoid(b)


@register
class VerticalConv2D(KernelLayer):
    """2D convolution that sees the rows above a pixel, as far to the right as left.

    Args:
        filters: number of output features, >= 1.
        kernel_size: odd height and width of the kernel, >= 3.
        mask_type: "A" hides the row itself (first layer); "B" shows it, for
            features that depend only on rows above.
        dilation: spacing of the kernel's taps, in pixels, >= 1.
        **kwargs: `use_bias`, `kernel_initializer`, `bias_initializer`,
            `kernel_regularizer`, `bias_regularizer`, `kernel_constraint` and
            `bias_constraint` as in `keras.layers.Conv2D`; for others see
            `keras.layers.Layer`.

    Input shape: (n, height, width, features).
    Output shape: (n, height, width, filters).

    Raises:
        ValueError: if the kernel size is even or below 3, or the mask is unknown.
    """

    def __init__(self, filters, kernel_size, mask_type="B", dilation=1, **kwargs):
        super().__init__(**kwargs)
        owner = "VerticalConv2D"
        self.filters = validation.check_setting(owner, "filters", filters, ge=1)
        self.dilation = validation.check_setting(owner, "dilation", dilation, ge=1)
        check_kernel(owner, [kernel_size], mask_type, least=3)
        self.kernel_size = kernel_size
        self.mask_type = mask_type

    def build(self, input_shape):
        rows = self.kernel_size // 2 + (self.mask_type == "B")
        shape = (rows, self.kernel_size, input_shape[-1], self.filters)
        self.kernel = self.add_kernel(shape)
        self.bias = self.add_bias(self.filters)

    @property
    def reach(self):
        """Number of rows above that it sees."""
        return self.kernel_size // 2 * self.dilation

    def call(self, x):
        height, reach = x.shape[1], self.reach
        # Short images end before the last row that a dilated kernel would see.
        x = ops.pad(x, ((0, 0), (reach, 0), (reach, reach), (0, 0)))
        if self.mask_type == "A":
            x = x[:, : reach + height - self.dilation]
        return self.convolve(x)

    def convolve(self, x):
        """Convolve rows that are already padded."""
        return self.plus_bias(convolve(x, self.kernel, self.dilation))

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], self.filters)

    def get_config(self):
        return {
            **super().get_config(),
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "mask_type": self.mask_type,
            "dilation": self.dilation,
        }


@register
class GatedBlock(layers.Layer):
    """One layer of the gated PixelCNN, which maps a vertical and a horizontal stack.

    The vertical stack sees all rows above. The horizontal stack sees the row itself
    and, through a 1x1 link, the vertical stack. Their features are gated, tanh times
    sigmoid. With mask "B", the horizontal input is added to the horizontal output.

    Args:
        filters: features of each stack, >= channels.
        kernel_size: odd size of the kernels, >= 3.
        mask_type: "A" for the first layer, "B" for all others.
        channels: channels per pixel of the data.
        dilation: spacing of the kernels' taps, in pixels, >= 1.
        condition_dim: length of the vectors that shift every gate (eq. 4); 0 for none.
        **kwargs: see `keras.layers.Layer`.

    Input shape: a pair of (n, height, width, features).
    Output shape: a pair of (n, height, width, filters).
    """

    def __init__(
        self,
        filters,
        kernel_size,
        mask_type="B",
        channels=1,
        dilation=1,
        condition_dim=0,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.filters = filters
        self.kernel_size = kernel_size
        self.mask_type = mask_type
        self.channels = channels
        self.dilation = dilation
        self.condition_dim = condition_dim
        policy = {"dtype": self.dtype_policy}
        self.vertical = VerticalConv2D(
            2 * filters, kernel_size, mask_type, dilation, **policy
        )
        self.horizontal = MaskedConv2D(
            filters,
            (1, kernel_size),
            mask_type,
            channels,
            dilation,
            parts=2,
            **policy,
        )
        self.link = layers.Dense(2 * filters, **policy)
        self.out = MaskedConv2D(filters, 1, "B", channels, **policy)
        if condition_dim:
            self.shift = layers.Dense(4 * filters, use_bias=False, **policy)

    def build(self, input_shape):
        vertical, horizontal = map(tuple, input_shape)
        self.vertical.build(vertical)
        self.horizontal.build(horizontal)
        self.link.build((*vertical[:-1], 2 * self.filters))
        self.out.build((*horizontal[:-1], self.filters))
        if self.condition_dim:
            self.shift.build((None, self.condition_dim))

    def shifts(self, condition):
        """What the condition adds to both stacks before their gates."""
        if not self.condition_dim:
            return 0.0, 0.0
        shift = ops.expand_dims(self.shift(condition), 1)
        return ops.split(shift, 2, axis=-1)

    def call(self, inputs, condition=None):
        v, h = inputs
        shift_v, shift_h = self.shifts(condition)
        if self.condition_dim:
            shift_v, shift_h = (ops.expand_dims(s, 1) for s in (shift_v, shift_h))
        above = self.vertical(v)
        here = self.horizontal(h) + self.link(above) + shift_h
        out = self.out(gate(here))
        return gate(above + shift_v), h + out if self.mask_type == "B" else out

    def compute_output_shape(self, input_shape):
        return tuple((*shape[:-1], self.filters) for shape in input_shape)

    def get_config(self):
        return {
            **super().get_config(),
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "mask_type": self.mask_type,
            "channels": self.channels,
            "dilation": self.dilation,
            "condition_dim": self.condition_dim,
        }

    def cached(self, n, width, condition=None):
        """The layer pixel by pixel, for n images of that width."""
        return CachedGated(self, n, width, condition)


class CachedGated(CachedLayer):
    """A `GatedBlock`, pixel by pixel.

    The vertical stack depends only on rows above: it is computed once per row.
    """

    row = shared("horizontal", "row")

    def __init__(self, layer, n, width, condition):
        self.layer = layer
        self.reads_image = layer.mask_type == "A"
        self.horizontal = layer.horizontal.cached(n, width)
        self.out = layer.out.cached(n, width)
        self.shifts = layer.shifts(condition)
        kernel, reach = layer.vertical.kernel, layer.vertical.reach
        shape = (n, reach, width + 2 * reach, kernel.shape[-2])
        self.past = ops.zeros(shape, layer.compute_dtype)

    def enter_row(self, above):
        layer, conv = self.layer, self.horizontal
        window = self.past
        if layer.mask_type == "B":
            window = self._with(above)
            self.past = window[:, 1:]
        above = layer.vertical.convolve(window)[:, 0]
        shift_v, shift_h = self.shifts
        link = conv.by_channel(layer.link(above) + shift_h)
        conv.enter_row(None)
        conv.above = link + conv.bias
        return gate(above + shift_v)

    def _with(self, row):
        reach = self.layer.vertical.reach
        row = ops.pad(row, ((0, 0), (reach, reach), (0, 0)))
        return ops.concatenate([self.past, ops.expand_dims(row, 1)], axis=1)

    def enter_pixel(self, column):
        self.horizontal.enter_pixel(column)
        self.out.enter_pixel(column)

    def __call__(self, value, channel):
        _, h = value
        out = self.out(gate(self.horizontal(h, channel)), channel)
        return None, out if self.reads_image else h + out

    def see(self, value):
        self.horizontal.see(value)

    def leave_pixel(self):
        self.horizontal.leave_pixel()

    def leave_row(self, image):
        if self.layer.mask_type == "A":
            self.past = self._with(image)[:, 1:]
