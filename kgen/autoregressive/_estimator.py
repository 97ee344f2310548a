"""What estimators around autoregressive models have in common."""

from typing import Any, ClassVar

import numpy as np

from kgen.base.chunks import in_chunks
from kgen.base.density import Density
from kgen.base.head import HeadEstimator
from kgen.core import messages, validation
from kgen.core.random import new_seed


class AutoregressiveEstimator(Density, HeadEstimator):
    """What estimators around an `AutoregressiveModel` have in common."""

    _ranks: ClassVar[tuple[int, ...]] = (3, 4)

    def log_prob(self, X: Any, y: Any = None) -> np.ndarray:
        """Exact log-density of every example, shape (n,), float32, in nats.

        Args:
            X: array like the training data.
            y: labels or condition vectors, for conditional estimators only.
        """
        x = self._inputs(X)
        condition = self._conditions_of(len(x), y, "log_prob")
        return in_chunks(self.model_.log_prob, x, condition)

    def sample(
        self,
        n_samples: int | None = None,
        *,
        y: Any = None,
        temperature: float = 1.0,
        random_state: Any = None,
    ) -> np.ndarray:
        """Draw examples like the training data.

        Args:
            n_samples: how many, >= 1; None is 1, or as many as there are in y.
            y: labels or condition vectors, for conditional estimators only.
            temperature: > 0; below 1 the likely values get likelier.
            random_state: None (fresh draws), int or RandomState. Sample i depends on
                it and on i, not on how many are drawn.

        Returns:
            Array of shape (n_samples, *event_shape_) and dtype of the training data.
        """
        temperature = validation.check_temperature(temperature)
        options = {"temperature": temperature, **self._sampling()}
        return self._draw(n_samples, y, random_state, **options)

    def _sampling(self):
        return {"verbose": self.verbose, "jit_compile": self.jit_compile}

    def complete(
        self, X: Any, mask: Any, *, y: Any = None, random_state: Any = None
    ) -> np.ndarray:
        """Redraw what `mask` does not keep, each value given all before it.

        Values after it, in raster order, do not speak: what is kept above and to the
        left is continued, what is kept below is not looked forward to.

        Args:
            X: array like the training data.
            mask: boolean, broadcast to X; True keeps a value, False redraws it.
            y: labels or condition vectors, for conditional estimators only.
            random_state: None (fresh draws), int or RandomState.

        Returns:
            Array of the shape of X and the dtype of the training data.
        """
        x = self._inputs(X)
        condition = self._conditions_of(len(x), y, "complete")
        if condition is None and y is not None:
            raise messages.unwanted_y(type(self).__name__)
        mask, shape = np.asarray(mask), np.shape(X)
        try:
            if mask.dtype != bool:
                raise ValueError
            mask = np.broadcast_to(mask, shape)
        except ValueError:
            raise messages.wrong_mask(mask, shape) from None
        completed = self.model_.complete(
            x,
            mask.reshape(x.shape),
            new_seed(random_state),
            condition,
            **self._sampling(),
        )
        # Kept values as they came: those of the model went through float32.
        return np.where(mask, np.asarray(X, self.dtype_), self._outputs(completed))
