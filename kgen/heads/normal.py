"""Normal head: real-valued data."""

from keras import ops

from kgen.core import validation
from kgen.core.backend import normal_quantile, register, tfd
from kgen.heads._base import heads
from kgen.heads._reals import RealHead


@heads.register("normal")
@register
class Normal(RealHead):
    """Independent normals for reals, in the data's own units.

    The network works on (x - loc) / unit. A learned scale never falls below a
    thousandth of `unit`, since without a floor the density can be driven to infinity.

    Args:
        scale: standard deviation in data units, > 0; None learns one per scalar.
        loc: centre of the data, a number or one per channel (per feature in tables);
            None is 0, or in an estimator the mean of the training data.
        unit: spread of the data, a number or one per channel, >= 0; None is 1, or in an
            estimator the standard deviation of the training data. A channel of unit 0
            is constant: it is drawn as `loc`, and has the density of one of unit 1.

    Raises:
        ValueError: for numbers out of range.

    Example:
        >>> import numpy as np
        >>> head = Normal(scale=2.0, loc=10.0)
        >>> float(head.mean(np.zeros((1, 1)))[0, 0])
        10.0
    """

    def __init__(self, scale=None, loc=None, unit=None):
        super().__init__(loc, unit)
        self.scale = scale
        if scale is not None:
            self.scale = validation.check_number(self, "scale", scale, gt=0)
        self.size = 1 if scale is not None else 2  # a mean, and a scale to be learned

    def _loc_and_scale(self, params):
        params = self.split(params)
        loc, scale = self._in_units(params[..., 0], params[..., -1])
        if self.scale is not None:
            scale = ops.zeros_like(loc) + self.scale
        return loc, scale

    def distribution(self, params):
        normal = tfd.Normal(*self._loc_and_scale(params))
        return tfd.Independent(normal, len(params.shape) - 1)

    def mean(self, params):
        return self._or_constant(self._loc_and_scale(params)[0])

    def draw(self, params, noise, temperature=1.0):
        loc, scale = self._loc_and_scale(params)
        # p(x) ** (1 / temperature) is a normal with variance temperature * scale ** 2.
        x = loc + scale * temperature**0.5 * normal_quantile(noise)
        return self._or_constant(x)
