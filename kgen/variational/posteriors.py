"""Posteriors: what an encoder's outputs say about the code of an example."""

from keras import ops

from kgen.core import backend, validation
from kgen.core.backend import register, tfd
from kgen.core.registry import Registry
from kgen.core.strategy import Strategy


class Posterior(Strategy):
    """From an encoder's outputs to codes: q(z|x).

    Called with outputs (n, params_size(latent_dim)), it returns the distribution of the
    codes, in float32, of batch shape (n,).
    """

    has_density = False
    """Whether the distribution has a density, which bounds on log p(x) need."""

    def params_size(self, latent_dim: int) -> int:
        """Outputs of the encoder for a code of `latent_dim` numbers."""
        raise NotImplementedError

    def __call__(self, params):
        raise NotImplementedError

    def mean(self, params):
        """The code that represents an example, (n, latent_dim)."""
        raise NotImplementedError

    def codes(self, params, noise):
        """Reparametrised draws, for standard normal noise (n, k, latent_dim)."""
        raise NotImplementedError


posteriors = Registry("posterior", Posterior)


@posteriors.register("normal")
@register
class NormalPosterior(Posterior):
    """Normal(mean, diag(scale^2)), from means, then log-scales.

    References:
        Kingma and Welling, Auto-Encoding Variational Bayes, 2014, eq. 9.
        https://arxiv.org/abs/1312.6114
    """

    has_density = True

    def params_size(self, latent_dim: int) -> int:
        return 2 * latent_dim

    def __call__(self, params):
        mean, log_scale = ops.split(ops.cast(params, "float32"), 2, axis=-1)
        # Limits far outside what is ever learned, so that exp stays finite.
        scale = ops.exp(backend.bounded(log_scale, -15.0, 15.0))
        return tfd.MultivariateNormalDiag(mean, scale)

    def mean(self, params):
        return self(params).loc

    def codes(self, params, noise):
        q = self(params)
        return ops.expand_dims(q.loc, 1) + ops.expand_dims(q.stddev(), 1) * noise


@posteriors.register("point")
@register
class PointPosterior(Posterior):
    """A single code for every example, as in plain and Wasserstein autoencoders."""

    def params_size(self, latent_dim: int) -> int:
        return latent_dim

    def __call__(self, params):
        return tfd.VectorDeterministic(ops.cast(params, "float32"))

    def mean(self, params):
        return ops.cast(params, "float32")

    def codes(self, params, noise):
        # Always one code: only a bound on a density takes several; a point has no
        # density.
        return ops.expand_dims(self.mean(params), 1)


@posteriors.register("categorical")
@register
class CategoricalPosterior(Posterior):
    """A point whose last numbers are the probabilities of categories.

    The encoder outputs real numbers, then a logit for each category.

    Args:
        categories: number of categories k, >= 1, which are the last k latent
            dimensions.

    Raises:
        ValueError: for a number out of range.

    References:
        Makhzani et al., Adversarial Autoencoders, 2015, fig. 8.
        https://arxiv.org/abs/1511.05644
    """

    def __init__(self, categories=10):
        categories = validation.check_setting(self, "categories", categories, ge=1)
        self.categories = categories

    def params_size(self, latent_dim: int) -> int:
        return latent_dim

    def __call__(self, params):
        return tfd.VectorDeterministic(self.mean(params))

    def mean(self, params):
        params, k = ops.cast(params, "float32"), self.categories
        category = ops.softmax(params[:, -k:], axis=-1)
        return ops.concatenate([params[:, :-k], category], axis=-1)

    def codes(self, params, noise):
        return ops.expand_dims(self.mean(params), 1)
