"""Optimizers, callbacks and backups for a run of `keras.Model.fit`."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import keras
import numpy as np

from kgen.base.fields import LearningRate
from kgen.base.joint_optimizer import unscaled
from kgen.core import messages, persistence, replicas
from kgen.core.registry import unknown_name


def epochs_in(history: dict[str, list[float]]) -> int:
    """Number of epochs in a history."""
    return max(map(len, history.values()), default=0)


def named_optimizer(
    name: str,
    learning_rate: LearningRate,
    weight_decay: float | None,
    options: dict[str, dict],
) -> keras.optimizers.Optimizer:
    """Optimizer with that name, and with `options[name]` as further settings.

    Args:
        name: of a class in `keras.optimizers`, in any case.
        learning_rate: a number or a schedule.
        weight_decay: None is the optimizer's own.
        options: settings that are always the same, by the optimizer's name.

    Raises:
        ValueError: if Keras has none with that name.
    """
    known = {
        entry.lower(): getattr(keras.optimizers, entry)
        for entry in dir(keras.optimizers)
        if isinstance(getattr(keras.optimizers, entry), type)
        and "Optimizer" not in entry
    }
    if name.lower() not in known:
        raise ValueError(unknown_name("optimizer", name, list(known)))
    settings = dict(options.get(name.lower(), {}))
    if weight_decay is not None:
        settings["weight_decay"] = float(weight_decay)
    rate = learning_rate if _is_schedule(learning_rate) else float(learning_rate)
    return known[name.lower()](rate, **settings)


def check_optimizer(estimator: Any) -> None:
    """Raise a ValueError for settings of an optimizer that is given as an instance."""
    if isinstance(estimator.optimizer, str):
        return
    names = ("learning_rate", "weight_decay")
    defaults = {f.name: f.default for f in dataclasses.fields(estimator)}
    unused = [n for n in names if getattr(estimator, n) != defaults[n]]
    if unused:
        raise messages.settings_beside_optimizer(type(estimator).__name__, unused)


def set_learning_rate(model: Any, learning_rate: LearningRate) -> None:
    """Train further with another learning rate, or with the same schedule.

    Raises:
        ValueError: for another schedule, or a number in the place of one.
    """
    for optimizer in map(unscaled, model.optimizer_list()):
        former = optimizer.get_config()["learning_rate"]
        if isinstance(former, dict) or _is_schedule(learning_rate):
            new = keras.saving.serialize_keras_object(learning_rate)
            if new != former:
                raise messages.other_schedule(type(model).__name__)
        else:
            optimizer.learning_rate = float(learning_rate)


def _is_schedule(learning_rate: LearningRate) -> bool:
    return isinstance(learning_rate, keras.optimizers.schedules.LearningRateSchedule)


def copy_of(optimizer: keras.optimizers.Optimizer) -> keras.optimizers.Optimizer:
    """A fresh optimizer with the same settings, and no state."""
    return type(optimizer).from_config(optimizer.get_config())


class StopOnNaN(keras.callbacks.Callback):
    """Raise a FloatingPointError that names the epoch and likely causes.

    Args:
        owner: name of the estimator.
    """

    EVERY = 100
    """Batches between two checks: each check waits for the device."""

    def __init__(self, owner: str) -> None:
        super().__init__()
        self.owner = owner
        self.epoch = 0

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        if (batch + 1) % self.EVERY == 0:
            self._check(logs)

    def on_epoch_end(self, epoch, logs=None):
        self._check(logs)

    def _check(self, logs):
        for name, value in (logs or {}).items():
            if not name.startswith("val_") and not np.isfinite(value):
                raise messages.diverged(self.owner, name, self.epoch + 1)


class KeepEpoch(keras.callbacks.Callback):
    """Record the history of an estimator, and its state after the last epoch."""

    def __init__(self, estimator: Any) -> None:
        super().__init__()
        self.estimator = estimator
        self._state: tuple[list, dict] | None = None

    def on_epoch_end(self, epoch, logs=None):
        history = {k: list(v) for k, v in self.estimator.history_.items()}
        for name, value in (logs or {}).items():
            history.setdefault(name, []).append(float(value))
        values = snapshot(self.estimator.model_)
        self._state = values, history
        self.estimator.history_ = history

    def rewind(self) -> bool:
        """Restore the estimator's state after the last epoch, if there was one."""
        if self._state is None:
            return False
        values, self.estimator.history_ = self._state
        for variable, value in values:
            variable.assign(value)
        return True


def snapshot(model: Any) -> list:
    """Pairs of variables and values, for all variables that training changes."""
    return [
        (variable, np.array(keras.ops.convert_to_tensor(variable)))
        for variable in model.training_variables()
    ]


class Backup(keras.callbacks.Callback):
    """Save an estimator after every epoch, and resume an interrupted fit.

    Of several workers only the first writes, and all read: they must share the folder.

    Args:
        estimator: the estimator being fitted.
        folder: folder for the backup; created if it does not exist.
    """

    def __init__(self, estimator: Any, folder: Any) -> None:
        super().__init__()
        self.estimator = estimator
        Path(folder).mkdir(parents=True, exist_ok=True)
        self.path = Path(folder, "backup.keras")

    def on_epoch_end(self, epoch, logs=None):
        if replicas.is_chief():
            self.estimator.save(self.path)

    def restore(self, first: int, last: int) -> int:
        """Load the backup if there is one, and return the epoch to continue with."""
        if not self.path.exists():
            return first
        model, facts = persistence.read(self.path)
        fitted = facts["fitted"]
        done = epochs_in(fitted["history_"])
        # What was learned from the data must be the same, too.
        own = {k: v for k, v in vars(self.estimator).items() if k in fitted}
        saved = {k: v for k, v in fitted.items() if k in own}
        params = self.estimator.get_params(deep=False)
        same = _text(facts["params"]) == _text(params) and _text(saved) == _text(own)
        if not (same and first <= done <= last):
            raise messages.other_backup(self.path)
        self.estimator.model_ = model
        vars(self.estimator).update(fitted)
        return done

    def remove(self) -> None:
        """Delete the backup: the fit has ended."""
        if replicas.is_chief():
            self.path.unlink(missing_ok=True)


def _text(facts: dict[str, Any]) -> str:
    encoded = {}
    for name, value in facts.items():
        if isinstance(value, keras.optimizers.Optimizer):
            # Keras numbers the names of optimizers as it creates them.
            value = {**value.get_config(), "name": type(value).__name__}
        if name not in ("verbose", "history_", "seed_"):
            encoded[name] = persistence.encode(name, value)
    return json.dumps(encoded, sort_keys=True)
