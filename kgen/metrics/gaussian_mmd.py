"""Maximum mean discrepancy with a Gaussian kernel, and a test by permutations.

References:
    Gretton et al., A Kernel Two-Sample Test, 2012.
    https://jmlr.org/papers/v13/gretton12a.html
"""

from typing import Any

import numpy as np

from kgen.core import validation
from kgen.core.progress import Verbose, ticker
from kgen.metrics._discrepancy import Sums
from kgen.metrics._pairs import squared_distances
from kgen.metrics._samples import choose
from kgen.metrics.estimate import Estimate

TOGETHER = 50
"""Permutations in one product of matrices."""


def mmd(
    *,
    real: Any,
    fake: Any,
    held_out: Any = None,
    features: Any = None,
    floor: bool = True,
    bandwidth: float | None = None,
    n_permutations: int = 200,
    max_samples: int = 2000,
    random_state: Any = None,
    verbose: Verbose = 0,
) -> Estimate:
    """Unbiased MMD^2 with a Gaussian kernel, and a p-value: lower is better.

    The kernel is k(x, y) = exp(-|x - y|^2 / (2 s^2)). Unlike the moments that the other
    distances compare, it tells any two distributions apart, given enough examples. If
    they are the same, MMD^2 is zero on average, and may be negative.

    `p_value` tests whether they are the same: real and fake are mixed at random many
    times, and the p-value says how often the MMD^2 is at least as large. It is exact
    for any n.

    Args:
        real: real data, (n, ...).
        fake: samples of a model, (m, ...), like real data.
        held_out: other real data, for the floor. None splits `real`.
        features: None, a `keras.Model` or a function: see `frechet_distance`.
        floor: whether to compute the floor.
        bandwidth: s, > 0; None for the median distance between any two examples.
        n_permutations: how often to mix, >= 1, which gives a p-value
            >= 1 / (n_permutations + 1); or 0 for no p-value.
        max_samples: examples of each kind to compare, at most; chosen at random. Memory
            grows with its square: at 2000 it is 128 MB.
        random_state: None, int or RandomState, as in scikit-learn.
        verbose: 1, True or "auto" shows a progress bar.

    Raises:
        ValueError: for data of different shapes, NaN, or too few examples.

    Example:
        >>> random = np.random.default_rng(0)
        >>> real, fake = random.normal(size=(400, 2)), random.normal(size=(200, 2))
        >>> mmd(real=real, fake=fake, random_state=0).p_value > 0.05
        True
        >>> mmd(real=real, fake=fake + [1, 0], random_state=0).p_value < 0.01
        True

    References:
        Gretton et al., A Kernel Two-Sample Test, 2012, lemma 6 (the estimate), sec. 8
        (the median). https://jmlr.org/papers/v13/gretton12a.html
    """
    validation.check_setting("mmd", "n_permutations", n_permutations, ge=0)
    if bandwidth is not None:
        bandwidth = validation.check_number("mmd", "bandwidth", bandwidth, gt=0)
    samples = choose(
        "mmd",
        real,
        fake,
        held_out=held_out,
        features=features,
        floor=floor,
        max_samples=max_samples,
        random_state=random_state,
        at_least=3,
    )
    kernel, bandwidth = _kernel(samples.real, samples.fake, bandwidth)
    sums = _sums(kernel, len(samples.real))
    p_value = None
    if n_permutations:
        p_value = _p_value(
            kernel, len(samples.real), n_permutations, samples.random, verbose
        )
    del kernel

    def statistic(real, held_out):
        return _sums(_kernel(real, held_out, bandwidth)[0], len(real)).value

    return samples.estimate(sums.value, sums.stderr, samples.floor(statistic), p_value)


def _kernel(real, fake, bandwidth):
    """The kernel of all pairs but those of an example with itself, and its s."""
    x = np.concatenate([real, fake])
    kernel = np.empty((len(x), len(x)))
    for rows, squared in squared_distances(x, x):
        kernel[rows] = squared
    if bandwidth is None:
        # Symmetric in real and fake, as a permutation test needs.
        bandwidth = np.median(np.sqrt(kernel[np.triu_indices(len(x), 1)]))
        # Where most examples are copies of one another, take those that are not.
        bandwidth = bandwidth or np.sqrt(kernel.mean()) or 1.0
    kernel *= -0.5 / bandwidth**2
    np.exp(kernel, out=kernel)
    np.fill_diagonal(kernel, 0)
    return kernel, bandwidth


def _sums(kernel: np.ndarray, n: int) -> Sums:
    """Sums over pairs, of which the first n examples are real."""
    between = kernel[:n, n:]
    within = kernel[:n, :n].sum(axis=1), kernel[n:, n:].sum(axis=1)
    return Sums(*within, between.sum(axis=1), between.sum(axis=0))


def _p_value(kernel, n, n_permutations, random, verbose):
    """Share of permutations, this one included, with an MMD^2 at least as large."""
    size = len(kernel)
    m = size - n
    mixed = np.zeros((size, n_permutations + 1))
    mixed[:n, 0] = 1  # which are real; first as it is, so that rounding is the same
    for column in range(1, n_permutations + 1):
        mixed[random.permutation(size)[:n], column] = 1
    groups = range(0, n_permutations + 1, TOGETHER)
    tick, values = ticker(len(groups), verbose), []
    total = kernel.sum()
    for first in groups:
        is_real = mixed[:, first : first + TOGETHER]
        sums = kernel @ is_real
        real = np.einsum("ij,ij->j", sums, is_real)
        between = sums.sum(axis=0) - real
        fake = total - real - 2 * between
        within = real / (n * (n - 1)) + fake / (m * (m - 1))
        values.append(within - 2 * between / (n * m))
        tick()
    values = np.concatenate(values)
    # A permutation that changes nothing gives the same value up to rounding.
    slack = 1e-12 * max(1.0, abs(values[0]))
    return np.mean(values >= values[0] - slack)
