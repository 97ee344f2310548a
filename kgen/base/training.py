"""Optimizers and callbacks for a run of `keras.Model.fit`."""

import copy
import dataclasses
from typing import Any

import keras
import numpy as np
from sklearn.base import BaseEstimator, clone

from kgen.base.adam import Adam
from kgen.base.fields import LearningRate
from kgen.core import backend, messages
from kgen.core.registry import unknown_name
from kgen.core.replicas import unscaled


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
        name: name of a class in `keras.optimizers`, in upper or lower case.
        learning_rate: a number or a schedule.
        weight_decay: a number; None is the optimizer's own.
        options: settings that are always the same, by the optimizer's name.

    Raises:
        ValueError: if Keras has no optimizer with that name.
    """
    known = {
        entry.lower(): getattr(keras.optimizers, entry)
        for entry in dir(keras.optimizers)
        if isinstance(getattr(keras.optimizers, entry), type)
        and "Optimizer" not in entry
    }
    if name.lower() not in known:
        raise ValueError(unknown_name("optimizer", name, list(known)))
    known["adam"] = Adam
    settings = dict(options.get(name.lower(), {}))
    if weight_decay is not None:
        settings["weight_decay"] = float(weight_decay)
    rate = learning_rate if _is_schedule(learning_rate) else float(learning_rate)
    return known[name.lower()](rate, **settings)


def checked_callbacks(callbacks: Any) -> list[keras.callbacks.Callback]:
    """None, one or several callbacks as a list.

    Raises:
        TypeError: for anything else.
    """
    found = keras.tree.flatten(callbacks or [])
    for callback in found:
        if not isinstance(callback, keras.callbacks.Callback):
            raise messages.wrong_callbacks(callback)
    return found


def check_optimizer(estimator: Any) -> None:
    """Raise a ValueError for settings that an optimizer instance has itself."""
    if isinstance(estimator.optimizer, str):
        return
    names = ("learning_rate", "weight_decay")
    defaults = {f.name: f.default for f in dataclasses.fields(estimator)}
    unused = [n for n in names if getattr(estimator, n) != defaults[n]]
    unused += [f"{player}_learning_rate" for player in estimator._own_learning_rates]
    if unused:
        raise messages.settings_beside_optimizer(type(estimator).__name__, unused)


def set_learning_rate(
    model: Any, learning_rate: LearningRate, own: dict[str, LearningRate]
) -> None:
    """Train further with another learning rate, or with the same schedule.

    Args:
        model: the model.
        learning_rate: rate of all players that have none of their own.
        own: rates of players, which stay as they are.

    Raises:
        ValueError: for another schedule, or a number instead of one.
    """
    for optimizer in map(unscaled, model.optimizer_list()):
        if optimizer.name in own:
            continue
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


FREE = ("batch_size", "epochs", "learning_rate", "random_state", "verbose")
"""Hyper-parameters that may differ from fit to fit of one model."""


def settings_of_model(estimator: Any) -> dict[str, Any]:
    """Hyper-parameters that shape an estimator's model, as they are now."""
    params = estimator.get_params(deep=False)
    return {
        name: own_copy(value)
        for name, value in params.items()
        if name not in (*FREE, "warm_start")
    }


def own_copy(value: Any) -> Any:
    """A copy of a hyper-parameter that the user's later changes do not reach."""
    if isinstance(value, BaseEstimator):
        return clone(value)
    return copy_of(value) if is_optimizer(value) else copy.copy(value)


def equal(a: Any, b: Any) -> bool:
    """Whether two values of a hyper-parameter mean the same."""
    if is_optimizer(a) and is_optimizer(b):
        return type(a) is type(b) and optimizer_settings(a) == optimizer_settings(b)
    if isinstance(a, BaseEstimator) and isinstance(b, BaseEstimator):
        first, second = settings_of_model(a), settings_of_model(b)
        return type(a) is type(b) and all(equal(first[k], second[k]) for k in first)
    several = (tuple, list, np.ndarray)
    if isinstance(a, several) or isinstance(b, several):
        return np.array_equal(a, b)
    return bool(a == b)


