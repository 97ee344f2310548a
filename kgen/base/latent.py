"""Estimators that draw a latent code first."""

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from kgen.core import messages

if TYPE_CHECKING:
    from kgen.base.estimator import GenerativeEstimator as _Base
else:
    # Not a subclass: a dataclass takes its fields from every base, and would take the
    # defaults of `GenerativeEstimator` over those of the class this is mixed into.
    _Base = object


class LatentMixin(_Base):
    """What estimators with a `latent_dim` have in common."""

    latent_dim: int

    def sample(
        self, n_samples: int | None = None, *, y: Any = None, random_state: Any = None
    ) -> np.ndarray:
        """Draw examples like the training data: first z from the prior, then x given z.

        Args:
            n_samples: how many, >= 1; None is 1, or as many as there are in y.
            y: labels or condition vectors, for conditional estimators only.
            random_state: None (fresh draws), int or RandomState. Sample i depends on
                it and on i, not on how many are drawn.

        Returns:
            Array of shape (n_samples, *event_shape_) and dtype of the training data.
        """
        return self._draw(n_samples, y, random_state)

    def _codes(self, z: Any) -> np.ndarray:
        """Checked latent codes, float32 of shape (n, latent_dim)."""
        check_is_fitted(self)
        try:
            codes = np.asarray(z, "float32")
        except (TypeError, ValueError) as problem:
            owner = type(self).__name__
            raise messages.not_numeric("z", owner, problem) from problem
        wanted = self.model_.latent_dim
        if codes.ndim != 2 or codes.shape[1] != wanted or not np.isfinite(codes).all():
            raise messages.wrong_codes(codes.shape, wanted)
        return codes
