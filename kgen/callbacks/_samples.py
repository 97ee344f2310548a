"""Samples of a model in training, the same noise and conditions after every epoch."""

from typing import Any

import keras
import numpy as np

from kgen.core import messages, validation
from kgen.core.random import as_seed


class AfterEpochs(keras.callbacks.Callback):
    """Base of the callbacks that draw samples after every epoch, or every few.

    A subclass implements `look(epoch, logs)`, which draws with `draw()`, and may
    implement `begin()`.

    Args:
        n_samples: how many to draw, >= 1.
        every: epochs from one look to the next, >= 1. The first epoch is looked at.
        seed: of the noise, the same every time.
        condition: for conditional models, condition vectors, (k, condition_dim), or
            indices of labels among the sorted labels, integers (k,), which are repeated
            as often as needed. None takes the labels in turn.
    """

    def __init__(
        self, n_samples: int, every: int, seed: int | None, condition: Any
    ) -> None:
        super().__init__()
        self.n_samples = validation.check_setting(self, "n_samples", n_samples, ge=1)
        self.every = validation.check_setting(self, "every", every, ge=1)
        self.seed = as_seed(seed)
        self.condition = _checked(self, condition)

    def begin(self) -> None:
        """Forget the former run."""

    def look(self, epoch: int, logs: dict[str, Any]) -> None:
        """Draw, and do something with the samples."""
        raise NotImplementedError

    def on_train_begin(self, logs=None):
        if not callable(getattr(self.model, "sample", None)):
            raise messages.cannot_draw(type(self).__name__, type(self.model).__name__)
        self.begin()

    def on_epoch_end(self, epoch, logs=None):
        self.look(epoch, {} if logs is None else logs)

    def is_due(self, epoch: int) -> bool:
        """Whether an epoch, counted from 0, is one to look at."""
        return epoch % self.every == 0

    def draw(self) -> np.ndarray:
        """Samples in the units of the data, (n_samples, *event_shape) float32."""
        n, width = self.n_samples, getattr(self.model, "condition_dim", 0)
        if not width and self.condition is None:
            return np.asarray(self.model.sample(n, seed=self.seed))
        given = np.arange(width) if self.condition is None else self.condition
        if given.ndim == 1:
            if width and given.max() >= width:
                raise messages.no_such_label(type(self).__name__, given.max(), width)
            given = np.eye(max(width, 1), dtype="float32")[given % max(width, 1)]
        given = given[np.arange(n) % len(given)]
        return np.asarray(self.model.sample(n, seed=self.seed, condition=given))

    def draw_like(self, real: np.ndarray) -> np.ndarray:
        """Samples of the shape of real data, and rounded if those are integers."""
        samples = self.draw()
        if samples[0].size == real[0].size:  # an image may have a channel axis more
            samples = samples.reshape(len(samples), *real.shape[1:])
        return np.rint(samples) if real.dtype.kind in "biu" else samples


def _checked(owner: Any, condition: Any) -> np.ndarray | None:
    if condition is None:
        return None
    given = np.asarray(condition)
    labels = given.ndim == 1 and given.dtype.kind in "iu" and given.size
    vectors = given.ndim == 2 and given.dtype.kind in "biuf" and given.size
    if not (labels and given.min() >= 0) and not vectors:
        raise messages.wrong_condition(type(owner).__name__, given)
    return given if labels else given.astype("float32")
