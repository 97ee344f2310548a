"""The unbiased maximum mean discrepancy, and its standard error, from sums of a kernel.

    MMD^2 = sum_{i != j} k(x_i, x_j) / (n (n - 1))
          + sum_{i != j} k(y_i, y_j) / (m (m - 1))
          - 2 sum_ij k(x_i, y_j) / (n m)

References:
    Gretton et al., A Kernel Two-Sample Test, 2012, lemma 6.
    https://jmlr.org/papers/v13/gretton12a.html
"""

import dataclasses

import numpy as np


@dataclasses.dataclass
class Sums:
    """Sums of a kernel over all other examples, for every example.

    Args:
        within_real: sum over the other real examples, (n,).
        within_fake: sum over the other fake ones, (m,).
        real_to_fake: sum over the fake examples, for every real one, (n,).
        fake_to_real: sum over the real examples, for every fake one, (m,).
    """

    within_real: np.ndarray
    within_fake: np.ndarray
    real_to_fake: np.ndarray
    fake_to_real: np.ndarray

    @property
    def value(self) -> float:
        """The unbiased estimate of MMD^2."""
        n, m = len(self.within_real), len(self.within_fake)
        within = self.within_real.sum() / (n * (n - 1))
        within += self.within_fake.sum() / (m * (m - 1))
        return float(within - 2 * self.real_to_fake.sum() / (n * m))

    @property
    def stderr(self) -> float:
        """Its standard error, by the jackknife: leaving out one example at a time.

        It errs on the large side (Efron and Stein, 1981), most where both distributions
        are the same.
        """
        sides = (
            (self.within_real, self.real_to_fake, len(self.within_fake)),
            (self.within_fake, self.fake_to_real, len(self.within_real)),
        )
        variance = 0.0
        for within, between, other in sides:
            n = len(within)
            left = (within.sum() - 2 * within) / ((n - 1) * (n - 2))
            left -= 2 * (between.sum() - between) / ((n - 1) * other)
            variance += (n - 1) * left.var()
        return float(np.sqrt(variance))
