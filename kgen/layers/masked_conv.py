"""Masked convolutions: what makes a convolutional network autoregressive.

References:
    Van den Oord et al., Pixel Recurrent Neural Networks, 2016, sec. 3.4, fig. 2.
    https://arxiv.org/abs/1601.06759
"""

import keras
import numpy as np
from keras import ops

from kgen.core import validation
from kgen.core.backend import register


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

    The rows below the centre, which no mask lets through, are not stored.

    Args:
        filters: number of output features, >= channels.
        kernel_size: odd height and width of the kernel, as one number.
        mask_type: "A" for the first layer, "B" for all others.
        channels: channels of a pixel of the data.
        dilation: distance between the pixels that the kernel looks at, >= 1.
        activation: see `keras.layers.Conv2D`.
        **kwargs: see `keras.layers.Layer`.

    Input shape: (n, height, width, features).
    Output shape: (n, height, width, filters).

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
        **kwargs,
    ):
        super().__init__(**kwargs)
        owner = "MaskedConv2D"
        validation.check_setting(owner, "channels", channels, ge=1)
        validation.check_setting(owner, "filters", filters, ge=channels)
        validation.check_setting(owner, "kernel_size", kernel_size, ge=1)
        validation.check_setting(owner, "dilation", dilation, ge=1)
        if kernel_size % 2 == 0:
            raise ValueError(f"`kernel_size` must be odd. Got {kernel_size!r}.")
        if mask_type not in ("A", "B"):
            raise ValueError(f"`mask_type` must be 'A' or 'B'. Got {mask_type!r}.")
        self.filters = filters
        self.kernel_size = kernel_size
        self.mask_type = mask_type
        self.channels = channels
        self.dilation = dilation
        self.activation = keras.activations.get(activation)

    def build(self, input_shape):
        features = input_shape[-1]
        validation.check_setting(
            "MaskedConv2D", "input features", features, ge=self.channels
        )
        rows = self.kernel_size // 2 + 1
        self.kernel = self.add_weight(
            shape=(rows, self.kernel_size, features, self.filters),
            initializer="glorot_uniform",
            name="kernel",
        )
        self.bias = self.add_weight(
            shape=(self.filters,), initializer="zeros", name="bias"
        )
        self.mask = self._mask(features)

    def _mask(self, features):
        centre = self.kernel_size // 2
        mask = np.ones(
            (centre + 1, self.kernel_size, features, self.filters), "float32"
        )
        mask[centre, centre + 1 :] = 0.0
        of_input = np.arange(features) * self.channels // features
        of_output = np.arange(self.filters) * self.channels // self.filters
        earlier = of_input[:, None] < of_output[None, :]
        if self.mask_type == "B":
            earlier |= of_input[:, None] == of_output[None, :]
        mask[centre, centre] = earlier
        return mask

    def call(self, x):
        reach = self.kernel_size // 2 * self.dilation
        if reach:
            x = ops.pad(x, ((0, 0), (reach, 0), (reach, reach), (0, 0)))
        # Without the cast a float32 mask would turn a 16-bit kernel into float32.
        kernel = ops.cast(self.kernel, x.dtype) * ops.cast(self.mask, x.dtype)
        h = ops.conv(
            x,
            kernel,
            padding="valid",
            data_format="channels_last",
            dilation_rate=self.dilation,
        )
        return self.activation(h + ops.cast(self.bias, h.dtype))

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], self.filters)

    def get_config(self):
        return {
            **super().get_config(),
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "mask_type": self.mask_type,
            "channels": self.channels,
            "dilation": self.dilation,
            "activation": keras.activations.serialize(self.activation),
        }
