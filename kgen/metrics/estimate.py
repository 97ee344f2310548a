"""What a metric returns."""

import dataclasses
import math
from typing import Any


@dataclasses.dataclass(frozen=True)
class Estimate:
    """A number that was estimated from samples, and how far to trust it.

    It acts as a float where one is needed: `float(estimate)`, `estimate < 0.1`,
    `f"{estimate:.2f}"`, NumPy, the logs of Keras.

    Args:
        value: the estimate.
        stderr: its standard error; NaN if it was not asked for.
        floor: the same metric of real data against held-out real data, with the same
            numbers of examples: what a perfect model would get. (Where higher is
            better, it is a ceiling.) NaN if it was not asked for.
        n_real: number of real examples that the value is computed from.
        n_fake: number of samples that it is computed from.
        p_value: for tests, the probability of a value this extreme if real and fake
            examples have the same distribution; None if the metric is not a test.

    Example:
        >>> distance = Estimate(0.75, 0.125, 0.5, 100, 80)
        >>> distance
        Estimate(0.75 +- 0.12, floor=0.5, n_real=100, n_fake=80)
        >>> f"{distance:.1f}", distance > 0.5, float(distance)
        ('0.8', True, 0.75)
    """

    value: float
    stderr: float
    floor: float
    n_real: int
    n_fake: int
    p_value: float | None = None

    def __float__(self) -> float:
        return float(self.value)

    def __format__(self, spec: str) -> str:
        return format(float(self), spec) if spec else str(self)

    def __lt__(self, other: Any) -> bool:
        return float(self) < float(other)

    def __le__(self, other: Any) -> bool:
        return float(self) <= float(other)

    def __gt__(self, other: Any) -> bool:
        return float(self) > float(other)

    def __ge__(self, other: Any) -> bool:
        return float(self) >= float(other)

    def __repr__(self) -> str:
        parts = [f"{self.value:.4g}"]
        if not math.isnan(self.stderr):
            parts[0] += f" +- {self.stderr:.2g}"
        if not math.isnan(self.floor):
            parts.append(f"floor={self.floor:.4g}")
        if self.p_value is not None:
            parts.append(f"p_value={self.p_value:.3g}")
        parts += [f"n_real={self.n_real}", f"n_fake={self.n_fake}"]
        return f"Estimate({', '.join(parts)})"
