"""Checks of what users pass as X."""

import math
from typing import Any

import numpy as np
from sklearn.utils import check_array
from sklearn.utils.validation import validate_data

from kgen.core import messages, validation
from kgen.data import frames
from kgen.data.sources import ArraySource, is_dataset
from kgen.data.streams import StreamSource
from kgen.data.summary import Summary, summarise
from kgen.data.weights import checked_weights

_OPTIONS: dict[str, Any] = {
    # Shapes, emptiness and finiteness are checked here, with our wording.
    "dtype": "numeric",
    "allow_nd": True,
    "ensure_2d": False,
    "ensure_min_samples": 0,
    "ensure_all_finite": False,
}


def check_x(
    estimator: Any, X: Any, ranks: tuple[int, ...], *, reset: bool
) -> np.ndarray:
    """Return X as a numeric array of one of the given ranks.

    Raises:
        ValueError: for ragged, non-numeric or empty data, or another rank.
        TypeError: for sparse matrices.
    """
    owner = type(estimator).__name__
    if is_dataset(X):
        raise messages.dataset_as_array(owner)
    if isinstance(X, np.ma.MaskedArray) and np.ma.getmaskarray(X).any():
        raise messages.masked(owner)
    X = _in_common_dtype(X)
    try:
        if frames.is_frame(X):
            array = frames.to_array(X, owner)
            if not estimator._any_length:  # columns have the names of features
                validate_data(estimator, X, reset=reset, skip_check_array=True)
            X = check_array(array, **_OPTIONS)
        elif getattr(X, "ndim", 2) == 2 and not estimator._any_length:
            X = validate_data(
                estimator, X, reset=reset, ensure_min_features=0, **_OPTIONS
            )
        else:
            X = check_array(X, **_OPTIONS)
    except ValueError as problem:
        if any(word in str(problem) for word in _RAGGED):
            raise messages.not_numeric("X", owner, problem) from problem
        raise
    if X.dtype.kind not in "biuf":
        raise messages.not_numeric("X", owner, f"dtype {X.dtype}")
    check_rank(owner, X.shape, ranks)
    if X.size == 0:
        raise messages.empty_axis(owner, X.shape)
    return X


def _in_common_dtype(X: Any) -> Any:
    """Floats of a dtype that NumPy or Keras does not know, in one that both know."""
    name = getattr(getattr(X, "dtype", None), "name", "")
    if name == "bfloat16":
        return np.asarray(X).astype("float32")
    if isinstance(X, np.ndarray) and X.dtype.kind == "f" and X.dtype.itemsize > 8:
        return X.astype("float64")
    return X


_RAGGED = ("inhomogeneous", "could not convert", "numeric", "setting an array element")


def check_rank(owner: str, shape: tuple, ranks: tuple[int, ...]) -> None:
    """Raise a ValueError if an array has the wrong number of axes."""
    if len(shape) not in ranks:
        raise messages.wrong_rank(owner, shape, ranks)


def source_of(
    estimator: Any, X: Any, ranks: tuple[int, ...], *, reset: bool
) -> ArraySource | StreamSource:
    """Wrap an array or dataset, so that both are read the same way."""
    sequences = estimator._any_length
    if is_dataset(X):
        return StreamSource(
            X,
            type(estimator).__name__,
            sequences=sequences,
            takes_weights=estimator._takes_weights,
        )
    x = check_x(estimator, X, ranks, reset=reset)
    return ArraySource(x, sequences=sequences)


def check_again(estimator: Any, batch: np.ndarray, seen: Summary) -> None:
    """Check a batch of a later pass over a dataset, given the facts from the first.

    Raises:
        ValueError: for NaN, for values that the model cannot learn, or another shape.
    """
    kind = batch.dtype.kind in "biu" or not seen.integral
    skip = int(estimator._any_length)
    shape = batch.shape[1 + skip :] == seen.event_shape[skip:]
    # False for NaN.
    if kind and shape and seen.low <= batch.min() and batch.max() <= seen.high:
        return
    owner = type(estimator).__name__
    summary = summarise([batch], owner, sequences=estimator._any_length)
    estimator._check_shape(summary)
    estimator._check_values(summary)


def attach_weights(
    estimator: Any, source: ArraySource | StreamSource, sample_weight: Any
) -> None:
    """Make a source yield weights with its examples.

    Raises:
        ValueError: for wrong weights, or if the estimator has no use for them.
    """
    if sample_weight is None:
        return
    owner = type(estimator).__name__
    if not estimator._takes_weights:
        raise messages.weights_without_likelihood(owner)
    if isinstance(source, StreamSource):
        raise messages.weights_beside_dataset(owner)
    source.weight = checked_weights(owner, sample_weight, len(source.x))


def split_validation(
    data: tuple, validation_data: Any, share: float
) -> tuple[tuple, tuple | None]:
    """What to train on and what to evaluate, X, y and sample_weight of each.

    Args:
        data: X, y and sample_weight as passed to `fit`.
        validation_data: as passed to `fit`.
        share: `validation_split`.

    Raises:
        ValueError: for another kind of validation data, or an invalid share.
    """
    if not validation.is_a(share, float) or not 0 <= share < 1:
        raise messages.wrong_split(share, "it is not a share.")
    if validation_data is None:
        return _split_off(share, *data) if share else (data, None)
    if share:
        raise messages.wrong_split(share, "`validation_data` is given as well.")
    if not isinstance(validation_data, tuple):
        return data, (validation_data, None, None)
    if len(validation_data) not in (2, 3):
        raise messages.wrong_validation(f"a tuple of {len(validation_data)}")
    return data, (*validation_data, None)[:3]


def _split_off(share: float, X: Any, y: Any, sample_weight: Any) -> tuple[tuple, tuple]:
    """The first part of X, y and sample_weight, and the last share."""
    if is_dataset(X):
        why = "X is a dataset, which is not split: pass validation_data instead."
        raise messages.wrong_split(share, why)
    parts = [
        part if part is None or hasattr(part, "__len__") else np.asarray(part)
        for part in (X, y, sample_weight)
    ]
    n = len(parts[0])
    kept = math.floor(n * (1 - share))
    if not 0 < kept < n:
        raise messages.wrong_split(share, f"{kept} of {n} examples would be kept.")
    return _rows(parts, slice(kept)), _rows(parts, slice(kept, None))


def _rows(parts: list, rows: slice) -> tuple:
    """Those rows of arrays, lists or DataFrames; None stays None."""
    return tuple(p if p is None else getattr(p, "iloc", p)[rows] for p in parts)
