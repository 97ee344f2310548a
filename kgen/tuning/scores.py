"""What a search maximises: functions (estimator, X, y, seed) -> float."""

from collections.abc import Callable
from typing import Any

import numpy as np

from kgen.core import messages

Score = Callable[[Any, Any, Any, int], float]
"""Of a fitted estimator, on held-out examples and labels: more is better."""


def _log_likelihood(estimator: Any, X: Any, y: Any, seed: int) -> float:  # noqa: ARG001
    return estimator.score(X, y)


def _reconstruction(estimator: Any, X: Any, y: Any, seed: int) -> float:  # noqa: ARG001
    options = {"y": y} if estimator.conditional else {}
    again = estimator.reconstruct(X, **options)
    error = np.asarray(X, "float64") - np.asarray(again, "float64")
    return -float(np.mean(error**2))


def _distance(name: str, **options: Any) -> Score:
    """Minus a metric of as many samples as there are held-out examples."""

    def score(estimator: Any, X: Any, y: Any, seed: int) -> float:
        from kgen import metrics

        labels = {"y": y} if estimator.conditional else {}
        fake = estimator.sample(len(X), random_state=seed, **labels)
        metric = getattr(metrics, name)
        found = metric(real=X, fake=fake, floor=False, random_state=seed, **options)
        return -float(found)

    return score


_NEEDS = {
    "log_likelihood": ("score", _log_likelihood),
    "frechet_distance": ("sample", _distance("frechet_distance", n_resamples=0)),
    "kernel_distance": ("sample", _distance("kernel_distance")),
    "sliced_wasserstein": ("sample", _distance("sliced_wasserstein", n_resamples=0)),
    "mmd": ("sample", _distance("mmd", n_permutations=0)),
    "reconstruction": ("reconstruct", _reconstruction),
}
"""What an estimator must have for each score, and the score."""


def resolve(estimator: Any, scoring: Any) -> tuple[str, Score]:
    """The name of a score, and the function.

    Args:
        estimator: the one that is tuned.
        scoring: as passed to `search`.

    Raises:
        ValueError: for an unknown name, or one that needs what the estimator lacks.
    """
    if callable(scoring):
        name = getattr(scoring, "__name__", type(scoring).__name__)
        return name, lambda estimator, X, y, seed: scoring(estimator, X, y)  # noqa: ARG005
    if scoring is None:
        own = ("log_likelihood", "frechet_distance", "reconstruction")
        scoring = next(name for name in own if hasattr(estimator, _NEEDS[name][0]))
    if scoring not in _NEEDS:
        raise messages.wrong_scoring(scoring, list(_NEEDS))
    method, score = _NEEDS[scoring]
    if not hasattr(estimator, method):
        raise messages.nothing_to_score(type(estimator).__name__, scoring, method)
    return scoring, score
