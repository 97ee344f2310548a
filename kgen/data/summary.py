"""Facts from one pass over the data: range, spread, and kind of numbers."""

import dataclasses
from collections.abc import Iterable

import numpy as np

from kgen.core import messages
from kgen.data.sources import with_channel


@dataclasses.dataclass
class Summary:
    """Facts about a data set, from which heads and working ranges are chosen.

    Attributes:
        event_shape: shape of one example, as the user passed it.
        dtype: dtype of the user's array.
        count: number of examples.
        low: smallest value.
        high: largest value.
        low_per_feature: smallest value of every feature (of a table) or channel (of an
            image).
        high_per_feature: largest value of every feature or channel.
        mean: mean of every feature or channel.
        std: standard deviation of every feature or channel; 0 if and only if it is
            constant, in which case `mean` is its value.
        integral: whether all values are integers.
        scaled_by_255: whether all values are k / 255 for integers k.
    """

    event_shape: tuple[int, ...]
    dtype: np.dtype
    count: int
    low: float
    high: float
    low_per_feature: np.ndarray
    high_per_feature: np.ndarray
    mean: np.ndarray
    std: np.ndarray
    integral: bool
    scaled_by_255: bool

    @property
    def binary(self) -> bool:
        """Whether all values are in {0, 1}, whatever their dtype."""
        return self.integral and self.low >= 0 and self.high <= 1

    @property
    def discrete(self) -> bool:
        """Whether the data are binary, or of an integer dtype."""
        return self.binary or self.dtype.kind in "iu"

    def describe(self) -> str:
        """The values in words, for error messages."""
        kind = "integers" if self.integral else "real numbers"
        return f"{kind} in [{self.low:g}, {self.high:g}]"


def summarise(
    batches: Iterable[np.ndarray],
    owner: str,
    *,
    sequences: bool = False,
    spread: bool = True,
) -> Summary:
    """Summarise data in one pass.

    Args:
        batches: arrays of shape (n, ...), all examples of one shape.
        owner: name of the estimator, for error messages.
        sequences: whether the first axis of an example counts steps, whose number may
            differ between batches.
        spread: whether to compute `mean`, `std` and `scaled_by_255` as well; without
            them it is several times faster.

    Raises:
        ValueError: for empty data, NaN, infinities, or examples of several shapes.
    """
    total: Summary | None = None
    for batch in batches:
        part = _of_batch(batch, owner, sequences=sequences, spread=spread)
        if total is None:
            total = part
        elif part.event_shape[sequences:] != total.event_shape[sequences:]:
            raise messages.other_shape(owner, part.event_shape, total.event_shape)
        else:
            total = _merge(total, part)
    if total is None:
        raise messages.empty_axis(owner, (0,))
    constant = total.low_per_feature == total.high_per_feature
    # The mean of equal numbers is rounded, and so their deviation from it is not 0.
    mean = np.where(constant, total.low_per_feature, total.mean)
    return dataclasses.replace(total, mean=mean, std=np.where(constant, 0, total.std))


EXTREME = 1e30
"""Training data must be below this and, unless they are constant, spread by more than
its inverse: models compute with their squares, in float32."""


def check_resolution(summary: Summary, owner: str) -> None:
    """Raise a ValueError for training data that float32 cannot resolve."""
    if max(abs(summary.low), abs(summary.high)) > EXTREME:
        raise messages.too_extreme(owner, summary.describe())
    mean, std = summary.mean, summary.std
    varies = summary.low_per_feature < summary.high_per_feature
    # The spacing of float32 near the mean is mean * 1.2e-7.
    narrow = varies & (std < np.maximum(2e-6 * np.abs(mean), 1 / EXTREME))
    if narrow.any():
        which = int(np.argmax(narrow))
        raise messages.too_narrow(owner, float(mean[which]), float(std[which]))


def _of_batch(
    batch: np.ndarray, owner: str, *, sequences: bool, spread: bool
) -> Summary:
    if batch.size == 0:
        raise messages.empty_axis(owner, batch.shape)
    # One column per feature or channel.
    columns = with_channel(batch.shape, sequences=sequences)[-1]
    values = batch.reshape(-1, columns)
    low, high = values.min(axis=0).astype(float), values.max(axis=0).astype(float)
    check_finite("X", owner, low, high)
    discrete = batch.dtype.kind in "biu"
    # For reals the first row usually tells.
    integral = discrete or (_whole(values[:1]) and _whole(values))
    mean = std = np.zeros_like(low)
    if spread:
        values = values.astype("float64")
        mean = values.mean(axis=0)
        # Sums of squares would lose digits far from zero.
        std = np.sqrt(((values - mean) ** 2).mean(axis=0))
    return Summary(
        event_shape=batch.shape[1:],
        dtype=batch.dtype,
        count=len(batch),
        low=float(low.min()),
        high=float(high.max()),
        low_per_feature=low,
        high_per_feature=high,
        mean=mean,
        std=std,
        integral=integral,
        scaled_by_255=spread and not discrete and (integral or _scaled_by_255(values)),
    )


def _whole(values: np.ndarray) -> bool:
    return bool((values == np.rint(values)).all())


def _scaled_by_255(values: np.ndarray) -> bool:
    scaled = values * 255.0
    return bool((np.abs(scaled - np.rint(scaled)) < 1e-3).all())


def _merge(a: Summary, b: Summary) -> Summary:
    count = a.count + b.count
    share = b.count / count
    shift = b.mean - a.mean
    variance = (
        (1 - share) * a.std**2 + share * b.std**2 + share * (1 - share) * shift**2
    )
    return dataclasses.replace(
        a,
        count=count,
        dtype=np.result_type(a.dtype, b.dtype),
        low=min(a.low, b.low),
        high=max(a.high, b.high),
        low_per_feature=np.minimum(a.low_per_feature, b.low_per_feature),
        high_per_feature=np.maximum(a.high_per_feature, b.high_per_feature),
        mean=a.mean + share * shift,
        std=np.sqrt(variance),
        integral=a.integral and b.integral,
        scaled_by_255=a.scaled_by_255 and b.scaled_by_255,
    )


def check_finite(name: str, owner: str, *values: np.ndarray) -> None:
    """Raise a ValueError for NaN, and for values that float32 cannot hold."""
    for array in values:
        if np.isnan(array).any():
            raise messages.not_finite(name, owner, "NaN")
        if np.abs(array).max(initial=0) > np.finfo("float32").max:
            raise messages.not_finite(name, owner, "infinity or a value too large")
