"""The JAX side of `core.backend`."""

import functools
import weakref
from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from kgen.core.lazy import LazyModule
from kgen.core.random import words

jax: Any = LazyModule("jax")

DISTRIBUTIONS = "tensorflow_probability.substrates.jax.distributions"


def normal_quantile(uniform):
    """Standard normal values for uniform ones in (0, 1), by the inverse CDF."""
    return jax.scipy.special.ndtri(uniform)


def counted(x):
    """All rows of x: there are no other replicas."""
    return x


whole_batch = counted


def replica_count() -> int:
    """One: `tf.distribute` is TensorFlow's."""
    return 1


class compiled:  # noqa: N801 (used as a decorator)
    """Have JAX compile a function of a model, `function(model, ...)`, or its method.

    Arrays and the model's variables are arguments of the compiled function. Everything
    else is static: every new value is compiled anew. The options are TensorFlow's, and
    are ignored.
    """

    def __init__(self, function: Callable, **options: bool) -> None:
        functools.update_wrapper(self, function)  # type: ignore[arg-type]
        self.function = function
        self.functions: weakref.WeakKeyDictionary = weakref.WeakKeyDictionary()

    def __get__(self, instance: Any, owner: type) -> Any:
        return self if instance is None else functools.partial(self, instance)

    def __call__(self, model: Any, *args: Any, **kwargs: Any) -> Any:
        functions = self.functions.setdefault(model, {})
        return _run(self.function, functions, model, *args, **kwargs)


def _run(function, functions, model, *args, **kwargs):
    leaves, structure = jax.tree.flatten((args, kwargs))
    arrays = [leaf for leaf in leaves if _is_array(leaf)]
    settings = tuple(None if _is_array(leaf) else leaf for leaf in leaves)
    key = (structure, settings, tuple(map(_is_array, leaves)))
    if key not in functions:
        instance = weakref.ref(model)

        def pure(values, arrays):
            model, rest = instance(), iter(arrays)
            filled = [
                next(rest) if is_array else setting
                for setting, is_array in zip(key[1], key[2], strict=True)
            ]
            args, kwargs = jax.tree.unflatten(structure, filled)
            mapping = list(zip(model.variables, values, strict=True))
            with keras.StatelessScope(state_mapping=mapping):
                return function(model, *args, **kwargs)

        functions[key] = jax.jit(pure)
    return functions[key]([variable.value for variable in model.variables], arrays)


def _is_array(leaf):
    return isinstance(leaf, (np.ndarray, jax.Array))


def outside_strategy(function: Callable, *args: Any, **kwargs: Any) -> Any:
    """Call the function: there are no other workers."""
    return function(*args, **kwargs)


def check_process() -> None:
    """Do nothing: JAX warns of forks itself."""


def tracing() -> bool:
    """False: JAX lets Ctrl-C through."""
    return False


def keep_graph(model: Any) -> None:
    """Do nothing: JAX keeps no graphs."""


def scan(function, start, inputs):
    """States after every input, by `state = function(state, input)`."""

    def step(state, inputs):
        state = function(state, inputs)
        return state, state

    return jax.lax.scan(step, start, inputs)[1]


def gradient(function, x):
    """Gradient of sum(function(x)) with respect to x."""
    return jax.grad(lambda x: function(x).sum())(jax.numpy.asarray(x))


def random_bits(shape, seed):
    """Uniform uint32, a function of the pair `seed`."""
    first, second = seed
    if isinstance(first, int):
        key = jax.random.fold_in(jax.random.key(first & 0xFFFFFFFF), first >> 32)
    else:
        key = jax.random.key(first)
    return jax.random.bits(jax.random.fold_in(key, second), shape, "uint32")


batch_bits = random_bits


def counter_bits(seed, first, count, blocks, stream):
    """Philox4x32-10 as uint32 (count, 4 * blocks); see `backend.keyed_uniform`.

    Written out: JAX has other generators. It is the one of TensorFlow, bit for bit.
    """
    jnp = jax.numpy
    if isinstance(seed, int):
        seed = words(seed)
    seed, first = (jnp.atleast_1d(jnp.asarray(s, "uint32")) for s in (seed, first))
    return _philox()(seed, first[0], count, blocks, stream)


@functools.cache
def _philox():
    return jax.jit(_counted, static_argnums=(2, 3, 4))


def _counted(seed, first, count, blocks, stream):
    word, jnp = np.uint32, jax.numpy
    key = [seed[0], seed[1] if len(seed) > 1 else word(0)]
    # A counter of 64 bits: first * blocks, and the blocks after it.
    start = _product(first, word(blocks))
    low = start[1] + jnp.arange(count * blocks, dtype=word)
    high = start[0] + (low < start[1])
    words = [low, high, jnp.full_like(low, word(stream)), jnp.zeros_like(low)]
    for _ in range(10):
        high0, low0 = _product(words[0], word(0xD2511F53))
        high1, low1 = _product(words[2], word(0xCD9E8D57))
        words = [high1 ^ words[1] ^ key[0], low1, high0 ^ words[3] ^ key[1], low0]
        key = [key[0] + word(0x9E3779B9), key[1] + word(0xBB67AE85)]
    return jnp.stack(words, axis=-1).reshape(count, 4 * blocks)


def _product(a, b):
    """Upper and lower word of the 64 bits of a * b, for uint32."""
    low, high = a & 0xFFFF, a >> 16
    middle = high * (b & 0xFFFF) + ((low * (b & 0xFFFF)) >> 16)
    carry = low * (b >> 16) + (middle & 0xFFFF)
    return high * (b >> 16) + (middle >> 16) + (carry >> 16), a * b


def bits_of(x):
    """The bits of float32 values as uint32."""
    return jax.lax.bitcast_convert_type(x, "uint32")


def bits_as(bits, dtype):
    """The values of another dtype with those bits; of smaller ones the lower first."""
    return jax.lax.bitcast_convert_type(bits, dtype)


def gpus() -> int:
    """Number of visible GPUs."""
    return sum(device.platform == "gpu" for device in jax.devices())


def can_compile() -> bool:
    """True: JAX always compiles."""
    return True


def gpu_compute_capability() -> tuple[int, int] | None:
    """Lowest compute capability of the visible GPUs, None if there are none."""
    found = [
        tuple(map(int, device.compute_capability.split(".")))
        for device in jax.devices()
        if device.platform == "gpu"
    ]
    return min(found, default=None)  # type: ignore[return-value]
