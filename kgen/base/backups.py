"""Backups of a fit, from which the same call resumes it."""

import hashlib
import json
import os
import warnings
from pathlib import Path
from typing import Any, Self

import keras
import numpy as np

from kgen.base import files, training
from kgen.core import encoding, messages, persistence, places, replicas
from kgen.data.sources import ArraySource
from kgen.data.streams import StreamSource


class Backup(keras.callbacks.Callback):
    """Save an estimator after every epoch, and resume an interrupted fit.

    With several workers, only the first writes and all read, so they must share the
    folder. It is locked while the fit runs.

    Args:
        estimator: the estimator being fitted.
        folder: folder for the backup; created if it does not exist.
        source: the training data.
        checks: callback that checks the loss before every backup.

    Raises:
        RuntimeError: if another fit uses the folder.
    """

    def __init__(
        self,
        estimator: Any,
        folder: Any,
        source: ArraySource | StreamSource,
        checks: training.StopOnNaN,
    ) -> None:
        super().__init__()
        self.estimator = estimator
        self.folder = Path(folder)
        self.path = Path(folder, "backup.keras")
        self.data = fingerprint(source)
        self.checks = checks
        self._lock: int | None = None

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        if replicas.is_chief() and os.name == "posix":
            self._lock = os.open(self.folder, os.O_RDONLY)
            try:
                places.lock(self._lock)
            except BlockingIOError:
                self.__exit__()
                raise messages.busy_backup(self.folder) from None
            places.clean(self.folder)
        return self

    def __exit__(self, *problem: object) -> None:
        if self._lock is not None:
            os.close(self._lock)

    def on_epoch_end(self, epoch, logs=None):
        self.checks.check_loss(self.estimator.model_)
        if replicas.is_chief():
            files.save(self.estimator, self.path, self.data)

    def restore(self, first: int, last: int) -> int:
        """Load the backup if there is one, and return the epoch to continue with.

        Raises:
            ValueError: if it belongs to other hyper-parameters or data.
        """
        if not self.path.exists():
            return first
        model, facts = persistence.read(self.path)
        fitted = facts["fitted"]
        done = training.epochs_in(fitted["history_"])
        params = self.estimator.get_params(deep=False)
        if _text(facts["params"]) != _text(params) or not first <= done <= last:
            raise messages.other_backup(self.path, "hyper-parameters")
        # What was learned from the data must be the same as well.
        own = {k: v for k, v in vars(self.estimator).items() if k in fitted}
        saved = {k: v for k, v in fitted.items() if k in own}
        exact = "digest" in self.data
        if _text(saved, exact=exact) != _text(own, exact=exact):
            raise messages.other_backup(self.path, "data")
        self._check_data(facts.get("data"))
        self.estimator.model_ = model
        vars(self.estimator).update(fitted)
        files.attach(self.estimator)
        return done

    def _check_data(self, saved: dict[str, Any] | None) -> None:
        if saved is None:  # of version 0.1.0
            return
        own = self.data
        if [own.get(k) for k in _EXACT] != [saved.get(k) for k in _EXACT]:
            raise messages.other_backup(self.path, "data")
        if "digest" not in own:
            unit = 1e-6 * (np.abs(saved["mean"]) + saved["std"])
            if any(np.any(np.abs(saved[k] - own[k]) > unit) for k in _CLOSE):
                warnings.warn(messages.other_pass(self.path), stacklevel=2)

    def remove(self) -> None:
        """Delete the backup: the fit has ended."""
        if replicas.is_chief():
            self.path.unlink(missing_ok=True)


_EXACT = ("digest", "count")
_CLOSE = ("mean", "std", "low", "high")


def fingerprint(source: ArraySource | StreamSource) -> dict[str, Any]:
    """What identifies data: arrays exactly, datasets by their statistics.

    The order of a dataset may change, and with it the last bits of its mean.
    """
    if isinstance(source, ArraySource):
        digest = hashlib.blake2b(digest_size=16)
        for part in (source.x, source.condition, source.weight):
            if part is not None:
                digest.update(f"{part.dtype.str}{part.shape}".encode())
                digest.update(np.ascontiguousarray(part).data)
        return {"digest": digest.hexdigest()}
    summary = source.summary
    return {
        "count": summary.count,
        "mean": summary.mean,
        "std": summary.std,
        "low": summary.low_per_feature,
        "high": summary.high_per_feature,
    }


def _text(facts: dict[str, Any], *, exact: bool = True) -> str:
    """Facts in a form that can be compared; unless exact, without real numbers."""
    encoded = {}
    for name, value in facts.items():
        if training.is_optimizer(value):
            value = training.optimizer_settings(value)
        if name not in ("verbose", "history_", "params_", "seed_"):
            encoded[name] = encoding.encode(name, value)
    if not exact:
        encoded = _without_floats(encoded)
    return json.dumps(encoded, sort_keys=True)


def _without_floats(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_floats(item) for item in value]
    if isinstance(value, dict):
        if set(value) == {"keras"}:
            return _without_floats(json.loads(value["keras"]))
        return {name: _without_floats(item) for name, item in value.items()}
    return 0.0 if isinstance(value, float) else value
