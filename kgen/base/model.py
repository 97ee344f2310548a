"""What the Keras models of kgen have in common."""

from collections.abc import Iterator
from pathlib import Path

import keras
import numpy as np

from kgen.base._train_step_tensorflow import SingleTrainStep
from kgen.core import backend, persistence, validation
from kgen.core.config import ConfigMixin
from kgen.core.random import as_seed, keyed_uniform

CHUNK = 64
"""Batch size of densities and codes. Always the same: the last bits of a product of
matrices depend on their shapes."""


# On JAX the step is that of Keras.
_TrainStep: type = (
    SingleTrainStep if backend.NAME == "tensorflow" else type("KerasStep", (), {})
)


class GenerativeModel(ConfigMixin, _TrainStep, keras.Model):
    """A `keras.Model` that draws samples.

    A subclass implements `sample(n, seed=None, ...)`, which returns a float32 array of
    shape (n, *event_shape) in the units of the data; sample i depends on the seed and
    on i, not on n. Its `save` leaves the old file whole if it fails.
    """

    def save(self, filepath, overwrite=True, **kwargs):  # noqa: FBT002 (Keras' own)
        """Save as Keras does; a `.keras` file is replaced only once it is complete."""
        path = Path(filepath)
        keeps = path.is_file() and not overwrite
        if (
            path.suffix != ".keras"
            or path.is_dir()
            or keeps
            or not path.parent.is_dir()
        ):
            return super().save(filepath, overwrite=overwrite, **kwargs)
        with persistence.atomic(path) as written:
            return backend.outside_strategy(super().save, written, **kwargs)

    def _maybe_symbolic_build(self, iterator=None, data_batch=None):
        """Nothing where everything is built.

        Keras' own takes the mean over the parts of a batch, which fails if replicas
        have different numbers of examples.
        """
        parts = [self, self.optimizer, *self.metrics]
        if not all(getattr(part, "built", True) for part in parts):
            super()._maybe_symbolic_build(iterator, data_batch)

    def add_counter(self, name):
        """An integer that is saved with the weights, one on all replicas."""
        return self.add_weight(
            shape=(),
            initializer="zeros",
            dtype="int32",
            trainable=False,
            aggregation="only_first_replica",
            name=name,
        )

    def with_penalties(self, loss, network=None):
        """Add what layers of the model, or of one of its networks, want added."""
        for penalty in (network or self).losses:
            loss = loss + keras.ops.cast(penalty, "float32")
        return loss

    def training_variables(self) -> list:
        """All variables that training changes: weights, statistics, optimizers."""
        variables = list(self.weights)
        for optimizer in self.optimizer_list():
            variables += optimizer.variables
        return variables

    def optimizer_list(self) -> list:
        """Optimizers the model was compiled with."""
        return [self.optimizer] if self.optimizer is not None else []

    def build_optimizers(self) -> None:
        """Create the optimizers' variables, which is too late inside `fit` for some."""
        self.optimizer.build(self.trainable_variables)


def chunks(n: int, parts: int = 1, small: int = 32) -> Iterator[tuple[int, int, int]]:
    """Cut n samples into pieces of three sizes, so that few graphs are compiled.

    Args:
        n: number of samples.
        parts: the sizes are 64, 16 and 1 over it.
        small: how many may be left for pieces of the second size.

    Yields:
        (start, count, size): `count` examples from `start`, to be padded to `size`.

    Example:
        >>> list(chunks(82))
        [(0, 64, 64), (64, 16, 16), (80, 2, 16)]
        >>> list(chunks(41, parts=2))
        [(0, 32, 32), (32, 8, 8), (40, 1, 1)]
        >>> list(chunks(63, parts=2))
        [(0, 32, 32), (32, 31, 32)]
        >>> list(chunks(20, small=16))
        [(0, 20, 64)]
    """
    start, whole = 0, (n + 15) // 64 * 64
    while start < n:
        left = n - start
        size = 64 if start < whole or left > small else 16 if left > 1 else 1
        size = max(1, size // parts)
        yield start, min(left, size), size
        start += size


def pad(array: np.ndarray, size: int) -> np.ndarray:
    """Lengthen an array to `size` rows by repeating its last one."""
    missing = size - len(array)
    return np.concatenate([array, np.repeat(array[-1:], missing, axis=0)])


def draw_in_chunks(draw, n, seed, size, *conditions) -> np.ndarray:
    """Draw n examples, a chunk at a time.

    Args:
        draw: compiled function of a chunk of noise, (chunk, size), uniform in (0, 1),
            and of the conditions that belong to it.
        n: number of examples, >= 1.
        seed: integer; None draws one from NumPy's global state.
        size: how much noise one example takes.
        *conditions: arrays of n rows.
    """
    seed, n = as_seed(seed), validation.check_count("n_samples", n)
    parts = []
    for start, count, chunk in chunks(n):
        noise = keyed_uniform(seed, start, chunk, (size,))
        rows = [pad(c[start : start + count], chunk) for c in conditions]
        parts.append(keras.ops.convert_to_numpy(draw(noise, *rows))[:count])
    return np.concatenate(parts)


def check_condition(condition, n: int, dim: int) -> np.ndarray:
    """Return condition vectors as float32 of shape (n, dim).

    Raises:
        ValueError: if they are neither (n, dim) nor (1, dim).
    """
    condition = np.asarray(condition, "float32")
    if condition.shape not in ((n, dim), (1, dim)):
        raise ValueError(
            f"`condition` must have shape ({n}, {dim}). Got {condition.shape}."
        )
    return np.broadcast_to(condition, (n, dim))


def in_chunks(function, *arrays: np.ndarray) -> np.ndarray:
    """Apply a compiled function of batches to arrays of any length."""
    parts = []
    for start in range(0, len(arrays[0]), CHUNK):
        rows = [a[start : start + CHUNK] for a in arrays]
        values = function(*(pad(r, CHUNK) for r in rows))
        parts.append(keras.ops.convert_to_numpy(values)[: len(rows[0])])
    return np.concatenate(parts)


def iterations(optimizer):
    """Steps an optimizer has taken, with or without loss scaling around it."""
    return getattr(optimizer, "inner_optimizer", optimizer).iterations
