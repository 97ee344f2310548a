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
    compares = True

    def distribution(self, params):
        return tfd.Independent(tfd.Bernoulli(logits=params), len(params.shape) - 1)

    def _log_mass(self, params, x):
        axes = tuple(range(1, len(params.shape)))
        return ops.sum(_log_bernoulli(params, x), axis=axes)

    def _log_masses(self, params, before):
        return ops.concatenate([-ops.softplus(params), -ops.softplus(-params)], axis=-1)

    def mean(self, params):
        return ops.sigmoid(ops.cast(params, "float32"))

    def draw(self, params, noise, temperature=1.0):
        params = ops.cast(params, "float32") / temperature
        return ops.cast(self.ones(params, noise), "float32")

    def ones(self, params, noise):
        return noise < ops.sigmoid(ops.cast(params, "float32"))


@ops.custom_gradient
def _log_bernoulli(logits, x):
    """Log-probability x log p + (1 - x) log(1 - p), for p = sigmoid(logits).

    Like tfp's, with half the logarithms and a gradient that needs none.
    """
    value = x * logits - ops.relu(logits) - ops.softplus(-ops.absolute(logits))

    def gradient(*args, upstream=None):
        upstream = args[0] if upstream is None else upstream
        return upstream * (x - ops.sigmoid(logits)), upstream * logits

    return value, gradient
