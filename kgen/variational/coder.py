"""What encoder, decoder and head do together, in all models of the family."""

from keras import ops

from kgen import heads
from kgen.base.chunks import largest_layer
from kgen.base.drawing import DrawsAtOnce
from kgen.core import backend
from kgen.core.backend import compiled
from kgen.core.sizes import rows_at_once
from kgen.variational.parts import check_parts
from kgen.variational.posteriors import posteriors


class Coder(DrawsAtOnce):
    """The part of a Keras model that encodes, decodes, and draws codes from a prior.

    A subclass calls `set_networks` in its `__init__`, and implements
    `prior_codes(noise, condition)`, which turns standard normal noise (n, ...,
    latent_dim) into codes drawn from the prior, of the same shape.
    """

    chunk = 2  # more than are encoded at once: here none are computed for nothing

    def set_networks(self, encoder, decoder, head, posterior, seed):
        """Keep the networks, if they fit together; see `VAEModel` for the arguments."""
        self.encoder = encoder
        self.decoder = decoder
        self.head = heads.get(head)
        self.posterior = posteriors.resolve(posterior)
        self.seed = seed
        (_, self.latent_dim), *condition = [v.shape for v in decoder.inputs]
        self.condition_dim = condition[0][-1] if condition else 0
        self.event_shape = tuple(encoder.inputs[0].shape[1:])
        self.rows = rows_at_once(max(largest_layer(encoder), largest_layer(decoder)))
        check_parts(self)

    def prior_codes(self, noise, condition):
        """Codes from the prior: see the class."""
        raise NotImplementedError

    def posterior_params(self, x, condition, *, training):
        """The encoder's outputs for data in their own units."""
        x = ops.cast(x, "float32")
        return self.encoder(self.with_condition(x, condition), training=training)

    def head_params(self, z, condition, *, training):
        """The head's parameters (n * k, ...) of codes (n, k, latent_dim)."""
        flat = ops.reshape(z, (-1, self.latent_dim))
        if condition is not None:
            condition = ops.repeat(condition, z.shape[1], axis=0)
        return self.decoder(self.with_condition(flat, condition), training=training)

    def log_likelihood(self, x, params, k):
        """Log p(x|z) of k codes for every example, (n, k)."""
        x = ops.cast(x, "float32")
        repeated = x if k == 1 else ops.repeat(x, k, axis=0)
        return ops.reshape(self.head.log_prob(params, repeated), (-1, k))

    @compiled
    def encode(self, x, condition=None):
        """Codes (posterior means), shape (n, latent_dim)."""
        params = self.posterior_params(x, condition, training=False)
        return self.posterior.mean(params)

    @compiled
    def decode(self, z, condition=None):
        """The head's mean for codes of shape (n, latent_dim), in data units."""
        return self.head.mean(self.head_params(z[:, None], condition, training=False))

    @compiled
    def _draw(self, seed, first, count, condition=None):
        uniform = backend.keyed_uniform(seed, first, count, (self.latent_dim,))
        shape = self.event_shape
        noise = self.head.keyed_noise(seed, first, count, shape, stream=1)
        z = self.prior_codes(backend.normal_quantile(uniform), condition)
        params = self.head_params(z[:, None], condition, training=False)
        # Booleans are quicker to write, and become floats when they are collected.
        draw = self.head.ones if self.head.compares else self.head.draw
        return draw(params, noise)
