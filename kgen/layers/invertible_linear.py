"""Invertible linear maps of features, or of the channels of an image.

References:
    Kingma and Dhariwal, Glow: Generative Flow with Invertible 1x1 Convolutions, 2018,
    sec. 3.2, eq. 9-11. https://arxiv.org/abs/1807.03039
"""

import math

import numpy as np
from keras import ops

from kgen.core import random, validation
from kgen.core.backend import register
from kgen.layers.bijection import Bijection, no_change
from kgen.layers.permutation import check_order, places


@register
class InvertibleLinear(Bijection):
    """z = W x with W = P L U, for the features of every position.

    P is a fixed permutation, L is lower triangular with ones on its diagonal, and U is
    upper triangular with a positive diagonal, so log |det W| is the sum of the logs of
    that diagonal. At first W is P. (In the paper it starts as a rotation.)

    Args:
        seed: seed of the permutation, >= 0.
        order: the permutation, indices of the features, which saved files hold; None
            draws it with the seed.
        **kwargs: see `keras.layers.Layer`.

    Input shape: (n, ..., features).
    Output shape: the same, and (n,).

    Example:
        >>> import numpy as np
        >>> layer = InvertibleLinear(seed=1)
        >>> z, log_det = layer(np.array([[1.0, 2.0, 3.0]], "float32"))
        >>> sorted(np.asarray(z)[0].tolist()), np.asarray(log_det).tolist()
        ([1.0, 2.0, 3.0], [0.0])
    """

    computes_in_float32 = True

    def __init__(self, seed=0, order=None, **kwargs):
        super().__init__(**kwargs)
        self.order = check_order(self, order)
        self.seed = validation.check_setting(self, "seed", seed, ge=0, lt=2**63)

    def build(self, x_shape):
        dim = x_shape[-1]
        if self.order is None:
            self.order = random.permutation(self.seed, 0, dim).tolist()
        self.places, self.former = places(self, self.order, dim)
        self.below, self.above = np.tri(dim, k=-1), np.tri(dim, k=-1).T
        # L below the diagonal, U above it, and the logs of U's diagonal on it.
        shape = (dim, dim)
        self.factors = self.add_weight(shape, "zeros", name="factors", autocast=False)

    def _triangles(self):
        """L, U, and the logs of U's diagonal, float32."""
        factors = ops.cast(self.factors, "float32")
        logs, one = ops.diagonal(factors), np.eye(len(self.below), dtype="float32")
        lower = factors * self.below.astype("float32") + one
        upper = factors * self.above.astype("float32") + one * ops.exp(logs)
        return lower, upper, logs

    def forward(self, x, condition=None, *, training=False):
        lower, upper, logs = self._triangles()
        z = ops.matmul(x, ops.transpose(ops.matmul(lower, upper)))
        positions = math.prod(x.shape[1:-1])
        log_det = no_change(x) + positions * ops.sum(logs)
        return ops.take(z, self.places, axis=-1), log_det

    def inverse(self, z, condition=None):
        lower, upper, _ = self._triangles()
        rows = ops.reshape(ops.take(z, self.former, axis=-1), (-1, z.shape[-1]))
        x = ops.solve_triangular(lower, ops.transpose(rows), lower=True)
        x = ops.solve_triangular(upper, x, lower=False)
        return ops.reshape(ops.transpose(x), (-1, *z.shape[1:]))
