"""Mixture of discretised logistics whose channels depend on each other."""

import itertools

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

FEW_LEVELS = 32
"""Up to this many levels, `mean` sums over all; above, over this many Gauss nodes."""

MOST_CHANNELS = 4
"""The cost of `mean` grows exponentially with the number of channels."""


@heads.register("coupled_mixture_of_logistics")
@register
class CoupledMixtureOfLogistics(LevelHead):
    """PixelCNN++'s mixture for colour pixels, over {0, ..., levels - 1}.

    The channels of a pixel share the weights of the mixture, and in every component
    the mean of a channel depends linearly on the values of the channels before it. A
    pixel of c channels takes components * (1 + 2 * c + c * (c - 1) / 2) network
    outputs: 10 per component for RGB. The head orders the channels itself, so the
    network masks whole pixels.

    Args:
        components: number of components, >= 1.
        levels: number of values, >= 2; 256 for 8-bit images.

    Raises:
        ValueError: if a setting is out of range, or for pixels of more than 4 channels.

    References:
        Salimans et al., PixelCNN++, 2017, sec. 2.1-2.2, eq. 3.
        https://arxiv.org/abs/1701.05517

    Example:
        >>> CoupledMixtureOfLogistics(components=5).params_size(3)
        50
    """

    orders_channels = True
    choices = 1

    def __init__(self, components=5, levels=256):
        self.components = validation.check_setting(self, "components", components, ge=1)
        self.levels = validation.check_setting(self, "levels", levels, ge=2)

    def pixel_size(self, channels):
        if channels > MOST_CHANNELS:
            raise ValueError(
                f"CoupledMixtureOfLogistics models pixels of at most {MOST_CHANNELS} "
                f"channels. Got {channels}. Use head='mixture_of_logistics'."
            )
        return self.components * (1 + 2 * channels + channels * (channels - 1) // 2)

    def _parts(self, params):
        """Logits (..., k), and lists over channels of locations, scales and couplings.

        Location and scale of a channel are (..., k). Its couplings are a list of such
        tensors, one for every channel before it.
        """
        params = ops.cast(params, "float32")
        size = params.shape[-1] // self.components
        sizes = [self.params_size(c) for c in range(1, MOST_CHANNELS + 1)]
        channels = 1 + sizes.index(params.shape[-1])
        shape = (-1, *ops.shape(params)[1:-1], size, self.components)
        rows = ops.unstack(ops.reshape(params, shape), size, axis=-2)
        logits, locs, log_scales = rows[0], rows[1 : channels + 1], rows[channels + 1 :]
        rest = iter(log_scales[channels:])
        couplings = [list(itertools.islice(rest, c)) for c in range(channels)]
        return (
            logits,
            locs,
            [logistic_scale(s, self.levels) for s in log_scales[:channels]],
            [[ops.tanh(value) for value in row] for row in couplings],
        )

    def _loc(self, loc, couplings, before):
        """Location of a channel, in levels, given the values of those before it."""
        for coupling, value in zip(couplings, before, strict=True):
            loc = loc + coupling * self.embed(value)
        return (self.levels - 1) / 2 * (loc + 1.0)

    def distribution(self, params):
        logits, locs, scales, couplings = self._parts(params)
        scale = ops.stack(scales, axis=-1)

        def given(x):
            """Channels of every component, given those before them in x."""
            values = ops.unstack(x, len(locs), axis=-1)
            loc = [
                self._loc(locs[c], couplings[c], values[:c]) + 0.0 * values[c]
                for c in range(len(locs))
            ]
            logistic = tfd.Logistic(ops.stack(loc, axis=-1) - 0.5, scale)
            rounded = tfd.QuantizedDistribution(
                logistic, low=0.0, high=self.levels - 1.0
            )
            return tfd.Independent(rounded, 1)

        pixel = tfd.MixtureSameFamily(
            tfd.Categorical(logits=logits),
            tfd.Autoregressive(given, ops.zeros_like(scale), num_steps=len(locs)),
        )
        return tfd.Independent(pixel, len(params.shape) - 2)

    def _log_mass(self, params, x):
        logits, locs, scales, couplings = self._parts(params)
        found = ops.log_softmax(logits)
        values = [ops.expand_dims(v, -1) for v in ops.unstack(x, len(locs), axis=-1)]
        for c, value in enumerate(values):
            loc = self._loc(locs[c], couplings[c], values[:c])
            found = found + log_logistic_mass(value, loc, scales[c], self.levels)
        found = ops.logsumexp(found, axis=-1)
        return ops.sum(found, axis=tuple(range(1, len(found.shape))))

    def _log_masses(self, params, before):
        logits, locs, scales, couplings = self._parts(params)
        values = [ops.expand_dims(value, -1) for value in before]
        # Components, weighted by how well they explain the known part of the pixel.
        shares = logits
        for c, value in enumerate(values):
            loc = self._loc(locs[c], couplings[c], values[:c])
            shares = shares + log_logistic_mass(value, loc, scales[c], self.levels)
        c = len(values)
        loc = ops.expand_dims(self._loc(locs[c], couplings[c], values), 1)
        x = np.arange(self.levels, dtype="float32")[:, np.newaxis]
        scale = ops.expand_dims(scales[c], 1)
        found = log_logistic_mass(x, loc, scale, self.levels)
        shares = ops.expand_dims(ops.log_softmax(shares), 1)
        return ops.logsumexp(found + shares, axis=-1)

    def mean(self, params):
        """Expected values: exact up to 32 levels, by Gaussian quadrature above.

        Within a component, the mean of a channel has a closed form given the channels
        before it; this is averaged over those channels.
        """
        logits, locs, scales, couplings = self._parts(params)
        weights, means = ops.softmax(logits), []
        values, probability = [], ops.ones_like(logits)
        for c in range(len(locs)):
            # One more trailing axis for the values of every earlier channel.
            own = [locs[c], scales[c], *couplings[c]]
            loc, scale, *coupling = (
                ops.reshape(v, (*_shape(v), *[1] * c)) for v in own
            )
            loc = self._loc(loc, coupling, values)
            scale = scale + ops.zeros_like(loc)
            mean = self._channel_mean(loc, scale) * probability
            inner = tuple(range(len(mean.shape) - c, len(mean.shape)))
            mean = ops.sum(mean, axis=inner) if inner else mean
            means.append(ops.sum(weights * mean, axis=-1))
            if c + 1 < len(locs):
                value, weight = self._nodes(loc, scale)
                values = [ops.expand_dims(v, -1) for v in values] + [value]
                probability = ops.expand_dims(probability, -1) * weight
        return ops.stack(means, axis=-1)

    def _channel_mean(self, loc, scale):
        if self.levels <= FEW_LEVELS:
            return logistic_mean(loc, scale, self.levels)
        # The same without rounding, which hardly changes the mean.
        top = self.levels - 1.0
        return scale * (ops.softplus(loc / scale) - ops.softplus((loc - top) / scale))

    def _nodes(self, loc, scale):
        """Values of a channel and their probabilities, both with one more axis."""
        loc, scale = ops.expand_dims(loc, -1), ops.expand_dims(scale, -1)
        if self.levels > FEW_LEVELS:
            nodes, weights = np.polynomial.legendre.leggauss(FEW_LEVELS)
            noise = ((nodes + 1) / 2).astype("float32")
            value = logistic_quantile(loc, scale, noise, self.levels)
            return value, (weights / 2).astype("float32")
        value = np.arange(self.levels, dtype="float32")
        edges = np.append(np.append(-np.inf, value[:-1] + 0.5), np.inf)
        cdf = ops.sigmoid((edges.astype("float32") - loc) / scale)
        return value + ops.zeros_like(loc), cdf[..., 1:] - cdf[..., :-1]

    def draw(self, params, noise, temperature=1.0):
        logits, locs, scales, couplings = self._parts(params)
        one = chosen(logits / temperature, noise[..., 0])

        def pick(value):
            return ops.sum(value * one, axis=-1)

        drawn = []
        for c in range(len(locs)):
            loc = self._loc(pick(locs[c]), [pick(v) for v in couplings[c]], drawn)
            scale = temperature * pick(scales[c])
            u = noise[..., c + 1]
            drawn.append(logistic_quantile(loc, scale, u, self.levels))
        return ops.stack(drawn, axis=-1)


def _shape(tensor):
    return (-1, *ops.shape(tensor)[1:])
