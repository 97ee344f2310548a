"""The steps of `fit`, and how they are undone if it fails."""

import contextlib
import warnings
from typing import Any

import keras

from kgen.base import backups, execution, files, training
from kgen.base.interrupts import CtrlC
from kgen.core import backend, messages, precision, progress, quiet, replicas
from kgen.core.random import new_seed, seed_scope

_REVIEWED = 256
"""Rows of the training data with which a fit is reviewed when it ends."""


def fit(
    estimator: Any,
    data: tuple[Any, Any, Any],
    held_out: tuple[Any, Any, Any] | None,
    callbacks: Any,
    backup: Any,
) -> None:
    """Fit an estimator whose parameters are checked; see `GenerativeEstimator.fit`.

    Args:
        estimator: the estimator.
        data: X, y and sample_weight to train on.
        held_out: the same, to evaluate after every epoch, or None.
        callbacks: see there.
        backup: see there.

    If it fails, the estimator is as before. If it is interrupted after an epoch or
    more, the estimator is as it was at the end of the last one.
    """
    former, weights = dict(vars(estimator)), []
    if _resumes(estimator):
        weights = training.snapshot(estimator.model_)
    keeper = training.KeepEpoch(estimator)
    with CtrlC() as ctrl_c:
        try:
            callbacks = [*training.checked_callbacks(callbacks), ctrl_c]
            # In a copy: meanwhile other threads may draw from the former model.
            side = estimator if _resumes(estimator) else _without_fit(estimator)
            source, evaluated = _prepare(side, data, held_out)
            estimator.__dict__ = vars(side)
            files.attach(estimator)
            _train(estimator, source, evaluated, callbacks, backup, keeper)
        except BaseException as problem:
            interrupted = ctrl_c.came or isinstance(problem, KeyboardInterrupt)
            if not (interrupted and keeper.rewind()):
                estimator.__dict__ = former
                for variable, value in weights:
                    variable.assign(value)
            if interrupted and not isinstance(problem, KeyboardInterrupt):
                raise KeyboardInterrupt from problem
            raise


def _resumes(estimator: Any) -> bool:
    return estimator.warm_start and hasattr(estimator, "model_")


def _without_fit(estimator: Any) -> Any:
    """An estimator with the same hyper-parameters, and nothing learned."""
    other = object.__new__(type(estimator))
    settings = vars(estimator).items()
    other.__dict__ = {k: v for k, v in settings if not k.endswith("_")}
    return other


def _prepare(estimator: Any, data: tuple, held_out: tuple | None) -> tuple:
    """Check the data, and build the model unless there is one to train further."""
    training.check_optimizer(estimator)
    resumes = _resumes(estimator)
    if resumes:
        _check_unchanged(estimator)
        if not replicas.made_in_current_strategy(estimator.model_):
            raise messages.other_strategy(type(estimator).__name__)
    source = estimator._source(*data, reset=not resumes)
    evaluated = held_out and estimator._source(*held_out, reset=False)
    if not resumes:
        _build(estimator)
    elif isinstance(estimator.optimizer, str):
        rates = estimator.learning_rate, estimator._own_learning_rates
        training.set_learning_rate(estimator.model_, *rates)
    return source, evaluated


def _check_unchanged(estimator: Any) -> None:
    """Raise a ValueError for hyper-parameters that differ from the model's."""
    former = getattr(estimator, "params_", {})  # pickles of old versions have none
    changed = [
        f"{name}={value!r} (was {former[name]!r})"
        for name, value in training.settings_of_model(estimator).items()
        if name in former and not training.equal(value, former[name])
    ]
    if changed:
        raise messages.other_settings(type(estimator).__name__, changed, training.FREE)


def _build(estimator: Any) -> None:
    estimator.params_ = training.settings_of_model(estimator)
    estimator.seed_ = replicas.agreed(new_seed(estimator.random_state))
    estimator.policy_ = precision.resolve(estimator.precision)
    if estimator.policy_ in ("float16", "bfloat16"):
        text = messages.half_weights(estimator.policy_)
        warnings.warn(text, UserWarning, stacklevel=5)
    estimator.history_ = {}
    shape = estimator._model_shape()
    with seed_scope(estimator.seed_):
        model = estimator.model_ = estimator.build_model(shape)
        if not model.built:
            model.build((None, *shape))
        model.compile(
            _optimizers(estimator),
            jit_compile=execution.jit_compile(estimator),
            **estimator._compile_options,
        )
        model.build_optimizers()


def _optimizers(estimator: Any) -> Any:
    """The optimizer of a fit, or a dict of the players' own if they differ."""
    own = estimator._own_learning_rates
    if not own:
        return _optimizer(estimator, estimator.learning_rate)
    return {
        player: _optimizer(estimator, own.get(player, estimator.learning_rate))
        for player in estimator.model_.players
    }


def _optimizer(estimator: Any, learning_rate: Any) -> keras.optimizers.Optimizer:
    """A fresh optimizer, never the user's own instance."""
    optimizer = estimator.optimizer
    if isinstance(optimizer, str):
        return training.named_optimizer(
            optimizer,
            learning_rate,
            estimator.weight_decay,
            estimator._optimizer_options,
        )
    return training.copy_of(optimizer)


@contextlib.contextmanager
def _problems_of(*sources):
    """Raise what failed in a dataset instead of TensorFlow's error about it."""
    try:
        yield
    except Exception:
        for source in filter(None, sources):
            if source.problem is not None:
                raise source.problem from None
        raise


def _train(estimator, source, held_out, callbacks, backup_dir, keeper) -> None:
    first = training.epochs_in(estimator.history_)
    last = first + int(estimator.epochs)
    size = int(estimator.batch_size) * estimator._batches_per_step
    steps = source.steps(size)
    at_once = execution.steps_per_execution(estimator, size, steps, callbacks)
    probe = training.few_rows(source, sequences=estimator._any_length)
    checks = training.StopOnNaN(type(estimator).__name__, probe)
    callbacks = [checks, keeper.record, *callbacks, keeper]
    with contextlib.ExitStack() as stack:
        if backup_dir is not None:
            own = backups.Backup(estimator, backup_dir, source, checks)
            backup = stack.enter_context(own)
            first = backup.restore(first, last)
            callbacks.append(backup)
        if first < last:
            with (
                _problems_of(source, held_out),
                quiet.no_retracing_warnings(),
                execution.running(estimator.model_, at_once),
            ):
                estimator.model_.fit(
                    source.batches(size, estimator.seed_, first),
                    initial_epoch=first,
                    epochs=last,
                    steps_per_epoch=steps if source.endless else None,
                    validation_data=held_out and held_out.batches(size),
                    shuffle=False,  # the source shuffles, with our seed
                    verbose=progress.of_fit(estimator.verbose),
                    callbacks=callbacks,
                )
            checks.check_loss(estimator.model_)
            if backend.replica_count() == 1:  # they would have to agree on the rows
                estimator._review(source.first_rows(_REVIEWED))
        estimator._train_further(source, held_out, backup_dir)
        if backup_dir is not None:
            backup.remove()
