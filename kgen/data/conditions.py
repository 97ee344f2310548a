"""What a model is conditional on: labels of any type, or condition vectors."""

import dataclasses
import numbers
import warnings
from collections.abc import Iterable
from typing import Any, Self

import numpy as np

from kgen.core import encoding, messages
from kgen.core.random import keyed_uniform
from kgen.data.elements import Batch
from kgen.data.sources import ArraySource
from kgen.data.streams import StreamSource
from kgen.data.summary import check_finite

MANY = 100
"""Classes from which on one for every example is a reason to warn."""


@dataclasses.dataclass(frozen=True)
class Conditions:
    """The encoding of y for a model: labels as one-hot vectors, vectors as they are.

    Attributes:
        owner: name of the estimator, for error messages.
        dim: length of the vectors that the model gets.
        classes: labels in sorted order, shape (dim,); None for condition vectors.
        prior: their frequencies in the training data, shape (dim,), or None.
    """

    owner: str
    dim: int
    classes: np.ndarray | None = None
    prior: np.ndarray | None = None

    @classmethod
    def learn(cls, owner: str, batches: list[np.ndarray]) -> Self:
        """Learn the labels, or the length of the vectors, from training data.

        Args:
            owner: name of the estimator.
            batches: y as `read_conditions` returns it.

        Raises:
            ValueError: for labels that are not all of one kind.
        """
        y = np.concatenate(batches)
        if y.ndim == 2:
            return cls(owner, y.shape[1])
        if y.dtype.kind == "f" and (y != np.rint(y)).any():
            raise messages.wrong_labels(
                "Got real numbers: condition vectors must have shape (n, k)."
            )
        try:
            classes, counts = np.unique(y, return_counts=True)
        except TypeError as problem:
            raise messages.wrong_labels(f"Got {problem}.") from problem
        if len(classes) == len(y) >= MANY:
            warnings.warn(messages.many_classes(len(y)), UserWarning, stacklevel=2)
        return cls(owner, len(classes), classes, counts / counts.sum())

    def attach(
        self, source: ArraySource | StreamSource, batches: list[np.ndarray]
    ) -> None:
        """Make a source yield condition vectors with its examples.

        Raises:
            ValueError: for labels that were not seen in fit.
        """
        if isinstance(source, StreamSource):
            source.encode = lambda y: self._encode(_checked(self.owner, y))
            source.condition_dim = self.dim
            for y in batches:
                self._index_or_vectors(y)
        else:
            source.condition = self._index_or_vectors(*batches)
            source.condition_dim = self.dim

    def of(
        self, n: int | None, y: Any, method: str, what: str = "X has length"
    ) -> np.ndarray:
        """Condition vectors of n examples, float32 of shape (n, dim).

        Args:
            n: number of examples, >= 1; None is the length of y.
            y: labels or vectors, one for each example, or a single one for all.
            method: the estimator's method, for error messages.
            what: the words in front of n, for error messages.

        Raises:
            ValueError: if y is missing, unknown, or has another length.
        """
        if y is None:
            raise messages.missing_y(self.owner, method)
        y = [y] if np.ndim(y) == 0 else y
        condition = self._encode(_checked(self.owner, y))
        n = len(condition) if n is None else n
        if len(condition) == 1:
            condition = np.repeat(condition, n, axis=0)
        if len(condition) != n or n == 0:
            raise messages.wrong_length(len(condition), n, what)
        return condition

    def draw(self, n: int, seed: int) -> np.ndarray:
        """Condition vectors of n labels, drawn at their training frequencies.

        Raises:
            ValueError: for condition vectors, which have no frequencies.
        """
        if self.prior is None:
            raise messages.missing_y(self.owner, "sample")
        # A separate stream: the model uses that of `seed`.
        u = keyed_uniform(seed + 2**32, 0, n, ())
        index = np.searchsorted(np.cumsum(self.prior)[:-1], u, side="right")
        return self._one_hot(index)

    def _encode(self, y: np.ndarray) -> np.ndarray:
        found = self._index_or_vectors(y)
        return found if self.classes is None else self._one_hot(found)

    def _index_or_vectors(self, y: np.ndarray) -> np.ndarray:
        if self.classes is None:
            if y.shape == (self.dim,) and self.dim > 1:
                y = y[np.newaxis]  # one vector for all
            if y.ndim != 2 or y.shape[1] != self.dim:
                wanted = f"condition vectors of shape (n, {self.dim})"
                raise messages.wrong_conditions(y.shape, wanted)
            return y.astype("float32")
        if y.ndim != 1:
            raise messages.wrong_conditions(y.shape, "labels of shape (n,)")
        try:
            index = np.searchsorted(self.classes, y).clip(max=self.dim - 1)
            wrong = self.classes[index] != y
        except TypeError:  # labels of different types cannot be compared
            wrong = np.ones(len(y), bool)
        if np.any(wrong):
            unseen = np.unique(y[np.broadcast_to(wrong, y.shape)].astype(str)).tolist()
            raise messages.unseen_labels(unseen, self.classes.tolist())
        return index.astype("int32")

    def _one_hot(self, index: np.ndarray) -> np.ndarray:
        vectors = np.zeros((len(index), self.dim), "float32")
        vectors[np.arange(len(index)), index] = 1
        return vectors


