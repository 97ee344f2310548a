"""Which of several densities explains held-out data best, and how sure that is.

References:
    Theis et al., A Note on the Evaluation of Generative Models, 2016, sec. 3.1
    (densities of integers). https://arxiv.org/abs/1511.01844
    Bengio and Grandvalet, No Unbiased Estimator of the Variance of K-Fold
    Cross-Validation, 2004. https://www.jmlr.org/papers/v5/grandvalet04a.html
"""

import importlib
import time
from collections.abc import Mapping
from typing import Any

import numpy as np
from sklearn.base import clone, is_classifier
from sklearn.model_selection import check_cv
from sklearn.utils import check_array, check_random_state

from kgen.core import messages, validation
from kgen.data.frames import is_frame
from kgen.tasks._densities import (
    check_density,
    check_units,
    is_conditional,
    knows_integers,
    rows_for,
    select,
)


def compare(
    densities: Mapping[str, Any],
    X: Any,
    y: Any = None,
    *,
    cv: Any = 5,
    unit: str = "nats",
    dequantize: bool = True,
    random_state: Any = 0,
) -> Any:
    """Compare densities by the log-density of held-out examples, in cross-validation.

    Every density is fitted on the training part of every fold, and scores the examples
    that are left out. All densities score the same examples. An example that is hard
    for one density is hard for the others as well, so the difference from the best
    density has a far smaller standard error than either mean. Both errors are over the
    examples of all folds: the standard deviation, divided by sqrt(n). They say how much
    other test examples would change the numbers, not how much other training examples
    would: the training parts of the folds overlap, and no estimate of that is unbiased.
    With few folds and few examples, be careful with differences of two standard errors.
    An example that is tested several times (`RepeatedKFold`) counts once, with its
    mean.

    Probabilities of integers and densities of reals are comparable only if noise is
    added for the latter: a density of reals can be as high as it likes at integers. So
    if X has an integer dtype, all densities but kgen's (which know integers) are fitted
    and tested on X + u, u uniform in [0, 1). Their means are then lower bounds on the
    log-probability that they give to integers.

    Conditional densities are compared by log p(x|y), which is not log p(x); a
    `BayesClassifier` made of them is compared by its log p(x).

    Args:
        densities: dictionary from names of your choice to unfitted estimators with
            `fit` and `score_samples`, kgen's or scikit-learn's. They are cloned.
        X: array or DataFrame, n examples. Images are flattened for densities that only
            take tables.
        y: labels or condition vectors for conditional densities, and labels for a
            `BayesClassifier`; None if there are none of these. With labels, an integer
            `cv` makes stratified folds.
        cv: number of folds, >= 2, or a splitter from scikit-learn. As in scikit-learn,
            a number makes folds of consecutive rows: shuffle sorted data, or pass
            KFold(5, shuffle=True).
        unit: "nats", log-density per example, or "bits_per_dim", its negative per
            scalar in bits, where lower is better.
        dequantize: whether to add noise to integers for densities of reals.
        random_state: None, int or RandomState, for that noise.

    Returns:
        A DataFrame with a row for each density, best first. `nats` (or `bits_per_dim`)
        and `stderr` are the mean over the examples and its standard error; `difference`
        and `difference_stderr` are the same for the difference from the best density;
        `fit_seconds` and `score_seconds` are for one fold, on average. A density that
        gives no probability to a test example has a mean of -inf, and no standard
        errors.

    Raises:
        TypeError: for anything that is not a density.
        ValueError: for a pipeline that changes units, or scores that are NaN.
        ImportError: if pandas is not installed.

    Example:
        >>> from sklearn.datasets import load_iris
        >>> from sklearn.mixture import GaussianMixture
        >>> X = np.random.default_rng(0).permutation(load_iris().data)
        >>> one, three = GaussianMixture(), GaussianMixture(3, random_state=0)
        >>> compare({"one": one, "three": three}, X)[["nats", "difference"]].round(1)
               nats  difference
        three  -1.6         0.0
        one    -2.6        -1.0

    References:
        Theis et al., A Note on the Evaluation of Generative Models, 2016, sec. 3.1.
        https://arxiv.org/abs/1511.01844
    """
    try:
        pandas = importlib.import_module("pandas")
    except ImportError:
        raise messages.no_pandas("compare") from None
    validation.check_choice("compare", "unit", unit, UNITS)
    if not isinstance(densities, Mapping) or not densities:
        raise messages.nothing_to_compare(densities)
    for name, density in densities.items():
        check_density("compare", f"densities[{name!r}]", density)
        check_units("compare", f"densities[{name!r}]", density)
        if y is None and _takes_y(density):
            raise messages.needs_y(name, type(density).__name__)
    X = X if is_frame(X) else check_array(X, allow_nd=True)
    y = None if y is None else np.asarray(y)
    folds = list(check_cv(cv, y, classifier=y is not None).split(X, y))
    noisy = _noisy(X, random_state) if dequantize else X
    # Means over the times that an example was tested; NaN if it never was.
    scores, seconds = np.zeros((len(densities), len(X))), []
    for row, (name, density) in zip(scores, densities.items(), strict=True):
        data = rows_for(density, X if knows_integers(density) else noisy)
        seconds.append(_cross_validate(name, density, data, y, folds, row))
    times = np.bincount(np.concatenate([test for _, test in folds]), minlength=len(X))
    columns = _differences(scores[:, times > 0] / times[times > 0])
    if unit != "nats":
        columns *= [[-1], [1], [-1], [1]] / (np.log(2) * np.prod(X.shape[1:]))
        columns += 0.0  # no -0.0
    table = np.concatenate([columns, np.mean(seconds, axis=1).T])
    names = [unit, *COLUMNS, "fit_seconds", "score_seconds"]
    frame = pandas.DataFrame(table.T, index=list(densities), columns=names)
    return frame.sort_values(unit, ascending=unit != "nats", kind="stable")


