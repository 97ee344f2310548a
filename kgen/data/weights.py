"""How much every example counts."""

from typing import Any

import numpy as np

from kgen.core import messages


def checked_weights(owner: str, sample_weight: Any, n: int) -> np.ndarray:
    """Weights of n examples, float32 of shape (n,), whose mean is 1.

    The mean is 1 so that the loss is a weighted mean, and steps are as large as without
    weights: only their ratios count.

    Args:
        owner: name of the estimator, for error messages.
        sample_weight: numbers >= 0, shape (n,) or (n, 1), not all of them zero.
        n: number of examples.

    Raises:
        ValueError: for anything else.
    """
    weights = nonnegative(owner, sample_weight, n)
    if not weights.any():
        raise messages.wrong_weights(owner, "zero for every example", n)
    return (weights / weights.mean()).astype("float32")


def nonnegative(owner: str, sample_weight: Any, n: int) -> np.ndarray:
    """The same as they are, and possibly all of them zero, float64."""
    try:
        weights = np.asarray(sample_weight)
        if weights.dtype.kind not in "biuf":
            weights = weights.astype("float64")
    except (TypeError, ValueError) as problem:
        raise messages.not_numeric("sample_weight", owner, problem) from problem
    if weights.shape not in ((n,), (n, 1)):
        raise messages.wrong_weights(owner, f"shape {weights.shape}", n)
    weights = weights.reshape(n).astype("float64")
    if not np.isfinite(weights).all():
        raise messages.wrong_weights(owner, "NaN or infinity", n)
    if weights.min() < 0:
        raise messages.wrong_weights(owner, f"{weights.min():g}", n)
    return weights
