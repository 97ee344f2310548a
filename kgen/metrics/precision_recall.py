"""Precision, recall, density and coverage: fidelity and diversity, separately.

References:
    Kynkaanniemi et al., Improved Precision and Recall Metric for Assessing Generative
    Models, 2019. https://arxiv.org/abs/1904.06991
    Naeem et al., Reliable Fidelity and Diversity Metrics for Generative Models, 2020.
    https://arxiv.org/abs/2002.09797
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from kgen.core import validation
from kgen.core.progress import Verbose, ticker
from kgen.metrics._pairs import radii, row_blocks, squared_distances
from kgen.metrics._samples import choose
from kgen.metrics.estimate import Estimate

PARTS = 10
"""Parts of the data whose values give the standard errors, at most."""


class PRDC(NamedTuple):
    """Precision, recall, density and coverage, each an `Estimate`: higher is better.

    Attributes:
        precision: share of samples that lie among real data, in [0, 1].
        recall: share of real data that lie among samples, in [0, 1].
        density: number of balls around real data that a sample lies in, relative to
            that of a real example, >= 0; about 1 if both distributions are the same,
            more if samples keep to the densest parts.
        coverage: share of the balls around real data that contain a sample, in [0, 1].
    """

    precision: Estimate
    recall: Estimate
    density: Estimate
    coverage: Estimate


def prdc(
    *,
    real: Any,
    fake: Any,
    held_out: Any = None,
    features: Any = None,
    floor: bool = True,
    n_neighbors: int = 5,
    max_samples: int = 10_000,
    random_state: Any = None,
    verbose: Verbose = 0,
) -> PRDC:
    """Precision, recall, density and coverage by nearest neighbours: higher is better.

    Around every example is a ball that reaches to its k-th nearest neighbour of the
    same kind. A sample in any ball of real data is precise; real data in any ball of
    samples are recalled; density is the number of balls of real data that a sample is
    in, divided by k; coverage is the share of these balls that contain a sample.

    An outlier has a large ball, which makes precision and recall too high; density and
    coverage, which only use balls of real data, are safer. The floor is a ceiling here:
    what held-out real data get.

    Args:
        real: real data, (n, ...).
        fake: samples of a model, (m, ...), like real data.
        held_out: other real data, for the floor. None splits `real`.
        features: None, a `keras.Model` or a function: see `frechet_distance`.
        floor: whether to compute the floor.
        n_neighbors: k, >= 1. Kynkaanniemi et al. use 3, Naeem et al. 5.
        max_samples: examples of each kind to compare, at most; chosen at random. Time
            grows with its square.
        random_state: None, int or RandomState, as in scikit-learn.
        verbose: 1, True or "auto" shows a progress bar.

    Returns:
        Four estimates: `.precision`, `.recall`, `.density`, `.coverage`. Standard
        errors come from the values of up to ten separate parts of the data; NaN if
        there are too few examples for that.

    Raises:
        ValueError: for data of different shapes, NaN, or k examples or fewer.

    Example:
        >>> random = np.random.default_rng(0)
        >>> real = random.normal(size=(400, 2))
        >>> narrow = 0.1 * random.normal(size=(200, 2))
        >>> found = prdc(real=real, fake=narrow, random_state=0)
        >>> found.precision > 0.9, found.coverage < 0.3
        (True, True)

    References:
        Kynkaanniemi et al., Improved Precision and Recall Metric for Assessing
        Generative Models, 2019, eq. 1-3. https://arxiv.org/abs/1904.06991
        Naeem et al., Reliable Fidelity and Diversity Metrics for Generative Models,
        2020, eq. 3-4 (density, coverage). https://arxiv.org/abs/2002.09797
    """
    k = validation.check_setting("prdc", "n_neighbors", n_neighbors, ge=1)
    samples = choose(
        "prdc",
        real,
        fake,
        held_out=held_out,
        features=features,
        floor=floor,
        max_samples=max_samples,
        random_state=random_state,
        at_least=k + 1,
    )
    others = [x for x in (samples.fake, samples.held_out) if x is not None]
    passes = [(samples.real, samples.real)]
    passes += [pair for x in others for pair in ((x, x), (x, samples.real))]
    tick = ticker(sum(len(row_blocks(*pair)) for pair in passes), verbose)
    own = radii(samples.real, k, tick)
    results = [_against(samples.real, own, x, k, tick) for x in others]
    errors = _errors(samples.real, samples.fake, k)
    ceilings = results[1] if floor else [np.nan] * 4
    return PRDC(*map(samples.estimate, results[0], errors, ceilings))


def _against(
    real: np.ndarray,
    real_radii: np.ndarray,
    fake: np.ndarray,
    k: int,
    tick: Callable[[], None],
) -> list[float]:
    """The four values."""
    fake_radii = radii(fake, k, tick)
    balls = np.zeros(len(fake), int)  # of real data, in which every sample is
    reached = np.zeros((2, len(real)), bool)  # real data whose ball has, or that are in
    for rows, squared in squared_distances(fake, real, tick):
        inside = squared <= real_radii
        balls[rows] = inside.sum(axis=1)
        reached[0] |= inside.any(axis=0)
        reached[1] |= (squared <= fake_radii[rows, np.newaxis]).any(axis=0)
    coverage, recall = reached.mean(axis=1)
    return [(balls > 0).mean(), recall, balls.mean() / k, coverage]


def _errors(real: np.ndarray, fake: np.ndarray, k: int) -> np.ndarray:
    """Standard errors, by the spread over parts of the data, which are independent.

    Balls are large or small together, so shares vary more than binomial ones.
    """
    parts = min(PARTS, min(len(real), len(fake)) // (4 * (k + 1)))
    if parts < 2:
        return np.full(4, np.nan)
    values = []
    for i in range(parts):
        x, y = real[i::parts], fake[i::parts]
        values.append(_against(x, radii(x, k), y, k, lambda: None))
    return np.std(values, axis=0, ddof=1) / np.sqrt(parts)
