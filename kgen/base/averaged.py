"""Estimators that use moving averages of the weights."""

from typing import Any, ClassVar

from kgen.base.estimator import GenerativeEstimator
from kgen.base.fields import param


class AveragingEstimator(GenerativeEstimator):
    """An estimator whose Keras model takes `ema_momentum`: see `kgen.base.averaging`.

    Args:
        ema_momentum: largest momentum of moving averages of the weights, with which the
            model is used between the epochs of its training and after them, >= 0 and
            < 1. It grows with the steps, so that averages are over the last tenth of
            a short fit. None is the weights themselves.
    """

    ema_momentum: float | None = param(0.999, ge=0, lt=1)

    _former_values: ClassVar[dict[str, Any]] = {"ema_momentum": None}
