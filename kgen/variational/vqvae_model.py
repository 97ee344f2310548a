"""The Keras model of VQ-VAEs: an encoder, a codebook, a decoder.

    z = encoder(x),   code = argmin over k of ||z - e_k||,   q = e_code      (eq. 1-2)
    loss = - log p(x|q)  +  commitment * ||z - stop_gradient(q)||^2          (eq. 3)

The decoder's gradient at q goes straight to z (sec. 3.1). The second term of the
paper's eq. 3, which teaches the codebook, is replaced by moving averages, as in its
appendix A.1. Both terms are sums: log p(x|q) over all scalars of x, the other over all
positions of the code. The paper takes means (sec. 3.2).

References:
    Van den Oord et al., Neural Discrete Representation Learning, 2017.
    https://arxiv.org/abs/1711.00937
"""

import math

import keras
import numpy as np
from keras import ops

from kgen import heads
from kgen.base.chunks import draw_in_chunks, largest_layer
from kgen.base.model import GenerativeModel
from kgen.core import backend, messages, validation
from kgen.core.backend import compiled, register
from kgen.core.random import as_seed
from kgen.core.sizes import rows_at_once
from kgen.layers import VectorQuantizer

NOISE, CODES = 2, 3
"""Streams of the noise of x and of codes: others are those of priors."""


