"""What a density may be, and in which shape it takes its examples."""

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, is_outlier_detector
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils import check_array, check_X_y, get_tags
from sklearn.utils.validation import validate_data

from kgen.base import GenerativeEstimator
from kgen.core import messages
from kgen.data.frames import is_frame
from kgen.tasks.complexity import Complexity


def check_density(owner: str, name: str, density: Any) -> None:
    """Raise a TypeError for anything but an estimator with a density.

    Args:
        owner: of the argument, for the message.
        name: of the argument.
        density: what should have `fit` and `score_samples`.
    """
    lacks = [m for m in ("fit", "score_samples") if not hasattr(density, m)]
    if isinstance(density, type):
        why = "and must be an instance: write it with brackets"
    elif lacks:
        why = f"which has no `{lacks[0]}`"
    elif isinstance(density, BaseEstimator) and is_outlier_detector(density):
        why = "whose scores are no log-densities"
    else:
        return
    raise messages.no_density_given(owner, name, density, why)


def check_units(owner: str, name: str, density: Any) -> None:
    """Raise a ValueError for a density that learns its own units."""
    if isinstance(density, Pipeline):
        for step, part in density.steps[:-1]:
            plain = part in (None, "passthrough")
            if not (plain or isinstance(part, FunctionTransformer)):
                raise messages.changes_units(owner, name, step)


def is_conditional(density: Any) -> bool:
    """Whether it is one of p(x|y), and takes labels."""
    return bool(getattr(density, "conditional", False))


def knows_integers(density: Any) -> bool:
    """Whether it is one of kgen's, or has one inside, as a pipeline or a search may."""
    parts = [density, *density.get_params().values()]
    return any(isinstance(part, GenerativeEstimator) for part in parts)


def rows_for(density: Any, X: Any) -> Any:
    """Examples as a density takes them: as rows if it only knows tables."""
    if getattr(X, "ndim", 2) > 2 and not get_tags(density).input_tags.three_d_array:
        X = np.reshape(X, (len(X), -1))
    return as_taken(density, X)


def as_taken(density: Any, X: Any) -> Any:
    """Integers as reals for densities that only know reals.

    `score_samples` of scikit-learn's GaussianMixture computes in the dtype of X: with
    integers, means are cut and pixels overflow.
    """
    if isinstance(density, Complexity) or knows_integers(density):
        return X
    if is_frame(X):
        kinds = {c: getattr(d, "kind", "O") for c, d in X.dtypes.items()}
        integers = [c for c, kind in kinds.items() if kind in "biu"]
        return X.astype(dict.fromkeys(integers, "float64"))
    whole = isinstance(X, np.ndarray) and X.dtype.kind in "biu"
    return X.astype("float64") if whole else X


def checked_examples(estimator: Any, X: Any, density: Any) -> Any:
    """Examples of a fitted estimator with a density inside, checked.

    The density of a DataFrame also gets its columns.

    Args:
        estimator: the estimator that knows the number of features of tables.
        X: its examples.
        density: unfitted.

    Raises:
        ValueError: for values that are not finite numbers, or features of another fit.
        TypeError: for sparse matrices.
    """
    if _is_table(X, density):
        found = validate_data(estimator, X, reset=False)
        return X if is_frame(X) else found
    return check_array(X, allow_nd=True)


def checked_training_data(estimator: Any, X: Any, y: Any, density: Any) -> tuple:
    """The same in fit, for X and y; the estimator notes the features of a table."""
    if _is_table(X, density):
        found, y = validate_data(estimator, X, y)
        return X if is_frame(X) else found, y
    return check_X_y(X, y, allow_nd=True, estimator=type(estimator).__name__)


def _is_table(X: Any, density: Any) -> bool:
    """Whether its columns are features, and not the steps of sequences."""
    dimensions = X.ndim if hasattr(X, "ndim") else np.asarray(X).ndim
    return dimensions <= 2 and not getattr(density, "_any_length", False)


def select(X: Any, rows: np.ndarray) -> Any:
    """Those rows of an array or a DataFrame."""
    return X.iloc[rows] if is_frame(X) else X[rows]
