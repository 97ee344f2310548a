"""Estimators with a density, and estimators that explain that they have none."""

from typing import Any, ClassVar

import numpy as np
from sklearn.base import DensityMixin

from kgen.base.estimator import GenerativeEstimator
from kgen.core import messages


class Density(DensityMixin, GenerativeEstimator):
    """An estimator with a density, exact or bounded from below.

    A subclass implements `log_prob(X, y=None)`, and sets `density` to "exact" or
    "lower bound".
    """

    density: ClassVar[str] = "exact"

    def log_prob(self, X: Any, y: Any = None) -> np.ndarray:
        """Log-density of every example, shape (n,), float32, in nats and data units.

        Args:
            X: array like the training data.
            y: labels or condition vectors, for conditional estimators only.
        """
        raise NotImplementedError

    def score_samples(self, X: Any, y: Any = None) -> np.ndarray:
        """Alias of `log_prob`, under scikit-learn's name."""
        return self.log_prob(X, y)

    def score(self, X: Any, y: Any = None) -> float:
        """Mean of `log_prob`, in nats per example."""
        return float(np.mean(self.log_prob(X, y), dtype="float64"))

    def bits_per_dim(self, X: Any, y: Any = None) -> float:
        """Negative log-density per scalar of X, in bits: lower is better."""
        return float(-self.score(X, y) / (np.log(2.0) * np.prod(np.shape(X)[1:])))


_METHODS = ("log_prob", "score_samples", "score", "bits_per_dim")


class NoDensity(GenerativeEstimator):
    """An estimator that cannot say how probable an example is.

    It has none of the methods of `Density`, and perhaps no `sample`; the error says
    what to use instead.
    """

    density: ClassVar[str] = "none"

    def __getattr__(self, name: str) -> Any:
        owner = type(self).__name__
        if name in _METHODS:
            samples = hasattr(type(self), "sample")
            raise messages.no_density(owner, name, samples=samples)
        if name == "sample" and not hasattr(type(self), name):
            raise messages.no_samples(owner)
        return super().__getattribute__(name)  # raises, with the message for others
