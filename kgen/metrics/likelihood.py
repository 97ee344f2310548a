"""Bits per dimension: the usual unit of log-densities."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from kgen.core import messages, validation
from kgen.metrics.estimate import Estimate


def bits_per_dim(log_prob: Any, event_shape: Sequence[int]) -> Estimate:
    """Negative log-density per scalar of an example, in bits: lower is better.

        bits = -mean(log_prob) / (log(2) d),   d = the product of event_shape

    Args:
        log_prob: log-densities of held-out data, in nats, (n,), as from `log_prob`.
        event_shape: shape of one example, such as X.shape[1:].

    Returns:
        An estimate whose n_real is n; there is no floor.

    Raises:
        ValueError: for log-densities that are NaN or not (n,), or an invalid shape.

    Example:
        >>> float(bits_per_dim(np.log([0.25, 0.25]), (2,)))
        1.0
    """
    values = np.asarray(log_prob)
    numeric = values.dtype.kind in "iuf" and values.ndim == 1 and len(values)
    if not numeric or np.isnan(values).any():
        raise messages.wrong_log_prob(values.shape)
    sizes = np.atleast_1d(np.asarray(event_shape, object))
    if not all(validation.is_a(size, int) and size >= 1 for size in sizes):
        raise messages.not_a_shape(event_shape)
    bits = -values.astype("float64") / (np.log(2) * np.prod(sizes.astype(int)))
    finite = np.isfinite(bits).all()
    stderr = bits.std() / np.sqrt(len(bits)) if finite else np.nan
    return Estimate(float(bits.mean()), float(stderr), float("nan"), len(bits), 0)
