"""The residual block of the PixelCNN.

References:
    Van den Oord et al., Pixel Recurrent Neural Networks, 2016, sec. 3.3, fig. 5 (left).
    https://arxiv.org/abs/1601.06759
"""

import keras
from keras import ops

from kgen.core import validation
from kgen.core.backend import register
from kgen.layers.cache import CachedLayer, shared
from kgen.layers.masked_conv import MaskedConv2D


@register
class MaskedResidualBlock(keras.layers.Layer):
    """Masked residual block: to half the features, 3x3 convolution, and back.

    Each of the three masked convolutions, 1x1, 3x3 and 1x1, has a ReLU before it.

    Args:
        filters: features of the input and the output, >= channels.
        channels: channels per pixel of the data.
        dilation: spacing of the 3x3 kernel's taps, in pixels, >= 1.
        **kwargs: see `keras.layers.Layer`.

    Input shape: (n, height, width, filters).
    Output shape: the same.
    """

    def __init__(self, filters, channels=1, dilation=1, **kwargs):
        super().__init__(**kwargs)
        self.channels = validation.check_setting(self, "channels", channels, ge=1)
        self.filters = validation.check_setting(self, "filters", filters, ge=channels)
        self.dilation = validation.check_setting(self, "dilation", dilation, ge=1)
        settings = {"channels": channels, "dtype": self.dtype_policy}
        half = max(filters // 2, channels)
        self.down = MaskedConv2D(half, 1, **settings)
        self.conv = MaskedConv2D(half, 3, dilation=dilation, **settings)
        self.up = MaskedConv2D(filters, 1, **settings)

    def build(self, input_shape):
        half = (*input_shape[:-1], self.down.filters)
        self.down.build(input_shape)
        self.conv.build(half)
        self.up.build(half)

    def call(self, x):
        h = x
        for conv in (self.down, self.conv, self.up):
            h = conv(ops.relu(h))
        return x + h

    def compute_output_shape(self, input_shape):
        return tuple(input_shape)

    def get_config(self):
        return {
            **super().get_config(),
            "filters": self.filters,
            "channels": self.channels,
            "dilation": self.dilation,
        }

    def cached(self, n, width):
        """The layer pixel by pixel, for n images of that width."""
        return CachedResidual(self, n, width)


class CachedResidual(CachedLayer):
    """A `MaskedResidualBlock`, pixel by pixel; only the 3x3 convolution has a cache."""

    past = shared("conv", "past")
    row = shared("conv", "row")

    def __init__(self, layer, n, width):
        self.conv = layer.conv.cached(n, width)
        self.convs = [layer.down.cached(n, width), self.conv, layer.up.cached(n, width)]

    def enter_row(self, above):
        self.conv.enter_row(None)

    def enter_pixel(self, column):
        for conv in self.convs:
            conv.enter_pixel(column)

    def __call__(self, value, channel):
        h = value
        for conv in self.convs:
            h = conv(ops.relu(h), channel)
        return value + h

    def leave_pixel(self):
        self.conv.leave_pixel()

    def leave_row(self, image):
        self.conv.leave_row(image)
