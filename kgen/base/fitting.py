"""The steps of `fit`, and how they are undone if it fails."""

from typing import Any

import keras

from kgen.base import training
from kgen.core import backend, messages, precision, progress, replicas
from kgen.core.random import new_seed, seed_scope


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
        held_out: the same to evaluate after every epoch, or None.
        callbacks: see there.
        backup: see there.

    If it fails, the estimator is as before. If it is interrupted after an epoch or
    more, the estimator is as it was at the end of the last one.
    """
    former, weights = dict(vars(estimator)), []
    if _resumes(estimator):
        weights = training.snapshot(estimator.model_)
    keeper = training.KeepEpoch(estimator)
    try:
        callbacks = keras.tree.flatten(callbacks or [])
        source, evaluated = _prepare(estimator, data, held_out)
        _train(estimator, source, evaluated, callbacks, backup, keeper)
    except BaseException as problem:
        if not (isinstance(problem, KeyboardInterrupt) and keeper.rewind()):
            vars(estimator).clear()
            vars(estimator).update(former)
            for variable, value in weights:
                variable.assign(value)
        raise


def _resumes(estimator: Any) -> bool:
    return estimator.warm_start and hasattr(estimator, "model_")


def _prepare(estimator: Any, data: tuple, held_out: tuple | None) -> tuple:
    """Check the data, and build the model unless there is one to train further."""
    training.check_optimizer(estimator)
    resumes = _resumes(estimator)
    if not resumes:
        for name in [name for name in vars(estimator) if name.endswith("_")]:
            delattr(estimator, name)
    elif not replicas.made_in_current_strategy(estimator.model_):
        raise messages.other_strategy(type(estimator).__name__)
    source = estimator._source(*data, reset=not resumes)
    evaluated = held_out and estimator._source(*held_out, reset=False)
    if not resumes:
        _build(estimator)
    elif isinstance(estimator.optimizer, str):
        training.set_learning_rate(estimator.model_, estimator.learning_rate)
    return source, evaluated


def _build(estimator: Any) -> None:
    estimator.seed_ = replicas.agreed(new_seed(estimator.random_state))
    estimator.policy_ = precision.resolve(estimator.precision)
    estimator.history_ = {}
    shape = estimator._model_shape()
    with seed_scope(estimator.seed_):
        model = estimator.model_ = estimator.build_model(shape)
        if not model.built:
            model.build((None, *shape))
        model.compile(
            _optimizer(estimator),
            jit_compile=_jit_compile(estimator),
            **estimator._compile_options,
        )
        model.build_optimizers()


def _optimizer(estimator: Any) -> keras.optimizers.Optimizer:
    """The optimizer of a fit, never the user's own instance."""
    optimizer = estimator.optimizer
    if isinstance(optimizer, str):
        return training.named_optimizer(
            optimizer,
            estimator.learning_rate,
            estimator.weight_decay,
            estimator._optimizer_options,
        )
    return training.copy_of(optimizer)


def _jit_compile(estimator: Any) -> bool | str:
    if estimator.jit_compile == "auto" and estimator._loops:
        # As Keras does: XLA cannot compile a step of several replicas.
        return backend.can_compile() and backend.replica_count() == 1
    return estimator.jit_compile


def _train(estimator, source, held_out, callbacks, backup_dir, keeper) -> None:
    first = training.epochs_in(estimator.history_)
    last = first + int(estimator.epochs)
    callbacks = [training.StopOnNaN(type(estimator).__name__), *callbacks, keeper]
    if backup_dir is not None:
        backup = training.Backup(estimator, backup_dir)
        first = backup.restore(first, last)
        callbacks.append(backup)
    if first < last:
        size = int(estimator.batch_size) * estimator._batches_per_step
        estimator.model_.fit(
            source.batches(size, estimator.seed_, first),
            initial_epoch=first,
            epochs=last,
            steps_per_epoch=source.steps(size),
            validation_data=held_out and held_out.batches(size),
            shuffle=False,  # the source shuffles, with our seed
            verbose=progress.of_fit(estimator.verbose),
            callbacks=callbacks,
        )
    if backup_dir is not None:
        backup.remove()
