"""The checks of what users pass as X."""

from typing import Any

import numpy as np
from sklearn.utils import check_array
from sklearn.utils.validation import validate_data

from kgen.core import messages
from kgen.data.sources import ArraySource, StreamSource, is_dataset

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
    try:
        if getattr(X, "ndim", 2) == 2 and not estimator._any_length:
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
        return StreamSource(X, type(estimator).__name__, sequences=sequences)
    x = check_x(estimator, X, ranks, reset=reset)
    return ArraySource(x, sequences=sequences)


def split_validation(data: Any) -> tuple[Any, Any]:
    """X and y of `validation_data`, which is X, (X, y) or a dataset."""
    if not isinstance(data, tuple):
        return data, None
    if len(data) != 2:
        raise messages.wrong_validation(f"a tuple of {len(data)}")
    return data
