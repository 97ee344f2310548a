"""The one place that knows which array library runs underneath.

TensorFlow Probability is imported on first use, through the proxy `tfd`, so that
`import kgen` stays as quick as `import keras`.
"""

import functools
import importlib
import weakref
from collections.abc import Callable
from typing import Any

import keras
import numpy as np

if keras.backend.backend() != "tensorflow":
    raise ImportError(
        f"kgen runs on Keras' TensorFlow backend, but Keras was set to "
        f"{keras.backend.backend()!r}. Set the environment variable "
        "KERAS_BACKEND=tensorflow before the first `import keras`."
    )

import tensorflow as tf  # noqa: E402  (the message above should come first)

register = keras.saving.register_keras_serializable("kgen")


class _LazyModule:
    """A module that is imported when the first of its names is asked for."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        return getattr(importlib.import_module(self._name), attribute)


tfd: Any = _LazyModule("tensorflow_probability.python.distributions")


class compiled:  # noqa: N801 (used as a decorator)
    """Decorate a method of a model so that it runs as one graph.

    Every instance has graphs of its own, which go when it goes; one per shape of the
    arguments, until TensorFlow sees that a dimension varies. XLA is left out: on a CPU
    it slows convolutions down.
    """

    def __init__(self, method: Callable) -> None:
        functools.update_wrapper(self, method)  # type: ignore[arg-type]
        self.method = method
        self.graphs: weakref.WeakKeyDictionary = weakref.WeakKeyDictionary()

    def __get__(self, instance: Any, owner: type) -> Any:
        if instance is None:
            return self
        if instance not in self.graphs:
            # Weakly, or the graph would keep the model alive for ever. And a partial:
            # TensorFlow warns of repeated tracing of what shares its code.
            call = functools.partial(_call, self.method, weakref.ref(instance))
            graph = tf.function(call, reduce_retracing=True, autograph=False)
            self.graphs[instance] = functools.partial(_run, graph)
        return self.graphs[instance]


def _call(method, instance, *args, **kwargs):
    return method(instance(), *args, **kwargs)


def _run(graph, *args, **kwargs):
    # NumPy's numbers would become tensors, and settings must not.
    args, kwargs = keras.tree.map_structure(_plain, (args, kwargs))
    return graph(*args, **kwargs)


def _plain(value):
    return value.item() if isinstance(value, np.generic) else value


def bounded(x, low, high):
    """Values clipped to [low, high], with the gradient of x itself.

    `clip` has no gradient beyond its bounds: what strays there never comes back.
    """
    return x + tf.stop_gradient(tf.clip_by_value(x, low, high) - x)


def normal_quantile(uniform):
    """Standard normal values for uniform ones in (0, 1), by the inverse CDF."""
    return tf.math.ndtri(uniform)


def stateless_normal(shape, seed):
    """Standard normal noise, a function of the pair of integers `seed`."""
    seed = tf.stack([tf.cast(keras.ops.convert_to_tensor(s), tf.int64) for s in seed])
    replica = tf.distribute.get_replica_context()
    if replica is not None and replica.num_replicas_in_sync > 1:
        seed = tf.random.experimental.stateless_fold_in(
            seed, replica.replica_id_in_sync_group
        )
    return _normal(shape, seed)


def _normal(shape, seed):
    # With and without XLA the integers are the same, but not TensorFlow's floats.
    bits = tf.random.stateless_uniform(
        shape, seed, minval=None, maxval=None, dtype=tf.uint32, alg="philox"
    )
    return normal_quantile(open_uniform(bits))


def open_uniform(bits):
    """Random uint32 as float32 in (0, 1): the middles of 2**23 equal steps.

    One bit more, and the last middle would round to 1, whose quantile is infinite.
    """
    high = tf.cast(tf.bitwise.right_shift(bits, tf.constant(9, tf.uint32)), tf.int32)
    return (tf.cast(high, tf.float32) + 0.5) * 2.0**-23


def row_normal(rows, shape, seed):
    """Standard normal noise for every row of a batch, keyed by what is in the row.

    Equal rows get equal noise, different rows independent noise, wherever they stand
    in the batch. Shape (n, *shape).
    """
    return tf.map_fn(
        lambda key: _normal(shape, key),
        _row_keys(rows, seed),
        fn_output_signature=tf.float32,
    )


def _row_keys(rows, seed):
    # Every value is mixed with its position by two rounds of multiply and shift (the
    # finaliser of MurmurHash3, in the low 32 bits of int64, where nothing overflows),
    # and the results are added up: a 2 x 32 bit key for the row.
    # Adding 0.0 makes -0.0 and 0.0, which are equal, the same bits.
    flat = tf.reshape(tf.cast(rows, tf.float32) + 0.0, (tf.shape(rows)[0], -1))
    bits = tf.cast(tf.bitcast(flat, tf.int32), tf.int64)
    position = tf.range(tf.shape(flat, tf.int64)[1], dtype=tf.int64)
    keys = [
        tf.reduce_sum(_mix(bits + _mix(position + salt)), axis=1)
        for salt in (0x9E3779B9, 0x7F4A7C15)
    ]
    return _mix(tf.stack(keys, axis=1) + tf.cast(seed, tf.int64))


def _mix(x):
    mask = tf.constant(0xFFFFFFFF, tf.int64)
    x = tf.bitwise.bitwise_and(x, mask)
    for factor, shift in ((0x45D9F3B5, 16), (0x2C1B3C6D, 15)):
        x = tf.bitwise.bitwise_xor(x, tf.bitwise.right_shift(x, shift))
        x = tf.bitwise.bitwise_and(x * factor, mask)
    return tf.bitwise.bitwise_xor(x, tf.bitwise.right_shift(x, 16))


def gpu_compute_capability() -> tuple[int, int] | None:
    """Lowest compute capability of the visible GPUs, None where there is none."""
    found = [
        tf.config.experimental.get_device_details(gpu).get("compute_capability")
        for gpu in tf.config.list_physical_devices("GPU")
    ]
    return min((c for c in found if c is not None), default=None)
