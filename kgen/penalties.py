"""Penalties that keep the codes of an autoencoder near the prior."""

import keras
from keras import ops

from kgen.core import validation
from kgen.core.backend import register, tfd, whole_batch
from kgen.core.registry import Registry
from kgen.core.strategy import Strategy

__all__ = ["KL", "MMD", "Penalty", "penalties"]


class Penalty(Strategy):
    """A term of the loss that depends on the posterior, the prior, and codes of both.

    A term that compares examples, rather than averaging over them, has to see them all:
    `kgen.base.whole_batch(z)` returns the codes of the whole batch, which is split if
    there are several replicas.

    To write one, give it a `name` for its term in the history, implement `__call__`,
    and decorate the class with `kgen.base.register`. To register it under a name, use
    `kgen.penalties.penalties.register` as well.
    """

    name: str
    needs_density = False
    """Whether the posterior must have a density. A point posterior has none."""

    needs_prior_codes = False
    """Whether `z_prior`, codes drawn from the prior, is needed."""

    @property
    def weight(self):
        """Factor of the term in the loss, if it has one.

        In a model it is a float32 variable, which callbacks can set:
        `model.penalty.weight = 0.5`, or `model.penalty.weight.assign(0.5)`.
        """
        if "weight" not in vars(self):
            raise AttributeError(f"{type(self).__name__} has no setting `weight`.")
        return vars(self)["weight"]

    @weight.setter
    def weight(self, value):
        former = vars(self).get("weight")
        if isinstance(former, keras.Variable) and not isinstance(value, keras.Variable):
            former.assign(validation.check_number(self, "weight", value, ge=0))
        else:
            vars(self)["weight"] = value

    def attach(self, model):
        """Make the weight, if there is one, a variable of a model."""
        if "weight" in vars(self):
            self.weight = model.add_number("penalty_weight", self.setting("weight"))

    def __call__(self, posterior, prior, z, z_prior=None, step=None):
        """Return the term as it is reported, and as it is added to the loss.

        Args:
            posterior: distribution of codes given x, of batch shape (n,).
            prior: distribution of codes.
            z: codes drawn from the posterior, shape (n, k, latent_dim).
            z_prior: as many codes drawn from the prior, if `needs_prior_codes`.
            step: number of the training step, from 1; None in evaluation.

        Returns:
            Two tensors of shape (n,), float32: the term itself, never multiplied by a
            weight, and the weighted one.
        """
        raise NotImplementedError


penalties = Registry("penalty", Penalty)


@penalties.register("kl")
@register
class KL(Penalty):
    """weight * KL(q(z|x) || p(z)), in closed form; by default that of the ELBO.

    Args:
        weight: weight of the divergence in the loss, >= 0: beta in beta-VAEs. In a
            model it is a variable that callbacks can set.
        warm_up: training steps over which the weight rises linearly from 0, >= 0.
            Evaluation always uses the full weight.
        free_bits: nats that every dimension of the code may spend, on average over a
            batch, before it is penalised, >= 0.

    Raises:
        ValueError: for a setting out of range.

    References:
        Kingma and Welling, Auto-Encoding Variational Bayes, 2014, appendix B.
        https://arxiv.org/abs/1312.6114
        Higgins et al., beta-VAE, 2017 (`weight`).
        https://openreview.net/forum?id=Sy2fzU9gl
        Soenderby et al., Ladder Variational Autoencoders, 2016 (`warm_up`).
        https://arxiv.org/abs/1602.02282
        Kingma et al., Improved Variational Inference with Inverse Autoregressive Flow,
        2016, eq. 15 (`free_bits`). https://arxiv.org/abs/1606.04934

    Example:
        >>> KL(weight=4.0)
        KL(weight=4.0)
    """

    name = "kl"
    needs_density = True

    def __init__(self, weight=1.0, warm_up=0, free_bits=0.0):
        self.weight = validation.check_number(self, "weight", weight, ge=0)
        self.warm_up = validation.check_setting(self, "warm_up", warm_up, ge=0)
        self.free_bits = validation.check_number(self, "free_bits", free_bits, ge=0)

    def __call__(self, posterior, prior, z, z_prior=None, step=None):
        divergence = tfd.kl_divergence(posterior, prior)
        weight = self.weight
        if self.warm_up and step is not None:
            weight = weight * ops.minimum(ops.cast(step, "float32") / self.warm_up, 1.0)
        return divergence, weight * self._beyond_free_bits(posterior, prior, divergence)

    def _beyond_free_bits(self, posterior, prior, divergence):
        """Sum over dimensions j of max(free_bits, mean over the batch of KL_j)."""
        if not self.free_bits:
            return divergence
        per_dimension = tfd.kl_divergence(
            tfd.Normal(posterior.mean(), posterior.stddev()),
            tfd.Normal(prior.mean(), prior.stddev()),
        )
        mean = ops.mean(whole_batch(per_dimension), axis=0)
        terms = ops.maximum(mean, self.free_bits)
        return ops.broadcast_to(ops.sum(terms), ops.shape(divergence))


