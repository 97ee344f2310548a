"""Increasing functions of a scalar, whose parameters come from a network.

References:
    Dinh et al., NICE: Non-linear Independent Components Estimation, 2015, sec. 3.2
    (`Additive`). https://arxiv.org/abs/1410.8516
    Dinh et al., Density Estimation Using Real NVP, 2017, eq. 7-8 (`Affine`).
    https://arxiv.org/abs/1605.08803
"""

from keras import ops

from kgen.core import validation
from kgen.core.backend import register
from kgen.core.registry import Registry
from kgen.core.strategy import Strategy

MODERATE = 2.0
"""Bound on log-scales for vectors. With a larger one, a few unseen outliers get
densities so small that they decide the mean."""


class Transform(Strategy):
    """Base of strictly increasing functions of a scalar, onto all reals.

    If all parameters are zero, it is the identity. A subclass sets `size`, and
    implements `forward` and `inverse`.
    """

    size = 1
    """Number of parameters."""

    def forward(self, x, params):
        """Return y and log dy/dx, both float32 of the shape of x.

        Args:
            x: float32, shape (...).
            params: float32, shape (..., size).
        """
        raise NotImplementedError

    def inverse(self, y, params):
        """Return the x that `forward` maps to y."""
        raise NotImplementedError


transforms = Registry("transform", Transform)


@transforms.register("additive")
@register
class Additive(Transform):
    """y = x + t, which keeps volumes (NICE).

    Example:
        >>> import numpy as np
        >>> y, log_derivative = Additive().forward(np.ones(2), np.array([[1.0], [2.0]]))
        >>> y.tolist(), np.asarray(log_derivative).tolist()
        ([2.0, 3.0], [0.0, 0.0])
    """

    def forward(self, x, params):
        return x + params[..., 0], ops.zeros_like(x)

    def inverse(self, y, params):
        return y - params[..., 0]


@transforms.register("affine")
@register
class Affine(Transform):
    """y = exp(s) x + t, with |s| < bound (Real NVP).

    In the notation of masked autoregressive flows, y = (x - mu) exp(-alpha), s is
    -alpha and t is -mu exp(-alpha).

    Args:
        bound: bound on |s|, > 0: s = bound tanh(raw / bound). It keeps scales from
            running away. (The paper's bound is learned.)

    Example:
        >>> import numpy as np
        >>> y, _ = Affine().forward(np.ones(1, "float32"), np.zeros((1, 2), "float32"))
        >>> np.asarray(y).tolist()
        [1.0]
    """

    size = 2

    def __init__(self, bound=5.0):
        self.bound = validation.check_number(self, "bound", bound, gt=0)

    def forward(self, x, params):
        s, t = self._parameters(params)
        return ops.exp(s) * x + t, s

    def inverse(self, y, params):
        s, t = self._parameters(params)
        return (y - t) * ops.exp(-s)

    def _parameters(self, params):
        s = self.bound * ops.tanh(params[..., 0] / self.bound)
        return s, params[..., 1]
