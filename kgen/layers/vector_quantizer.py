"""Vector quantisation: every vector becomes the nearest one of a codebook.

    code(z) = argmin over k of ||z - e_k||,    q(z) = e_code(z)               (eq. 1-2)

The gradient goes straight through, from q(z) to z. The codebook follows the vectors
through moving averages: of how many have code k, and of their sum (appendix A.1):

    N_k = decay * N_k + (1 - decay) * n_k
    m_k = decay * m_k + (1 - decay) * sum of the z with code k
    e_k = m_k / N_k

References:
    Van den Oord et al., Neural Discrete Representation Learning, 2017.
    https://arxiv.org/abs/1711.00937
"""

import keras
from keras import ops

from kgen.core import backend, validation
from kgen.core.backend import register
from kgen.core.config import ConfigMixin
from kgen.core.state import add_state

EPSILON = 1e-5
"""What Laplace smoothing adds to every N_k, as in the authors' code.
https://github.com/google-deepmind/sonnet/blob/v2/sonnet/src/nets/vqvae.py"""

RESTARTS = 4
"""Stream of the noise that restarts dead codes."""


@register
class VectorQuantizer(ConfigMixin, keras.layers.Layer):
    """Replace vectors by the nearest ones of a codebook, which learns from them.

    It computes in float32, whatever its dtype. A code that is hardly used any more is
    dead: it restarts at a random vector of the batch, and so does every code that the
    very first batch does not use. Replicas see the vectors of the whole batch.

    Args:
        codebook_size: number of codes, >= 2.
        decay: decay of the moving averages, >= 0 and < 1.
        restart: a code is dead if its N_k is below this share of the mean of all N_k,
            >= 0 and < 1; with 0, no code is ever dead.
        seed: seed of the restarts, in [0, 2**63).
        **kwargs: see `keras.layers.Layer`.

    Input shape: (n, ..., code_dim).
    Output shape: the same.

    References:
        Van den Oord et al., Neural Discrete Representation Learning, 2017, sec. 3.1 and
        appendix A.1. https://arxiv.org/abs/1711.00937
        Dhariwal et al., Jukebox: A Generative Model for Music, 2020, sec. 3.1
        (restarts). https://arxiv.org/abs/2005.00341

    Example:
        >>> import numpy as np
        >>> layer = VectorQuantizer(codebook_size=2)
        >>> layer.build((None, 1))
        >>> _ = layer.codebook.assign([[0.0], [1.0]])
        >>> z = np.array([[0.4], [0.9]], "float32")
        >>> np.asarray(layer(z)).tolist(), np.asarray(layer.codes(z)).tolist()
        ([[0.0], [1.0]], [0, 1])
    """

    def __init__(self, codebook_size=128, decay=0.99, restart=0.05, seed=0, **kwargs):
        super().__init__(**kwargs)
        size = validation.check_setting(self, "codebook_size", codebook_size, ge=2)
        self.codebook_size = size
        self.decay = validation.check_number(self, "decay", decay, ge=0, lt=1)
        self.restart = validation.check_number(self, "restart", restart, ge=0, lt=1)
        self.seed = validation.check_setting(self, "seed", seed, ge=0, lt=2**63)

    def build(self, input_shape):
        size, self.code_dim = self.codebook_size, input_shape[-1]
        near = keras.initializers.RandomUniform(-1 / size, 1 / size)
        self.codebook = add_state(self, "codebook", (size, self.code_dim), near)
        self.counts = add_state(self, "counts", (size,))
        self.sums = add_state(self, "sums", (size, self.code_dim))
        self.step = add_state(self, "step", (), dtype="int32")

    def call(self, z, training=False):  # noqa: FBT002 (Keras' hook)
        codes = self.codes(z)
        straight = self.straight_through(z, self.lookup(codes))
        if training:
            self.update(z, codes)
        return ops.cast(straight, self.compute_dtype)

    def compute_output_shape(self, input_shape):
        return input_shape

    def codes(self, z):
        """Indices of the nearest codes, int32 (n, ...); the first of equally near ones.

        Args:
            z: vectors (n, ..., code_dim).
        """
        flat, e = self._flat(z), ops.convert_to_tensor(self.codebook)
        # ||z - e||^2 without ||z||^2, which is the same for all codes.
        apart = ops.sum(e**2, axis=-1) - 2.0 * ops.matmul(flat, ops.transpose(e))
        return ops.reshape(ops.argmin(apart, axis=-1), (-1, *z.shape[1:-1]))

    def lookup(self, codes):
        """Vectors of codes (n, ...), float32 (n, ..., code_dim)."""
        return ops.take(ops.convert_to_tensor(self.codebook), codes, axis=0)

    def straight_through(self, z, q):
        """The vectors q, with gradients that go to z (sec. 3.1)."""
        z = ops.cast(z, "float32")
        return z + ops.stop_gradient(q - z)

    def usage(self, codes):
        """Share of every code among those of the whole batch, (codebook_size,)."""
        flat = ops.reshape(backend.whole_batch(codes), (-1,))
        return ops.mean(ops.one_hot(flat, self.codebook_size, dtype="float32"), axis=0)

    def update(self, z, codes, weight=None):
        """Let the codebook follow the vectors of a batch.

        Args:
            z: vectors (n, ..., code_dim).
            codes: their codes, (n, ...).
            weight: how much every example counts, float32 (n,); None is 1.
        """
        z, codes = (backend.whole_batch(ops.stop_gradient(v)) for v in (z, codes))
        members = ops.one_hot(codes, self.codebook_size, dtype="float32")
        if weight is not None:
            axes = (-1, *[1] * (len(members.shape) - 1))
            members = members * ops.reshape(backend.whole_batch(weight), axes)
        z, members = self._flat(z), ops.reshape(members, (-1, self.codebook_size))
        new = 1.0 - self.decay
        counts = self.decay * self.counts + new * ops.sum(members, axis=0)
        sums = self.decay * self.sums + new * ops.matmul(ops.transpose(members), z)
        total = ops.sum(counts)
        smooth = (counts + EPSILON) / (total + self.codebook_size * EPSILON) * total
        used = ops.expand_dims(counts > 0, -1)
        means = sums / ops.expand_dims(ops.where(counts > 0, smooth, 1.0), -1)
        codebook = ops.where(used, means, ops.convert_to_tensor(self.codebook))
        if self.restart:
            mean = total / self.codebook_size
            dead, seeds = counts < self.restart * mean, self._random_rows(z)
            # Large enough to live for a while, and small enough to move at once.
            fresh = 2.0 * self.restart * mean
            counts = ops.where(dead, fresh, counts)
            dead = ops.expand_dims(dead, -1)
            sums = ops.where(dead, fresh * seeds, sums)
            codebook = ops.where(dead, seeds, codebook)
        self.step.assign_add(1)
        self.counts.assign(counts)
        self.sums.assign(sums)
        self.codebook.assign(codebook)

    def _random_rows(self, z):
        """A random vector of z for every code, keyed by seed and step."""
        shape = (self.codebook_size,)
        uniform = backend.keyed_uniform(
            self.seed, self.step.value, 1, shape, stream=RESTARTS
        )
        rows = ops.cast(ops.shape(z)[0], "float32")
        # In float32 the product may round up to the number of rows.
        index = ops.minimum(ops.floor(uniform[0] * rows), rows - 1.0)
        return ops.take(z, ops.cast(index, "int32"), axis=0)

    def _flat(self, z):
        return ops.reshape(ops.cast(z, "float32"), (-1, self.code_dim))
