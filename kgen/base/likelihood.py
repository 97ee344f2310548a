"""Estimators with a density."""

from typing import Any, ClassVar

import numpy as np
from sklearn.base import DensityMixin

from kgen.base.estimator import GenerativeEstimator
from kgen.base.fields import param
from kgen.core import messages
from kgen.data.summary import Summary
from kgen.heads import Categorical, Head, Normal, auto


class LikelihoodEstimator(DensityMixin, GenerativeEstimator):
    """Base of the estimators that give examples a probability.

    A subclass implements `log_prob(X, y=None)`.

    Args:
        head: name or instance of a `kgen.heads.Head`; "auto" chooses by the data.
    """

    head: str | Head = param("auto")

    _many_levels: ClassVar[type[Head]] = Categorical
    _reals: ClassVar[type[Head]] = Normal

    def _adapt(self, summary: Summary) -> None:
        self.head_ = auto.for_data(self.head, summary, self._many_levels, self._reals)
        self.levels_ = self.head_.levels
        self.discrete_ = self.levels_ is not None or self.dtype_.kind in "biu"

    def _check_known(self, summary: Summary) -> None:
        super()._check_known(summary)
        if not self.head_.support.holds(summary):
            raise messages.other_values(
                type(self).__name__, summary.describe(), auto.call(self.head_)
            )

    def log_prob(self, X: Any, y: Any = None) -> np.ndarray:
        """Log-density of every example, shape (n,), float32, in nats and data units.

        Args:
            X: array like the training data.
            y: ignored by estimators that are not conditional.
        """
        raise NotImplementedError

    def score_samples(self, X: Any, y: Any = None) -> np.ndarray:
        """Alias of `log_prob`, under scikit-learn's name."""
        return self.log_prob(X, y)

    def score(self, X: Any, y: Any = None) -> float:
        """Mean of `log_prob`, in nats per example."""
        return float(np.mean(self.log_prob(X, y), dtype="float64"))

    def bits_per_dim(self, X: Any, y: Any = None) -> float:
        """Bits that the density spends on a scalar of X: lower is better."""
        return float(-self.score(X, y) / (np.log(2.0) * np.prod(np.shape(X)[1:])))
