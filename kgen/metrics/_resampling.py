"""Standard errors, by computing a statistic again on other samples.

References:
    Efron, Bootstrap Methods: Another Look at the Jackknife, 1979.
    https://doi.org/10.1214/aos/1176344552
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from kgen.core import validation
from kgen.core.progress import Verbose, ticker


def bootstrap(
    owner: str,
    statistic: Callable[[np.ndarray, np.ndarray], Any],
    real: np.ndarray,
    fake: np.ndarray,
    *,
    n_resamples: int,
    random: np.random.Generator,
    verbose: Verbose,
) -> float:
    """Standard deviation of a statistic of rows that are drawn with replacement.

    Args:
        owner: name of the metric.
        statistic: a function of real and fake examples.
        real: (n, ...).
        fake: (m, ...).
        n_resamples: number of resamples, >= 2, or 0 for no standard error.
        random: what they are drawn from.
        verbose: see the metrics.

    Returns:
        NaN if there are no resamples.
    """
    validation.check_setting(owner, "n_resamples", n_resamples, ge=0)
    if not n_resamples:
        return math.nan
    validation.check_setting(owner, "n_resamples", n_resamples, ge=2)
    tick, values = ticker(n_resamples, verbose), []
    for _ in range(n_resamples):
        a, b = (x[random.integers(len(x), size=len(x))] for x in (real, fake))
        values.append(float(statistic(a, b)))
        tick()
    return float(np.std(values, ddof=1))
