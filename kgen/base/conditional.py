"""Estimators that take y: labels of any type, or condition vectors."""

from typing import TYPE_CHECKING, Any

import numpy as np

from kgen.core import messages
from kgen.core.random import keyed_uniform
from kgen.data.sources import StreamSource
from kgen.data.summary import check_finite

if TYPE_CHECKING:
    from kgen.base.estimator import GenerativeEstimator as _Base
else:
    # Not a subclass: a dataclass takes its fields from every base, and would take the
    # defaults of `GenerativeEstimator` over those of the class this is mixed into.
    _Base = object


class ConditionalMixin(_Base):
    """Encode y for the model, and choose what to draw.

    Labels become one-hot vectors; condition vectors stay as they are. Sets `classes_`
    and `class_prior_` (their training frequencies; both None for vectors) and
    `condition_dim_`. An estimator that can do without has a parameter `conditional`.
    """

    conditional = True

    def _attach_conditions(self, source: Any, y: Any, *, reset: bool) -> None:
        if not self.conditional:
            return
        if isinstance(source, StreamSource):
            if y is not None:
                raise messages.y_beside_dataset(type(self).__name__)
            self._attach_to_stream(source, reset=reset)
            return
        if y is None:
            raise messages.missing_y(type(self).__name__, "fit")
        y = self._as_y(y)
        if len(y) != len(source.x):
            raise messages.wrong_length(len(y), len(source.x), "X has length")
        if reset:
            self._learn([y])
        source.condition = self._encode(y)

    def _attach_to_stream(self, source: StreamSource, *, reset: bool) -> None:
        batches = []
        for x, y in source.pairs():
            if y is None:
                raise messages.missing_y(type(self).__name__, "fit")
            y = self._as_y(y)
            if len(y) != len(x):
                raise messages.wrong_length(len(y), len(x), "X has length")
            batches.append(y)
        if reset:
            self._learn(batches)
        for y in batches:
            self._encode(y)
        source.encode = lambda y: self._encode(self._as_y(y))

    def _as_y(self, y: Any) -> np.ndarray:
        try:
            y = np.asarray(y)
        except ValueError as problem:
            owner = type(self).__name__
            raise messages.not_numeric("y", owner, problem) from problem
        if y.ndim == 2 and y.shape[1] == 1 and y.dtype.kind != "f":
            y = y[:, 0]
        if y.ndim not in (1, 2):
            wanted = "labels (n,) or condition vectors (n, k)"
            raise messages.wrong_conditions(y.shape, wanted)
        if y.ndim == 2 and y.dtype.kind not in "biuf":
            owner = type(self).__name__
            raise messages.not_numeric("y", owner, f"dtype {y.dtype}")
        if y.dtype.kind == "f":
            check_finite("y", type(self).__name__, y)
        if y.dtype.kind == "S":  # strings, as tf.data hands them out
            y = np.char.decode(y, "utf-8")
        if y.dtype == object and y.ndim == 1:
            y = np.array(
                [v.decode("utf-8") if isinstance(v, bytes) else v for v in y], object
            )
            if any(v is None or v != v for v in y):
                raise messages.wrong_labels("Got None or NaN.")
            y = y.astype(str) if all(isinstance(v, str) for v in y) else y
        return y

    def _learn(self, batches: list[np.ndarray]) -> None:
        y = np.concatenate(batches)
        if y.ndim == 2:
            self.classes_ = self.class_prior_ = None
            self.condition_dim_ = y.shape[1]
            return
        if y.dtype.kind == "f" and (y != np.rint(y)).any():
            raise messages.wrong_labels(
                "Got real numbers: as condition vectors they have shape (n, k)."
            )
        try:
            self.classes_, counts = np.unique(y, return_counts=True)
        except TypeError as problem:
            raise messages.wrong_labels(f"Got {problem}.") from problem
        self.class_prior_ = counts / counts.sum()
        self.condition_dim_ = len(self.classes_)

    def _encode(self, y: np.ndarray) -> np.ndarray:
        """Condition vectors, float32 of shape (n, condition_dim_)."""
        if self.classes_ is None:
            if y.shape == (self.condition_dim_,) and self.condition_dim_ > 1:
                y = y[np.newaxis]  # one vector for all
            if y.ndim != 2 or y.shape[1] != self.condition_dim_:
                wanted = f"condition vectors of shape (n, {self.condition_dim_})"
                raise messages.wrong_conditions(y.shape, wanted)
            return y.astype("float32")
        if y.ndim != 1:
            raise messages.wrong_conditions(y.shape, "labels of shape (n,)")
        known = self.classes_.tolist()
        try:
            index = np.searchsorted(self.classes_, y).clip(max=len(known) - 1)
            wrong = self.classes_[index] != y
        except TypeError:  # labels of another type do not compare
            wrong = np.ones(len(y), bool)
        if np.any(wrong):
            unseen = np.unique(y[np.broadcast_to(wrong, y.shape)].astype(str)).tolist()
            raise messages.unseen_labels(unseen, known)
        return np.eye(len(known), dtype="float32")[index]

    def _conditions_to_draw(self, n, y, seed) -> tuple[int, np.ndarray | None]:
        if not self.conditional:
            return super()._conditions_to_draw(n, y, seed)
        if y is None:
            if self.classes_ is None:
                raise messages.missing_y(type(self).__name__, "sample")
            n = 1 if n is None else n
            # A stream of its own: that of `seed` is the model's.
            u = keyed_uniform(seed + 2**32, 0, n, ())
            steps = np.cumsum(np.asarray(self.class_prior_))[:-1]
            index = np.searchsorted(steps, u, side="right")
            return n, np.eye(len(self.classes_), dtype="float32")[index]
        condition = self._encode(self._as_y([y] if np.ndim(y) == 0 else y))
        n = len(condition) if n is None else n
        return n, self._repeated(condition, n, "n_samples is")

    def _conditions_of(self, n: int, y: Any, method: str) -> Any:
        if not self.conditional:
            return super()._conditions_of(n, y, method)
        if y is None:
            raise messages.missing_y(type(self).__name__, method)
        condition = self._encode(self._as_y([y] if np.ndim(y) == 0 else y))
        return self._repeated(condition, n, "X has length")

    def _repeated(self, condition, n, what):
        if len(condition) == 1:
            condition = np.repeat(condition, n, axis=0)
        if len(condition) != n or n == 0:
            raise messages.wrong_length(len(condition), n, what)
        return condition
