"""The base of the estimators around a `FlowModel`."""

import warnings
from collections.abc import Iterable
from typing import Any, ClassVar

import numpy as np

from kgen.base.averaged import AveragingEstimator
from kgen.base.chunks import in_chunks
from kgen.base.density import Density
from kgen.base.fields import param
from kgen.core import messages, validation
from kgen.data.summary import Summary
from kgen.flows.model import LARGEST, FlowModel
from kgen.heads import auto
from kgen.layers import ActNorm, Bijection, Chain, Flat, Logit, Units

MOST = 2**16
"""Largest range of integers whose noise float32 can resolve."""


class FlowEstimator(Density, AveragingEstimator):
    """An estimator of reals, or of integers with noise, by a flow.

    A subclass implements `build_model`, which returns `self._model` of its bijections.

    Args:
        conditional: whether to model x given y, labels or vectors.
    """

    conditional: bool = param(False)

    _takes_weights: ClassVar[bool] = True
    _learned: ClassVar[dict[str, Any]] = {
        "loc_": np.ndarray,
        "unit_": np.ndarray,
        "range_": (tuple, type(None)),
    }

    def _adapt(self, summary: Summary) -> None:
        super()._adapt(summary)
        self.loc_, self.unit_ = summary.mean, summary.std
        self.range_ = None
        if not summary.discrete:
            auto.warn_of_levels(summary)
            return
        low, high = int(summary.low), int(summary.high)
        if low >= 0 and auto.FEW_LEVELS <= high <= 255:
            low, high = 0, 255  # pixels, like those of the heads
        if high - low >= MOST or max(abs(low), abs(high)) > LARGEST:
            owner, held = type(self).__name__, summary.describe()
            raise messages.too_many_levels(owner, held, MOST, LARGEST)
        self.range_ = low, high

    @property
    def levels_(self) -> int | None:
        """Number of integers that are possible; None for reals."""
        return None if self.range_ is None else self.range_[1] - self.range_[0] + 1

    def _constants(self) -> Any:
        return self.unit_ == 0, self.loc_

    def _check_values(self, summary: Summary) -> None:
        super()._check_values(summary)
        if self.range_ is not None:
            low, high = self.range_
            if not (summary.integral and low <= summary.low and summary.high <= high):
                raise self._no_integers(summary, self.range_)

    def _check_kind(self, summary: Summary) -> None:
        super()._check_kind(summary)
        if self.range_ is not None and not summary.integral:
            raise self._no_integers(summary, self.range_)

    def _no_integers(self, summary: Summary, fitted: tuple[int, int]) -> ValueError:
        owner, held = type(self).__name__, summary.describe()
        return messages.no_integers(owner, held, *fitted)

    def _model(
        self, bijections: Iterable[Bijection], *, flat: bool = True
    ) -> FlowModel:
        """The flow from data in their own units to noise.

        Args:
            bijections: for values of about zero mean and unit variance.
            flat: whether they take vectors rather than images.
        """
        policy = {"dtype": self.policy_}
        shape: list[Bijection] = [Flat(**policy)] if flat else []
        if self.range_ is None:
            parts = [Units(self.loc_.tolist(), self.unit_.tolist(), **policy), *shape]
        else:
            # Logits of levels near the ends are far out.
            logit = Logit(0, self.levels_, **policy)
            parts = [logit, *shape, ActNorm(**policy)]
        chain = Chain([*parts, *bijections], **policy)
        return FlowModel(chain, self.range_, self.seed_, self.ema_momentum, **policy)

    def log_prob(self, X: Any, y: Any = None, n_importance: int = 16) -> np.ndarray:
        """Log-density of every example, shape (n,), float32, in nats and data units.

        It is exact for reals. For integers it is a lower bound on the log-probability,
        and -inf, with a warning, outside their range. This range is that of the
        training data, or 0..255 if they all lie in it and one is above 30. The result
        is deterministic: the fitted seed and the row itself fix the noise.

        Args:
            X: array like the training data.
            y: labels or condition vectors, for conditional estimators only.
            n_importance: draws of the noise for integers, >= 1; more draws give a
                tighter bound.
        """
        k = validation.check_setting("log_prob", "n_importance", n_importance, ge=1)
        x = self._inputs(X)
        condition = self._conditions_of(len(x), y, "log_prob")

        def density(x, condition=None):
            return self.model_.log_prob(x, condition, n_importance=k)

        rows = self.model_.density_rows
        found = in_chunks(density, x, condition, rows=rows, pieces=True)
        if self.range_ is not None and np.isneginf(found).any():
            text = messages.outside_range(type(self).__name__, self.range_)
            warnings.warn(text, UserWarning, stacklevel=2)
        return found

    def sample(
        self, n_samples: int | None = None, *, y: Any = None, random_state: Any = None
    ) -> Any:
        """Draw examples like the training data: noise, mapped to data by the flow.

        Args:
            n_samples: how many, >= 1; None is 1, or the length of y.
            y: labels or condition vectors, for conditional estimators only.
            random_state: None (fresh draws), int or RandomState. Sample i depends on
                it and on i, not on how many are drawn.

        Returns:
            Array of shape (n_samples, *event_shape_), in the dtype of the training
            data; a DataFrame if `fit` was given one.
        """
        return self._draw(n_samples, y, random_state)
