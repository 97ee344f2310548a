"""Frechet distance between the normal distributions that fit two sets of features.

    d^2 = |m_r - m_f|^2 + Tr(C_r + C_f - 2 (C_r C_f)^(1/2))

References:
    Heusel et al., GANs Trained by a Two Time-Scale Update Rule Converge to a Local Nash
    Equilibrium, 2017, eq. 6. https://arxiv.org/abs/1706.08500
    Dowson and Landau, The Frechet Distance between Multivariate Normal Distributions,
    1982. https://doi.org/10.1016/0047-259X(82)90077-X
"""

from typing import Any

import numpy as np

from kgen.core import messages
from kgen.core.progress import Verbose
from kgen.metrics._resampling import bootstrap
from kgen.metrics._samples import choose
from kgen.metrics.estimate import Estimate

LIMIT = 4096
"""Features, at most: roots of matrices take their number cubed."""


def frechet_distance(
    *,
    real: Any,
    fake: Any,
    held_out: Any = None,
    features: Any = None,
    floor: bool = True,
    max_samples: int = 10_000,
    n_resamples: int = 20,
    random_state: Any = None,
    verbose: Verbose = 0,
) -> Estimate:
    """Squared Frechet distance of Gaussian fits, as in the FID, >= 0: lower is better.

    It compares means and covariances of the features, and nothing else. It is biased:
    with n real and m fake examples it is too large by about
    (d (d + 1) / 4 + d) (1 / n + 1 / m) for d normal features of variance 1. Compare
    values only at the same n, and with their floor, which has the same bias.

    With the pool features of an Inception network this is the FID; see `features`.

    Args:
        real: real data, (n, ...).
        fake: samples of a model, (m, ...), like real data.
        held_out: other real data, for the floor. None splits `real`, so fewer of them
            are compared with `fake`.
        features: what is compared: None for the data, flattened; or a `keras.Model` or
            a function from examples to vectors, such as `default_features` returns.
        floor: whether to compute the floor, for which the metric is computed twice.
        max_samples: examples of each kind to compare, at most; chosen at random.
        n_resamples: bootstrap resamples for the standard error, >= 2, or 0 for none.
            Near the floor the error is too large rather than too small.
        random_state: None, int or RandomState, as in scikit-learn.
        verbose: 1, True or "auto" shows a progress bar.

    Raises:
        ValueError: for data of different shapes, NaN, too few examples, or more than
            4096 features.

    Example:
        >>> random = np.random.default_rng(0)
        >>> real, fake = random.normal(size=(2000, 2)), random.normal(size=(1000, 2))
        >>> distance = frechet_distance(real=real, fake=fake + [3, 0], random_state=0)
        >>> round(float(distance)), distance.floor < 0.1
        (9, True)

    References:
        Heusel et al., GANs Trained by a Two Time-Scale Update Rule Converge to a Local
        Nash Equilibrium, 2017, eq. 6. https://arxiv.org/abs/1706.08500
        Chong and Forsyth, Effectively Unbiased FID and Inception Score, 2020 (the
        bias). https://arxiv.org/abs/1911.07023
    """
    samples = choose(
        "frechet_distance",
        real,
        fake,
        held_out=held_out,
        features=features,
        floor=floor,
        max_samples=max_samples,
        random_state=random_state,
    )
    found = samples.real.shape[1]
    if found > LIMIT:
        raise messages.too_many_features("frechet_distance", found, LIMIT)
    stderr = bootstrap(
        "frechet_distance",
        _distance,
        samples.real,
        samples.fake,
        n_resamples=n_resamples,
        random=samples.random,
        verbose=verbose,
    )
    value = _distance(samples.real, samples.fake)
    return samples.estimate(value, stderr, samples.floor(_distance))


def _distance(real: np.ndarray, fake: np.ndarray) -> float:
    """The squared distance of two sets of features."""
    shift = real.mean(axis=0) - fake.mean(axis=0)
    first, second = (
        np.cov(x, rowvar=False).reshape(shift.size, -1) for x in (real, fake)
    )
    # (C_r C_f)^(1/2) has the trace of (C_r^(1/2) C_f C_r^(1/2))^(1/2), a symmetric
    # root, which is real even where covariances are singular.
    values, axes = np.linalg.eigh(first)
    root = axes * np.sqrt(np.maximum(values, 0))
    roots = np.sqrt(np.maximum(np.linalg.eigvalsh(root.T @ second @ root), 0))
    distance = shift @ shift + np.trace(first) + np.trace(second) - 2 * roots.sum()
    return max(float(distance), 0.0)
