"""Bijections from the units of the data to those of a network.

References:
    Papamakarios et al., Masked Autoregressive Flow for Density Estimation, 2017, sec.
    4.1 and 4.3 (standardised reals, logits of pixels). https://arxiv.org/abs/1705.07057
"""

import math

import numpy as np
from keras import ops

from kgen.core import validation
from kgen.core.backend import register
from kgen.layers.bijection import Bijection, no_change, total

FAR = 1e15
"""Distance beyond which the density no longer falls: in float32 it is 0 long before,
and nothing overflows."""


@register
class Units(Bijection):
    """z = (x - loc) / unit, for every feature: data of zero mean and unit variance.

    Args:
        loc: centre of the data, a number or one for every feature; None is 0.
        unit: spread of the data, a number or one for every feature, >= 0; None is 1. A
            constant feature has 0, which counts as 1.
        **kwargs: see `keras.layers.Layer`.

    Input shape: (n, ..., features), in the units of the data.
    Output shape: the same, and (n,).

    Example:
        >>> import numpy as np
        >>> z, log_det = Units(loc=3.0, unit=2.0)(np.array([[5.0]], "float32"))
        >>> np.asarray(z).tolist(), bool(np.allclose(log_det, -np.log(2)))
        ([[1.0]], True)
    """

    def __init__(self, loc=None, unit=None, **kwargs):
        super().__init__(**kwargs)
        self.loc = validation.check_numbers(self, "loc", loc)
        self.unit = validation.check_numbers(self, "unit", unit, ge=0)

    def build(self, x_shape):
        unit = np.asarray(1.0 if self.unit is None else self.unit)
        loc = np.asarray(0.0 if self.loc is None else self.loc)
        scale = np.broadcast_to(np.where(unit > 0, unit, 1.0), x_shape[-1:])
        self.centre, self.scale = loc.astype("float32"), scale.astype("float32")
        self.change = -math.prod(x_shape[1:-1]) * float(np.log(scale).sum())

    def forward(self, x, condition=None, *, training=False):
        z = ops.clip((x - self.centre) / self.scale, -FAR, FAR)
        return z, no_change(x) + self.change

    def inverse(self, z, condition=None):
        return self.centre + self.scale * z


@register
class Logit(Bijection):
    """The logit of the position of x between `low` and `high`.

    p = (x - low) / (high - low) is first moved away from 0 and 1, to m + (1 - 2 m) p
    with a margin m, so that the logit is finite.

    Args:
        low: lower end of the range of the data.
        high: upper end, > low.
        margin: m, in (0, 0.5).
        **kwargs: see `keras.layers.Layer`.

    Input shape: (n, ...), within the range.
    Output shape: the same, and (n,).

    Example:
        >>> import numpy as np
        >>> z, _ = Logit(0, 256)(np.array([[128.0]], "float32"))
        >>> np.asarray(z).tolist()
        [[0.0]]
    """

    def __init__(self, low=0.0, high=1.0, margin=1e-6, **kwargs):
        super().__init__(**kwargs)
        self.low = validation.check_number(self, "low", low)
        self.high = validation.check_number(self, "high", high, gt=self.low)
        self.margin = validation.check_number(self, "margin", margin, gt=0, lt=0.5)

    def forward(self, x, condition=None, *, training=False):
        share = ops.clip((x - self.low) / (self.high - self.low), 0.0, 1.0)
        # Each from its own end: 1 - p would lose the digits of a small p.
        p = self.margin + (1 - 2 * self.margin) * share
        q = self.margin + (1 - 2 * self.margin) * (1 - share)
        rate = math.log(1 - 2 * self.margin) - math.log(self.high - self.low)
        return ops.log(p) - ops.log(q), total(rate - ops.log(p) - ops.log(q))

    def inverse(self, z, condition=None):
        share = (ops.sigmoid(z) - self.margin) / (1 - 2 * self.margin)
        return self.low + (self.high - self.low) * share
