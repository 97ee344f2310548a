"""Estimators whose network ends in a head, which may depend on the data."""

import warnings
from typing import Any, ClassVar

import numpy as np

from kgen.base.estimator import GenerativeEstimator
from kgen.base.fields import param
from kgen.core import messages
from kgen.data.summary import Summary
from kgen.heads import Categorical, Head, Normal, auto


class HeadEstimator(GenerativeEstimator):
    """An estimator with a head: from network outputs to a distribution of the data.

    Args:
        head: name or instance of a `kgen.heads.Head`; "auto" chooses by the data.
    """

    head: str | Head = param("auto")

    _takes_weights: ClassVar[bool] = True
    _learned: ClassVar[dict[str, Any]] = {"head_": Head, "levels_": (int, type(None))}
    # What "auto" chooses for integers with many levels, and for floats.
    _many_levels: ClassVar[type[Head]] = Categorical
    _reals: ClassVar[type[Head]] = Normal

    def _adapt(self, summary: Summary) -> None:
        super()._adapt(summary)
        self.head_ = auto.for_data(self.head, summary, self._many_levels, self._reals)
        self.levels_ = self.head_.levels
        self.discrete_ = self.levels_ is not None or self.dtype_.kind in "biu"

    def _constants(self) -> Any:
        return self.head_.constants

    def _draws_bits(self) -> Any:
        return self.head_.compares

    def _check_values(self, summary: Summary) -> None:
        super()._check_values(summary)
        if not self.head_.support.holds(summary):
            raise self._other_values(summary)

    def _check_kind(self, summary: Summary) -> None:
        super()._check_kind(summary)
        if self.levels_ is not None and not summary.integral:
            raise self._other_values(summary)

    def _other_values(self, summary: Summary) -> ValueError:
        return messages.other_values(
            type(self).__name__, summary.describe(), auto.call(self.head_)
        )

    def _warn_of_impossible(self, log_prob: np.ndarray) -> np.ndarray:
        """Warn about examples that cannot occur, and return the log-densities."""
        if self.levels_ is not None and np.isneginf(log_prob).any():
            text = messages.impossible(type(self).__name__, auto.call(self.head_))
            warnings.warn(text, UserWarning, stacklevel=3)
        return log_prob