@register
class VQVAEModel(GenerativeModel):
    """Keras model behind `VQVAE`: codes are integers that stand for learned vectors.

    Args:
        encoder: `keras.Model` from data, in their own units, to vectors, (n,
            *code_shape, code_dim); code_shape is a map (height, width), or a number of
            positions.
        decoder: `keras.Model` from such vectors to the head's parameters, (n,
            *event_shape[:-1], head.params_size(channels)).
        head: name or instance of a `kgen.heads.Head`: p(x|codes).
        codebook_size: number of different codes, >= 2.
        commitment: weight of the term that keeps the encoder near the codebook, >= 0.
        decay: see `kgen.layers.VectorQuantizer`.
        restart: see `kgen.layers.VectorQuantizer`.
        seed: seed for restarting codes; None draws one from NumPy's global state.
        **kwargs: see `keras.Model`.

    Input: (n, *event_shape), in the units of the data.
    Output: dict of "z", the encoder's output, "q", the nearest vectors, "codes", their
        indices (n, *code_shape), and "params", the head's parameters.

    Raises:
        ValueError: for settings or networks that do not match.

    Example:
        >>> import numpy as np
        >>> from kgen.networks import Spatial
        >>> networks = Spatial(width=8)
        >>> encoder = networks.down((9, 8, 1), 4)
        >>> decoder = networks.up(4, (9, 8, 1))
        >>> model = VQVAEModel(encoder, decoder, "bernoulli", codebook_size=16, seed=0)
        >>> model.compile("adam")
        >>> x = np.ones((8, 9, 8, 1), "float32")
        >>> history = model.fit(x, verbose=0).history
        >>> sorted(history)
        ['commitment', 'loss', 'perplexity', 'reconstruction']
        >>> tuple(model.encode(x).shape)
        (8, 3, 2)
    """

    code_dtype = "int32"

    def __init__(
        self,
        encoder,
        decoder,
        head="bernoulli",
        codebook_size=128,
        commitment=0.25,
        decay=0.99,
        restart=0.05,
        seed=None,
        **kwargs,
    ):
        # Keras must not cast: 16-bit floats are too coarse for data in their own units.
        super().__init__(autocast=False, **kwargs)
        self.encoder, self.decoder, self.head = encoder, decoder, heads.get(head)
        self.commitment = validation.check_number(self, "commitment", commitment, ge=0)
        self.seed = as_seed(seed)
        self.quantizer = VectorQuantizer(
            codebook_size, decay, restart, self.seed, dtype=self.dtype_policy
        )
        size = self.quantizer.codebook_size
        self.codebook_size, self.decay = size, self.quantizer.decay
        self.restart = self.quantizer.restart
        self.event_shape = tuple(encoder.inputs[0].shape[1:])
        self._check_networks()
        self.code_shape = tuple(encoder.output_shape[1:-1])
        self.quantizer.build(encoder.output_shape)
        layers = [largest_layer(encoder), largest_layer(decoder)]
        self.rows = rows_at_once(max(*layers, math.prod(self.code_shape) * size))
        self.terms = [
            keras.metrics.Mean(name=name)
            for name in ("reconstruction", "commitment", "perplexity")
        ]
        self.built = True

    def _check_networks(self):
        for name, network in (("encoder", self.encoder), ("decoder", self.decoder)):
            if len(network.inputs) != 1 or len(network.outputs) != 1:
                raise messages.several_ends(name)
        z = self.encoder.output_shape
        if len(z) < 3 or None in z[1:]:
            raise messages.wrong_encoder(z)
        if self.decoder.input_shape[1:] != z[1:]:
            raise messages.wrong_decoder_input(self.decoder.input_shape, z)
        outputs = self.head.params_size(self.event_shape[-1])
        wanted = (*self.event_shape[:-1], outputs)
        if self.decoder.output_shape[1:] != wanted:
            raise messages.wrong_decoder_output(self.decoder.output_shape, wanted)

    def call(self, x, training=False):  # noqa: FBT002 (Keras' hook)
        x, _ = self.unpack(x)
        z = self._encode(x, training=training)
        codes = self.quantizer.codes(z)
        q = self.quantizer.lookup(codes)
        straight = self.quantizer.straight_through(z, q)
        params = self.decoder(straight, training=training)
        return {"z": z, "q": q, "codes": codes, "params": params}

    def _encode(self, x, *, training):
        z = self.encoder(ops.cast(x, "float32"), training=training)
        return ops.cast(z, "float32")

    def _decode(self, codes):
        return self.decoder(self.quantizer.lookup(codes), training=False)

    def compute_loss(
        self,
        x=None,
        y=None,
        y_pred=None,
        sample_weight=None,
        training=True,  # noqa: FBT002 (Keras' hook)
        **kwargs,
    ):
        x, _ = self.unpack(x)
        z, q, codes = y_pred["z"], y_pred["q"], y_pred["codes"]
        reconstruction = -self.head.log_prob(y_pred["params"], x)
        axes = tuple(range(1, len(z.shape)))
        commitment = ops.sum((z - ops.stop_gradient(q)) ** 2, axis=axes)
        weight = self.weighted(ops.ones_like(reconstruction), sample_weight)
        if training:
            self.quantizer.update(z, codes, weight)
        for tracker, values in zip(
            self.terms[:2], (reconstruction, commitment), strict=True
        ):
            tracker.update_state(backend.counted(weight * values))
        self.terms[2].update_state(_perplexity(self.quantizer.usage(codes)))
        loss = reconstruction + self.commitment * commitment
        return self.with_penalties(ops.mean(weight * loss))

    @compiled
    def encode(self, x):
        """Codes, int32 (n, *code_shape), each in 0 ... codebook_size - 1."""
        return self.quantizer.codes(self._encode(x, training=False))

    @compiled
    def decode(self, codes):
        """The head's mean for codes (n, *code_shape), in data units."""
        return self.head.mean(self._decode(codes))

    @compiled
    def _draw(self, seed, first, count, codes=None):
        if codes is None:
            uniform = backend.keyed_uniform(
                seed, first, count, self.code_shape, stream=CODES
            )
            codes = ops.cast(uniform * self.codebook_size, "int32")
        shape = self.event_shape
        noise = self.head.keyed_noise(seed, first, count, shape, stream=NOISE)
        return self.head.draw(self._decode(codes), noise)

    def draw_in_graph(self, n, seed):
        """Examples (n, *event_shape), for tensors n and seed: see `export`."""
        return backend.undecorated(self._draw)(seed, 0, n)

    def sample(self, n, seed=None, codes=None):
        """Draw x from p(x|codes).

        Args:
            n: number of examples, >= 1.
            seed: integer; None draws one from NumPy's global state.
            codes: integers (n, *code_shape), drawn from a density of codes. None draws
                them uniformly, as the prior of training does (sec. 3.2), which ignores
                which codes occur together.

        Returns:
            Float32 array of shape (n, *event_shape), in data units.
        """
        n = validation.check_count("n_samples", n)
        if codes is not None:
            codes = np.asarray(codes, self.code_dtype)
        return draw_in_chunks(self._draw, n, seed, codes, rows=self.rows)


def _perplexity(usage):
    """Effective number of codes in use: exp of the entropy of shares (k,)."""
    entropy = -ops.sum(usage * ops.log(ops.maximum(usage, 1e-10)))
    return ops.exp(entropy)
