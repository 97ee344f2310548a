"""Base of the heads for real-valued data: the units of the data."""

import copy

import numpy as np
from keras import ops

from kgen.heads._base import Head


class RealHead(Head):
    """Base of the heads for reals, whose network works on (x - loc) / unit.

    A learned scale never falls below a thousandth of `unit`, since without a floor
    the density can be driven to infinity.

    Args:
        loc: centre of the data, a number or one per channel (per feature in tables);
            None is 0, or in an estimator the mean of the training data.
        unit: spread of the data, likewise, > 0; None is 1, or in an estimator the
            standard deviation of the training data.
    """

    def __init__(self, loc=None, unit=None):
        self._check_positive("unit", unit)
        self.loc = loc
        self.unit = unit

    def _check_positive(self, name, value):
        if value is not None and not np.all(np.asarray(value) > 0):
            owner = type(self).__name__
            raise ValueError(f"{owner}({name}={value!r}): `{name}` must be > 0.")

    @property
    def _loc(self):
        return _numbers(self.loc, 0.0)

    @property
    def _unit(self):
        return _numbers(self.unit, 1.0)

    def of_channel(self, index):
        head = copy.copy(self)
        head.loc, head.unit = (
            ops.take(value, index) if np.size(value) > 1 else value
            for value in (self._loc, self._unit)
        )
        return head

    def adapt(self, summary):
        units = {"loc": self.loc, "unit": self.unit}
        if self.loc is None:
            units["loc"] = summary.mean.tolist()
        if self.unit is None:
            units["unit"] = np.where(summary.std > 0, summary.std, 1.0).tolist()
        return type(self).from_config({**self.get_config(), **units})

    def embed(self, x):
        return (x - self._loc) / self._unit

    def features(self, x):
        return self.embed(x)

    def _in_units(self, mean, raw_scale):
        """Locations and scales of the data for two outputs (n, ..., channels)."""
        loc = self._loc + self._unit * mean
        return loc, self._unit * (1e-3 + ops.softplus(raw_scale))


def _numbers(value, default):
    if ops.is_tensor(value):
        return value
    return np.asarray(default if value is None else value, "float32")
