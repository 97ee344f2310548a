"""Monotonic rational-quadratic splines with linear tails.

In a bin from knot (x_k, y_k) to (x_k+1, y_k+1), with derivatives d_k and d_k+1 there,

    w = x_k+1 - x_k,  h = y_k+1 - y_k,  s = h / w,  e = (x - x_k) / w

    y = y_k + h (s e^2 + d_k e (1 - e)) / (s + (d_k+1 + d_k - 2 s) e (1 - e))      (4)

    dy/dx = s^2 (d_k+1 e^2 + 2 s e (1 - e) + d_k (1 - e)^2)
            / (s + (d_k+1 + d_k - 2 s) e (1 - e))^2                                (5)

Outside [-bound, bound] it is the identity, and the derivatives at both ends are 1.

References:
    Durkan et al., Neural Spline Flows, 2019, sec. 3.1, eq. 4-8.
    https://arxiv.org/abs/1906.04032
"""

import math

import numpy as np
from keras import ops

from kgen.core import validation
from kgen.core.backend import register
from kgen.layers.transforms import Transform, transforms

LEAST = 1e-3
"""Smallest share of the box's width or height that a bin has, and smallest derivative,
as in the authors' code."""


def rational_quadratic(x, knots_x, knots_y, slopes):
    """Values of splines, and the logs of their derivatives.

    Args:
        x: float32, shape (...).
        knots_x: increasing, shape (..., bins + 1), with the same ends for all splines.
        knots_y: increasing, shape (..., bins + 1), with the ends of `knots_x`.
        slopes: derivatives at the knots, > 0, shape (..., bins + 1); 1 at the ends.

    Returns:
        y and log dy/dx, shape (...).

    Example:
        >>> import numpy as np
        >>> knots = np.array([-1.0, 0.0, 1.0], "float32")
        >>> slopes, x = np.array([1.0, 4.0, 1.0], "float32"), np.zeros((), "float32")
        >>> y, log_slope = rational_quadratic(x, knots, knots, slopes)
        >>> float(y), round(float(np.exp(log_slope)), 4)
        (0.0, 4.0)
    """
    low, high = knots_x[..., 0], knots_x[..., -1]
    inside = ops.logical_and(x >= low, x <= high)
    # Even where it is not needed: a NaN there would also be one in the gradient.
    clipped = ops.clip(x, low, high)
    left, width, low_y, height, d, d_next = _bin(
        clipped, knots_x, knots_x, knots_y, slopes
    )
    s = height / width
    e = (clipped - left) / width
    product = e * (1 - e)
    denominator = s + (d_next + d - 2 * s) * product
    y = low_y + height * (s * e**2 + d * product) / denominator
    rate = d_next * e**2 + 2 * s * product + d * (1 - e) ** 2
    log_slope = 2 * ops.log(s) + ops.log(rate) - 2 * ops.log(denominator)
    return ops.where(inside, y, x), ops.where(inside, log_slope, 0.0)


def inverse_rational_quadratic(y, knots_x, knots_y, slopes):
    """The x where splines have the values y, by the quadratic equation (6-8).

    Args:
        y: float32, shape (...).
        knots_x: see `rational_quadratic`.
        knots_y: see there.
        slopes: see there.

    Example:
        >>> import numpy as np
        >>> x, y = (np.array(k, "float32") for k in ([-1, 0, 1], [-1, 0.5, 1]))
        >>> slopes = np.ones(3, "float32")
        >>> round(float(inverse_rational_quadratic(y[1], x, y, slopes)), 4)
        0.0
    """
    low, high = knots_y[..., 0], knots_y[..., -1]
    inside = ops.logical_and(y >= low, y <= high)
    clipped = ops.clip(y, low, high)
    left, width, low_y, height, d, d_next = _bin(
        clipped, knots_y, knots_x, knots_y, slopes
    )
    s = height / width
    rise = clipped - low_y
    bend = rise * (d_next + d - 2 * s)
    a, b, c = height * (s - d) + bend, height * d - bend, -s * rise
    root = ops.sqrt(ops.maximum(b**2 - 4 * a * c, 0.0))
    # In this form of the solution nothing cancels.
    e = ops.clip(2 * c / (-b - root), 0.0, 1.0)
    return ops.where(inside, left + width * e, y)


def _bin(values, edges, knots_x, knots_y, slopes):
    """Left end, width, lower end, height and both slopes of the bins of values.

    Args:
        values: numbers within the edges, (...).
        edges: edges of the bins, (..., bins + 1): `knots_x` or `knots_y`.
        knots_x: (..., bins + 1).
        knots_y: (..., bins + 1).
        slopes: (..., bins + 1).
    """
    # A product with zeros and a one: gathering is slow on every device.
    passed = ops.cast(values[..., None] >= edges[..., 1:-1], "float32")
    one = ops.ones_like(values)[..., None]
    here = ops.concatenate([one, passed], -1) - ops.concatenate([passed, 0 * one], -1)

    def pick(table):
        return ops.sum(here * table, axis=-1)

    left, low_y = pick(knots_x[..., :-1]), pick(knots_y[..., :-1])
    width = pick(knots_x[..., 1:] - knots_x[..., :-1])
    height = pick(knots_y[..., 1:] - knots_y[..., :-1])
    return left, width, low_y, height, pick(slopes[..., :-1]), pick(slopes[..., 1:])


@transforms.register("spline")
@register
class Spline(Transform):
    """A monotonic rational-quadratic spline on [-bound, bound], the identity outside.

    Args:
        bins: number of bins, >= 2.
        bound: half the width and height of the box in which it differs from the
            identity, > 0 (3 in the paper). Data should have unit scale.

    Example:
        >>> import numpy as np
        >>> x = np.array([-9.0, 0.5, 9.0], "float32")
        >>> y, _ = Spline(bins=4).forward(x, np.zeros((3, 11), "float32"))
        >>> np.round(y, 4).tolist()
        [-9.0, 0.5, 9.0]
    """

    def __init__(self, bins=8, bound=3.0):
        self.bins = validation.check_setting(self, "bins", bins, ge=2, le=500)
        self.bound = validation.check_number(self, "bound", bound, gt=0)

    @property
    def size(self):
        return 3 * self.bins - 1

    def forward(self, x, params):
        return rational_quadratic(x, *self.knots(params))

    def inverse(self, y, params):
        return inverse_rational_quadratic(y, *self.knots(params))

    def knots(self, params):
        """Places, values and slopes of the knots, each (..., bins + 1).

        Args:
            params: float32, shape (..., size): the logits of the widths, the logits of
                the heights, and the inner slopes before a softplus.
        """
        k = self.bins
        places = self._between(params[..., :k])
        values = self._between(params[..., k : 2 * k])
        # A slope of 1 where the parameter is 0.
        shift = math.log(math.expm1(1.0 - LEAST))
        inner = LEAST + ops.softplus(params[..., 2 * k :] + shift)
        one = ops.ones_like(inner[..., :1])
        return places, values, ops.concatenate([one, inner, one], -1)

    def _between(self, logits):
        """Knots from -bound to bound, (..., bins + 1), given logits of distances."""
        share = LEAST + (1 - LEAST * self.bins) * ops.softmax(logits, axis=-1)
        # Cumulative sums, by a product: several times as fast as a cumsum.
        before = np.triu(np.ones((self.bins, self.bins - 1), "float32"))
        inner = self.bound * (2 * ops.matmul(share, before) - 1)
        end = self.bound * ops.ones_like(logits[..., :1])
        return ops.concatenate([-end, inner, end], -1)
