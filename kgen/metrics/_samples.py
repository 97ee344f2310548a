"""Features of real and fake examples, checked, and few enough to compare."""

import dataclasses
import math
from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from kgen.core import messages, validation
from kgen.core.random import new_seed
from kgen.data.frames import is_frame, to_array
from kgen.metrics.estimate import Estimate

ROWS = 1000
"""Examples that a network computes features of at once, at most."""


@dataclasses.dataclass(frozen=True)
class Samples:
    """Features of the examples to compare, float64, and a stream of noise.

    Args:
        real: (n, features).
        fake: (m, features).
        held_out: real ones for the floor, (m, features), or None.
        random: what the metric draws from.
    """

    real: np.ndarray
    fake: np.ndarray
    held_out: np.ndarray | None
    random: np.random.Generator

    def floor(self, statistic: Callable[[np.ndarray, np.ndarray], Any]) -> float:
        """A statistic of real data against held-out real data; NaN without those."""
        if self.held_out is None:
            return math.nan
        return float(statistic(self.real, self.held_out))

    def estimate(
        self, value: Any, stderr: Any, floor: Any, p_value: Any = None
    ) -> Estimate:
        """The result for these samples."""
        counts = len(self.real), len(self.fake)
        p_value = None if p_value is None else float(p_value)
        return Estimate(float(value), float(stderr), float(floor), *counts, p_value)


def choose(
    owner: str,
    real: Any,
    fake: Any,
    *,
    held_out: Any,
    features: Any,
    floor: bool,
    max_samples: int,
    random_state: Any,
    at_least: int = 2,
) -> Samples:
    """Choose the examples that a metric compares, and compute their features.

    There are as many fake as held-out examples, and both are compared with the same
    real ones, so value and floor have the same bias. Without `held_out`, real data are
    split at random into a held-out part, at most half, and the rest.

    Args:
        owner: name of the metric.
        real: see the metrics.
        fake: see the metrics.
        held_out: see the metrics.
        features: see the metrics.
        floor: whether there is to be a floor.
        max_samples: examples of each kind, at most.
        random_state: see the metrics.
        at_least: examples of each kind, at least.

    Raises:
        ValueError: for arguments that do not fit.
    """
    max_samples = validation.check_setting(
        owner, "max_samples", max_samples, ge=at_least
    )
    random = np.random.default_rng(new_seed(random_state))
    arrays = {"real": as_array(owner, "real", real)}
    arrays["fake"] = as_array(owner, "fake", fake, arrays["real"])
    if held_out is not None:
        arrays["held_out"] = as_array(owner, "held_out", held_out, arrays["real"])
    counts = {name: len(array) for name, array in arrays.items()}
    split = floor and held_out is None
    if split:
        counts["real"] //= 2
    for name, count in counts.items():
        if count < at_least:
            found = len(arrays[name])
            needed = at_least * (1 + (split and name == "real"))
            raise messages.too_few_samples(owner, name, found, needed, split=split)
    real, fake = arrays["real"], arrays["fake"]
    size = min(len(fake), max_samples)
    if not floor:
        chosen = [some(real, max_samples, random), some(fake, size, random)]
    else:
        if split:
            size = min(size, counts["real"])
            order = random.permutation(len(real))
            held_out, rest = real[order[:size]], order[size:]
            real = real[np.sort(rest[:max_samples])]
        else:
            size = min(size, counts["held_out"])
            held_out = some(arrays["held_out"], size, random)
        chosen = [some(real, max_samples, random), some(fake, size, random), held_out]
    vectors = [features_of(owner, features, array) for array in chosen]
    for name, part in zip(("fake", "held_out"), vectors[1:], strict=False):
        check_width(owner, name, part, vectors[0])
    return Samples(vectors[0], vectors[1], vectors[2] if floor else None, random)


def as_array(owner: str, name: str, x: Any, like: np.ndarray | None = None) -> Any:
    """Examples as a finite array, (n, ...), of the shape of others.

    Raises:
        ValueError: if they are something else.
    """
    try:
        array = to_array(x, owner) if is_frame(x) else np.asarray(x)
    except ValueError as problem:
        raise messages.not_numeric(name, owner, problem) from problem
    if array.dtype.kind not in "biuf":
        raise messages.not_numeric(name, owner, f"dtype {array.dtype}")
    if array.ndim < 2 or array.size == 0:
        raise messages.wrong_features_rank(owner, name, array.shape)
    check_finite(owner, name, array)
    if like is not None and array.shape[1:] != like.shape[1:]:
        raise messages.other_features(owner, name, array.shape[1:], like.shape[1:])
    return array


def check_finite(owner: str, name: str, array: np.ndarray) -> None:
    """Raise a ValueError for NaN and infinite values."""
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        what = "NaN" if np.isnan(array).any() else "infinity"
        raise messages.not_finite(name, owner, what)


def check_width(owner: str, name: str, got: np.ndarray, real: np.ndarray) -> None:
    """Raise a ValueError for features of another number than those of real data."""
    if got.shape[1] != real.shape[1]:
        raise messages.other_features(owner, name, got.shape[1:], real.shape[1:])


def features_of(owner: str, features: Any, x: np.ndarray) -> np.ndarray:
    """Features of examples, (n, k) float64.

    Raises:
        ValueError: if they are not finite, or not one row for each example.
    """
    found = apply(owner, features, x)
    if found.ndim < 1 or len(found) != len(x) or found.dtype.kind not in "biuf":
        raise messages.features_failed(owner, features, found.shape, len(x))
    check_finite(owner, "features(X)", found)
    return found.reshape(len(x), -1).astype("float64")


def apply(owner: str, features: Any, x: np.ndarray) -> np.ndarray:
    """What `features` makes of examples, a part at a time."""
    if features is None:
        return x
    if not callable(features):
        raise messages.wrong_features(owner, features)
    parts = [x[first : first + ROWS] for first in range(0, len(x), ROWS)]
    if isinstance(features, keras.Model):
        found = [
            features(keras.ops.convert_to_tensor(part.astype("float32")))
            for part in parts
        ]
    else:
        found = [features(part) for part in parts]
    if not all(hasattr(part, "shape") and len(part.shape) > 0 for part in found):
        raise messages.features_failed(owner, features, np.shape(found[0]), len(x))
    return np.concatenate([keras.ops.convert_to_numpy(part) for part in found])


def some(x: np.ndarray, size: int, random: np.random.Generator) -> np.ndarray:
    """That many examples, in their order, or all."""
    if len(x) <= size:
        return x
    return x[np.sort(random.permutation(len(x))[:size])]
