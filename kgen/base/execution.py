"""How Keras runs the training steps of estimators, by `benchmarks/execution.py`.

On a CPU, XLA slows most networks down, and what Keras and TensorFlow do between two
steps takes as long as a step of a small network. On GPUs, where nothing was measured,
and on several replicas, Keras' own defaults hold.
"""

import contextlib
import math
from collections.abc import Iterator
from typing import Any

import keras

from kgen.base.interrupts import CtrlC
from kgen.core import backend

MOST = 32
"""Most steps that run without a break: fewer hardly gain, more gain nothing."""

WORK = 2**28
"""Multiply-adds in the networks' forward pass, above which a step is a long one: it
gains nothing, while `MOST` of them would put off Ctrl-C and the progress bar."""


def jit_compile(estimator: Any) -> bool | str:
    """Whether XLA compiles the training steps of an estimator; see `Model.compile`."""
    if not backend.can_compile():
        return False
    if estimator.jit_compile == "auto" and estimator._loops:
        # As Keras does: XLA cannot compile a step of several replicas.
        return backend.replica_count() == 1
    return estimator.jit_compile


def steps_per_execution(
    estimator: Any, batch_size: int, steps: int, callbacks: list
) -> int:
    """How many steps are run without a break, for a fitted estimator.

    It divides the steps of an epoch: otherwise Keras would go on into the next one.

    Args:
        estimator: the estimator.
        batch_size: examples in a step.
        steps: steps in an epoch.
        callbacks: the user's callbacks. Those that see every batch still do.
    """
    model = estimator.model_
    alone = backend.replica_count() == 1 and not backend.gpus()
    eager = model.run_eagerly or not backend.can_compile()
    long = estimator._any_length or batch_size * _multiply_adds(estimator) > WORK
    if eager or long or not alone or any(map(_sees_batches, callbacks)):
        return 1
    return max(n for n in range(1, MOST + 1) if steps % n == 0)


def _multiply_adds(estimator: Any) -> int:
    """Bound on those of one example's forward pass: kernels act at every position."""
    positions = math.prod(estimator._model_shape()[:-1])
    return sum(
        math.prod(weight.shape) * (positions if len(weight.shape) > 2 else 1)
        for weight in estimator.model_.trainable_weights
    )


def _sees_batches(callback: keras.callbacks.Callback) -> bool:
    # Ctrl-C can wait, and so can callbacks that save every epoch.
    if isinstance(callback, CtrlC) or getattr(callback, "save_freq", 0) == "epoch":
        return False
    plain = keras.callbacks.Callback
    return any(
        getattr(getattr(callback, hook), "__func__", None) is not getattr(plain, hook)
        for hook in (
            "on_batch_begin",
            "on_batch_end",
            "on_train_batch_begin",
            "on_train_batch_end",
        )
    )


@contextlib.contextmanager
def running(model: Any, steps: int) -> Iterator[None]:
    """Let `fit` run `steps` steps without a break; later calls are as before."""
    names = ("steps_per_execution", "train_function", "test_function")
    if steps == 1:
        yield
        return
    former = [getattr(model, name) for name in names]
    model.steps_per_execution = steps
    model.train_function, model.test_function = model.traced.get(steps, (None, None))
    try:
        yield
    finally:
        # Training that continues later need not trace them again.
        model.traced[steps] = model.train_function, model.test_function
        for name, value in zip(names, former, strict=True):
            setattr(model, name, value)
