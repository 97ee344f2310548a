"""Models that draw an example in one pass through a network."""

from keras import ops

from kgen.base.chunks import draw_in_chunks
from kgen.core import backend, validation


class DrawsAtOnce:
    """The part of a `GenerativeModel` that draws: z from the prior, then x given z.

    A subclass sets `rows`, and implements `_draw(seed, first, count, condition=None)`,
    decorated with `kgen.base.compiled`: see `kgen.base.draw_in_chunks`.
    """

    chunk = 1
    """How many times `rows` examples are drawn together."""

    loops = False
    """Whether drawing is a loop of small operations, which XLA compiles."""

    def draw_in_graph(self, n, seed, condition=None):
        """Examples (n, *event_shape), for tensors n and seed: see `export`."""
        drawn = backend.undecorated(self._draw)(seed, 0, n, condition)
        return ops.cast(drawn, "float32")

    def sample(self, n, seed=None, condition=None):
        """Draw z from the prior, then x given z.

        Args:
            n: number of examples, >= 1.
            seed: integer; None draws one from NumPy's global state.
            condition: shape (n, condition_dim), or (1, condition_dim) for all; for
                conditional models only.

        Returns:
            Float32 array of shape (n, *event_shape), in data units.
        """
        n = validation.check_count("n_samples", n)
        condition = self.check_condition(condition, n)
        rows = self.chunk * self.rows
        loops = self.loops and backend.can_compile()
        return draw_in_chunks(self._draw, n, seed, condition, rows=rows, loops=loops)
