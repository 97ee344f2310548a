"""Sliced Wasserstein distance: the mean over directions of a distance of projections.

References:
    Rabin et al., Wasserstein Barycenter and its Application to Texture Mixing, 2011.
    https://doi.org/10.1007/978-3-642-24785-9_37
    Bonneel et al., Sliced and Radon Wasserstein Barycenters of Measures, 2015.
    https://doi.org/10.1007/s10851-014-0506-3
"""

from typing import Any

import numpy as np

from kgen.core import validation
from kgen.core.progress import Verbose
from kgen.metrics._resampling import bootstrap
from kgen.metrics._samples import choose
from kgen.metrics.estimate import Estimate


def sliced_wasserstein(
    *,
    real: Any,
    fake: Any,
    held_out: Any = None,
    features: Any = None,
    floor: bool = True,
    order: int = 1,
    n_projections: int = 128,
    max_samples: int = 10_000,
    n_resamples: int = 20,
    random_state: Any = None,
    verbose: Verbose = 0,
) -> Estimate:
    """Sliced Wasserstein distance, >= 0, in the units of the features: lower is better.

        SW_p = (mean over directions u of W_p(u.x, u.y)^p)^(1/p)

    It compares whole distributions, not only moments. It is biased: with few examples
    it is too large, and so is its floor.

    Args:
        real: real data, (n, ...).
        fake: samples of a model, (m, ...), like real data.
        held_out: other real data, for the floor. None splits `real`.
        features: None, a `keras.Model` or a function: see `frechet_distance`.
        floor: whether to compute the floor, with the same directions.
        order: p, >= 1.
        n_projections: directions, drawn uniformly, >= 1.
        max_samples: examples of each kind to compare, at most; chosen at random.
        n_resamples: bootstrap resamples for the standard error, with the same
            directions, >= 2, or 0 for none. Near the floor the error is too large
            rather than too small.
        random_state: None, int or RandomState, as in scikit-learn.
        verbose: 1, True or "auto" shows a progress bar.

    Raises:
        ValueError: for data of different shapes, NaN, or too few examples.

    Example:
        >>> random = np.random.default_rng(0)
        >>> real, fake = random.normal(size=(2000, 1)), random.normal(size=(1000, 1))
        >>> distance = sliced_wasserstein(real=real, fake=fake + 3, random_state=0)
        >>> round(float(distance)), distance.floor < 0.3
        (3, True)

    References:
        Bonneel et al., Sliced and Radon Wasserstein Barycenters of Measures, 2015,
        sec. 3. https://doi.org/10.1007/s10851-014-0506-3
    """
    owner = "sliced_wasserstein"
    order = validation.check_setting(owner, "order", order, ge=1)
    n_projections = validation.check_setting(
        owner, "n_projections", n_projections, ge=1
    )
    samples = choose(
        owner,
        real,
        fake,
        held_out=held_out,
        features=features,
        floor=floor,
        max_samples=max_samples,
        random_state=random_state,
    )
    directions = samples.random.normal(size=(samples.real.shape[1], n_projections))
    directions /= np.linalg.norm(directions, axis=0)

    def distance(real, fake):
        return _of_projections(real, fake, order)

    projected = samples.real @ directions, samples.fake @ directions
    stderr = bootstrap(
        owner,
        distance,
        *projected,
        n_resamples=n_resamples,
        random=samples.random,
        verbose=verbose,
    )
    floor_ = samples.floor(lambda a, b: distance(a @ directions, b @ directions))
    return samples.estimate(distance(*projected), stderr, floor_)


def _of_projections(a: np.ndarray, b: np.ndarray, order: int) -> float:
    """The distance of projections, a column for every direction.

    On the line the best plan is that between quantiles, which are constant between the
    levels i/n and j/m.
    """
    n, m = len(a), len(b)
    a, b = np.sort(a, axis=0), np.sort(b, axis=0)
    if n == m:
        gaps, weights = np.abs(a - b), np.full(n, 1 / n)
    else:
        levels = np.union1d(np.arange(n) * m, np.arange(m) * n)  # in units of 1 / (nm)
        weights = np.diff(levels, append=n * m) / (n * m)
        gaps = np.abs(a[levels // m] - b[levels // n])
    return float(np.mean(weights @ gaps**order) ** (1 / order))
