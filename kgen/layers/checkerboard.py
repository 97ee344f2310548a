"""Couplings of the black and the white squares of an image.

    z = b x + (1 - b) g(x; network(b x))

with a mask b that is 1 where row + column is even, and an increasing function g of
every scalar, such as exp(s) x + t.

References:
    Dinh et al., Density Estimation Using Real NVP, 2017, sec. 3.4, eq. 9, fig. 3.
    https://arxiv.org/abs/1605.08803
"""

import numpy as np

from kgen.core import validation
from kgen.core.backend import register
from kgen.layers.bijection import Bijection, total
from kgen.layers.coupling_network import Parameters, as_builder
from kgen.layers.transforms import transforms


@register
class CheckerboardCoupling(Bijection):
    """Coupling of the squares of a checkerboard, with all their channels.

    It begins as the identity: the last layer's weights are zero at first.

    Args:
        network: a `CouplingNetwork` whose layers look at neighbours, such as
            `kgen.networks.ResidualConvolutions`.
        transform: what happens to a scalar: "affine", "additive", "spline", or a
            `kgen.layers.Transform`.
        swap: whether the squares where row + column is odd stay, and the others move.
        condition_dim: length of the vectors that the network also sees, >= 0.
        **kwargs: see `keras.layers.Layer`.

    Input shape: (n, height, width, channels), of any height and width.
    Output shape: the same, and (n,).

    Example:
        >>> import numpy as np
        >>> from kgen.networks import ResidualConvolutions
        >>> layer = CheckerboardCoupling(ResidualConvolutions(filters=4, blocks=1))
        >>> z, log_det = layer(np.ones((2, 5, 3, 1), "float32"))
        >>> z.shape, log_det.shape
        (TensorShape([2, 5, 3, 1]), TensorShape([2]))
    """

    def __init__(
        self,
        network,
        transform="affine",
        swap=False,  # noqa: FBT002 (Keras passes configurations by name)
        condition_dim=0,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.network = as_builder(network, ())
        self.transform = transforms.resolve(transform)
        self.swap = bool(swap)
        dim = validation.check_setting(self, "condition_dim", condition_dim, ge=0)
        self.condition_dim = dim

    def build(self, x_shape):
        _, height, width, channels = x_shape
        squares = np.add.outer(np.arange(height), np.arange(width)) % 2
        staying = squares == int(self.swap)
        self.stays = staying[..., None].astype("float32")
        self.params = Parameters(
            self.network, channels, self.transform.size, dtype=self.dtype_policy
        )
        self.params.build((*x_shape[:-1], channels + self.condition_dim))

    def forward(self, x, condition=None, *, training=False):
        staying = self.stays * x
        params = self.params(staying, condition)
        moved, log_derivatives = self.transform.forward(x, params)
        moves = 1 - self.stays
        return staying + moves * moved, total(moves * log_derivatives)

    def inverse(self, z, condition=None):
        staying = self.stays * z
        moved = self.transform.inverse(z, self.params(staying, condition))
        return staying + (1 - self.stays) * moved
