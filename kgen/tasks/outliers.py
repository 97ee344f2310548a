"""Outliers by the likelihood, and by scores that are better than the likelihood.

References:
    Nalisnick et al., Do Deep Generative Models Know What They Don't Know?, 2019.
    https://arxiv.org/abs/1810.09136
    Nalisnick et al., Detecting Out-of-Distribution Inputs to Deep Generative Models
    Using Typicality, 2019, eq. 4 for a single example.
    https://arxiv.org/abs/1906.02994
    Ren et al., Likelihood Ratios for Out-of-Distribution Detection, 2019, eq. 4.
    https://arxiv.org/abs/1906.02845
    Serra et al., Input Complexity and Out-of-distribution Detection with
    Likelihood-based Generative Models, 2020, eq. 1. https://arxiv.org/abs/1909.11480
    Bates et al., Testing for Outliers with Conformal p-values, 2023, sec. 2.
    https://arxiv.org/abs/2104.08279
"""

import math
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, OutlierMixin, clone
from sklearn.frozen import FrozenEstimator
from sklearn.utils import _safe_indexing, get_tags
from sklearn.utils.validation import check_is_fitted

from kgen.core import messages, validation
from kgen.tasks import _scoring
from kgen.tasks._densities import check_density
from kgen.tasks.backgrounds import Background
from kgen.tasks.complexity import Complexity

SCORES = ("likelihood", "typicality", "likelihood_ratio")
HELD_OUT, FALSE_ALARMS = 5, 0.05
"""With contamination="auto" one row of so many is held out, and the threshold calls
that share of them outliers."""


class _Score(str):
    """Name of a score that can be called, as scikit-learn calls a method `score`."""

    detector: Any

    def __call__(self, X: Any, y: Any = None) -> float:
        """Mean of the detector's `score_samples`."""
        return float(np.mean(self.detector.score_samples(X, y)))

    def __reduce__(self) -> tuple:
        return str, (str(self),)


