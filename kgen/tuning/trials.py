"""Trials: fit an estimator with some hyper-parameters, score it, keep it."""

import copy
import dataclasses
import json
import math
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras_tuner
import tensorflow as tf
from keras_tuner.engine.base_tuner import BaseTuner
from keras_tuner.engine.trial import Trial
from sklearn.base import clone

from kgen.base import files
from kgen.core import messages
from kgen.tuning.scores import Score

COMPLETED, FAILED = "COMPLETED", "FAILED"

# What hyper-parameters can be blamed for: a loss that is not a number, too much memory,
# values that exclude one another or do not fit the data.
BLAMED = (FloatingPointError, ValueError, MemoryError, tf.errors.ResourceExhaustedError)


@dataclasses.dataclass(frozen=True)
class Job:
    """What every trial of a search has in common.

    Args:
        estimator: what is tuned; it is cloned.
        space: function from `hp` to hyper-parameters.
        train: X and y to fit on.
        held_out: X and y to score on.
        score: function (estimator, X, y, seed) -> float.
        callbacks: of `fit`, copied for every trial.
        seed: of fits of estimators without a `random_state`, and of scores.
        folder: of all files.
    """

    estimator: Any
    space: Callable[[Any], dict[str, Any]]
    train: tuple[Any, Any]
    held_out: tuple[Any, Any]
    score: Score
    callbacks: Any
    seed: int
    folder: Path

    def path(self, trial_id: str, name: str) -> Path:
        """A file of a trial."""
        return self.folder / f"trial_{trial_id}" / name

    def begin(self, hp: Any) -> Any:
        """An estimator to fit, and the epochs it has behind it.

        Hyperband says how many epochs it is to have in the end, and which trial it
        continues.
        """
        ends = hp.values.get("tuner/epochs", self.estimator.epochs)
        first = hp.values.get("tuner/initial_epoch", 0)
        if first:
            before = self.path(hp.values["tuner/trial_id"], "estimator.keras")
            return files.load(before).set_params(epochs=ends - first, warm_start=True)
        params = self.space(hp)
        if self.estimator.random_state is None:
            params = {"random_state": self.seed, **params}
        # Hyperband's epochs, unless the space itself has some.
        return clone(self.estimator).set_params(**{"epochs": ends, **params})

    def fit(self, hp: Any) -> Any:
        """A fitted estimator."""
        estimator, callbacks = self.begin(hp), copy.deepcopy(self.callbacks)
        seen = self.held_out if callbacks else None
        estimator.fit(*self.train, validation_data=seen, callbacks=callbacks)
        if estimator.epochs != (ends := hp.values.get("tuner/epochs")) and ends:
            estimator.set_params(epochs=ends)
        return estimator.set_params(warm_start=self.estimator.warm_start)


class Trials(BaseTuner):
    """keras-tuner's loop over trials, in one process or as one of several workers.

    Args:
        oracle: what chooses the values of a trial.
        job: what trials have in common.
    """

    def __init__(self, oracle: Any, job: Job) -> None:
        self.job = job
        self.keeps_all = "Hyperband" in type(oracle).__name__  # some are continued
        self.idle, self.problem = False, ""
        super().__init__(
            oracle,
            hypermodel=job.space,
            directory=str(job.folder.parent),
            project_name=job.folder.name,
        )
        # After an end before the first trial's, or in another role.
        unread = hasattr(self.oracle, "trials") and not self.oracle.trials
        if unread and (job.folder / "oracle.json").exists():
            self.oracle.reload()

    def run_trial(self, trial: Any, **kwargs: Any) -> dict[str, float]:
        self.problem = ""
        job, start = self.job, time.perf_counter()
        try:
            estimator = job.fit(trial.hyperparameters)
        except BLAMED as problem:
            return self._failed(f"{type(problem).__name__}: {problem}")
        except Exception as problem:
            raise keras_tuner.errors.FatalError from problem
        seconds = time.perf_counter() - start
        try:
            score = float(job.score(estimator, *job.held_out, job.seed))
        except FloatingPointError as problem:
            return self._failed(f"{type(problem).__name__}: {problem}")
        except Exception as problem:
            raise keras_tuner.errors.FatalError from problem
        if not math.isfinite(score):
            return self._failed(f"its score is {score}.")
        best = self.oracle.get_best_trials(1)
        beaten = best and best[0].status == COMPLETED and best[0].score > score
        if self.keeps_all or not beaten:
            path = job.path(trial.trial_id, "estimator.keras")
            path.parent.mkdir(exist_ok=True)
            estimator.save(path)
        return {"score": score, "seconds": seconds}

    def _failed(self, problem: str) -> dict[str, float]:
        # Not with an exception, since keras-tuner would print its stack. (The score of
        # a failed trial is not read; NaN would be a warning.)
        self.problem = problem
        return {"score": 0.0}

    def on_trial_end(self, trial: Any) -> None:
        if self.problem:
            trial.status = FAILED
            # Written down, since workers do not tell the chief why.
            path = self.job.path(trial.trial_id, "problem.txt")
            path.parent.mkdir(exist_ok=True)
            path.write_text(self.problem)
            message = messages.trial_failed(trial.trial_id, self.problem)
            warnings.warn(message, stacklevel=2)
        super().on_trial_end(trial)

    def pre_create_trial(self) -> None:
        if self.idle:  # the oracle had no trial to give, and is asked again
            time.sleep(0.2)
        self.idle = True

    def on_trial_begin(self, trial: Any) -> None:
        self.idle = False


def read(job: Job) -> list[dict[str, Any]]:
    """All trials of a search, from its files, in their order."""
    found = []
    for path in sorted(job.folder.glob("trial_*/trial.json")):
        trial = _loaded(path)
        values, metrics = trial.hyperparameters.values, trial.metrics
        timed, problem = metrics.exists("seconds"), path.with_name("problem.txt")
        failed = trial.status == FAILED and problem.exists()
        found.append(
            {
                "trial": trial.trial_id,
                "status": trial.status.lower(),
                "score": math.nan if trial.score is None else trial.score,
                "seconds": metrics.get_last_value("seconds") if timed else math.nan,
                "epochs": values.get("tuner/epochs", job.estimator.epochs),
                "continues": values.get("tuner/trial_id"),
                "params": job.space(trial.hyperparameters),
                "problem": problem.read_text() if failed else "",
            }
        )
    return found


def _loaded(path: Path) -> Any:
    """A trial's file, which the chief may be about to write."""
    for _ in range(20):
        try:
            return Trial.load(str(path))
        except json.JSONDecodeError:
            time.sleep(0.1)
    return Trial.load(str(path))