UNITS = ("nats", "bits_per_dim")
"""Of log-densities; the name of the first column."""

COLUMNS = ("stderr", "difference", "difference_stderr")
"""Columns after the first."""


def _cross_validate(name, density, X, y, folds, total) -> list[tuple[float, float]]:
    """Add the log-densities of all tests to `total`; seconds of every fold."""
    seconds = []
    takes_y = _takes_y(density)
    for train, test in folds:
        times, labels = [time.perf_counter()], [y[train]] if takes_y else []
        fitted = clone(density).fit(select(X, train), *labels)
        times.append(time.perf_counter())
        labels = [y[test]] if is_conditional(density) else []
        found = np.asarray(fitted.score_samples(select(X, test), *labels), "float64")
        times.append(time.perf_counter())
        if found.shape != test.shape or np.isnan(found).any():
            raise messages.wrong_scores(name, found.shape, len(test))
        total[test] += found
        seconds.append((times[1] - times[0], times[2] - times[1]))
    return seconds


def _differences(scores: np.ndarray) -> np.ndarray:
    """Means of log-densities (k, n), their errors, and those of differences, (4, k)."""
    with np.errstate(invalid="ignore"):  # of a density that is 0 somewhere
        mean, stderr = _mean(scores)
        return np.stack([mean, stderr, *_mean(scores - scores[mean.argmax()])])


def _mean(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Means over examples, (k,), and their standard errors; NaN of a single example."""
    n, mean = values.shape[1], values.mean(axis=1)
    spread = np.sum((values - mean[:, np.newaxis]) ** 2, axis=1)
    return mean, np.sqrt(spread / (n - 1) / n) if n > 1 else np.full(len(mean), np.nan)


def _takes_y(density: Any) -> bool:
    """Whether labels are needed to fit it."""
    return is_conditional(density) or is_classifier(density)


def _noisy(X: Any, random_state: Any) -> Any:
    """X + u if X holds integers; a DataFrame if it is one."""
    values = np.asarray(X)
    if values.dtype.kind not in "biu":
        return X
    noise = check_random_state(random_state).random_sample(values.shape)
    return X + noise if is_frame(X) else values + noise
