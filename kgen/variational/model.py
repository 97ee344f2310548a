"""The Keras model of all variational autoencoders.

    z ~ p(z) = Normal(0, I),    x|z ~ p(x|z),    q(z|x) near the posterior p(z|x)

    ELBO:  log p(x) >= E over q of log p(x|z)  -  KL(q(z|x) || p(z))

    IWAE:  log p(x) >= E over q of log (1/k sum over i of w_i),
           w_i = p(x, z_i) / q(z_i|x),  z_1 ... z_k ~ q(z|x)

References:
    Kingma and Welling, Auto-Encoding Variational Bayes, 2014, eq. 3.
    https://arxiv.org/abs/1312.6114
    Burda et al., Importance Weighted Autoencoders, 2016, eq. 8 (`n_importance`).
    https://arxiv.org/abs/1509.00519
"""

import math

import keras
import numpy as np
from keras import ops

from kgen.base.chunks import FEW
from kgen.base.model import GenerativeModel
from kgen.core import backend, messages, validation
from kgen.core.backend import compiled, register, tfd
from kgen.core.random import as_seed
from kgen.penalties import penalties
from kgen.variational.coder import Coder
from kgen.variational.parts import check_terms
from kgen.variational.posteriors import NormalPosterior

_NORMAL = NormalPosterior()

GROUP = 64
"""Largest number of codes per example that are decoded at once."""

GROUPS = 64
"""Largest number of groups in one call of a graph."""

OUTPUTS = 2**25
"""Largest number of decoder outputs at once, for a chunk of examples."""


