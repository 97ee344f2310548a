"""Estimators whose networks produce data within the range of tanh."""

from typing import Any, ClassVar

import numpy as np
from keras import layers

from kgen.base.estimator import GenerativeEstimator
from kgen.core import messages
from kgen.data.summary import Summary
from kgen.layers.scaling import Scaling


class ScaledEstimator(GenerativeEstimator):
    """An estimator that maps the range of its training data to [-1, 1], and back."""

    _learned: ClassVar[dict[str, Any]] = {"low_": np.ndarray, "high_": np.ndarray}

    def _adapt(self, summary: Summary) -> None:
        """Map the range of every feature, or of all pixels, to that of tanh."""
        super()._adapt(summary)
        low, high = summary.low_per_feature, summary.high_per_feature
        if len(summary.event_shape) > 1:
            low, high = np.array([summary.low]), np.array([summary.high])
        self.low_, self.high_ = low, high

    def _constants(self) -> Any:
        return self.low_ == self.high_, self.low_

    def _check_values(self, summary: Summary) -> None:
        super()._check_values(summary)
        low, high = self.low_.min(), self.high_.max()
        # A few new values may lie outside the training range, but not most of them: the
        # mean of values within it is within it, and their spread at most half of it.
        rounding = 1e-6 * max(abs(low), abs(high))
        apart = np.maximum(low - summary.mean, summary.mean - high)
        inside = (apart <= rounding) & (summary.std <= high - low + rounding)
        if not inside.all() or (self.discrete_ and not summary.integral):
            kind = "integers" if self.discrete_ else "numbers"
            fitted = f"{kind} in [{low:g}, {high:g}]"
            owner = type(self).__name__
            raise messages.other_range(owner, summary.describe(), fitted)

    def _range(self) -> tuple[np.ndarray, np.ndarray]:
        """Middle and half-width of the range, for every feature or for all pixels."""
        return (self.high_ + self.low_) / 2, (self.high_ - self.low_) / 2

    def _scalings(self) -> tuple[list[layers.Layer], layers.Layer]:
        """Layers from a network's output to data, and from data to a network."""
        middle, half = self._range()
        # Data are float32, whatever the policy: half precision would round them.
        to_data = [
            layers.Activation("tanh", dtype="float32"),
            Scaling(half.tolist(), middle.tolist(), dtype="float32"),
        ]
        inverse = 1 / np.where(half > 0, half, 1.0)  # also for constant features
        scale, offset = inverse.tolist(), (-middle * inverse).tolist()
        return to_data, Scaling(scale, offset, dtype="float32")
