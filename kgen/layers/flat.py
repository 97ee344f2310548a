"""Examples of any shape as vectors."""

import math

from keras import ops

from kgen.core.backend import register
from kgen.layers.bijection import Bijection, no_change


@register
class Flat(Bijection):
    """All scalars of an example as one vector.

    Args:
        **kwargs: see `keras.layers.Layer`.

    Input shape: (n, ...).
    Output shape: (n, scalars), and (n,).

    Example:
        >>> import numpy as np
        >>> z, _ = Flat()(np.zeros((5, 2, 3), "float32"))
        >>> z.shape
        TensorShape([5, 6])
    """

    def build(self, x_shape):
        self.shape = tuple(x_shape[1:])

    def forward(self, x, condition=None, *, training=False):
        return ops.reshape(x, (-1, math.prod(self.shape))), no_change(x)

    def inverse(self, z, condition=None):
        return ops.reshape(z, (-1, *self.shape))

    def compute_output_shape(self, x_shape):
        return (x_shape[0], math.prod(x_shape[1:])), (x_shape[0],)
