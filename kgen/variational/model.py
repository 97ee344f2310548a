"""The Keras model of all variational autoencoders.

References:
    Kingma and Welling, Auto-Encoding Variational Bayes, 2014.
    https://arxiv.org/abs/1312.6114
    Burda et al., Importance Weighted Autoencoders, 2016 (`n_importance`).
    https://arxiv.org/abs/1509.00519
"""

import math

import keras
import numpy as np
from keras import ops

from kgen import heads
from kgen.base.chunks import CHUNK, draw_in_chunks
from kgen.base.model import GenerativeModel
from kgen.core import backend, validation
from kgen.core.backend import compiled, register, tfd
from kgen.core.random import as_seed
from kgen.variational.penalties import KL

GROUP = 64
"""Codes per example that are decoded at once, at most."""

OUTPUTS = 2**25
"""Numbers that a decoder puts out at once, at most, for a chunk of examples."""


@register
class VAEModel(GenerativeModel):
    """Keras model behind `VAE`: q(z|x), p(x|z), and the evidence lower bound.

    Args:
        encoder: `keras.Model` from data, in their own units, to one tensor (n, 2 *
            latent_dim): posterior means, then log-scales.
        decoder: `keras.Model` from codes (n, latent_dim) to the head's parameters,
            (n, *event_shape[:-1], head.params_size(channels)).
        head: name or instance of a `kgen.heads.Head`.
        penalty: `kgen.variational.penalties.KL` by default.
        n_importance: codes per example in the training objective, >= 1; above 1 it is
            the importance weighted bound.
        seed: seed of the noise; None draws one from NumPy's global state.
        **kwargs: see `keras.Model`.

    Input shape: (n, *event_shape), in the units of the data.
    Output: dict of "posterior" (n, 2 * latent_dim), "z" (n, n_importance, latent_dim)
        and "params" (n * n_importance, ...), the head's parameters for every code.
    """

    def __init__(
        self,
        encoder,
        decoder,
        head="bernoulli",
        penalty=None,
        n_importance=1,
        seed=None,
        **kwargs,
    ):
        # Not by Keras: 16-bit floats are too coarse for data in their own units.
        super().__init__(autocast=False, **kwargs)
        validation.check_setting("VAEModel", "n_importance", n_importance, ge=1)
        self.encoder = encoder
        self.decoder = decoder
        self.head = heads.get(head)
        self.penalty = KL() if penalty is None else penalty
        if n_importance > 1 and self.penalty.weight != 1:
            raise ValueError(
                f"n_importance={n_importance} needs a penalty of weight 1, not "
                f"{self.penalty.weight}: an importance weighted bound has no such term."
            )
        self.n_importance = n_importance
        self.seed = as_seed(seed)
        self.latent_dim = decoder.input_shape[-1]
        self.event_shape = tuple(encoder.input_shape[1:])
        if encoder.output_shape[-1] != 2 * self.latent_dim:
            raise ValueError(
                "`encoder` must put out (n, 2 * latent_dim), means and log-scales. Got "
                f"{encoder.output_shape}, but `decoder` takes {self.latent_dim} "
                "latent dimensions."
            )
        wanted = self.head.params_size(self.event_shape[-1])
        if decoder.output_shape[1:] != (*self.event_shape[:-1], wanted):
            raise ValueError(
                "`decoder` must put out the head's parameters, (n, "
                f"{', '.join(map(str, (*self.event_shape[:-1], wanted)))}). Got "
                f"{decoder.output_shape}."
            )
        self.terms = [
            keras.metrics.Mean(name=name) for name in ("reconstruction", "kl")
        ]
        self.step = self.add_counter("step")
        self.built = True

    @property
    def prior(self):
        """p(z): standard normal."""
        return tfd.MultivariateNormalDiag(np.zeros(self.latent_dim, "float32"))

    def posterior(self, params):
        """q(z|x), from the encoder's output."""
        mean, log_scale = ops.split(ops.cast(params, "float32"), 2, axis=-1)
        # Bounds far outside what is ever learned, so that exp stays finite.
        scale = ops.exp(backend.bounded(log_scale, -15.0, 15.0))
        return tfd.MultivariateNormalDiag(mean, scale)

    def call(self, x, training=False):  # noqa: FBT002 (Keras' hook)
        x = ops.cast(x, "float32")
        posterior = self.encoder(x, training=training)
        shape = (self.n_importance, self.latent_dim)
        if training:
            shape = (ops.shape(x)[0], *shape)
            noise = backend.stateless_normal(shape, (self.seed, self.step.value))
            self.step.assign_add(1)
        else:
            noise = backend.row_normal(x, shape, self.seed)
        z = self._codes(posterior, noise)
        return {
            "posterior": posterior,
            "z": z,
            "params": self._decode_all(z, training=training),
        }

    def _codes(self, posterior, noise):
        """Reparametrised codes, (n, k, latent_dim), for noise of that shape."""
        q = self.posterior(posterior)
        return ops.expand_dims(q.loc, 1) + ops.expand_dims(q.stddev(), 1) * noise

    def _decode_all(self, z, *, training):
        flat = ops.reshape(z, (-1, self.latent_dim))
        return self.decoder(flat, training=training)

    def _log_likelihood(self, x, params, k):
        """Log p(x|z) of k codes for every example, (n, k)."""
        repeated = ops.repeat(ops.cast(x, "float32"), k, axis=0)
        return ops.reshape(self.head(params).log_prob(repeated), (-1, k))

    def _log_weights(self, log_likelihood, posterior, z):
        """Log p(x, z) - log q(z|x), (n, k)."""
        q = self.posterior(ops.expand_dims(posterior, 1))
        return log_likelihood + self.prior.log_prob(z) - q.log_prob(z)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, **kwargs):
        posterior, z = y_pred["posterior"], y_pred["z"]
        k = self.n_importance
        log_likelihood = self._log_likelihood(x, y_pred["params"], k)
        reconstruction = -ops.mean(log_likelihood, axis=1)
        penalty = self.penalty(self.posterior(posterior), self.prior)
        loss = reconstruction + self.penalty.weight * penalty
        if k > 1:
            log_weights = self._log_weights(log_likelihood, posterior, z)
            loss = math.log(k) - ops.logsumexp(log_weights, axis=1)
        weight = 1.0 if sample_weight is None else ops.cast(sample_weight, "float32")
        for tracker, value in zip(self.terms, (reconstruction, penalty), strict=True):
            tracker.update_state(value * weight)
        return self.with_penalties(ops.mean(loss * weight))

    @compiled
    def log_prob(self, x, n_importance=64):
        """Lower bound of the log-density, shape (n,), in nats and data units.

        The noise is keyed by the model's seed and the row itself: the result depends
        neither on the order of the rows nor on the batch.

        Args:
            x: data, shape (n, *event_shape).
            n_importance: codes per example, >= 1. 1 gives the evidence lower bound
                with its KL term in closed form; more gives a tighter bound.
        """
        x = ops.cast(x, "float32")
        posterior = self.encoder(x, training=False)
        n_importance = int(n_importance)
        # Codes per example that are decoded at once, to bound memory.
        outputs = CHUNK * math.prod(self.decoder.output_shape[1:])
        size = min(n_importance, GROUP, max(1, OUTPUTS // outputs))
        groups = -(-n_importance // size)

        def add(group, total):
            noise = backend.row_normal(x, (size, self.latent_dim), self.seed, group)
            z = self._codes(posterior, noise)
            params = self._decode_all(z, training=False)
            log_likelihood = self._log_likelihood(x, params, size)
            if n_importance == 1:
                kl = tfd.kl_divergence(self.posterior(posterior), self.prior)
                return log_likelihood[:, 0] - kl
            log_weights = self._log_weights(log_likelihood, posterior, z)
            within = group * size + ops.arange(size) < n_importance
            log_weights = ops.where(within, log_weights, -np.inf)
            return ops.logaddexp(total, ops.logsumexp(log_weights, axis=1))

        start = ops.zeros_like(x[(slice(None), *(0 for _ in self.event_shape))])
        total = ops.fori_loop(0, groups, add, start - np.inf)
        return total - math.log(n_importance)

    @compiled
    def encode(self, x):
        """Posterior means, shape (n, latent_dim)."""
        posterior = self.encoder(ops.cast(x, "float32"), training=False)
        return self.posterior(posterior).loc

    @compiled
    def decode(self, z):
        """The head's mean for codes of shape (n, latent_dim), in data units."""
        return self.head.mean(self.decoder(z, training=False))

    @compiled
    def _draw(self, z, noise):
        return self.head.draw(self.decoder(z, training=False), noise)

    def sample(self, n, seed=None):
        """Draw z from the prior, then x from p(x|z).

        Args:
            n: number of examples, >= 1.
            seed: integer; None draws one from NumPy's global state.

        Returns:
            Float32 array of shape (n, *event_shape), in data units.
        """
        shape = self.head.noise_shape(self.event_shape)

        def draw(noise):
            z = backend.normal_quantile(noise[:, : self.latent_dim])
            return self._draw(z, noise[:, self.latent_dim :].reshape(-1, *shape))

        return draw_in_chunks(draw, n, seed, self.latent_dim + math.prod(shape))
