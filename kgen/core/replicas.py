"""What the replicas of a `tf.distribute` strategy need to know about each other.

Without a strategy there is one replica, and these functions cost nothing. With several,
a step must give the same weights as one on the whole batch: a replica's mean is
weighted by its share of the examples, and its part may even be empty.
"""

import contextlib
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import keras

from kgen.core import messages
from kgen.core.lazy import LazyModule

tf: Any = LazyModule("tensorflow")


def _context() -> Any:
    context = tf.distribute.get_replica_context()
    return context if context is not None and context.num_replicas_in_sync > 1 else None


def count() -> int:
    """Number of replicas that train together."""
    return tf.distribute.get_strategy().num_replicas_in_sync


def made_in_current_strategy(model: Any) -> bool:
    """Whether the model was made in the current strategy, or there is none."""
    strategy = tf.distribute.get_strategy()
    # Keras says that a model made outside any scope belongs to the current one.
    made_here = strategy.extended.variable_created_in_scope
    return count() == 1 or all(made_here(v.value) for v in model.weights)


def is_chief() -> bool:
    """Whether this process writes files: of several workers only one does."""
    strategy = tf.distribute.get_strategy()
    if not _several_workers(strategy):
        return True
    return strategy.cluster_resolver.task_id == 0


def _several_workers(strategy: Any) -> bool:
    return isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy)


def agreed(number: int) -> int:
    """The first worker's number, on all workers."""
    strategy = tf.distribute.get_strategy()
    if not _several_workers(strategy):
        return number

    def chosen():
        return tf.where(tf.equal(index(), 0), tf.constant(number, tf.int64), 0)

    return int(strategy.reduce("SUM", strategy.run(chosen), axis=None))


def outside_strategy(function: Callable, *args: Any, **kwargs: Any) -> Any:
    """Call a function that creates variables on this worker only.

    Keras creates some when it saves, and in the scope of a strategy the workers wait
    for each other at every new variable. A new thread is in no scope.
    """
    if not _several_workers(tf.distribute.get_strategy()):
        return function(*args, **kwargs)
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(function, *args, **kwargs).result()


def index():
    """Index of this replica, from 0."""
    return tf.distribute.get_replica_context().replica_id_in_sync_group


def sizes(n):
    """Number of examples on every replica, int32 (replicas,); None if there is one."""
    context = _context()
    if context is None:
        return None
    here = tf.one_hot(index(), context.num_replicas_in_sync) * tf.cast(n, tf.float32)
    return tf.cast(context.all_reduce(tf.distribute.ReduceOp.SUM, here), tf.int32)


def place(n):
    """Number of examples on the replicas before this one of n, and on all of them."""
    every = sizes(n)
    if every is None:
        return 0, n
    return tf.reduce_sum(every[: index()]), tf.reduce_sum(every)


def share(n):
    """Share of the batch that n examples make up: the weight of this replica's mean."""
    every = sizes(n)
    if every is None:
        return 1.0
    return tf.cast(n, tf.float32) / tf.cast(tf.reduce_sum(every), tf.float32)


_STEP = threading.local()


@contextlib.contextmanager
def part(data: Any) -> Iterator:
    """This replica's part of a batch, and the number of its examples.

    An empty part becomes a single row of zeros: the mean over no examples is NaN, and
    some kernels of GPUs refuse them. The row's mean has the share zero, and `counted`
    leaves it out of what is computed from the rows.
    """
    n = tf.shape(keras.tree.flatten(data)[0])[0]
    if _context() is None:
        yield data, n
        return
    missing = tf.cast(tf.equal(n, 0), tf.int32)

    def fill(x):
        return tf.pad(x, [[0, missing]] + [[0, 0]] * (x.shape.rank - 1))

    former = getattr(_STEP, "n", None)
    _STEP.n = n
    try:
        yield keras.tree.map_structure(fill, data), n
    finally:
        _STEP.n = former


def counted(x):
    """Rows of x, one for every example or several, without any that fills a `part`."""
    return x if getattr(_STEP, "n", None) is None else x[: own(tf.shape(x)[0])]


def own(count):
    """How many of `count` rows of this replica's `part` belong to examples."""
    n = getattr(_STEP, "n", None)
    return count if n is None else tf.where(tf.equal(n, 0), 0, count)


def whole_batch(x):
    """Rows of the whole batch, from the rows of this replica's part; differentiable."""
    context = _context()
    return x if context is None else context.all_gather(counted(x), axis=0)


def apply(optimizer, gradients, variables):
    """Take a step of an optimizer with the replicas' gradients, as a single device.

    Keras adds up the replicas' gradients last of all. What is to be done with their sum
    comes too early, on every replica by itself: to clip it, and to skip the step if
    16-bit numbers have overflowed. So they are added up here. Keras gets equal parts of
    the sum, so small that it has nothing left to clip.
    """
    context = _context()
    inner = unscaled(optimizer)
    limits = (inner.clipnorm, inner.global_clipnorm, inner.clipvalue)
    if context is not None and inner.gradient_accumulation_steps:
        raise messages.accumulation_on_replicas()
    if context is not None and (inner is not optimizer or any(limits)):
        learned = [i for i, gradient in enumerate(gradients) if gradient is not None]
        # Of embeddings there may be `IndexedSlices`.
        sums = [tf.convert_to_tensor(gradients[i]) for i in learned]
        sums = context.all_reduce(tf.distribute.ReduceOp.SUM, sums)
        sums = _clipped(sums, limits, optimizer.scale_loss(1.0))
        gradients = list(gradients)
        for i, total in zip(learned, sums, strict=True):
            gradients[i] = total / context.num_replicas_in_sync
    optimizer.apply(gradients, variables)


def unscaled(optimizer):
    """An optimizer without the loss scaling around it, if there is any."""
    return getattr(optimizer, "inner_optimizer", optimizer)


def _clipped(gradients, limits, scale):
    """Gradients of a scaled loss, clipped by Keras' rules; what is not finite stays."""
    norm, global_norm, value = (limit * scale if limit else None for limit in limits)
    if norm is not None:
        return [tf.clip_by_norm(g, norm) for g in gradients]
    if global_norm is not None:
        return tf.clip_by_global_norm(gradients, global_norm)[0]
    if value is not None:
        return [
            tf.where(tf.math.is_finite(g), tf.clip_by_value(g, -value, value), g)
            for g in gradients
        ]
    return gradients


def loggable(logs):
    """Logs of a step in a form that Keras can average over workers.

    Keras takes means over the first axis, which scalars do not have
    (https://github.com/keras-team/keras/issues/20585).
    """
    if _several_workers(tf.distribute.get_strategy()):
        return {name: tf.reshape(value, (1,)) for name, value in logs.items()}
    return logs
