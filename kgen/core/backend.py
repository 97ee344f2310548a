"""The only module that knows which backend Keras runs on.

TensorFlow is the supported backend. Heads, layers, networks and the Keras models with a
density also run on JAX. TensorFlow Probability is imported on first use, through the
proxy `tfd`, so `import kgen` stays as fast as `import keras`.
"""

import functools
import importlib
import math
from typing import Any

import keras
from keras import ops

from kgen.core.lazy import LazyModule

NAME = keras.backend.backend()
_LIBRARIES = {"tensorflow": "kgen.core._tensorflow", "jax": "kgen.core._jax"}
if NAME not in _LIBRARIES:
    raise ImportError(
        f"kgen runs on Keras' TensorFlow backend (and parts of it on JAX), but Keras "
        f"was set to {NAME!r}. Set the environment variable KERAS_BACKEND=tensorflow "
        "before the first `import keras`."
    )
_library = importlib.import_module(_LIBRARIES[NAME])

can_compile = _library.can_compile
check_process = _library.check_process
compiled = _library.compiled
counted = _library.counted
gpus = _library.gpus
gpu_compute_capability = _library.gpu_compute_capability
gradient = _library.gradient
keep_graph = _library.keep_graph
normal_quantile = _library.normal_quantile
outside_strategy = _library.outside_strategy
replica_count = _library.replica_count
scan = _library.scan
tracing = _library.tracing
whole_batch = _library.whole_batch


tf: Any = LazyModule("tensorflow")
tfd: Any = LazyModule(_library.DISTRIBUTIONS, quiet=True)


def undecorated(function: Any) -> Any:
    """A function, or a model's method, without the graph that `compiled` gave it."""
    if isinstance(function, compiled):
        return function.function
    if isinstance(function, functools.partial):
        return functools.partial(undecorated(function.func), *function.args)
    return function


def register(cls: type) -> type:
    """Register a class under its own name, so that files can hold its objects.

    Raises:
        ValueError: if another class has that name already.
    """
    known = keras.saving.get_registered_object(f"kgen>{cls.__name__}")
    place = (cls.__module__, cls.__qualname__)
    if known is not None and (known.__module__, known.__qualname__) != place:
        raise ValueError(
            f"A class {cls.__name__!r} is registered already, by "
            f"{known.__module__}: files could not tell them apart. Give yours another "
            "name."
        )
    return keras.saving.register_keras_serializable("kgen")(cls)


def need_tensorflow(what: str) -> None:
    """Raise a RuntimeError if Keras runs on another backend, or cannot run."""
    check_process()
    if NAME != "tensorflow":
        raise RuntimeError(
            f"{what} runs on Keras' TensorFlow backend only, and Keras runs on "
            f"{NAME!r}. The Keras models with a density (kgen.models) run here; for "
            "all of kgen set the environment variable KERAS_BACKEND=tensorflow."
        )


def bounded(x, low, high):
    """Values clipped to [low, high], with the gradient of x itself.

    `clip` has no gradient outside its bounds, so values there would never come back.
    """
    return x + ops.stop_gradient(ops.clip(x, low, high) - x)


def stateless_normal(shape, seed):
    """Standard normal noise for a batch, a function of the pair of integers `seed`.

    Every replica of a `tf.distribute` strategy gets the rows that its examples would
    get on a single device.
    """
    return _normal(_library.batch_bits(shape, seed))


def stateless_uniform(shape, seed):
    """Uniform noise in the open interval (0, 1): see `stateless_normal`."""
    return open_uniform(_library.batch_bits(shape, seed))


def _normal(bits):
    return normal_quantile(open_uniform(bits))


def open_uniform(bits):
    """Random uint32 as float32 in (0, 1): the midpoints of 2**23 equal intervals.

    With one more bit the last midpoint would round to 1, whose quantile is infinite.
    """
    # As the digits of a number in [1, 2): no conversion from integers is as fast.
    one = _library.bits_of(ops.ones((), "float32"))
    ones = ops.bitwise_or(ops.right_shift(bits, 9), one)
    return _library.bits_as(ones, "float32") - (1 - 2.0**-24)


