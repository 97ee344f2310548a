"""Distance to the nearest training example: has the model copied?

References:
    Meehan et al., A Non-Parametric Test to Detect Data-Copying in Generative Models,
    2020. https://arxiv.org/abs/2004.05675
"""

from typing import Any

import numpy as np
from scipy.stats import mannwhitneyu

from kgen.core import messages, validation
from kgen.core.progress import Verbose, ticker
from kgen.core.random import new_seed
from kgen.metrics._pairs import squared_distances
from kgen.metrics._samples import as_array, check_width, features_of, some
from kgen.metrics.estimate import Estimate

PART = 5000
"""Training examples whose features are in memory at once."""


def nearest_training(
    *,
    real: Any,
    fake: Any,
    held_out: Any = None,
    features: Any = None,
    floor: bool = True,
    max_samples: int = 10_000,
    random_state: Any = None,
    verbose: Verbose = 0,
) -> Estimate:
    """Mean distance of samples to the nearest training example, against held-out data.

    The floor is the same distance for held-out data, which the model has not seen.
    Samples that are clearly nearer to the training data than these are copies; an exact
    copy is at distance 0. Samples that are further away are new, or bad: this metric
    does not tell which.

    `p_value` tests for copying: it is the probability that samples are this near if
    their distances follow the distribution of those of held-out data (the Mann-Whitney
    test).

    Args:
        real: all the data that the model was trained on, (n, ...).
        fake: samples of the model, (m, ...), like real data.
        held_out: real data that it was not trained on. None leaves each example of
            `real` out in turn, and takes its distance to the nearest of the others;
            then copies among them lower the floor.
        features: None, a `keras.Model` or a function: see `frechet_distance`. In
            pixels, a copy that is shifted by one is far away.
        floor: whether to compute the floor and the p-value.
        max_samples: samples, and held-out examples, at most; chosen at random. All of
            `real` are used.
        random_state: None, int or RandomState, as in scikit-learn.
        verbose: 1, True or "auto" shows a progress bar.

    Raises:
        ValueError: for data of different shapes, NaN, or too few examples.

    Example:
        >>> random = np.random.default_rng(0)
        >>> real, fake = random.normal(size=(400, 9)), random.normal(size=(200, 9))
        >>> copies = nearest_training(real=real, fake=real[:100])
        >>> float(copies), copies.floor > 1, copies.p_value < 1e-6
        (0.0, True, True)
        >>> nearest_training(real=real, fake=fake).p_value > 0.01
        True

    References:
        Meehan et al., A Non-Parametric Test to Detect Data-Copying in Generative
        Models, 2020, sec. 3 (for the whole space as one cell).
        https://arxiv.org/abs/2004.05675
    """
    owner = "nearest_training"
    validation.check_setting(owner, "max_samples", max_samples, ge=1)
    random = np.random.default_rng(new_seed(random_state))
    real = as_array(owner, "real", real)
    if len(real) < 2:
        raise messages.too_few_samples(owner, "real", len(real), 2, split=False)
    queries = [some(as_array(owner, "fake", fake, real), max_samples, random)]
    own = None
    if floor and held_out is None:
        own = np.sort(random.permutation(len(real))[:max_samples])
        queries.append(real[own])
    elif floor:
        held_out = as_array(owner, "held_out", held_out, real)
        queries.append(some(held_out, max_samples, random))
    distances = _nearest(owner, real, queries, own, features, verbose)
    value = distances[0].mean()
    stderr = distances[0].std() / np.sqrt(len(distances[0]))
    counts = len(real), len(distances[0])
    if not floor:
        return Estimate(float(value), float(stderr), float("nan"), *counts)
    p_value = mannwhitneyu(*distances, alternative="less").pvalue
    bound = distances[1].mean()
    return Estimate(float(value), float(stderr), float(bound), *counts, float(p_value))


def _nearest(
    owner: str,
    real: np.ndarray,
    queries: list[np.ndarray],
    own: np.ndarray | None,
    features: Any,
    verbose: Verbose,
) -> list[np.ndarray]:
    """Distances of the queries' features to the nearest of the real ones.

    `own` has the places of the second query's rows in `real`, which are left out.
    """
    found = [features_of(owner, features, x) for x in queries]
    best = [np.full(len(x), np.inf) for x in found]
    firsts = range(0, len(real), PART)
    tick = ticker(len(firsts), verbose)
    for first in firsts:
        part = features_of(owner, features, real[first : first + PART])
        for query, (x, least) in enumerate(zip(found, best, strict=True)):
            check_width(owner, "fake", x, part)
            for rows, squared in squared_distances(x, part):
                if own is not None and query == 1:
                    column = own[rows] - first
                    row = np.flatnonzero((column >= 0) & (column < len(part)))
                    squared[row, column[row]] = np.inf
                # Of the nearest pair without rounding: exactly 0 for copies.
                gaps = x[rows] - part[squared.argmin(axis=1)]
                here = np.linalg.norm(gaps, axis=1)
                here[~np.isfinite(squared).any(axis=1)] = np.inf
                least[rows] = np.minimum(least[rows], here)
        tick()
    return best
