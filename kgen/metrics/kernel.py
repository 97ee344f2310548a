"""Kernel distance, as in the KID: an unbiased MMD with a polynomial kernel.

References:
    Binkowski et al., Demystifying MMD GANs, 2018, sec. 4.
    https://arxiv.org/abs/1801.01401
"""

from typing import Any

import numpy as np

from kgen.core import validation
from kgen.core.progress import Verbose, ticker
from kgen.metrics._discrepancy import Sums
from kgen.metrics._pairs import row_blocks
from kgen.metrics._samples import choose
from kgen.metrics.estimate import Estimate


def kernel_distance(
    *,
    real: Any,
    fake: Any,
    held_out: Any = None,
    features: Any = None,
    floor: bool = True,
    subsets: int | None = None,
    subset_size: int = 1000,
    max_samples: int = 10_000,
    random_state: Any = None,
    verbose: Verbose = 0,
) -> Estimate:
    """Unbiased MMD^2 with the kernel (x.y / d + 1)^3, the KID: lower is better.

    d is the number of features. The distance compares their moments up to the third.
    Its mean does not depend on the numbers of examples, and is zero if both
    distributions are the same, so the distance may be negative.

    Args:
        real: real data, (n, ...).
        fake: samples of a model, (m, ...), like real data.
        held_out: other real data, for the floor. None splits `real`.
        features: None, a `keras.Model` or a function: see `frechet_distance`.
        floor: whether to compute the floor.
        subsets: None takes all examples at once; a number >= 2 averages over that many
            random subsets, as in the paper, which takes 100.
        subset_size: examples of each kind in a subset, >= 3.
        max_samples: examples of each kind to compare, at most; chosen at random.
        random_state: None, int or RandomState, as in scikit-learn.
        verbose: 1, True or "auto" shows a progress bar.

    Raises:
        ValueError: for data of different shapes, NaN, or too few examples.

    Example:
        >>> random = np.random.default_rng(0)
        >>> real, fake = random.normal(size=(2000, 2)), random.normal(size=(1000, 2))
        >>> distance = kernel_distance(real=real, fake=fake + [1, 0], random_state=0)
        >>> distance > 10 * abs(distance.floor)
        True

    References:
        Binkowski et al., Demystifying MMD GANs, 2018, sec. 4.
        https://arxiv.org/abs/1801.01401
    """
    owner = "kernel_distance"
    samples = choose(
        owner,
        real,
        fake,
        held_out=held_out,
        features=features,
        floor=floor,
        max_samples=max_samples,
        random_state=random_state,
        at_least=3,
    )
    pairs = [(samples.real, samples.fake)]
    if samples.held_out is not None:
        pairs.append((samples.real, samples.held_out))
    if subsets is None:
        parts = sum(_parts(a, b) for a, b in pairs)
        tick = ticker(parts, verbose)
        found = [_sums(a, b, tick) for a, b in pairs]
        values, stderr = [each.value for each in found], found[0].stderr
    else:
        subsets = validation.check_setting(owner, "subsets", subsets, ge=2)
        size = validation.check_setting(owner, "subset_size", subset_size, ge=3)
        size = min(size, len(samples.real), len(samples.fake))
        drawn = [_in_subsets(*pair, subsets, size, samples.random) for pair in pairs]
        values = [each[:, 0].mean() for each in drawn]
        # Subsets overlap: their mean varies as all examples do, by about size / n of
        # the variance of one subset, and by the choice of the subsets.
        share = size / min(len(samples.real), len(samples.fake))
        of_one = np.mean(drawn[0][:, 1] ** 2)
        stderr = np.sqrt(share * of_one + drawn[0][:, 0].var(ddof=1) / subsets)
    return samples.estimate(values[0], stderr, values[1] if floor else np.nan)


def _kernel(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return (a @ b.T / a.shape[1] + 1) ** 3


def _parts(a: np.ndarray, b: np.ndarray) -> int:
    return sum(len(row_blocks(*pair)) for pair in ((a, a), (b, b), (a, b)))


def _sums(a: np.ndarray, b: np.ndarray, tick: Any) -> Sums:
    """The sums over all pairs, block by block."""

    def within(x):
        sums = np.empty(len(x))
        for rows in row_blocks(x, x):
            kernel = _kernel(x[rows], x)
            sums[rows] = kernel.sum(axis=1) - np.diagonal(kernel, offset=rows.start)
            tick()
        return sums

    to_b, to_a = np.empty(len(a)), np.zeros(len(b))
    for rows in row_blocks(a, b):
        kernel = _kernel(a[rows], b)
        to_b[rows] = kernel.sum(axis=1)
        to_a += kernel.sum(axis=0)
        tick()
    return Sums(within(a), within(b), to_b, to_a)


def _in_subsets(
    a: np.ndarray,
    b: np.ndarray,
    subsets: int,
    size: int,
    random: np.random.Generator,
) -> np.ndarray:
    """The estimate and its error in each of several random subsets, (subsets, 2)."""
    values = []
    for _ in range(subsets):
        x, y = (x[random.choice(len(x), size, replace=False)] for x in (a, b))
        sums = _sums(x, y, lambda: None)
        values.append((sums.value, sums.stderr))
    return np.array(values)
