"""A metric of samples in the logs of every epoch."""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from kgen.callbacks._samples import AfterEpochs
from kgen.core import messages
from kgen.metrics.estimate import Estimate


class SampleMetric(AfterEpochs):
    """Write a metric of samples into the logs, for the history and other callbacks.

    Its name in the logs is `val_` plus that of the metric, such as
    `val_frechet_distance`. Several values, as from `prdc`, each have `val_` plus a name
    of their own. Put it before callbacks that watch it: `EarlyStopping(monitor=...)`,
    `ModelCheckpoint(monitor=..., save_best_only=True)`. They also need `mode="min"` or
    "max".

    It works in `fit` of estimators and of Keras models. If a model averages its
    weights, the averages are used.

    Args:
        metric: a function of `real=` and `fake=`, such as those of `kgen.metrics`, that
            returns a number, an `Estimate`, or a named tuple of them. Pass settings
            with `functools.partial(metric, floor=False, random_state=0)`, which also
            saves the time for a floor that nobody sees.
        real: real data to compare with, (n, ...), ideally held-out data.
        n_samples: samples to draw, >= 1.
        every: epochs from one evaluation to the next, >= 1. In between, the last value
            is repeated.
        seed: seed of the noise; None draws one at random, once.
        condition: for conditional models, condition vectors or indices of labels: see
            `SampleGrid`. None takes the labels in turn, as if all were equally
            frequent.
        name: name in the logs, without `val_`, instead of the metric's.

    Raises:
        ValueError: for settings out of range, and at the start of training for a model
            that cannot draw.

    Example:
        >>> import kgen
        >>> from kgen.data.toy import mixture
        >>> X, _ = mixture(256, random_state=0)
        >>> distance = functools.partial(kgen.metrics.mmd, floor=False, random_state=0)
        >>> watch = SampleMetric(distance, X, n_samples=100)
        >>> gan = kgen.GAN(latent_dim=4, epochs=2, random_state=0)
        >>> gan = gan.fit(X, callbacks=watch)
        >>> len(gan.history_["val_mmd"])
        2
    """

    def __init__(
        self,
        metric: Callable[..., Any],
        real: Any,
        n_samples: int = 1000,
        *,
        every: int = 1,
        seed: int | None = 0,
        condition: Any = None,
        name: str | None = None,
    ) -> None:
        super().__init__(n_samples, every, seed, condition)
        if not callable(metric):
            raise messages.wrong_metric(metric)
        self.metric = metric
        self.real = np.asarray(real)
        self.name = name
        self._last: dict[str, float] = {}

    def begin(self):
        self._last = {}

    def look(self, epoch, logs):
        # Callbacks that watch a value expect one in every epoch.
        if self.is_due(epoch) or not self._last:
            found = self.metric(real=self.real, fake=self.draw_like(self.real))
            self._last = self._named(found)
        logs.update(self._last)

    def _named(self, found):
        if not isinstance(found, tuple):
            metric = self.metric
            while isinstance(metric, functools.partial):
                metric = metric.func
            own = getattr(metric, "__name__", type(metric).__name__)
            return {f"val_{self.name or own}": float(found)}
        prefix = f"val_{self.name}_" if self.name else "val_"
        fields = found._asdict().items()
        return {
            f"{prefix}{field}": float(value)
            for field, value in fields
            if isinstance(value, (Estimate, float))
        }
