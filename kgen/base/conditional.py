"""What estimators of p(x|y) know about y."""

from typing import Any

import numpy as np

from kgen.core import messages
from kgen.data.conditions import Conditions


class TakesConditions:
    """The part of an estimator that deals with labels and condition vectors."""

    conditional = False
    """Whether the model is one of p(x|y); if so, `fit` and most methods need y."""

    conditions_: Conditions

    def _conditions_to_draw(self, n, y, seed) -> tuple[int, np.ndarray | None]:
        """Number of examples to draw, and their conditions; None if unconditional."""
        if not self.conditional:
            if y is not None:
                raise messages.unwanted_y(type(self).__name__)
            return 1 if n is None else n, None
        if y is None:
            n = 1 if n is None else n
            return n, self.conditions_.draw(n, seed)
        condition = self.conditions_.of(n, y, "sample", "n_samples is")
        return len(condition), condition

    def _conditions_of(self, n: int, y: Any, method: str) -> np.ndarray | None:
        """The condition of each of n examples; None if the model is not conditional."""
        return self.conditions_.of(n, y, method) if self.conditional else None

    @property
    def condition_dim_(self) -> int:
        """Length of the vectors that the model is conditional on; 0 if it is not."""
        return self._conditions("condition_dim_").dim if self.conditional else 0

    @property
    def classes_(self) -> np.ndarray | None:
        """Labels, sorted; None for condition vectors. Conditional estimators only."""
        return self._conditions("classes_").classes

    @property
    def class_prior_(self) -> np.ndarray | None:
        """Frequencies of the labels in the training data; None for vectors."""
        return self._conditions("class_prior_").prior

    def _conditions(self, name: str) -> Conditions:
        if "conditions_" not in vars(self):
            raise AttributeError(
                f"This {type(self).__name__} has no `{name}`: it is not conditional, "
                "or not fitted."
            )
        return self.conditions_
