"""Base of the heads for integers: their range as network inputs, and their masses."""

from typing import Any

import numpy as np
from keras import ops

from kgen.heads._base import Head


class LevelHead(Head):
    """Base of the heads over {0, ..., levels - 1}; `embed` maps them to [-1, 1]."""

    levels: int

    _log_masses: Any = None
    """A formula for `log_masses`, given float32 `params` and a list of the values
    before, if there is one that is quicker than the density of every level."""

    def log_masses(self, params, before=()):
        """Log-probabilities of all levels of one scalar, (n, levels), float32.

        Args:
            params: network outputs of a scalar, (n, size); or of a pixel, (n,
                params_size(channels)), if the head orders the channels.
            before: values of the earlier channels, each (n,), if the head orders them:
                the scalar is in the next one.

        Raises:
            NotImplementedError: if the head orders the channels and has no formula.
        """
        params = ops.cast(params, "float32")
        if self._log_masses is not None:
            before = [ops.cast(value, "float32") for value in before]
            return self._log_masses(params, before)
        if self.orders_channels:
            raise NotImplementedError(
                f"{type(self).__name__} orders the channels of a pixel, and has no "
                "`_log_masses`."
            )
        values = np.arange(self.levels, dtype="float32")
        x = ops.reshape(ops.tile(values, (ops.shape(params)[0],)), (-1, 1))
        found = self.log_prob(ops.repeat(params, self.levels, axis=0), x)
        return ops.reshape(found, (-1, self.levels))

    def embed(self, x):
        return x * (2.0 / (self.levels - 1)) - 1.0

    def features(self, x):
        # Zeros, such as most pixels of a drawing, contribute nothing this way.
        return x * (1.0 / (self.levels - 1))

    def of_channel(self, index):
        return self

    def adapt(self, summary):
        return self
