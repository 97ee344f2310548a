"""Missing values of tables, drawn from a density given the known ones.

Training data with gaps are completed and learned in turn, a Monte Carlo form of
expectation maximisation: first the gaps are filled with values of the nearest other row
that has them; then, round by round, the density is fitted, and the gaps are drawn again
given the known values.

References:
    Rubin, Multiple Imputation for Nonresponse in Surveys, 1987 (several draws).
    Wei and Tanner, A Monte Carlo Implementation of the EM Algorithm and the Poor Man's
    Data Augmentation Algorithms, 1990, sec. 2.
"""

from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin, clone
from sklearn.impute import KNNImputer
from sklearn.utils.validation import check_is_fitted, validate_data

from kgen.core import messages, validation
from kgen.core.random import new_seed


class Imputer(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    """Fills in missing values (NaN) with draws from a density, given the known ones.

    Args:
        density: estimator with `complete`, which is cloned. `MADE(orders="any")`
            conditions on all known values. Densities with a single order condition on
            what comes before a gap in it, which is exact only if no known value comes
            after.
        n_draws: number of draws that `transform` averages, >= 1. One draw is a sample
            of the density; the mean of many is the expected value, which is closer to
            the truth and less spread out than the data.
        n_rounds: how often the density is fitted to training data with gaps, >= 1.
            Every round trains it further, for its own number of epochs.
        random_state: None, int or RandomState, for the draws; the density has its own.

    Attributes:
        density_: the fitted density.
        n_features_in_: number of columns.

    References:
        Rubin, Multiple Imputation for Nonresponse in Surveys, 1987.
        Uria et al., A Deep and Tractable Density Estimator, 2014 (any order).
        https://arxiv.org/abs/1310.1757

    Example:
        >>> import numpy as np
        >>> from kgen import MADE
        >>> X = np.random.default_rng(0).normal(size=(64, 3))
        >>> X[:, 2] = X[:, 0]
        >>> X[::4, 1] = np.nan
        >>> density = MADE(hidden=(16,), orders="any", epochs=1, random_state=0)
        >>> imputer = Imputer(density, n_rounds=2, random_state=0).fit(X)
        >>> imputer.transform(X).shape, imputer.draws(X, 5).shape
        ((64, 3), (5, 64, 3))
    """

    def __init__(
        self,
        density: Any,
        n_draws: int = 1,
        n_rounds: int = 5,
        random_state: Any = None,
    ) -> None:
        self.density = density
        self.n_draws = n_draws
        self.n_rounds = n_rounds
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn the density of X.

        If all values of all columns are whole numbers from 0 to 255, they are learned
        as integers, otherwise as reals.

        Args:
            X: array or DataFrame of numbers, (n, features), where NaN means missing.
            y: ignored.

        Raises:
            TypeError: for a density without `complete`.
            ValueError: for settings out of range, a conditional density, or a column
                without values.
        """
        for name in ("n_draws", "n_rounds"):
            validation.check_setting(self, name, getattr(self, name), ge=1)
        if isinstance(self.density, type) or not hasattr(self.density, "complete"):
            raise messages.cannot_complete(self.density)
        if getattr(self.density, "conditional", False):
            raise messages.conditional_imputer(self.density)
        X = self._validated(X, reset=True)
        missing = np.isnan(X)
        if missing.all(axis=0).any():
            empty = np.flatnonzero(missing.all(axis=0))
            raise messages.nothing_observed(type(self).__name__, self._names(empty))
        self._seed = new_seed(self.random_state)
        known = X[~missing]
        self._whole = bool(_whole(known) and known.min() >= 0 and known.max() <= 255)
        kind = np.dtype("int64") if self._whole else X.dtype
        density = clone(self.density)
        if not missing.any():
            self.density_ = density.fit(X.astype(kind))
            return self
        filled = _of_the_nearest(X, missing, self._seed)
        for turn in range(self.n_rounds):
            density.fit(filled.astype(kind))
            density.set_params(warm_start=True)
            filled = density.complete(filled, ~missing, random_state=self._seed + turn)
        self.density_ = density.set_params(warm_start=self.density.warm_start)
        return self

    def transform(self, X: Any) -> np.ndarray:
        """X with its gaps filled by the mean of `n_draws` draws; the rest as it is.

        Args:
            X: array or DataFrame of numbers, (n, features), where NaN means missing.

        Returns:
            Array of the shape of X, float32 or float64.
        """
        check_is_fitted(self)
        n_draws = validation.check_setting(self, "n_draws", self.n_draws, ge=1)
        X = self._validated(X, reset=False)
        missing = np.isnan(X)
        drawn = self._draws(X, n_draws)
        return np.where(missing, drawn.mean(axis=0, dtype="float64"), X).astype(X.dtype)

    def draws(self, X: Any, n_draws: int) -> np.ndarray:
        """Several completions of X, for multiple imputation.

        Analyse each of them, and combine the results by Rubin's rules: their mean, with
        a variance from within and between them.

        Args:
            X: array or DataFrame of numbers, (n, features), where NaN means missing.
            n_draws: number of completions, >= 1.

        Returns:
            Array of shape (n_draws, n, features).
        """
        check_is_fitted(self)
        validation.check_setting("draws", "n_draws", n_draws, ge=1)
        return self._draws(self._validated(X, reset=False), n_draws)

    def _draws(self, X, n_draws):
        drawn = np.repeat(X[np.newaxis], n_draws, axis=0)
        gaps = np.isnan(X).any(axis=1)
        if gaps.any():
            rows = np.tile(X[gaps], (n_draws, 1))
            seed = self._seed + self.n_rounds
            found = self.density_.complete(rows, random_state=seed)
            drawn[:, gaps] = found.reshape(n_draws, -1, X.shape[1])
        return drawn

    def _validated(self, X, *, reset):
        kinds, gaps = ("float64", "float32"), "allow-nan"
        X = validate_data(self, X, dtype=kinds, ensure_all_finite=gaps, reset=reset)
        if not reset and self._whole and not _whole(X[~np.isnan(X)]):
            raise messages.fractions_of_integers(type(self).__name__)
        return X

    def _names(self, columns):
        names = getattr(self, "feature_names_in_", np.arange(self.n_features_in_))
        return names[columns].tolist()

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


DONORS = 2000
"""Rows, drawn at random, of which the nearest one fills a gap at first."""


def _whole(values):
    return (values == np.rint(values)).all()


def _of_the_nearest(X, missing, seed):
    """X, its gaps filled with values of the nearest row, else of any row."""
    random, scale = np.random.default_rng(seed), np.nanstd(X, axis=0)
    scale[scale == 0] = 1
    donors = X[random.permutation(len(X))[:DONORS]]
    nearest = KNNImputer(n_neighbors=1, keep_empty_features=True).fit(donors / scale)
    filled = np.where(missing, nearest.transform(X / scale) * scale, X)
    # Nothing is near a row without values, and some donors have none in a column.
    nothing = missing.all(axis=1, keepdims=True) | np.isnan(donors).all(axis=0)
    for k in np.flatnonzero((missing & nothing).any(axis=0)):
        rows = missing[:, k] & nothing[:, k]
        filled[rows, k] = random.choice(X[~missing[:, k], k], rows.sum())
    return np.rint(filled) if _whole(X[~missing]) else filled
