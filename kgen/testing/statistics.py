"""The statistical test of samplers."""

import numpy as np


def check_frequencies(counts: np.ndarray, probability: np.ndarray) -> None:
    """Pearson's chi-square test of counts against probabilities.

    Cells with an expected count below five are merged.

    Args:
        counts: how often every outcome was seen, shape (k,).
        probability: of every outcome, shape (k,).

    Raises:
        AssertionError: if a distance this large has a probability below 1e-4.
    """
    from scipy.stats import chi2  # a dependency of scikit-learn

    expected = probability * counts.sum() / probability.sum()
    rare = expected < 5
    counts = np.append(counts[~rare], counts[rare].sum())
    expected = np.append(expected[~rare], expected[rare].sum())
    keep = expected > 0
    assert counts[~keep].sum() == 0, "there are samples of probability zero"
    distance = ((counts - expected)[keep] ** 2 / expected[keep]).sum()
    limit = chi2.ppf(1 - 1e-4, max(keep.sum() - 1, 1))
    assert distance < limit, f"chi-square is {distance:.0f}, not < {limit:.0f}"
