"""A scale that is learned once rather than for every example."""

import keras
from keras import ops

from kgen.core.backend import register


@register
class SharedScale(keras.layers.Layer):
    """Locations and, for each channel, one learned scale: the parameters of a `Normal`.

    It replaces the scales that a decoder outputs for every scalar of every example:
    the scale of a channel (of a feature, in tables) is a weight.

    Input shape: (n, ..., channels), locations.
    Output shape: (n, ..., 2 * channels), float32: for every channel its location, and
        its scale before the softplus of the head.

    References:
        Rybkin et al., Simple and Effective VAE Training with Calibrated Decoders,
        2021, sec. 3. https://arxiv.org/abs/2006.13202

    Example:
        >>> import numpy as np
        >>> SharedScale()(np.ones((5, 4, 4, 3))).shape
        TensorShape([5, 4, 4, 6])
    """

    computes_in_float32 = True

    def __init__(self, **kwargs):
        super().__init__(**{**kwargs, "dtype": "float32"})

    def build(self, input_shape):
        self.scale = self.add_weight((input_shape[-1],), "zeros", name="scale")

    def call(self, loc):
        loc = ops.cast(loc, "float32")
        both = ops.stack([loc, ops.broadcast_to(self.scale, ops.shape(loc))], axis=-1)
        return ops.reshape(both, (-1, *loc.shape[1:-1], 2 * loc.shape[-1]))

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], 2 * input_shape[-1])
