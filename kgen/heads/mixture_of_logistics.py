"""Mixture of discretised logistics: integers with many levels, at few outputs each."""

from keras import ops

from kgen.core import validation
from kgen.core.backend import bounded, register, tfd
from kgen.heads._base import Head, heads


@heads.register("mixture_of_logistics")
@register
class MixtureOfLogistics(Head):
    """Mixture of logistics rounded to {0, ..., levels - 1}, independent per scalar.

    Every scalar costs 3 * components network outputs: logits, means, log-scales. The
    lowest and the highest value take the tails.

    Args:
        components: number of logistics, >= 1.
        levels: number of values, >= 2. 256 for 8-bit images.

    References:
        Salimans et al., PixelCNN++, 2017, sec. 2.1.
        https://arxiv.org/abs/1701.05517

    Example:
        >>> MixtureOfLogistics(components=5).params_size(3)
        45
    """

    def __init__(self, components=5, levels=256):
        owner = "MixtureOfLogistics"
        validation.check_setting(owner, "components", components, ge=1)
        validation.check_setting(owner, "levels", levels, ge=2)
        self.components = components
        self.levels = levels
        self.size = 3 * components

    def embed(self, x):
        return x * (2.0 / (self.levels - 1)) - 1.0

    def _parts(self, params):
        logits, loc, log_scale = ops.split(self.split(params), 3, axis=-1)
        half_range = (self.levels - 1) / 2
        # -7 is the floor of the paper's code: a component much narrower than one level
        # has no gradient. Beyond 3 a component is flat over the whole range.
        scale = half_range * ops.exp(bounded(log_scale, -7.0, 3.0))
        return logits, half_range * (loc + 1.0), scale

    def distribution(self, params):
        logits, loc, scale = self._parts(params)
        rounded = tfd.QuantizedDistribution(
            tfd.Logistic(loc - 0.5, scale), low=0.0, high=self.levels - 1.0
        )
        mixture = tfd.MixtureSameFamily(tfd.Categorical(logits=logits), rounded)
        return tfd.Independent(mixture, len(params.shape) - 1)

    def mean(self, params):
        logits, loc, scale = self._parts(params)
        # E[x] = sum over k of P(x > k), for whole x >= 0.

        def add(k, total):
            return total + ops.sigmoid((loc - (ops.cast(k, "float32") + 0.5)) / scale)

        means = ops.fori_loop(0, self.levels - 1, add, ops.zeros_like(loc))
        return ops.sum(ops.softmax(logits) * means, axis=-1)

    def noise_shape(self, event_shape):
        return (*event_shape, 2)

    def draw(self, params, noise, temperature=1.0):
        logits, loc, scale = self._parts(params)
        cdf = ops.cumsum(ops.softmax(logits / temperature), axis=-1)
        passed = noise[..., :1] * cdf[..., -1:] >= cdf[..., :-1]
        chosen = ops.sum(ops.cast(passed, "int32"), axis=-1)
        one = ops.one_hot(chosen, self.components)
        loc, scale = ops.sum(loc * one, -1), ops.sum(scale * one, -1)
        u = noise[..., 1]
        value = loc + temperature * scale * (ops.log(u) - ops.log1p(-u))
        return ops.clip(ops.round(value), 0.0, self.levels - 1.0)
