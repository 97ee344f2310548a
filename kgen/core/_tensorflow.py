"""What `core.backend` needs of TensorFlow."""

import functools
import weakref
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from kgen.core import replicas

DISTRIBUTIONS = "tensorflow_probability.python.distributions"

normal_quantile = tf.math.ndtri
"""Standard normal values for uniform ones in (0, 1), by the inverse CDF."""

replica_count = replicas.count
alone = replicas.alone


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


def gradient(function, x):
    """Gradient of the sum of what `function` makes of the array x."""
    x = tf.convert_to_tensor(x)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = function(x)
    return tape.gradient(y, x).numpy()


def random_bits(shape, seed):
    """Uniform uint32, a function of the pair `seed`.

    With and without XLA the integers are the same, but not TensorFlow's floats.
    """
    seed = tf.stack([tf.cast(tf.convert_to_tensor(s), tf.int64) for s in seed])
    return tf.random.stateless_uniform(
        shape, seed, minval=None, maxval=None, dtype=tf.uint32, alg="philox"
    )


def batch_bits(shape, seed):
    """`random_bits` for a batch, of which a replica gets the rows of its part."""
    sizes = replicas.sizes(shape[0])
    if sizes is None:
        return random_bits(shape, seed)
    bits = random_bits((tf.reduce_sum(sizes), *shape[1:]), seed)
    start = tf.reduce_sum(sizes[: replicas.index()])
    return bits[start : start + shape[0]]


def bits_of(x):
    """The bits of float32 as uint32."""
    return tf.bitcast(x, tf.uint32)


def gpu_compute_capability() -> tuple[int, int] | None:
    """Lowest compute capability of the visible GPUs, None where there is none."""
    found = [
        tf.config.experimental.get_device_details(gpu).get("compute_capability")
        for gpu in tf.config.list_physical_devices("GPU")
    ]
    return min((c for c in found if c is not None), default=None)
