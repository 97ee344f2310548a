"""Base of the heads for real-valued data: the units of the data."""

import copy
import math

import numpy as np
from keras import ops

from kgen.core import validation
from kgen.heads._base import Head


class RealHead(Head):
    """Base of the heads for reals, whose network works on (x - loc) / unit.

    A learned scale never falls below a thousandth of `unit`, since without a floor
    the density can be driven to infinity. A channel of unit 0 is constant: it is drawn
    as `loc`, and has the density of a channel of unit 1.

    A subclass passes what it draws, and its mean, through `_or_constant`.

    Args:
        loc: centre of the data, a number or one per channel (per feature in tables);
            None is 0, or in an estimator the mean of the training data.
        unit: spread of the data, a number or one per channel, >= 0, and 0 for
            constants; None is 1, or in an estimator the standard deviation of the
            training data.
    """

    def __init__(self, loc=None, unit=None):
        self.loc = validation.check_numbers(self, "loc", loc)
        self.unit = validation.check_numbers(self, "unit", unit, ge=0)

    @property
    def constants(self):
        unit = np.asarray(1.0 if self.unit is None else self.unit)
        return unit == 0, np.asarray(0.0 if self.loc is None else self.loc)

    @property
    def units(self):
        return {"loc": self._loc, "unit": self._raw_unit}

    @property
    def _loc(self):
        return _float32(self.loc, 0.0)

    @property
    def _raw_unit(self):
        return _float32(self.unit, 1.0)

    @property
    def _unit(self):
        unit = self._raw_unit
        where = ops.where if ops.is_tensor(unit) else np.where
        return where(unit > 0, unit, np.float32(1.0))

    def _or_constant(self, x):
        """Drawn or expected values (..., channels), or constants in their place."""
        unit = self._raw_unit
        varies = not ops.is_tensor(unit) and (unit > 0).all()
        return x if varies else ops.where(unit > 0, x, self._loc)

    def of_channel(self, index):
        head = copy.copy(self)
        head.loc, head.unit = (
            ops.take(value, index) if math.prod(value.shape) > 1 else value
            for value in (self._loc, self._raw_unit)
        )
        return head

    def adapt(self, summary):
        units = {"loc": self.loc, "unit": self.unit}
        if self.loc is None:
            units["loc"] = summary.mean.tolist()
        if self.unit is None:
            units["unit"] = summary.std.tolist()
        return type(self).from_config({**self.get_config(), **units})

    def embed(self, x):
        return (x - self._loc) / self._unit

    def features(self, x):
        return self.embed(x)

    def _in_units(self, mean, raw_scale):
        """Locations and scales in data units, for two outputs (n, ..., channels)."""
        loc, unit = self._loc, self._unit
        loc, unit = (
            ops.reshape(value, (-1, *[1] * (len(mean.shape) - 1)))
            if len(value.shape) == 2  # of the channel of every example, (n, 1)
            else value
            for value in (loc, unit)
        )
        return loc + unit * mean, unit * (1e-3 + ops.softplus(raw_scale))


def _float32(value, default):
    if ops.is_tensor(value):
        return value
    return np.asarray(default if value is None else value, "float32")
