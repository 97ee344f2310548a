"""Arrays, and what is common to them and datasets (`kgen.data.streams`)."""

import math
from collections.abc import Iterator
from functools import partial
from typing import Any

import keras
import numpy as np

from kgen.core.backend import tf
from kgen.core.random import permutation
from kgen.core.sizes import rows_at_once

FEW = 8
"""Rows of a dataset that are kept."""


def is_dataset(X: Any) -> bool:
    """Whether X yields batches by itself, rather than being an array."""
    return isinstance(X, (tf.data.Dataset, keras.utils.PyDataset))


class ArraySource:
    """Examples in memory, in a new order every epoch.

    Args:
        x: shape (n, ...), any numeric dtype.
        sequences: see `with_channel`.
    """

    summary: Any = None
    """Its `Summary`, once there is one."""

    condition: np.ndarray | None = None
    """Condition vectors, float32 of shape (n, k), or classes, int32 of shape (n,)."""

    condition_dim = 0
    """Length of the vectors: the number of classes, if it is that of classes."""

    problem: Exception | None = None

    endless = True
    """Whether `batches` for training never end: an epoch is then so many `steps`."""

    weight: np.ndarray | None = None
    """Weights of the examples, float32 of shape (n,), if there are any."""

    def __init__(self, x: np.ndarray, *, sequences: bool = False) -> None:
        self.x = x
        self.sequences = sequences

    def chunks(self, copies: int = 16) -> Iterator[np.ndarray]:
        """The examples in their original order, in chunks.

        Args:
            copies: float32 numbers that whoever reads them makes of one, at most.
        """
        rows = rows_at_once(copies * math.prod(self.x.shape[1:]))
        for start in range(0, len(self.x), rows):
            yield self.x[start : start + rows]

    def first_rows(self, n: int) -> Any:
        """At most n examples, as the model takes them."""
        x = self.x[:n].astype("float32")
        x = x.reshape(with_channel(x.shape, sequences=self.sequences))
        if self.condition is None:
            return x
        return {"x": x, "condition": self._vectors(self.condition[:n]).numpy()}

    def _vectors(self, condition: Any) -> Any:
        """Condition vectors of a batch: those of all examples may take gigabytes."""
        condition = tf.convert_to_tensor(condition)
        if condition.shape.rank == 1:
            return tf.one_hot(condition, self.condition_dim)
        return condition

    def steps(self, batch_size: int) -> int:
        """Number of batches in an epoch."""
        return -(-len(self.x) // batch_size)

    def batches(
        self, batch_size: int, seed: int | None = None, first_epoch: int = 0
    ) -> Any:
        """Batches for `keras.Model.fit`.

        Args:
            batch_size: examples in a batch; the last one of an epoch may be smaller.
            seed: shuffle by (seed, epoch), endlessly; None is one epoch in the
                original order.
            first_epoch: the epoch to start with.
        """
        n = len(self.x)
        shape = with_channel(self.x.shape, sequences=self.sequences)
        # Tensors in main memory: constants of a graph are limited to 2 GB.
        with tf.device("CPU"):
            every_x, conditions, weights = (
                None if part is None else tf.convert_to_tensor(part)
                for part in (self.x, self.condition, self.weight)
            )

        def batch(index: Any) -> Any:
            x = tf.cast(tf.gather(every_x, index), tf.float32)
            x = tf.reshape(x, (-1, *shape[1:]))
            condition, weight = (
                None if part is None else tf.gather(part, index)
                for part in (conditions, weights)
            )
            vectors = None if condition is None else self._vectors(condition)
            return element(x, vectors, weight)

        starts = tf.data.Dataset.range(0, n, batch_size)
        if seed is None:
            dataset = starts.map(
                lambda start: batch(tf.range(start, tf.minimum(start + batch_size, n)))
            )
            return dataset.prefetch(tf.data.AUTOTUNE)

        def shuffled(epoch: Any) -> Any:
            # TensorFlow keeps this function for good, and what it refers to.
            function = partial(permutation, seed, n=n)
            order = tf.numpy_function(function, [epoch], tf.int64)
            order.set_shape((n,))
            return starts.map(lambda start: batch(order[start : start + batch_size]))

        # Endless, since a new start takes longer than an epoch of few batches.
        epochs = tf.data.Dataset.range(first_epoch, tf.int64.max)
        return epochs.flat_map(shuffled).prefetch(tf.data.AUTOTUNE)


def element(x: Any, condition: Any = None, weight: Any = None) -> Any:
    """A batch, or its signature, as Keras' `fit` takes it.

    Args:
        x: examples (n, ...).
        condition: vectors (n, k), if there are any.
        weight: of the examples, (n,), if there are any.
    """
    inputs = x if condition is None else {"x": x, "condition": condition}
    # Keras' triple has a y in the middle, for which there is no use.
    return inputs if weight is None else (inputs, weight, weight)


def with_channel(shape: tuple, *, sequences: bool) -> tuple:
    """Shape of data as models take them.

    Args:
        shape: shape of the data as users pass them.
        sequences: whether they are sequences, (n, steps) or (n, steps, channels), and
            not tables or images.

    Example:
        >>> with_channel((9, 28, 28), sequences=False)
        (9, 28, 28, 1)
        >>> with_channel((9, 50), sequences=True)
        (9, 50, 1)
    """
    return (*shape, 1) if len(shape) == (2 if sequences else 3) else shape
