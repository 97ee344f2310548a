"""Coupling layers: half of the features stay, and say what happens to the others.

    z_a = x_a,    z_b = g(x_b; network(x_a))

with an increasing function g of every scalar, such as exp(s) x + t.

References:
    Dinh et al., Density Estimation Using Real NVP, 2017, sec. 3.2-3.4, eq. 4-8.
    https://arxiv.org/abs/1605.08803
    Durkan et al., Neural Spline Flows, 2019, sec. 3.2 (splines).
    https://arxiv.org/abs/1906.04032
"""

import keras
from keras import ops

from kgen.core import validation
from kgen.core.backend import register
from kgen.layers.bijection import Bijection, seen, total
from kgen.layers.transforms import transforms


@register
class Coupling(Bijection):
    """Coupling of the two halves of a vector, by a dense network with ReLUs.

    It begins as the identity: the last layer's weights are zero at first.

    Args:
        transform: what happens to a scalar: "affine", "additive", "spline", or a
            `kgen.layers.Transform`.
        hidden: units of every hidden layer of the network, each >= 1.
        swap: whether the second half stays, and the first one moves. (Of a single
            feature there are no halves: it moves.)
        condition_dim: length of the vectors that the network also sees, >= 0.
        **kwargs: see `keras.layers.Layer`.

    Input shape: (n, features).
    Output shape: the same, and (n,).

    Example:
        >>> import numpy as np
        >>> layer = Coupling("spline", hidden=(16,))
        >>> x = np.array([[0.5, -2.0]], "float32")
        >>> z, log_det = layer(x)
        >>> bool(np.allclose(layer.inverse(z), x))
        True
    """

    def __init__(
        self,
        transform="affine",
        hidden=(128, 128),
        swap=False,  # noqa: FBT002 (Keras passes configurations by name)
        condition_dim=0,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.transform = transforms.resolve(transform)
        self.hidden = validation.check_settings(self, "hidden", hidden, ge=1)
        self.swap = bool(swap)
        dim = validation.check_setting(self, "condition_dim", condition_dim, ge=0)
        self.condition_dim = dim

    def build(self, x_shape):
        (_, dim) = x_shape
        self.half = dim // 2
        self.swaps = self.swap and dim > 1
        self.moving = self.half if self.swaps else dim - self.half
        policy = {"dtype": self.dtype_policy}
        self.network = [
            keras.layers.Dense(units, "relu", **policy) for units in self.hidden
        ]
        outputs = self.moving * self.transform.size
        self.network.append(
            keras.layers.Dense(outputs, kernel_initializer="zeros", **policy)
        )
        width = max(dim - self.moving + self.condition_dim, 1)
        for layer in self.network:
            layer.build((None, width))
            width = layer.units

    def forward(self, x, condition=None, *, training=False):
        staying, moving = self._parts(x)
        params = self._params(staying, moving, condition)
        moved, log_derivatives = self.transform.forward(moving, params)
        return self._whole(staying, moved), total(log_derivatives)

    def inverse(self, z, condition=None):
        staying, moved = self._parts(z)
        params = self._params(staying, moved, condition)
        return self._whole(staying, self.transform.inverse(moved, params))

    def _parts(self, x):
        first, second = x[:, : self.half], x[:, self.half :]
        return (second, first) if self.swaps else (first, second)

    def _whole(self, staying, moving):
        parts = [moving, staying] if self.swaps else [staying, moving]
        return ops.concatenate(parts, axis=-1)

    def _params(self, staying, moving, condition):
        if staying.shape[-1] + self.condition_dim == 0:
            staying = ops.ones_like(moving)  # nothing to be seen
        h = seen(staying, condition, self.compute_dtype)
        for layer in self.network:
            h = layer(h)
        shape = (-1, self.moving, self.transform.size)
        return ops.reshape(ops.cast(h, "float32"), shape)
