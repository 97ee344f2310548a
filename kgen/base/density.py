"""Estimators with a density, and estimators that explain that they have none."""

from typing import Any, ClassVar

import numpy as np
from sklearn.base import DensityMixin
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from kgen.base.bayes import Posterior, bayes
from kgen.base.estimator import GenerativeEstimator
from kgen.core import messages


def _is_conditional(estimator: Any) -> bool:
    """Whether it is one of p(x|y): only those can predict labels."""
    return bool(estimator.conditional)


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

    @available_if(_is_conditional)
    def predict(self, X: Any) -> np.ndarray:
        """The most probable label of every example, given x, shape (n,).

        Conditional estimators only. See `predict_proba`. Of equally probable labels,
        the first in `classes_` is returned.

        Args:
            X: array like the training data.
        """
        posterior, classes = self._posterior(X, "predict")
        return classes[posterior.log_proba.argmax(axis=1)]

    @available_if(_is_conditional)
    def predict_proba(self, X: Any) -> np.ndarray:
        """Probability of every label given x, by Bayes' rule, shape (n, labels).

        Conditional estimators only. p(y|x) is p(x|y) p(y) / p(x), where log p(x|y) is
        `log_prob` and p(y) is `class_prior_`, the frequencies in the training data
        (uniform if a file does not have them). If `log_prob` is a lower bound, the
        probabilities are approximate. An example that no label explains has a
        `log_prob` of -inf for all labels, and gets p(y). `kgen.tasks.BayesClassifier`
        can reject such examples, and takes other priors.

        Args:
            X: array like the training data.

        Returns:
            Columns in the order of `classes_`, float64.

        Raises:
            ValueError: if `fit` was given condition vectors rather than labels.
        """
        posterior, _ = self._posterior(X, "predict_proba")
        return np.exp(posterior.log_proba)

    def _posterior(self, X: Any, method: str) -> tuple[Posterior, np.ndarray]:
        """What Bayes' rule says about the labels, and the labels."""
        check_is_fitted(self)
        classes, prior = self.classes_, self.class_prior_
        if classes is None:
            dim = self.condition_dim_
            raise messages.no_labels(type(self).__name__, method, dim)
        k = len(classes)
        each = [self.log_prob(X, classes[i : i + 1]) for i in range(k)]
        prior = np.full(k, 1 / k) if prior is None else prior
        return bayes(np.stack(each, axis=1), prior), classes


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
        return super().__getattribute__(name)  # raises, with the usual message