def is_optimizer(value: Any) -> bool:
    """Whether a hyper-parameter is an instance of an optimizer."""
    return isinstance(value, keras.optimizers.Optimizer)


def optimizer_settings(optimizer: keras.optimizers.Optimizer) -> dict[str, Any]:
    """What distinguishes two optimizers."""
    # Keras numbers the names of optimizers as it creates them.
    return {**optimizer.get_config(), "name": type(optimizer).__name__}


def few_rows(source: Any, *, sequences: bool) -> Any:
    """First rows of a source as the model takes them; of sequences, first steps."""

    def cut(x):
        return x[:, :STEPS] if sequences and x.ndim > 2 else x

    return keras.tree.map_structure(cut, source.first_rows(PROBE))


PROBE = 4
"""Rows on which the loss is computed once more after the last step."""

STEPS = 64
"""Number of their steps, for sequences: steps are taken one by one."""


class StopOnNaN(keras.callbacks.Callback):
    """Raise a FloatingPointError that names the epoch and likely causes.

    Args:
        owner: name of the estimator.
        probe: a few rows of the training data, as the model takes them.
    """

    EVERY = 100
    """Least number of batches between two checks: each waits for the device."""

    def __init__(self, owner: str, probe: Any) -> None:
        super().__init__()
        self.owner = owner
        self.probe = probe
        self.epoch = 0
        self._next = self.EVERY

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch, self._next = epoch, self.EVERY

    def on_train_batch_end(self, batch, logs=None):
        if batch + 1 >= self._next:
            self._next += self.EVERY
            self._check(logs)

    def on_epoch_end(self, epoch, logs=None):
        self._check(logs)

    def check_loss(self, model: Any) -> None:
        """Raise if the loss is not finite after the last step.

        Logs have the loss before every step, so the effect of the last is not in them.
        """
        if backend.replica_count() > 1:
            return  # replicas would have to agree on the rows
        model.reset_metrics()
        # Not as a graph: tracing would take longer than one run.
        self._check(model.test_step(self.probe))

    def _check(self, logs):
        for name, value in (logs or {}).items():
            # Held-out values may be impossible, and their loss infinite.
            fine = not np.isnan(value) if name[:4] == "val_" else np.isfinite(value)
            if not fine:
                raise messages.diverged(self.owner, name, self.epoch + 1)


class RecordHistory(keras.callbacks.Callback):
    """Write the logs of an epoch into the history, before the user's callbacks."""

    def __init__(self, estimator: Any) -> None:
        super().__init__()
        self.estimator = estimator
        self._former: dict[str, list] = {}

    def on_epoch_begin(self, epoch, logs=None):
        self._former = self.estimator.history_

    def on_epoch_end(self, epoch, logs=None):
        history = {k: list(v) for k, v in self._former.items()}
        for name, value in (logs or {}).items():
            history.setdefault(name, []).append(float(value))
        self.estimator.history_ = history


class KeepEpoch(keras.callbacks.Callback):
    """Keep the state of an estimator after the last epoch, if it is finite."""

    def __init__(self, estimator: Any) -> None:
        super().__init__()
        self.estimator = estimator
        self.record = RecordHistory(estimator)
        self._state: tuple[list, dict] | None = None

    def on_epoch_end(self, epoch, logs=None):
        self.record.on_epoch_end(epoch, logs)  # with what callbacks added to the logs
        model = self.estimator.model_
        values = snapshot(model)
        for variable, value in values[: len(model.weights)]:
            if not np.isfinite(value).all():
                owner = type(self.estimator).__name__
                raise messages.diverged(owner, variable.path, epoch + 1)
        self._state = values, self.estimator.history_

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
        (variable, np.array(keras.ops.copy(variable)))
        for variable in model.training_variables()
    ]
