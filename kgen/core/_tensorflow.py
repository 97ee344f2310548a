"""The TensorFlow side of `core.backend`."""

import contextlib
import functools
import gc
import itertools
import json
import os
import weakref
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from kgen.core import messages, replicas

DISTRIBUTIONS = "tensorflow_probability.python.distributions"

normal_quantile = tf.math.ndtri
"""Standard normal values for uniform ones in (0, 1), by the inverse CDF."""

counted = replicas.counted
outside_strategy = replicas.outside_strategy
replica_count = replicas.count
whole_batch = replicas.whole_batch
tracing = tf.inside_function
"""Whether a graph is being traced."""

_forked = False


def _after_fork() -> None:
    """Note in a new process whether its parent had TensorFlow running.

    The names used here are private. If another version lacks one of them, such a
    process hangs instead of saying why.
    """
    global _forked  # noqa: PLW0603
    from tensorflow.python.eager import context

    with contextlib.suppress(AttributeError):
        started = context.context_safe()
        _forked = started is not None and started._initialized


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def check_process() -> None:
    """Raise a RuntimeError in a process where TensorFlow would hang."""
    if _forked:
        raise messages.forked()


class compiled:  # noqa: N801 (used as a decorator)
    """Run a function of a model, `function(model, ...)`, or its method as one graph.

    Every model has its own graphs, which are freed with it: one per shape of the
    arguments, until TensorFlow sees that a dimension varies.

    Args:
        function: what to run.
        relaxed: whether one graph may serve all shapes.
        jit: whether XLA compiles it. That makes loops of small operations fast, but
            slows down convolutions on a CPU. XLA never frees what it has compiled, so
            models with the same configuration share it. Arrays in `model.units`, if it
            has such, may differ: `model.with_units(tensors)` stands in for the model.
    """

    def __init__(self, function: Callable, *, relaxed=True, jit=False) -> None:
        functools.update_wrapper(self, function)  # type: ignore[arg-type]
        self.function = function
        self.jit = jit
        self.options = {"reduce_retracing": relaxed, "jit_compile": jit or None}
        self.shared: dict[str, _Shared] = {}
        self.graphs: weakref.WeakKeyDictionary = weakref.WeakKeyDictionary()

    def __get__(self, instance: Any, owner: type) -> Any:
        return self if instance is None else functools.partial(self, instance)

    def __call__(self, model: Any, *args: Any, **kwargs: Any) -> Any:
        check_process()
        if model not in self.graphs:
            self.graphs.setdefault(model, self._graph_of(model))
        args, kwargs = keras.tree.map_structure(_plain, (args, kwargs))
        return self.graphs[model](*args, **kwargs)

    def _graph_of(self, model):
        # A strong reference in the graph would keep the model alive forever.
        reference = weakref.ref(model)
        if self.jit:
            key = _configuration(model)
            if key not in self.shared:
                self.shared[key] = _Shared(self.function, self.options)
            return functools.partial(self.shared[key], reference)
        call = functools.partial(_call, self.function, reference)
        return tf.function(call, autograph=False, **self.options)


class _Shared:
    """A graph for models of one configuration; weights and units are arguments."""

    def __init__(self, function, options):
        self.function = function
        # A partial: TensorFlow would warn that functions which share code are retraced.
        trace = functools.partial(self._trace)
        self.graph = tf.function(trace, autograph=False, **options)

    def __call__(self, model, *args, **kwargs):
        # Any of the models may be traced: they differ only in their weights.
        self.model = model
        values = [variable.value for variable in model().weights]
        return self.graph(values, getattr(model(), "units", {}), *args, **kwargs)

    def _trace(self, values, units, *args, **kwargs):
        model = self.model()
        mapping = list(zip(model.weights, values, strict=True))
        with keras.StatelessScope(state_mapping=mapping):
            own = model.with_units(units) if units else model
            return self.function(own, *args, **kwargs)


def _configuration(model):
    shapes = [(variable.shape, variable.dtype) for variable in model.weights]
    if units := getattr(model, "units", {}):
        shapes += [(name, value.shape) for name, value in units.items()]
        model = model.with_units(dict.fromkeys(units))
    config = keras.saving.serialize_keras_object(model)
    config["config"].pop("name", None)
    key = [config["class_name"], config["config"], str(shapes)]
    return json.dumps(key, default=str)


def _call(function, model, *args, **kwargs):
    keep_graph(model())
    return function(model(), *args, **kwargs)


def _plain(value):
    return value.item() if isinstance(value, np.generic) else value  # not a tensor


_KERAS_STEPS = ("one_step_on_data", "multi_step_on_iterator")


def keep_graph(model: Any) -> None:
    """While a graph is traced, arrange to dismantle it when the model is freed.

    TensorFlow's graphs have reference cycles that Python's garbage collector cannot
    see. The graphs, and the weights that they use, would never be freed.
    """
    if not tf.inside_function():
        return
    graphs = [tf.compat.v1.get_default_graph()]
    while hasattr(graphs[-1].outer_graph, "outer_graph"):
        graphs.append(graphs[-1].outer_graph)
    # Not those of functions around Keras', which may be used on.
    while len(graphs) > 1 and graphs[-1].name not in _KERAS_STEPS:
        graphs.pop()
    known = _GRAPHS.get(model)
    if known is None:
        known = _GRAPHS[model] = []
        weakref.finalize(model, _dismantle, known).atexit = False
    known += [graph for graph in graphs if graph not in known]


