"""Mixture of normals: real-valued data with densities of any shape."""

from keras import ops

from kgen.core import validation
from kgen.core.backend import normal_quantile, register, tfd
from kgen.heads._base import heads
from kgen.heads._mixtures import chosen
from kgen.heads._reals import RealHead


@heads.register("mixture_of_normals")
@register
class MixtureOfNormals(RealHead):
    """Mixture of normals for reals, in the data's own units, independent per scalar.

    Every scalar takes 3 * components network outputs: logits, means, scales. The
    network works on (x - loc) / unit; no scale falls below a thousandth of `unit`,
    since without a floor the density can be driven to infinity.

    Args:
        components: number of normals, >= 1.
        loc: centre of the data, a number or one per channel (per feature in tables);
            None is 0, or in an estimator the mean of the training data.
        unit: spread of the data, a number or one per channel, >= 0; None is 1, or in an
            estimator the standard deviation of the training data. A channel of unit 0
            is constant: it is drawn as `loc`, and has the density of one of unit 1.

    Raises:
        ValueError: for numbers out of range.

    References:
        Uria et al., RNADE: The real-valued neural autoregressive density-estimator,
        2013, eq. 7-10. https://arxiv.org/abs/1306.0186

    Example:
        >>> MixtureOfNormals(components=5).params_size(3)
        45
    """

    choices = 1

    def __init__(self, components=10, loc=None, unit=None):
        super().__init__(loc, unit)
        self.components = validation.check_setting(self, "components", components, ge=1)
        self.size = 3 * self.components  # a logit, a mean and a scale

    def _parts(self, params):
        logits, mean, raw_scale = ops.split(self.split(params), 3, axis=-1)
        # Units are per channel, so channels go last for a moment.
        mean, raw_scale = ops.swapaxes(mean, -1, -2), ops.swapaxes(raw_scale, -1, -2)
        loc, scale = self._in_units(mean, raw_scale)
        return logits, ops.swapaxes(loc, -1, -2), ops.swapaxes(scale, -1, -2)

    def distribution(self, params):
        logits, loc, scale = self._parts(params)
        mixture = tfd.MixtureSameFamily(
            tfd.Categorical(logits=logits), tfd.Normal(loc, scale)
        )
        return tfd.Independent(mixture, len(params.shape) - 1)

    def mean(self, params):
        logits, loc, _ = self._parts(params)
        return self._or_constant(ops.sum(ops.softmax(logits) * loc, axis=-1))

    def draw(self, params, noise, temperature=1.0):
        logits, loc, scale = self._parts(params)
        one = chosen(logits / temperature, noise[..., 0])
        loc, scale = ops.sum(loc * one, -1), ops.sum(scale * one, -1)
        x = loc + scale * temperature**0.5 * normal_quantile(noise[..., 1])
        return self._or_constant(x)