def keyed_uniform(seed, first, count, shape, stream=0):
    """Uniform noise in the open interval (0, 1), keyed by seed, sample and position.

    Row i is the noise of sample `first + i`: a sample depends neither on its batch nor
    on how many are drawn. It is a function of the integers alone, the same inside and
    outside graphs, with and without XLA, on every backend and device.

    Args:
        seed: the stream: an integer in [0, 2**63), or a tensor of it, or its two 32-bit
            words as uint32 (2,), the lower one first.
        first: index of the first sample, >= 0; may be a tensor.
        count: number of samples; may be a tensor on TensorFlow.
        shape: shape of one sample's noise, integers.
        stream: integer >= 0; another one for further noise of the same samples.

    Returns:
        float32, shape (count, *shape).
    """
    # Philox (Salmon et al., 2011) counts in blocks of four numbers of 32 bits: every
    # sample gets whole blocks.
    size = math.prod(shape)
    blocks = -(-size // 4)
    noise = open_uniform(_library.counter_bits(seed, first, count, blocks, stream))
    return ops.reshape(noise[:, :size], (-1, *shape))


SHARING = 8
"""Blocks of eight scalars that share the lower bits of `keyed_thresholds`, at most."""

_SHIFTS = 2**31
"""Added to a stream: that of its lower bits."""


def keyed_thresholds(seed, first, count, shape, stream=0):
    """Like `keyed_uniform`, at half its cost: noise to compare with probabilities.

    A number has the same distribution, all midpoints of 2**23 equal intervals, and the
    16 upper ones of its bits to itself. It shares the 7 lower ones with up to 63
    numbers beside it. So what is drawn by `noise < p` is 1 with the same probability,
    and all examples of n scalars together have theirs to within n * 2**-28: see
    `docs/decisions/0008-keyed-noise-and-seeds.md`.

    Args:
        seed: see `keyed_uniform`, as all arguments but this: `stream` is below 2**31.
        first: index of the first sample.
        count: number of samples.
        shape: shape of one sample's noise.
        stream: another one for further noise.

    Returns:
        float32, shape (count, *shape).
    """
    size = math.prod(shape)
    blocks = -(-size // 8)
    own = _library.counter_bits(seed, first, count, blocks, stream)
    group = max(n for n in range(1, SHARING + 1) if blocks % n == 0)
    groups = blocks // group
    shared = _library.counter_bits(
        seed, first, count, -(-groups // 4), stream + _SHIFTS
    )
    shared = ops.cast(ops.right_shift(shared[:, :groups, None], 25), "float32")
    # All of it is exact in float32: nothing depends on how it is compiled.
    upper = ops.cast(_library.bits_as(own, "uint16"), "float32") * 2.0**-16
    noise = ops.reshape(upper, (-1, groups, 8 * group))
    noise = noise + (shared * 2.0**-23 + 2.0**-24)
    return ops.reshape(ops.reshape(noise, (-1, 8 * blocks))[:, :size], (-1, *shape))


def row_normal(rows, shape, seed, stream=0):
    """Standard normal noise for every row of a batch, keyed by the row's values.

    Equal rows get equal noise, different rows independent noise, whatever their
    position in the batch. Shape (n, *shape).

    Args:
        rows: shape (n, ...).
        shape: of the noise for one row.
        seed: integer in [0, 2**63).
        stream: integer, may be a tensor; different streams give different noise.
    """
    keys = _row_keys(rows, seed, stream)
    return _normal(
        ops.map(lambda key: _library.random_bits(shape, (key[0], key[1])), keys)
    )


def row_uniform(rows, shape, seed, stream=0):
    """Uniform noise in the open interval (0, 1) for every row: see `row_normal`.

    It is a hash of the row's key and the position, all rows at once: much faster.
    """
    keys = _row_keys(rows, seed, stream)
    position = ops.cast(ops.arange(math.prod(shape)), "uint32")
    bits = _mix(keys[:, :1] + _mix(position + _word(0x9E3779B9)))
    bits = _mix(bits + _mix(keys[:, 1:] + position))
    return ops.reshape(open_uniform(bits), (-1, *shape))


def _row_keys(rows, seed, stream):
    # Every value is mixed with its position, and the results are summed to a key of
    # 2 x 32 bits for the row. Adding 0.0 gives -0.0 the same bits as 0.0.
    rows = ops.cast(rows, "float32") + 0.0
    size = math.prod(rows.shape[1:])
    bits = _library.bits_of(ops.reshape(rows, (-1, size)))
    position = ops.cast(ops.arange(size), "uint32")
    keys = []
    for salt, part in ((0x9E3779B9, seed & 0xFFFFFFFF), (0x7F4A7C15, seed >> 32)):
        mixed = _mix(bits + _mix(position + _word(salt)))
        key = ops.sum(mixed, axis=1) + _mix(_word(part) + _word(salt))
        keys.append(_mix(_mix(key) + ops.cast(stream, "uint32")))
    return ops.stack(keys, axis=1)


def _mix(x):
    """Two rounds of multiply and shift: the finaliser of MurmurHash3, on uint32."""
    for shift, factor in ((16, 0x45D9F3B5), (15, 0x2C1B3C6D)):
        x = ops.bitwise_xor(x, ops.right_shift(x, shift)) * _word(factor)
    return ops.bitwise_xor(x, ops.right_shift(x, 16))


def _word(number):
    return ops.convert_to_tensor(number, "uint32")
