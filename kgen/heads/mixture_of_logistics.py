"""Mixture of discretised logistics: integers with many levels, from few outputs."""

import numpy as np
from keras import ops

from kgen.core import validation
from kgen.core.backend import register, tfd
from kgen.heads._base import heads
from kgen.heads._levels import LevelHead
from kgen.heads._mixtures import (
    chosen,
    log_logistic_mass,
    logistic_mean,
    logistic_quantile,
    logistic_scale,
)


@heads.register("mixture_of_logistics")
@register
class MixtureOfLogistics(LevelHead):
    """Mixture of logistics rounded to {0, ..., levels - 1}, independent per scalar.

    Every scalar takes 3 * components network outputs: logits, means, log-scales. The
    lowest and the highest value take the tails.

    Args:
        components: number of logistics, >= 1.
        levels: number of values, >= 2; 256 for 8-bit images.

    References:
        Salimans et al., PixelCNN++, 2017, sec. 2.1.
        https://arxiv.org/abs/1701.05517

    Example:
        >>> MixtureOfLogistics(components=5).params_size(3)
        45
    """

    choices = 1

    def __init__(self, components=5, levels=256):
        self.components = validation.check_setting(self, "components", components, ge=1)
        self.levels = validation.check_setting(self, "levels", levels, ge=2)
        self.size = 3 * self.components

    def _parts(self, params):
        logits, loc, log_scale = ops.split(self.split(params), 3, axis=-1)
        loc = (self.levels - 1) / 2 * (loc + 1.0)
        return logits, loc, logistic_scale(log_scale, self.levels)

    def distribution(self, params):
        logits, loc, scale = self._parts(params)
        rounded = tfd.QuantizedDistribution(
            tfd.Logistic(loc - 0.5, scale), low=0.0, high=self.levels - 1.0
        )
        mixture = tfd.MixtureSameFamily(tfd.Categorical(logits=logits), rounded)
        return tfd.Independent(mixture, len(params.shape) - 1)

    def _log_mass(self, params, x):
        logits, loc, scale = self._parts(params)
        found = log_logistic_mass(ops.expand_dims(x, -1), loc, scale, self.levels)
        found = ops.logsumexp(found + ops.log_softmax(logits), axis=-1)
        return ops.sum(found, axis=tuple(range(1, len(found.shape))))

    def _log_masses(self, params, before):
        # One more axis than for single values: (n, levels, components).
        x = np.arange(self.levels, dtype="float32")[:, np.newaxis]
        logits, loc, scale = self._parts(params)
        found = log_logistic_mass(x, loc, scale, self.levels)
        return ops.logsumexp(found + ops.log_softmax(logits), axis=-1)

    def mean(self, params):
        logits, loc, scale = self._parts(params)
        means = logistic_mean(loc, scale, self.levels)
        return ops.sum(ops.softmax(logits) * means, axis=-1)

    def draw(self, params, noise, temperature=1.0):
        logits, loc, scale = self._parts(params)
        one = chosen(logits / temperature, noise[..., 0])
        loc, scale = ops.sum(loc * one, -1), ops.sum(scale * one, -1)
        return logistic_quantile(loc, temperature * scale, noise[..., 1], self.levels)
