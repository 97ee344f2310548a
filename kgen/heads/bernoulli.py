"""Bernoulli head: binary data."""

from keras import ops

from kgen.core.backend import register, tfd
from kgen.heads._base import heads
from kgen.heads._levels import LevelHead


@heads.register("bernoulli")
@register
class Bernoulli(LevelHead):
    """Independent binary values in {0, 1}, with one logit each.

    Example:
        >>> import numpy as np
        >>> float(Bernoulli()(np.zeros((1, 2))).log_prob(np.ones((1, 2)))[0])
        -1.3862943649291992
    """

    levels = 2

    def distribution(self, params):
        return tfd.Independent(tfd.Bernoulli(logits=params), len(params.shape) - 1)

    def mean(self, params):
        return ops.sigmoid(ops.cast(params, "float32"))

    def draw(self, params, noise, temperature=1.0):
        return ops.cast(
            noise < ops.sigmoid(ops.cast(params, "float32") / temperature), "float32"
        )