class OutlierDetector(OutlierMixin, BaseEstimator):
    """Detects examples that a density finds improbable, with scikit-learn's interface.

    The likelihood alone falls into a trap (Nalisnick et al.): for images, it mostly
    says how smooth they are, and a density of clothes finds digits, which it has never
    seen, more probable than clothes. The scores, high for normal examples, are

        "likelihood"        log p(x),
        "typicality"        -|log p(x) - mean of log p over the training data|,
        "likelihood_ratio"  log p(x) - log p_background(x).

    For tables, begin with the likelihood; for images, with the ratio. Typicality finds
    what is too probable as well as what is too improbable; it is blind to outliers of
    ordinary likelihood.

    Args:
        density: estimator with `fit` and `score_samples`: kgen's, scikit-learn's, or a
            Pipeline that ends in one. It is cloned; to use one that is fitted already,
            wrap it in `sklearn.frozen.FrozenEstimator`.
        contamination: share of the training data to call outliers, in (0, 0.5]; or
            "auto", for training data with few or no outliers. Then a fifth is held out
            of the fit, and the threshold is such that new examples from the same
            distribution are called outliers with a probability of at most 5%, given 100
            examples or more (conformal; Bates et al.). If everything to fit is frozen,
            nothing is held out: then pass examples that the density did not learn from.
        score: "likelihood", "typicality" or "likelihood_ratio".
        background: what the ratio compares with; other scores ignore it. None is the
            length of a lossless code, `Complexity` (Serra et al.). A density is fitted
            on perturbed data, by `Background` with its defaults (Ren et al.), unless it
            is a `Background`, a `Complexity` or a FrozenEstimator, fitted on whatever
            is typical of all data of that kind.

    Attributes:
        density_: the fitted density.
        background_: the fitted background (with "likelihood_ratio").
        mean_log_prob_: mean of log p over the training data (with "typicality").
        offset_: the threshold: predict is -1 where score_samples is below it.
        threshold_: the same number.
        n_features_in_: number of columns (of tables).
        feature_names_in_: names of columns (of DataFrames).

    Shape:
        X: whatever the density takes, such as tables (n, d) and images (n, h, w).

    Example:
        >>> from sklearn.mixture import GaussianMixture
        >>> X = np.random.default_rng(0).normal(size=(1000, 2))
        >>> detector = OutlierDetector(GaussianMixture(), contamination=0.02).fit(X)
        >>> int((detector.predict(X) == -1).sum())
        20
        >>> detector.predict([[0.0, 0.0], [5.0, 5.0]]).tolist()
        [1, -1]

    References:
        Nalisnick et al., Detecting Out-of-Distribution Inputs to Deep Generative Models
        Using Typicality, 2019. https://arxiv.org/abs/1906.02994
        Ren et al., Likelihood Ratios for Out-of-Distribution Detection, 2019.
        https://arxiv.org/abs/1906.02845
        Serra et al., Input Complexity and Out-of-distribution Detection with
        Likelihood-based Generative Models, 2020. https://arxiv.org/abs/1909.11480
    """

    def __init__(self, density, contamination=0.1, score="likelihood", background=None):
        self.density = density
        self.contamination = contamination
        self.score = score
        self.background = background

    @property
    def score(self) -> Any:
        """The setting; called as a method, the mean of `score_samples` of X.

        scikit-learn's densities have such a method; its pipelines and searches expect
        `score` to be one.
        """
        value = self.__dict__["score"]
        if not isinstance(value, str):
            return value
        named = _Score(value)
        named.detector = self
        return named

    @score.setter
    def score(self, value: Any) -> None:
        self.__dict__["score"] = value

    def get_params(self, deep: bool = True) -> dict:  # noqa: FBT001, FBT002 (scikit-learn's)
        """Settings by name."""
        return {**super().get_params(deep), "score": self.__dict__["score"]}

    def fit(self, X: Any, y: Any = None) -> Self:
        """Fit the density, and the background if there is one, and set the threshold.

        Args:
            X: array of shape (n, ...), or a DataFrame.
            y: labels or condition vectors, for conditional densities, which find
                outliers among the examples of a label. Other densities do not need it.

        Raises:
            TypeError: if `density` or `background` has no `fit` or no `score_samples`
                (GANs have none), or for datasets.
            ValueError: for other settings out of range, or data that the density does
                not accept.
        """
        background = self._check_settings()
        X = _scoring.check_examples(self, X, self.density, reset=True)
        learns = [self.density] + ([] if background is None else [background])
        fixed = all(isinstance(x, (FrozenEstimator, Complexity)) for x in learns)
        train, judged = (X, y), (X, y)
        if self.contamination == "auto" and not fixed:
            train, judged = self._split(X, y)
        taken = _scoring.as_taken(self.density, train[0])
        self.density_ = clone(self.density).fit(taken, train[1])
        log_prob = self._log_prob(*judged)
        if self.score == "typicality":
            own = log_prob if judged is train else self._log_prob(*train)
            self.mean_log_prob_ = float(np.mean(own[np.isfinite(own)]))
        if background is not None:
            self.background_ = clone(background).fit(*train)
        self.offset_ = self._threshold(self._scores(log_prob, *judged))
        self.threshold_ = self.offset_
        return self

    def score_samples(self, X: Any, y: Any = None) -> np.ndarray:
        """Score of every example, (n,), in nats: the lower, the more unusual.

        Args:
            X: array or DataFrame like the training data.
            y: labels or condition vectors, for conditional densities.
        """
        check_is_fitted(self)
        X = _scoring.check_examples(self, X, self.density, reset=False)
        return self._scores(self._log_prob(X, y), X, y)

    def decision_function(self, X: Any, y: Any = None) -> np.ndarray:
        """`score_samples` minus the threshold: negative for outliers, (n,), in nats."""
        return self.score_samples(X, y) - self.offset_

    def predict(self, X: Any, y: Any = None) -> np.ndarray:
        """-1 for outliers and 1 for all others, (n,)."""
        return np.where(self.decision_function(X, y) < 0, -1, 1)

    def fit_predict(self, X: Any, y: Any = None) -> np.ndarray:
        """`fit`, then `predict` for the same examples."""
        return self.fit(X, y).predict(X, y)

    def _check_settings(self) -> Any:
        """Check all arguments, and return the background to fit, or None."""
        owner = type(self).__name__
        check_density(owner, "density", self.density)
        validation.check_choice(self, "score", self.__dict__["score"], SCORES)
        if isinstance(self.contamination, str):
            choices = ("auto",)
            validation.check_choice(self, "contamination", self.contamination, choices)
        else:
            validation.check_number(
                self, "contamination", self.contamination, gt=0, le=0.5
            )
        if self.score != "likelihood_ratio":
            return None
        if self.background is None:
            return Complexity()
        check_density(owner, "background", self.background)
        own = (Background, Complexity, FrozenEstimator)
        named = isinstance(self.background, own)
        return self.background if named else Background(self.background)

    def _split(self, X: Any, y: Any) -> tuple[tuple, tuple]:
        """What to fit, and what sets the threshold: X and y of each."""
        n = X.shape[0]
        if n < 2:
            raise messages.too_few_to_hold_out(type(self).__name__, n)
        y = y if y is None or hasattr(y, "shape") else np.asarray(y)
        order = np.random.default_rng(0).permutation(n)
        held = max(1, n // HELD_OUT)
        rows = np.sort(order[held:]), np.sort(order[:held])
        train, judged = (
            (_safe_indexing(X, part), y if y is None else _safe_indexing(y, part))
            for part in rows
        )
        return train, judged

    def _log_prob(self, X: Any, y: Any) -> np.ndarray:
        return self._defined("the density", _scoring.log_prob(self.density_, X, y))

    def _scores(self, log_prob: np.ndarray, X: Any, y: Any) -> np.ndarray:
        if self.score == "likelihood":
            return log_prob
        if self.score == "typicality":
            return -np.abs(log_prob - self.mean_log_prob_)
        background = _scoring.log_prob(self.background_, X, y)
        background = self._defined("the background", background)
        # What is impossible is an outlier, whatever the background finds.
        impossible = np.isneginf(log_prob)
        return np.where(impossible, -np.inf, log_prob) - np.where(
            impossible, 0, background
        )

    def _defined(self, who: str, values: np.ndarray) -> np.ndarray:
        if np.isnan(values).any():
            undefined = int(np.isnan(values).sum())
            raise messages.undefined_scores(type(self).__name__, who, undefined)
        return values

    def _threshold(self, scores: np.ndarray) -> float:
        """The score that has the right number of examples below it."""
        scores, n = np.sort(scores), len(scores)
        finite = scores[np.isfinite(scores)]
        if not len(finite):
            raise messages.nothing_possible(type(self).__name__, n)
        if self.contamination == "auto":
            # A new score is equally likely to be at any of n + 1 places among them.
            k = max(0, math.floor(FALSE_ALARMS * (n + 1)) - 1)
        else:
            k = round(self.contamination * n)
        above = np.clip(scores[k], finite[0], finite[-1])
        below = scores[k - 1] if k else -np.inf
        # Rounding must not split what is equal, nor what is next to the threshold.
        rounding = 1e-9 * max(1.0, abs(above))
        if not np.isfinite(below) or above - below < rounding:
            return float(above - rounding)
        return float((above + below) / 2)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags = get_tags(self.density).input_tags
        return tags