@register
class VAEModel(Coder, GenerativeModel):
    """Keras model of variational autoencoders: q(z|x), p(x|z), and a penalty.

    Args:
        encoder: `keras.Model` from data, in their own units, to one tensor (n,
            posterior.params_size(latent_dim)): by default means, then log-scales. In a
            conditional model, from [data, conditions (n, condition_dim)].
        decoder: `keras.Model` from codes (n, latent_dim), or [codes, conditions], to
            the head's parameters, (n, *event_shape[:-1], head.params_size(channels)).
        head: name or instance of a `kgen.heads.Head`: p(x|z).
        penalty: name or instance of a `kgen.penalties.Penalty`: what keeps codes near
            the prior; None for no penalty, as in a plain autoencoder.
        posterior: "normal", "point", or a `kgen.variational.Posterior`: q(z|x).
        n_importance: codes per example in the training objective, >= 1; above 1 the
            objective is the importance weighted bound.
        seed: seed of the noise; None draws one from NumPy's global state.
        prior: in a conditional model, a `keras.Model` from conditions to the means,
            then the log-scales of p(z|y), (n, 2 * latent_dim); None for a standard
            normal.
        ema_momentum: largest momentum, in [0, 1), of the moving averages of the
            weights, which the model uses between epochs and after training; None uses
            the weights themselves. See `kgen.base.averaging`.
        **kwargs: see `keras.Model`.

    Input: (n, *event_shape), in the units of the data, or {"x": data, "condition":
        conditions}.
    Output: dict of "posterior", the encoder's outputs, "z" (n, n_importance,
        latent_dim), and "params" (n * n_importance, ...), the head's parameters for
        every code.

    Raises:
        ValueError: for settings or networks that do not match.
    """

    def __init__(
        self,
        encoder,
        decoder,
        head="bernoulli",
        penalty="kl",
        posterior="normal",
        n_importance=1,
        seed=None,
        prior=None,
        ema_momentum=None,
        **kwargs,
    ):
        # Keras must not cast: 16-bit floats are too coarse for data in their own units.
        super().__init__(autocast=False, **kwargs)
        self.set_networks(encoder, decoder, head, posterior, as_seed(seed))
        self.penalty = None if penalty is None else penalties.resolve(penalty)
        codes = validation.check_setting(self, "n_importance", n_importance, ge=1)
        self.n_importance = codes
        self.prior = prior
        self.has_density = self.posterior.has_density
        check_terms(self)
        self.step = self.add_counter("step")  # the first variable, as in all files
        names = ["reconstruction"]
        if self.penalty is not None:
            self.penalty.attach(self)
            names.append(self.penalty.name)
        self.terms = [keras.metrics.Mean(name=name) for name in names]
        self.average_weights(ema_momentum, encoder, decoder, prior)
        self.built = True

    def load_own_variables(self, store):
        if len(store.keys()) == 1:  # former versions had no penalty's weight
            self.step.assign(store["0"])
        else:
            super().load_own_variables(store)

    def prior_of(self, condition=None):
        """p(z), or p(z|y): standard normal, unless the model has a prior network."""
        if self.prior is None:
            return tfd.MultivariateNormalDiag(np.zeros(self.latent_dim, "float32"))
        return _NORMAL(self.prior(condition))

    def prior_codes(self, noise, condition):
        if self.prior is None:
            return noise
        prior = self.prior_of(condition)
        shape = (-1, *[1] * (len(noise.shape) - 2), self.latent_dim)
        mean, scale = prior.mean(), prior.stddev()
        return ops.reshape(mean, shape) + ops.reshape(scale, shape) * noise

    def call(self, inputs, training=False):  # noqa: FBT002 (Keras' hook)
        x, condition = self.unpack(inputs)
        x = ops.cast(x, "float32")
        params = self.posterior_params(x, condition, training=training)
        shape = (self.n_importance, self.latent_dim)
        if training:
            shape = (ops.shape(x)[0], *shape)
            noise = backend.stateless_normal(shape, (self.seed, self.step.value))
            self.step.assign_add(1)
        else:
            noise = backend.row_normal(x, shape, self.seed)
        z = self.posterior.codes(params, noise)
        outputs = self.head_params(z, condition, training=training)
        return {"posterior": params, "z": z, "params": outputs}

    def _log_weights(self, log_likelihood, params, z, condition):
        """Log p(x, z) - log q(z|x), (n, k)."""
        q = self.posterior(ops.expand_dims(params, 1))
        prior = self.prior_of(condition)
        if self.prior is not None:
            prior = _NORMAL(ops.expand_dims(self.prior(condition), 1))
        return log_likelihood + prior.log_prob(z) - q.log_prob(z)

    def compute_loss(
        self,
        x=None,
        y=None,
        y_pred=None,
        sample_weight=None,
        training=True,  # noqa: FBT002 (Keras' hook)
        **kwargs,
    ):
        x, condition = self.unpack(x)
        params, z = y_pred["posterior"], y_pred["z"]
        log_likelihood = self.log_likelihood(x, y_pred["params"], self.n_importance)
        loss = reconstruction = -ops.mean(log_likelihood, axis=1)
        terms = [reconstruction]
        if self.penalty is not None:
            term, penalty = self._penalty(params, z, condition, training=training)
            terms.append(term)
            loss = reconstruction + penalty
        if self.n_importance > 1:
            weights = self._log_weights(log_likelihood, params, z, condition)
            loss = -_mean_of_exp(weights)
        for tracker, value in zip(self.terms, terms, strict=True):
            tracker.update_state(backend.counted(self.weighted(value, sample_weight)))
        return self.with_penalties(ops.mean(self.weighted(loss, sample_weight)))

    def _penalty(self, params, z, condition, *, training):
        """The penalty's term as it is reported, and as it is minimised, (n,) each."""
        step, z_prior = self.step.value if training else None, None
        if self.penalty.needs_prior_codes:
            key = (self.seed + 1, -1 if step is None else step)
            noise = backend.stateless_normal(ops.shape(z), key)
            z_prior = self.prior_codes(noise, condition)
        prior = self.prior_of(condition)
        return self.penalty(self.posterior(params), prior, z, z_prior, step)

    def log_prob(self, x, condition=None, *, n_importance=64):
        """Lower bound on the log-density, shape (n,), in nats and data units.

        The noise is keyed by the model's seed and the row itself: the result depends
        neither on the order of the rows nor on the batch.

        Args:
            x: data, shape (n, *event_shape).
            condition: vectors (n, condition_dim), for conditional models only.
            n_importance: codes per example, >= 1. 1 gives the evidence lower bound
                with its KL term in closed form; more gives a tighter bound.

        Raises:
            ImplicitDensityError: if the posterior has no density.
        """
        if not self.has_density:
            owner = f"VAEModel(posterior={self.posterior})"
            raise messages.no_density(owner, "log_prob")
        n_importance = int(n_importance)
        # Codes per example that are decoded at once, to bound memory.
        outputs = FEW * math.prod(self.decoder.output_shape[1:])
        size = min(n_importance, GROUP, max(1, OUTPUTS // outputs))
        sizes = {"size": size, "n_importance": n_importance}
        total = None
        # Ctrl-C takes effect between two calls of the graph.
        for first in range(0, -(-n_importance // size), GROUPS):
            part = self._log_sum(x, condition, np.array(first, "int32"), **sizes)
            total = part if total is None else ops.logaddexp(total, part)
        return total - math.log(n_importance)

    @compiled
    def _log_sum(self, x, condition, first, *, size, n_importance):
        """Log of the sum of p(x, z) / q(z|x) over `GROUPS` groups of codes."""
        x = ops.cast(x, "float32")
        params = self.posterior_params(x, condition, training=False)
        groups = -(-n_importance // size)

        def add(group, total):
            noise = backend.row_normal(x, (size, self.latent_dim), self.seed, group)
            z = self.posterior.codes(params, noise)
            found = self.head_params(z, condition, training=False)
            log_likelihood = self.log_likelihood(x, found, size)
            if n_importance == 1:
                prior = self.prior_of(condition)
                kl = tfd.kl_divergence(self.posterior(params), prior)
                return log_likelihood[:, 0] - kl
            log_weights = self._log_weights(log_likelihood, params, z, condition)
            if n_importance % size:
                within = group * size + ops.arange(size) < n_importance
                log_weights = ops.where(within, log_weights, -np.inf)
            bound = ops.logsumexp(log_weights, axis=1)
            return bound if groups == 1 else ops.logaddexp(total, bound)

        if groups == 1:  # without infinities, which `enable_check_numerics` reports
            return add(0, None)
        start = ops.full((ops.shape(x)[0],), -np.inf, "float32")
        last = ops.minimum(first + GROUPS, groups)
        return ops.fori_loop(first, last, add, start)


def _mean_of_exp(log_values):
    """Log of the mean of exp(log_values) over the last axis."""
    return ops.logsumexp(log_values, axis=-1) - math.log(log_values.shape[-1])
