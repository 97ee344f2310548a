"""What tasks ask of a density, kgen's or scikit-learn's."""

from typing import Any

import numpy as np
from scipy.sparse import issparse
from sklearn.utils import check_array, get_tags
from sklearn.utils.validation import validate_data

from kgen.core import messages
from kgen.data.sources import is_dataset
from kgen.tasks._densities import as_taken, is_conditional


def check_examples(estimator: Any, X: Any, density: Any, *, reset: bool) -> Any:
    """Check what can be checked, and learn number and names of the features of tables.

    The density checks the values.

    Returns:
        X as it is if it is an array, DataFrame or sparse matrix; anything else, such
        as a list, as an array.

    Raises:
        TypeError: for datasets, and for sparse matrices unless the density takes them.
        ValueError: for tables with other features than those in fit.
    """
    if is_dataset(X):
        raise messages.dataset_to_judge(type(estimator).__name__)
    if issparse(X) and not get_tags(density).input_tags.sparse:
        check_array(X)  # raises, in scikit-learn's words
    if not hasattr(X, "shape"):
        X = np.asarray(X)
    if len(X.shape) == 2 and not getattr(density, "_any_length", False):
        validate_data(estimator, X, reset=reset, skip_check_array=True)
    return X


def log_prob(density: Any, X: Any, y: Any = None) -> np.ndarray:
    """Log-density of every example, (n,), float64, of x given y if conditional."""
    given = (y,) if is_conditional(density) else ()
    return np.asarray(density.score_samples(as_taken(density, X), *given), "float64")
