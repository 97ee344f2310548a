"""Layers with a shortcut past them.

References:
    He et al., Identity Mappings in Deep Residual Networks, 2016, eq. 1.
    https://arxiv.org/abs/1603.05027
"""

import keras
from keras import ops

from kgen.core.backend import register
from kgen.core.config import ConfigMixin


@register
class ResidualBlock(ConfigMixin, keras.layers.Layer):
    """The sum of a branch of layers and a shortcut past them.

    The layers keep the dtypes they came with; the sum is in the block's own.

    Args:
        branch: layers, each of which takes the output of the one before.
        shortcut: likewise; without any layers it is the identity.
        **kwargs: see `keras.layers.Layer`.

    Input shape: what the first layers take.
    Output shape: that of the last layers of both paths.

    Raises:
        ValueError: when it is built, if the two paths end in different shapes.

    References:
        He et al., Identity Mappings in Deep Residual Networks, 2016, eq. 1.
        https://arxiv.org/abs/1603.05027

    Example:
        >>> from keras import layers
        >>> block = ResidualBlock([layers.ReLU(), layers.Dense(3)])
        >>> block.compute_output_shape((None, 3))
        (None, 3)
    """

    def __init__(self, branch, shortcut=(), **kwargs):
        super().__init__(**kwargs)
        self.branch = list(branch)
        self.shortcut = list(shortcut)

    def build(self, input_shape):
        ends = []
        for path in (self.branch, self.shortcut):
            shape = input_shape
            for layer in path:
                if not layer.built:
                    layer.build(shape)
                shape = layer.compute_output_shape(shape)
            ends.append(tuple(shape))
        if ends[0] != ends[1]:
            raise ValueError(
                f"The branch of a ResidualBlock ends in shape {ends[0]}, its shortcut "
                f"in {ends[1]}. They are added up, so they must be the same."
            )

    def call(self, x):
        shortcut = x
        for layer in self.branch:
            x = layer(x)
        for layer in self.shortcut:
            shortcut = layer(shortcut)
        return ops.cast(shortcut, self.compute_dtype) + ops.cast(x, self.compute_dtype)

    def compute_output_shape(self, input_shape):
        for layer in self.branch:
            input_shape = layer.compute_output_shape(input_shape)
        return input_shape
