"""Networks of couplings: from what stays to the parameters of what moves."""

import keras
from keras import ops

from kgen.core import validation
from kgen.core.backend import register
from kgen.core.strategy import Strategy
from kgen.layers.bijection import seen


class CouplingNetwork(Strategy):
    """Base of the builders of networks inside couplings.

    A subclass implements `parts`. The last layer should begin with weights of zero:
    then the coupling begins as the identity.
    """

    def parts(self, outputs, dtype=None):
        """Return Keras layers, not yet built, each of which takes the previous output.

        The first takes (n, ..., features), and the last returns (n, ..., outputs), with
        the same axes in between.

        Args:
            outputs: length of the last axis, >= 1.
            dtype: Keras dtype policy, which every layer gets.
        """
        raise NotImplementedError


@register
class DenseNetwork(CouplingNetwork):
    """Dense layers with ReLUs.

    Args:
        hidden: units of every hidden layer, each >= 1.

    Example:
        >>> [layer.units for layer in DenseNetwork((8, 4)).parts(3)]
        [8, 4, 3]
    """

    def __init__(self, hidden=(128, 128)):
        self.hidden = validation.check_settings(self, "hidden", hidden, ge=1)

    def parts(self, outputs, dtype=None):
        dense, options = keras.layers.Dense, {"dtype": dtype}
        hidden = [dense(units, "relu", **options) for units in self.hidden]
        return [*hidden, dense(outputs, kernel_initializer="zeros", **options)]


class Parameters(keras.layers.Layer):
    """The parameters of the scalars that move, from a network.

    Args:
        builder: a `CouplingNetwork`.
        moving: number of scalars that move at a position.
        size: number of parameters per scalar.
        **kwargs: see `keras.layers.Layer`.

    Input: values that stay, (n, ..., features); and condition vectors (n, k), or None.
    Output shape: (n, ..., moving, size), float32.
    """

    def __init__(self, builder, moving, size, **kwargs):
        super().__init__(autocast=False, **kwargs)
        self.moving, self.size = moving, size
        self.network = builder.parts(moving * size, dtype=self.dtype_policy)

    def build(self, shape):
        for layer in self.network:
            layer.build(shape)
            shape = layer.compute_output_shape(shape)

    def call(self, staying, condition=None):
        positions = staying.shape[1:-1]
        if condition is not None and positions:
            between = (1,) * len(positions)
            condition = ops.reshape(condition, (-1, *between, condition.shape[-1]))
            counts = (1, *positions, 1)
            condition = ops.tile(condition, counts)
        h = seen(staying, condition, self.compute_dtype)
        for layer in self.network:
            h = layer(h)
        shape = (-1, *positions, self.moving, self.size)
        return ops.reshape(ops.cast(h, "float32"), shape)


def as_builder(network, hidden):
    """A `CouplingNetwork`: the given one, or a dense one of `hidden` units."""
    if network is None:
        return DenseNetwork(hidden)
    if not isinstance(network, CouplingNetwork):
        raise ValueError(
            "`network` of a coupling must be a kgen.layers.CouplingNetwork, or None "
            f"for a dense one. Got {network!r}."
        )
    return network
