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

    The layers keep their own dtypes; the sum is in the block's.

    Args:
        branch: layers, each of which takes the output of the one before.
        shortcut: layers in the same form; without any, it is the identity.
        **kwargs: see `keras.layers.Layer`.

    Input shape: what the first layers take; or a list of this and conditions, (n, k),
        for the layers with an attribute `takes_condition`.
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

    @property
    def takes_condition(self):
        """Whether any of its layers takes a condition."""
        return any(map(_takes_condition, [*self.branch, *self.shortcut]))

    def build(self, input_shape):
        ends = []
        first, condition = self._split(input_shape)
        for path in (self.branch, self.shortcut):
            shape = first
            for layer in path:
                taken = _taken(layer, shape, condition)
                if not layer.built:
                    layer.build(taken)
                shape = layer.compute_output_shape(taken)
            ends.append(tuple(shape))
        if ends[0] != ends[1]:
            raise ValueError(
                f"The branch of a ResidualBlock ends in shape {ends[0]}, its shortcut "
                f"in {ends[1]}. They are added up, so they must be the same."
            )

    def call(self, inputs):
        x, condition = self._split(inputs)
        shortcut = x
        for layer in self.branch:
            x = conditioned(layer, x, condition)
        for layer in self.shortcut:
            shortcut = conditioned(layer, shortcut, condition)
        return ops.cast(shortcut, self.compute_dtype) + ops.cast(x, self.compute_dtype)

    def compute_output_shape(self, input_shape):
        shape, condition = self._split(input_shape)
        for layer in self.branch:
            shape = layer.compute_output_shape(_taken(layer, shape, condition))
        return shape

    def _split(self, inputs):
        return inputs if self.takes_condition else (inputs, None)


def conditioned(layer, x, condition):
    """A layer's output, given the condition if the layer takes one.

    Args:
        layer: the layer; one that takes a condition has a true `takes_condition`.
        x: its input.
        condition: (n, k).
    """
    return layer(_taken(layer, x, condition))


def _taken(layer, x, condition):
    """What a layer takes, tensors or their shapes."""
    return [x, condition] if _takes_condition(layer) else x


def _takes_condition(layer):
    return getattr(layer, "takes_condition", False)
