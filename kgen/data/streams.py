"""`tf.data` datasets and `PyDataset`s, read like arrays."""

import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import keras
import numpy as np

from kgen.core import datasets, messages
from kgen.core.backend import tf
from kgen.data.elements import Batch, as_batch
from kgen.data.sources import FEW, element, with_channel
from kgen.data.weights import nonnegative

MOST_BATCHES = 100_000
"""Of a dataset that does not know its own length, which may be endless."""

PATIENCE = 30.0
"""Seconds after which a warning says what the first pass over such a dataset does."""


class StreamSource:
    """Batches of a dataset, in the order in which it yields them.

    Args:
        dataset: a finite `tf.data.Dataset` or `PyDataset`, batched as for Keras, of
            elements as `as_batch` reads them.
        owner: name of the estimator, for error messages.
        sequences: see `with_channel`; if so, batches may differ in length.
        takes_weights: whether the elements may hold weights.
    """

    summary: Any = None
    """Its `Summary`, once there is one."""

    encode: Callable[[Any], np.ndarray] | None = None
    """From y to condition vectors, if there are any; then also their length:"""

    condition_dim = 0

    check: Callable[[np.ndarray], None] | None = None
    """Raises a ValueError for a later batch that training must not see."""

    problem: Exception | None = None
    """What went wrong in a later pass: TensorFlow hides it from its caller."""

    def __init__(
        self,
        dataset: Any,
        owner: str,
        *,
        sequences: bool = False,
        takes_weights: bool = True,
    ) -> None:
        self.dataset = dataset
        self.owner = owner
        self.sequences = sequences
        self.takes_weights = takes_weights
        self.shape: tuple = ()
        self.count = self.rows = 0
        self.total_weight: float | None = None
        self.first = Batch(np.zeros(0))
        self.most: int | None = None
        if isinstance(dataset, tf.data.Dataset):
            cardinality = dataset.cardinality()
            infinite = cardinality == tf.data.INFINITE_CARDINALITY
            if cardinality == tf.data.UNKNOWN_CARDINALITY:
                self.most = MOST_BATCHES
            if shape := datasets.unbatched(dataset):
                raise messages.unbatched(owner, shape)
        else:
            infinite = dataset.num_batches is None
        if infinite:
            raise messages.endless(owner)

    def chunks(self) -> Iterator[np.ndarray]:
        """The examples of the first pass, batch by batch, which it counts."""
        self.count = self.rows = 0
        started: float | None = time.monotonic()
        for batch in self.one_pass():
            if not self.count:
                y = None if batch.y is None else np.array(batch.y[:FEW])
                self.first = Batch(batch.x[:FEW].copy(), y)
            self.count += 1
            self.rows += len(batch.x)
            self.shape = batch.x.shape
            if batch.weight is not None:
                weight = self._weight(batch)
                self.total_weight = (self.total_weight or 0.0) + float(weight.sum())
            if self.most is not None:
                if self.count > self.most:
                    raise messages.maybe_endless(self.owner, self.most)
                if started is not None and time.monotonic() - started > PATIENCE:
                    started = None
                    text = messages.long_pass(self.owner, self.count)
                    warnings.warn(text, UserWarning, stacklevel=2)
            yield batch.x
        if self.total_weight == 0:
            got = "zero for every example"
            raise messages.wrong_weights(self.owner, got, self.rows)

    def first_rows(self, n: int) -> Any:
        """At most n examples (and `FEW`) of the first pass, as the model takes them."""
        x = self.first.x[:n].astype("float32")
        x = x.reshape(with_channel(x.shape, sequences=self.sequences))
        return element(x, self.encode and self.encode(self.first.y)[:n])

    def one_pass(self) -> Iterator[Batch]:
        """The batches of one pass.

        Raises:
            ValueError: if there are none where there were some before, or if the
                dataset itself fails.
        """
        if isinstance(self.dataset, tf.data.Dataset):
            elements: Iterable = _plain_errors(self.dataset, self.owner)
        else:
            elements = _one_epoch(self.dataset)
        found = False
        for part in elements:
            found = True
            yield as_batch(part, self.owner)
        if self.count and not found:
            raise messages.read_once(self.owner)

    endless = False

    def steps(self, batch_size: int) -> int:
        """Number of batches in an epoch, a pass."""
        return self.count

    def batches(
        self, batch_size: int, seed: int | None = None, first_epoch: int = 0
    ) -> Any:
        """One pass over the dataset, whose batches and order are kept."""
        shape = with_channel(self.shape, sequences=self.sequences)
        if self.sequences:
            shape = (None, None, shape[-1])
        signature = element(
            tf.TensorSpec((None, *shape[1:]), tf.float32),
            self.encode and tf.TensorSpec((None, self.condition_dim), tf.float32),
            self.total_weight and tf.TensorSpec((None,), tf.float32),
        )

        def elements() -> Iterator[Any]:
            try:
                yield from map(self._as_element, self.one_pass())
            except Exception as problem:
                self.problem = problem
                raise

        dataset = tf.data.Dataset.from_generator(elements, output_signature=signature)
        # As many batches as in the first pass, for datasets of unknown or varying
        # length.
        dataset = dataset.repeat().take(self.count).prefetch(tf.data.AUTOTUNE)
        return dataset.apply(tf.data.experimental.assert_cardinality(self.count))

    def _as_element(self, batch: Batch) -> Any:
        if self.check is not None:
            self.check(batch.x)
        shape = with_channel(batch.x.shape, sequences=self.sequences)
        x = batch.x.reshape(shape).astype("float32")
        condition, weight = None, None
        if self.encode is not None:
            if batch.y is None:
                raise messages.missing_y(self.owner, "fit")
            condition = self.encode(batch.y)
            if len(condition) != len(x):
                raise messages.wrong_length(len(condition), len(x), "X has length")
        if self.total_weight:
            # As with arrays, their mean is 1.
            weight = self._weight(batch) * (self.rows / self.total_weight)
            weight = weight.astype("float32")
        return element(x, condition, weight)

    def _weight(self, batch: Batch) -> np.ndarray:
        """Weights of a batch, ones if it has none."""
        if batch.weight is None:
            return np.ones(len(batch.x))
        if not self.takes_weights:
            raise messages.weights_without_likelihood(self.owner)
        return nonnegative(self.owner, batch.weight, len(batch.x))


def _plain_errors(dataset: Any, owner: str) -> Iterator[Any]:
    """The elements of a `tf.data.Dataset`; TensorFlow's errors become ValueErrors."""
    try:
        yield from dataset.as_numpy_iterator()
    except tf.errors.OpError as problem:
        raise messages.failing_dataset(owner, problem.message) from problem


def _one_epoch(dataset: keras.utils.PyDataset) -> Iterator[Any]:
    batches = dataset.num_batches or 0
    for index in range(batches):
        batch = dataset[index]
        if index == batches - 1:  # nothing asks for more after the last batch
            dataset.on_epoch_end()
        yield batch