@penalties.register("mmd")
@register
class MMD(Penalty):
    """weight * MMD_k^2 between codes of the data and of the prior, unbiased.

    For n codes z of a batch and n codes z' of the prior (alg. 2),

        sum over l != j of (k(z_l, z_j) + k(z'_l, z'_j)) / (n (n - 1))
            - 2 sum over l, j of k(z_l, z'_j) / n^2

    with the inverse multiquadratic kernel k(a, b) = C / (C + |a - b|^2). The scale C =
    2 latent_dim is the expected squared distance of two codes from a standard normal
    prior. The mean of the term is 0 if the two distributions are equal, and positive if
    they differ; the value of a batch may be negative. A batch of a single example gives
    0.

    Args:
        weight: factor in the loss, >= 0 (lambda in the paper). In a model it is a
            variable that callbacks can set.

    Raises:
        ValueError: for a weight out of range.

    References:
        Tolstikhin et al., Wasserstein Auto-Encoders, 2018, alg. 2 and sec. 4.
        https://arxiv.org/abs/1711.01558
        Gretton et al., A Kernel Two-Sample Test, 2012, lemma 6 (the estimator).
        https://jmlr.org/papers/v13/gretton12a.html

    Example:
        >>> MMD(weight=10.0)
        MMD(weight=10.0)
    """

    name = "mmd"
    needs_prior_codes = True

    def __init__(self, weight=100.0):
        self.weight = validation.check_number(self, "weight", weight, ge=0)

    def __call__(self, posterior, prior, z, z_prior=None, step=None):
        n, codes = ops.shape(z)[0], (-1, z.shape[-1])
        z, z_prior = (whole_batch(ops.reshape(part, codes)) for part in (z, z_prior))
        term = ops.broadcast_to(mmd(z, z_prior), (n,))
        return term, self.weight * term


def mmd(z, z_prior):
    """Unbiased estimate of MMD^2 of two samples (n, latent_dim): see `MMD`."""
    pairs = ops.cast(ops.shape(z)[0], "float32")
    # A code's kernel with itself is 1.
    within = _kernel_sum(z, z) + _kernel_sum(z_prior, z_prior) - 2.0 * pairs
    between = _kernel_sum(z, z_prior) / pairs**2
    found = within / ops.maximum(pairs * (pairs - 1.0), 1.0) - 2.0 * between
    return ops.where(pairs > 1.0, found, 0.0)


def _kernel_sum(a, b):
    """Sum of the inverse multiquadratic kernel over all pairs of codes."""
    scale = 2.0 * ops.cast(ops.shape(a)[-1], "float32")
    squares = ops.sum(a**2, axis=1)[:, None] + ops.sum(b**2, axis=1)
    squares = ops.maximum(squares - 2.0 * ops.matmul(a, ops.transpose(b)), 0.0)
    return ops.sum(scale / (scale + squares))
