"""Estimators that use moving averages of the weights."""

from typing import Any, ClassVar

from kgen.base.estimator import GenerativeEstimator
from kgen.base.fields import param


class AveragingEstimator(GenerativeEstimator):
    """An estimator whose Keras model takes `ema_momentum`: see `kgen.base.averaging`.

    Args:
        ema_momentum: largest momentum of moving averages of the weights, >= 0 and < 1.
            The model uses the averages between the epochs of its training and after
            them. The momentum grows with the steps, so that a short fit averages over
            its last tenth. None uses the weights themselves.
    """

    ema_momentum: float | None = param(0.999, ge=0, lt=1)

    _former_values: ClassVar[dict[str, Any]] = {"ema_momentum": None}
