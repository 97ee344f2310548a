"""Notice mode collapse while it happens.

References:
    Naeem et al., Reliable Fidelity and Diversity Metrics for Generative Models, 2020
    (coverage). https://arxiv.org/abs/2002.09797
"""

import warnings
from typing import Any

import numpy as np

from kgen.callbacks._samples import AfterEpochs
from kgen.core import messages, validation
from kgen.metrics._pairs import squared_distances
from kgen.metrics._samples import as_array, choose, features_of
from kgen.metrics.precision_recall import prdc

MEASURES = ("coverage", "diversity")
ACTIONS = ("warn", "stop", "restore")


class CollapseMonitor(AfterEpochs):
    """Warn of, stop, or undo mode collapse: samples that leave out most of the data.

    After every epoch it measures samples, relative to what held-out real data get:

    - `"coverage"`: the share of the real data that have a sample in their
      neighbourhood, as in `kgen.metrics.prdc`. It is also low for samples that are
      nothing like the data; the warning gives the precision, which tells the two apart.
    - `"diversity"`: the mean distance between two samples. It only notices collapse to
      a single point, or to one of several modes that are far apart, but bad samples do
      not disturb it.

    If the ratio stays below `threshold` for `patience` looks in a row, it acts, and not
    again until the ratio has been above. `val_coverage` or `val_diversity`, before the
    division, goes into the logs.

    It works in `fit` of estimators and of Keras models. If a model averages its
    weights, the averages are used.

    Args:
        real: real data, (n, ...); half of them are held out to find the ceiling.
        n_samples: samples to draw, >= 20; they are compared with at most as many real
            ones.
        measure: "coverage" or "diversity".
        features: what is compared: None, a `keras.Model` or a function: see
            `kgen.metrics.frechet_distance`.
        threshold: value of the ratio, in (0, 1). A model of one class in ten has a
            coverage of about 0.1.
        patience: looks in a row below the threshold, >= 1. The first epochs of any
            training are below it.
        action: "warn"; "stop", which also ends training after the epoch; "restore",
            which also sets the weights back to those of the best look.
        every: epochs from one look to the next, >= 1.
        seed: seed of the noise; None draws one at random, once.
        condition: for conditional models, condition vectors or indices of labels: see
            `SampleGrid`. None takes the labels in turn.

    Raises:
        ValueError: for settings out of range, and at the start of training for a model
            that cannot draw.

    Example:
        >>> import kgen
        >>> from kgen.data.toy import mixture
        >>> X, _ = mixture(512, random_state=0)
        >>> monitor = CollapseMonitor(X, n_samples=100, action="stop")
        >>> gan = kgen.GAN(latent_dim=4, epochs=2, random_state=0)
        >>> len(gan.fit(X, callbacks=monitor).history_["val_coverage"])
        2

    References:
        Naeem et al., Reliable Fidelity and Diversity Metrics for Generative Models,
        2020, eq. 4 (coverage). https://arxiv.org/abs/2002.09797
    """

    def __init__(
        self,
        real: Any,
        n_samples: int = 1000,
        *,
        measure: str = "coverage",
        features: Any = None,
        threshold: float = 0.25,
        patience: int = 3,
        action: str = "warn",
        every: int = 1,
        seed: int | None = 0,
        condition: Any = None,
    ) -> None:
        super().__init__(n_samples, every, seed, condition)
        validation.check_setting(self, "n_samples", n_samples, ge=20)
        self.measure = validation.check_choice(self, "measure", measure, MEASURES)
        self.features = features
        self.threshold = validation.check_number(
            self, "threshold", threshold, gt=0, lt=1
        )
        self.patience = validation.check_setting(self, "patience", patience, ge=1)
        self.action = validation.check_choice(self, "action", action, ACTIONS)
        self.real = as_array("CollapseMonitor", "real", real)
        chosen = choose(
            "CollapseMonitor",
            self.real,
            self.real[: self.n_samples],
            held_out=None,
            features=features,
            floor=True,
            max_samples=self.n_samples,
            random_state=0,
            at_least=20,
        )
        self._real, held_out = chosen.real, np.asarray(chosen.held_out)
        self._compared = len(held_out)
        self.ceiling, _ = self._measured(held_out)
        self.begin()

    def begin(self):
        self._low, self._warned, self._last = 0, False, None
        self._best = (-np.inf, 0, [])

    def look(self, epoch, logs):
        if self.is_due(epoch) or self._last is None:
            samples = self.draw_like(self.real)[: self._compared]
            found = features_of("CollapseMonitor", self.features, samples)
            self._last, precision = self._measured(found)
            self._judge(epoch, precision)
        logs[f"val_{self.measure}"] = self._last

    def _judge(self, epoch, precision):
        """Count looks below the threshold, and act if they are too many."""
        if self.action == "restore" and self._last > self._best[0]:
            self._best = self._last, epoch, self.model.get_weights()
        if self._last >= self.threshold * self.ceiling:
            self._low, self._warned = 0, False
            return
        self._low += 1
        if self._low < self.patience or self._warned:
            return
        self._warned = True
        text = messages.samples_collapsed(
            self.measure, self._last, self.ceiling, precision, epoch + 1, self._low
        )
        if self.action != "warn":
            self.model.stop_training = True
            text += messages.stopped(
                self._best[1] + 1 if self.action == "restore" else None
            )
        if self.action == "restore":
            self.model.set_weights(self._best[2])
            self._last = self._best[0]
        warnings.warn(text, UserWarning, stacklevel=2)

    def _measured(self, fake: np.ndarray) -> tuple[float, float | None]:
        """The measure of samples, and their precision where it is known."""
        if self.measure == "coverage":
            found = prdc(real=self._real, fake=fake, floor=False, random_state=0)
            return float(found.coverage), float(found.precision)
        total = sum(np.sqrt(part).sum() for _, part in squared_distances(fake, fake))
        return float(total / (len(fake) * (len(fake) - 1))), None