_GRAPHS: weakref.WeakKeyDictionary = weakref.WeakKeyDictionary()


def _dismantle(graphs: list) -> None:
    """Free what TensorFlow would keep of a model that was freed.

    The names used here are private. If another version lacks one of them, memory grows
    by a few megabytes with every fit, and nothing else happens.
    """
    from tensorflow.python.eager import context
    from tensorflow.python.framework import ops

    with contextlib.suppress(AttributeError):
        for graph in [*graphs, *_inside(graphs)]:
            # A reduction over a single replica is a custom gradient, and TensorFlow
            # keeps those by name forever.
            for operation in graph.get_operations():
                if operation.type == "IdentityN":
                    name = operation.node_def.attr["_gradient_op_type"].s.decode()
                    ops.gradient_registry._registry.pop(name, None)
            attributes = [a for a in gc.get_referents(graph) if isinstance(a, dict)]
            graph.Dismantle()
            for part in attributes:
                part.clear()
        # It holds a kernel for every name that a variable ever had.
        context.context().clear_kernel_cache()
    graphs.clear()


def _inside(graphs: list) -> list:
    """Graphs of the loops and branches inside the given graphs."""
    loops = ("While", "StatelessWhile", "If", "StatelessIf", "Case", "StatelessCase")
    if not any(o.type in loops for g in graphs for o in g.get_operations()):
        return []
    known, found, kind = set(map(id, graphs)), [], type(graphs[0])
    # In one step of the interpreter: other threads cannot finish a tuple held here.
    objects = itertools.chain.from_iterable(map(gc.get_objects, [None]))
    for graph in list(filter(kind.__instancecheck__, objects)):
        outer = graph
        while isinstance(outer, kind) and id(outer) not in known:
            outer = getattr(outer, "outer_graph", None)
        if isinstance(outer, kind) and id(graph) not in known:
            found.append(graph)
    return found


def scan(function, start, inputs):
    """States after every input, by `state = function(state, input)`."""
    # XLA can compile it; not Keras' own, which does not say how long it is at most.
    return tf.scan(function, inputs, start)


def gradient(function, x):
    """Gradient of sum(function(x)) with respect to x; a tape around it sees it, too."""
    x = tf.convert_to_tensor(x)
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(x)
        y = function(x)
    return tape.gradient(y, x)


def random_bits(shape, seed):
    """Uniform uint32, a function of the pair `seed`.

    Integers are the same with and without XLA; TensorFlow's random floats are not.
    """
    seed = tf.stack([tf.cast(tf.convert_to_tensor(s), tf.int64) for s in seed])
    return tf.random.stateless_uniform(
        shape, seed, minval=None, maxval=None, dtype=tf.uint32, alg="philox"
    )


def counter_bits(seed, first, count, blocks, stream):
    """Philox4x32-10 as uint32 (count, 4 * blocks); see `backend.keyed_uniform`."""
    seed = tf.convert_to_tensor(seed, tf.uint64 if isinstance(seed, int) else None)
    convert = tf.bitcast if seed.dtype == tf.uint32 else tf.cast
    start = tf.cast(first, tf.int64) * blocks
    return tf.raw_ops.StatelessRandomUniformFullIntV2(
        shape=tf.stack([count, 4 * blocks]),
        key=tf.reshape(convert(seed, tf.uint64), (1,)),
        counter=tf.cast(tf.stack([start, stream]), tf.uint64),
        alg=1,  # Philox
        dtype=tf.uint32,
    )


def batch_bits(shape, seed):
    """`random_bits` for a batch; a replica gets the rows of its own part."""
    own = replicas.own(shape[0])
    before, total = replicas.place(own)
    if total is own:  # a single replica
        return random_bits(shape, seed)
    bits = random_bits((tf.maximum(total, shape[0]), *shape[1:]), seed)
    start = tf.where(tf.equal(own, 0), 0, before)  # rows that fill a part get any
    return bits[start : start + shape[0]]


def bits_of(x):
    """The bits of float32 values as uint32."""
    return tf.bitcast(x, tf.uint32)


def bits_as(bits, dtype):
    """The values of another dtype with those bits; of smaller ones the lower first."""
    return tf.bitcast(bits, dtype)


def gpus() -> int:
    """Number of visible GPUs."""
    return len(tf.config.list_physical_devices("GPU"))


def can_compile() -> bool:
    """Whether XLA can compile what runs next.

    Not if functions are set to run eagerly, nor if operations are watched, as by
    `tf.debugging.enable_check_numerics`, for which it has no kernels.
    """
    from tensorflow.python.eager import context

    watched = getattr(context.context(), "op_callbacks", ())  # a private name
    return not (tf.config.functions_run_eagerly() or watched)


def gpu_compute_capability() -> tuple[int, int] | None:
    """Lowest compute capability of the visible GPUs, None if there are none."""
    found = [
        tf.config.experimental.get_device_details(gpu).get("compute_capability")
        for gpu in tf.config.list_physical_devices("GPU")
    ]
    return min((c for c in found if c is not None), default=None)
