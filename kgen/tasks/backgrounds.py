"""The background of a likelihood ratio: a density of perturbed data.

Most of the likelihood of an image is about what all images share, such as smooth areas
and empty margins. A model of images with random pixels learns that part, and little of
what the images show.

References:
    Ren et al., Likelihood Ratios for Out-of-Distribution Detection, 2019, sec. 3 and 4.
    https://arxiv.org/abs/1906.02845
"""

from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, DensityMixin, clone
from sklearn.utils import check_array, get_tags
from sklearn.utils.validation import check_is_fitted

from kgen.core import validation
from kgen.core.random import new_seed
from kgen.data.frames import is_frame
from kgen.tasks import _scoring
from kgen.tasks._densities import check_density, is_conditional

ROWS = 4096  # at once


class Background(DensityMixin, BaseEstimator):
    """A density of perturbed data: the background model of Ren et al.

    With probability `mutation_rate`, a scalar is replaced by a uniform draw between the
    smallest and the largest value in training (of its column, in tables; text columns
    of DataFrames draw from their values). What makes the data what they are is lost
    before what all such data share. Regularising the density, for example by
    `weight_decay`, helps in the same direction (sec. 4 of the paper).

    Args:
        density: estimator with `fit` and `score_samples`, which is cloned.
        mutation_rate: probability that a scalar is replaced, in (0, 1]; the paper uses
            0.1 to 0.3 for images, 0.1 and 0.2 for sequences.
        random_state: None, int or RandomState, for the perturbation. None takes that of
            the density, if it has one.

    Attributes:
        density_: the density, fitted on perturbed data.

    Example:
        >>> from sklearn.mixture import GaussianMixture
        >>> X = np.random.default_rng(0).normal(size=(500, 1))
        >>> background = Background(GaussianMixture(), 0.5, random_state=0).fit(X)
        >>> bool(background.density_.covariances_[0, 0, 0] > 1.5)
        True
    """

    def __init__(self, density, mutation_rate=0.2, random_state=None):
        self.density = density
        self.mutation_rate = mutation_rate
        self.random_state = random_state

    @property
    def conditional(self) -> bool:
        """Whether the density is one of x given y."""
        return is_conditional(self.density)

    def fit(self, X: Any, y: Any = None) -> Self:
        """Fit the density on X with mutations.

        Args:
            X: array of shape (n, ...), or a DataFrame.
            y: labels or condition vectors, for conditional densities.

        Raises:
            TypeError: if `density` has no `fit` or no `score_samples`.
            ValueError: for a mutation rate that is not a probability.
        """
        owner = type(self).__name__
        check_density(owner, "density", self.density)
        rate = validation.check_number(
            self, "mutation_rate", self.mutation_rate, gt=0, le=1
        )
        X = _scoring.check_examples(self, X, self.density, reset=True)
        state = self.random_state
        if state is None:
            state = getattr(self.density, "random_state", None)
        random = np.random.default_rng(new_seed(state))
        taken = _scoring.as_taken(self.density, mutated(X, rate, random))
        self.density_ = clone(self.density).fit(taken, y)
        return self

    def score_samples(self, X: Any, y: Any = None) -> np.ndarray:
        """Log-density of every example under the background, (n,), in nats."""
        check_is_fitted(self)
        X = _scoring.check_examples(self, X, self.density, reset=False)
        return _scoring.log_prob(self.density_, X, y)

    def score(self, X: Any, y: Any = None) -> float:
        """Mean of `score_samples`."""
        return float(np.mean(self.score_samples(X, y)))

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags = get_tags(self.density).input_tags
        return tags


def mutated(X: Any, rate: float, random: np.random.Generator) -> Any:
    """X with some of its scalars replaced by uniform draws: see `Background`.

    Args:
        X: numbers, shape (n, ...), or a DataFrame.
        rate: probability that a scalar is replaced.
        random: where the draws come from.

    Returns:
        What was passed, in the same dtypes.

    Example:
        >>> random = np.random.default_rng(0)
        >>> mutated(np.array([[0, 7], [1, 7], [0, 7], [1, 7]]), 1.0, random).max(axis=0)
        array([1, 7])
    """
    if is_frame(X):
        return _mutated_frame(X, rate, random)
    x = check_array(X, allow_nd=True, ensure_all_finite=False)
    axis = 0 if x.ndim == 2 else None
    whole = np.all(np.rint(x) == x, axis=axis) if x.dtype.kind == "f" else True
    low = np.min(x, axis=axis).astype("float64")
    high = np.max(x, axis=axis).astype("float64")
    parts = []
    for first in range(0, len(x), ROWS):
        part = x[first : first + ROWS]
        draws = low + random.random(part.shape) * (high - low + whole)
        draws = np.where(whole, np.minimum(np.floor(draws), high), draws)
        keep = random.random(part.shape) >= rate
        parts.append(np.where(keep, part, draws.astype(x.dtype)))
    return np.concatenate(parts)


def _mutated_frame(frame: Any, rate: float, random: np.random.Generator) -> Any:
    """A DataFrame: its numbers as an array of them, other columns from their values."""
    changed = frame.copy()
    kinds = [d.kind if isinstance(d, np.dtype) else "O" for d in frame.dtypes]
    numbers = [i for i, kind in enumerate(kinds) if kind in "biuf"]
    if numbers:
        parts = [frame.iloc[:, i].to_numpy() for i in numbers]
        block = mutated(np.stack(parts, axis=1), rate, random)
        for i, values in zip(numbers, block.T, strict=True):
            changed.isetitem(i, values.astype(frame.dtypes.iloc[i]))
    for i in sorted({*range(len(kinds))} - {*numbers}):
        column = frame.iloc[:, i]
        known = column.unique()
        draws = known[random.integers(len(known), size=len(column))]
        keep = random.random(len(column)) >= rate
        changed.isetitem(i, column.where(keep, draws))
    return changed
