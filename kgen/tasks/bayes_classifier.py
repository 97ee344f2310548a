"""A classifier made of densities, which can say that no class explains an example.

    p(y|x) = p(x|y) p(y) / p(x)           x is rejected if log p(x) < threshold

References:
    Chow, On Optimum Recognition Error and Reject Tradeoff, 1970 (rejection).
    Papadopoulos et al., Inductive Confidence Machines for Regression, 2002, sec. 3 (the
    threshold's rank among held-out examples).
"""

import math
import numbers
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.utils import check_random_state, get_tags
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted

from kgen.base.bayes import Posterior, bayes
from kgen.core import messages, validation
from kgen.tasks._densities import (
    check_density,
    check_units,
    checked_examples,
    checked_training_data,
    is_conditional,
    rows_for,
    select,
)


class BayesClassifier(ClassifierMixin, BaseEstimator):
    """Classifier by Bayes' rule: the label whose density explains x best, or none.

    A density per class, or a conditional density, gives p(x|y). So the classifier also
    knows p(x): it rejects what is improbable under all classes, where other classifiers
    have to choose one. `score` is the accuracy, which counts rejected examples as
    wrong.

    With `reject`, a share of the training examples is held out: the densities do not
    see them, and the threshold is set on them. (The other training examples would say
    little: a density explains them better than new ones.) Of new examples like the
    training data, at most the share `reject` is rejected on average, however good or
    bad the density is (unless it is 0 on more of them): the threshold is the held-out
    log p(x) of rank floor(reject (n + 1)) of n, from below. There is no promise about
    how many other examples are rejected.

    If the density is a bound, such as that of `ConditionalVAE`, Bayes' rule uses the
    bound, and probabilities are approximate. Where every density is 0, no class
    explains x: its probabilities are p(y), and it is rejected if there is a threshold.

    Args:
        density: unfitted estimator with `fit` and `score_samples`. It is cloned for
            every class; a conditional one of kgen's (such as `ConditionalPixelCNN`) is
            cloned once, and fitted on X and the labels. Images are flattened for
            densities that only take tables.
        reject: share of examples like the training data that may be rejected, > 0
            and < 1; None rejects none, unless there is a `threshold`.
        reject_label: what `predict` returns for rejected examples: of the same kind as
            the labels in y (a string for strings), but not one of them.
        threshold: log p(x) in nats below which x is rejected, instead of a rate; None
            for no threshold. Densities of 0 are below any.
        priors: p(y) for every class in sorted order, >= 0, with sum 1; None takes the
            frequencies in y.
        calibration: share of the training examples to hold out if `reject` is given,
            > 0 and < 1.
        random_state: None, int or RandomState, for the choice of held-out examples. The
            density has its own.

    Attributes:
        classes_: labels, sorted, (k,).
        class_prior_: p(y), (k,).
        densities_: the fitted densities, one for each class, or a single conditional
            one.
        threshold_: log p(x) in nats below which x is rejected; None if nothing is. It
            may be set after `fit`.
        n_features_in_: number of features, for tables.

    Raises:
        TypeError: in `fit`, if `density` is not a density.
        ValueError: in `fit`, before training, for settings out of range, labels that
            are not classes, or too few held-out examples: no threshold has such a rate
            with fewer than 1 / `reject` - 1.

    Shape:
        X: (n, features), or any other shape that the density takes, such as (n, height,
            width).
        y: (n,), labels of any type.

    References:
        Chow, On Optimum Recognition Error and Reject Tradeoff, 1970.
        https://doi.org/10.1109/TIT.1970.1054406

    Example:
        >>> from sklearn.datasets import load_iris
        >>> from sklearn.mixture import GaussianMixture
        >>> X, y = load_iris(return_X_y=True)
        >>> model = BayesClassifier(GaussianMixture(), reject=0.1, random_state=0)
        >>> model.fit(X, y).predict([X[0], X[-1], [9.0, 9.0, 9.0, 9.0]])
        array([ 0,  2, -1])
    """

    def __init__(
        self,
        density: Any,
        reject: float | None = None,
        reject_label: Any = -1,
        *,
        threshold: float | None = None,
        priors: Any = None,
        calibration: float = 0.2,
        random_state: Any = None,
    ):
        self.density = density
        self.reject = reject
        self.reject_label = reject_label
        self.threshold = threshold
        self.priors = priors
        self.calibration = calibration
        self.random_state = random_state

    def fit(self, X: Any, y: Any) -> Self:
        """Fit a density per class, or a conditional one, and set the threshold.

        Args:
            X: array or DataFrame, n examples.
            y: labels, (n,).
        """
        self._check_settings()
        X, y = checked_training_data(self, X, y, self.density)
        check_classification_targets(y)
        rows = rows_for(self.density, X)
        self.classes_, index, counts = np.unique(
            y, return_inverse=True, return_counts=True
        )
        self.class_prior_ = self._prior(counts)
        train = held_out = np.arange(len(y))
        if self.reject is not None or self.threshold is not None:
            self._check_label()
        if self.reject is not None:
            train, held_out = self._split(index, self.reject)
        self.densities_ = self._fitted(select(rows, train), index[train])
        self.threshold_ = None if self.threshold is None else float(self.threshold)
        if self.reject is not None:
            known = self._posterior(select(rows, held_out)).log_evidence
            rank = _rank(self.reject, len(known))
            self.threshold_ = float(np.sort(known)[rank - 1])
        return self

    def predict(self, X: Any) -> np.ndarray:
        """The most probable label of every example, or `reject_label`, shape (n,).

        If several labels are equally probable, it is the first in `classes_`.

        Args:
            X: examples like the training data.
        """
        posterior = self._posterior(self._checked(X))
        index = posterior.log_proba.argmax(axis=1)
        if self.threshold_ is None:
            return self.classes_[index]
        found = posterior.log_evidence
        rejected = (found < self.threshold_) | np.isneginf(found)
        labels = np.append(self.classes_, self.reject_label)
        return labels[np.where(rejected, len(self.classes_), index)]

    def predict_proba(self, X: Any) -> np.ndarray:
        """p(y|x), (n, k), in the order of `classes_`; also for rejected examples.

        Args:
            X: examples like the training data.
        """
        return np.exp(self.predict_log_proba(X))

    def predict_log_proba(self, X: Any) -> np.ndarray:
        """Logarithms of `predict_proba`, (n, k).

        Args:
            X: examples like the training data.
        """
        return self._posterior(self._checked(X)).log_proba

    def score_samples(self, X: Any) -> np.ndarray:
        """Log p(x), (n,), in nats, which is compared with `threshold_`.

        Args:
            X: examples like the training data.
        """
        return self._posterior(self._checked(X)).log_evidence

    def _posterior(self, rows: Any) -> Posterior:
        if is_conditional(self.density):
            (density,) = self.densities_
            each = [density.log_prob(rows, self.classes_[i : i + 1]) for i in self._all]
        else:
            each = [density.score_samples(rows) for density in self.densities_]
        return bayes(np.stack(each, axis=1), self.class_prior_)

    @property
    def _all(self) -> range:
        return range(len(self.classes_))

    def _fitted(self, rows: Any, index: np.ndarray) -> list:
        if is_conditional(self.density):
            return [clone(self.density).fit(rows, self.classes_[index])]
        parts = (select(rows, np.flatnonzero(index == i)) for i in self._all)
        return [clone(self.density).fit(part) for part in parts]

    def _checked(self, X: Any) -> Any:
        """Examples of a method, in the shape that the density takes."""
        check_is_fitted(self)
        return rows_for(self.density, checked_examples(self, X, self.density))

    def _check_settings(self) -> None:
        """Raise a ValueError for a density or a rate that is not allowed."""
        name = type(self).__name__
        check_density(name, "density", self.density)
        check_units(name, "density", self.density)
        if self.reject is not None:
            validation.check_number(name, "reject", self.reject, gt=0, lt=1)
        if self.threshold is not None:
            validation.check_number(name, "threshold", self.threshold)
            if self.reject is not None:
                raise messages.two_thresholds(self.reject, self.threshold)
        validation.check_number(name, "calibration", self.calibration, gt=0, lt=1)

    def _check_label(self) -> None:
        """Raise a ValueError if a label could not tell that an example was rejected."""
        label, classes = self.reject_label, self.classes_
        text = isinstance(label, str)
        if text != (classes.dtype.kind in "OUS") or np.ndim(label) != 0:
            why = "is of another kind than the labels in y"
            raise messages.wrong_reject_label(label, classes.tolist(), why)
        if not text and not isinstance(label, numbers.Real):
            raise messages.wrong_reject_label(label, classes.tolist(), "is no label")
        if label in classes.tolist():
            raise messages.wrong_reject_label(label, classes.tolist(), "is in y")

    def _split(self, index: np.ndarray, reject: float) -> tuple[np.ndarray, np.ndarray]:
        """Rows to fit on, at least one of every class, and rows that are held out."""
        order = check_random_state(self.random_state).permutation(len(index))
        first = order[np.unique(index[order], return_index=True)[1]]
        rest = order[~np.isin(order, first)]
        n = min(round(self.calibration * len(index)), len(rest))
        if not _rank(reject, n):
            raise messages.too_few_held_out(reject, n, math.ceil(1 / reject) - 1)
        return np.sort(np.append(first, rest[n:])), np.sort(rest[:n])

    def _prior(self, counts: np.ndarray) -> np.ndarray:
        if self.priors is None:
            return counts / counts.sum()
        k = len(counts)
        try:
            prior = np.asarray(self.priors, "float64")
        except (TypeError, ValueError):
            raise messages.wrong_priors(self.priors, k) from None
        if prior.shape != (k,) or not (prior >= 0).all() or abs(prior.sum() - 1) > 1e-6:
            raise messages.wrong_priors(self.priors, k)
        return prior / prior.sum()

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        if isinstance(self.density, BaseEstimator):
            tags.input_tags = get_tags(self.density).input_tags
        return tags


def _rank(reject: float, n: int) -> int:
    """Place of the threshold among n held-out examples, from below; 0 is none.

    One more example is equally likely to fall at any of n + 1 places before, between
    and after them. As many of these places as the rank are below the threshold.
    """
    return math.floor(reject * (n + 1) + 1e-9)
