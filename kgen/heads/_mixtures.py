"""Choices by the inverse CDF, and rounded logistics, for several heads."""

from keras import ops

from kgen.core.backend import bounded


def choose(logits, noise):
    """Index of a category, float32, for uniform noise of shape logits.shape[:-1]."""
    mass = ops.exp(logits - ops.max(logits, axis=-1, keepdims=True))
    mass = ops.cumsum(mass, axis=-1)
    passed = ops.expand_dims(noise, -1) * mass[..., -1:] >= mass[..., :-1]
    return ops.sum(ops.cast(passed, "float32"), axis=-1)


def chosen(logits, noise):
    """The same choice as a one-hot vector, to select a component's parameters."""
    index = ops.cast(choose(logits, noise), "int32")
    return ops.one_hot(index, logits.shape[-1], dtype="float32")


def logistic_scale(log_scale, levels):
    """Scale of a logistic, in levels, from a network's output."""
    # -7 is the floor of PixelCNN++: a component much narrower than one level has no
    # gradient. Above 3, a component is flat over the whole range.
    return (levels - 1) / 2 * ops.exp(bounded(log_scale, -7.0, 3.0))


def log_logistic_mass(x, loc, scale, levels):
    """Log-probability that `logistic_quantile` gives to integers x in the range.

    With a = (x + 1/2 - loc) / scale, b = a - 1 / scale and the logistic function s it
    is log(s(a) - s(b)) = log(s(a)) + log(s(-b)) + log(1 - exp(-1 / scale)). For the
    lowest level it is only the first of these terms, for the highest only the second.
    """
    rate = 1.0 / scale
    upper = (x + 0.5 - loc) * rate
    lowest, highest = x <= 0.0, x >= levels - 1.0
    found = ops.where(highest, 0.0, -ops.softplus(-upper))
    found = found - ops.where(lowest, 0.0, ops.softplus(upper - rate))
    between = ops.log(-ops.expm1(-rate))
    return found + ops.where(ops.logical_or(lowest, highest), 0.0, between)


def logistic_quantile(loc, scale, noise, levels):
    """Rounded logistic; the lowest and the highest level take the tails."""
    value = loc + scale * (ops.log(noise) - ops.log1p(-noise))
    return ops.clip(ops.round(value), 0.0, levels - 1.0)


def logistic_mean(loc, scale, levels):
    """Mean of `logistic_quantile` over the noise: the sum over k of P(x > k)."""

    def add(k, total):
        return total + ops.sigmoid((loc - (ops.cast(k, "float32") + 0.5)) / scale)

    return ops.fori_loop(0, levels - 1, add, ops.zeros_like(loc))