encoding.add_dataclass("conditions", Conditions)


def read_conditions(
    owner: str, source: ArraySource | StreamSource, y: Any
) -> list[np.ndarray]:
    """Return all of y, checked, in the same batches as X.

    Raises:
        ValueError: if y is missing, has another length than X, or comes with a dataset.
    """
    batches = []
    if isinstance(source, StreamSource):
        if y is not None:
            raise messages.y_beside_dataset(owner)
        parts: Iterable[Batch] = source.one_pass()
    else:
        parts = [Batch(source.x, y)]
    for part in parts:
        if part.y is None:
            raise messages.missing_y(owner, "fit")
        checked = _checked(owner, part.y)
        if len(checked) != len(part.x):
            raise messages.wrong_length(len(checked), len(part.x), "X has length")
        batches.append(checked)
    return batches


def _checked(owner: str, y: Any) -> np.ndarray:
    """Labels (n,) or condition vectors (n, k), as a NumPy array."""
    if isinstance(y, (list, tuple)):
        # NumPy would turn numbers beside strings into strings, and booleans into
        # numbers.
        kinds = {_kind(v) for v in y} - {"missing"}
        if len(kinds) > 1:
            raise messages.wrong_labels(f"Got {' and '.join(sorted(kinds))}.")
    try:
        y = np.asarray(y)
    except ValueError as problem:
        raise messages.not_numeric("y", owner, problem) from problem
    if y.ndim == 2 and y.shape[1] == 1 and y.dtype.kind != "f":
        y = y[:, 0]
    if y.ndim not in (1, 2):
        wanted = "labels (n,) or condition vectors (n, k)"
        raise messages.wrong_conditions(y.shape, wanted)
    if y.ndim == 2 and y.dtype.kind not in "biuf":
        raise messages.not_numeric("y", owner, f"dtype {y.dtype}")
    if y.dtype.kind == "f":
        check_finite("y", owner, y)
    try:
        if y.dtype.kind == "S":  # strings, as tf.data yields them
            y = np.char.decode(y, "utf-8")
        elif y.dtype == object and y.ndim == 1:
            y = np.array([_plain(v) for v in y], object)
    except UnicodeDecodeError as problem:
        raise messages.wrong_labels(f"Got bytes that are no text: {problem}.") from None
    if y.dtype == object and y.ndim == 1:
        y = y.astype(str) if all(isinstance(v, str) for v in y) else y
    elif y.ndim == 1 and (y.dtype.kind == "c" or y.dtype == "longdouble"):
        raise messages.odd_labels(y.dtype)
    return y


def _plain(label: Any) -> Any:
    """A label from an array of objects, as one of Python's own types."""
    label = label.decode("utf-8") if isinstance(label, bytes) else label
    label = label.item() if isinstance(label, np.generic) else label
    if label is None or not isinstance(label, str) and str(label) in _MISSING:
        raise messages.wrong_labels("Got None or NaN.")
    if type(label) not in _PLAIN:
        raise messages.odd_labels(type(label).__name__)
    return label


_MISSING = ("nan", "NaN", "NaT", "<NA>")
_PLAIN = (bool, int, float, str)


def _kind(label: Any) -> str:
    """What a label is, for errors: "missing" for None, NaN and pandas' NA."""
    if label is None:
        return "missing"
    if isinstance(label, (bool, np.bool_)):
        return "booleans"
    if isinstance(label, (str, bytes)):
        return "strings"
    try:
        equal = label == label
        if np.ndim(equal) == 0 and not bool(equal):
            return "missing"
    except TypeError:  # pandas' NA is neither
        return "missing"
    return "numbers" if isinstance(label, numbers.Number) else type(label).__name__
