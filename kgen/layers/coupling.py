"""Coupling layers: half of the features stay, and decide what happens to the others.

    z_a = x_a,    z_b = g(x_b; network(x_a))

with an increasing function g of every scalar, such as exp(s) x + t.

References:
    Dinh et al., Density Estimation Using Real NVP, 2017, sec. 3.2-3.4, eq. 4-8.
    https://arxiv.org/abs/1605.08803
    Durkan et al., Neural Spline Flows, 2019, sec. 3.2 (splines).
    https://arxiv.org/abs/1906.04032
"""

from keras import ops

from kgen.core import validation
from kgen.core.backend import register
from kgen.layers.bijection import Bijection, total
from kgen.layers.coupling_network import Parameters, as_builder
from kgen.layers.transforms import transforms


@register
class Coupling(Bijection):
    """Coupling of the two halves of a vector, or of the channels of an image.

    It begins as the identity: the last layer's weights are zero at first.

    Args:
        transform: what happens to a scalar: "affine", "additive", "spline", or a
            `kgen.layers.Transform`.
        hidden: units of every hidden layer of a dense network with ReLUs, each >= 1.
        swap: whether the second half stays, and the first one moves. (A single feature
            always moves.)
        condition_dim: length of the vectors that the network also sees, >= 0.
        network: a `CouplingNetwork` instead of the dense one, such as
            `kgen.networks.Convolutions`.
        **kwargs: see `keras.layers.Layer`.

    Input shape: (n, features), or (n, height, width, channels).
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
        network=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.transform = transforms.resolve(transform)
        self.hidden = validation.check_settings(self, "hidden", hidden, ge=1)
        self.swap = bool(swap)
        dim = validation.check_setting(self, "condition_dim", condition_dim, ge=0)
        self.condition_dim, self.network = dim, network
        self.builder = as_builder(network, self.hidden)

    def build(self, x_shape):
        dim = x_shape[-1]
        self.half = dim // 2
        self.swaps = self.swap and dim > 1
        self.moving = self.half if self.swaps else dim - self.half
        self.params = Parameters(
            self.builder, self.moving, self.transform.size, dtype=self.dtype_policy
        )
        width = max(dim - self.moving + self.condition_dim, 1)
        self.params.build((*x_shape[:-1], width))

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
        first, second = x[..., : self.half], x[..., self.half :]
        return (second, first) if self.swaps else (first, second)

    def _whole(self, staying, moving):
        parts = [moving, staying] if self.swaps else [staying, moving]
        return ops.concatenate(parts, axis=-1)

    def _params(self, staying, moving, condition):
        if staying.shape[-1] + self.condition_dim == 0:
            staying = ops.ones_like(moving)  # there is nothing to see
        return self.params(staying, condition)
