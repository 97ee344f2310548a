"""Batches of a few fixed sizes, so that few graphs are compiled.

See `docs/decisions/0011-fixed-chunk-sizes.md`.
"""

import math
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import joblib
import keras
import numpy as np

from kgen.core import backend, messages, validation
from kgen.core.random import as_seed, words
from kgen.core.sizes import rows_at_once

FEW = 64
"""Most rows at once for densities and loops over the scalars: much work per row."""

LOOP = 512
"""Most rows at once for loops whose turns are matrix products."""

GROUP = 64
"""Chunks that one call of a graph computes, if it has them in pieces."""


def chunks(
    n: int,
    largest: int = FEW,
    parts: int = 1,
    small: int | None = None,
    second: int | None = None,
) -> Iterator[tuple[int, int, int]]:
    """Cut n samples into pieces of three sizes, so that few graphs are compiled.

    Args:
        n: number of samples.
        largest: the largest size. The third one is 1.
        parts: number by which all sizes are divided.
        small: largest remainder that is cut into pieces of the second size; None is
            half of the largest size.
        second: the second size; None is a sixteenth of the largest one, but at least
            16.

    Yields:
        (start, count, size): `count` examples from `start`, to be padded to `size`.

    Example:
        >>> list(chunks(82))
        [(0, 64, 64), (64, 16, 16), (80, 2, 16)]
        >>> list(chunks(41, parts=2))
        [(0, 32, 32), (32, 8, 8), (40, 1, 1)]
        >>> list(chunks(63, parts=2))
        [(0, 32, 32), (32, 31, 32)]
        >>> list(chunks(20, small=16))
        [(0, 20, 64)]
        >>> list(chunks(1100, largest=1024))
        [(0, 1024, 1024), (1024, 64, 64), (1088, 12, 64)]
    """
    small = largest // 2 if small is None else small
    second = min(largest, max(16, largest // 16) if second is None else second)
    # Whole pieces; the last may lack less than a piece of the second size.
    start, whole = 0, (n + second - 1) // largest * largest
    while start < n:
        left = n - start
        many = start < whole or left > small
        size = largest if many else second if left > 1 else 1
        size = max(1, size // parts)
        yield start, min(left, size), size
        start += size


def check_room(n: int, shape: tuple) -> None:
    """Raise a MemoryError if n examples of that shape do not fit into memory."""
    try:
        np.empty((n, *shape), "float64")
    except (MemoryError, ValueError, OverflowError):
        raise messages.too_many(n, shape) from None


def pad(array: np.ndarray, size: int) -> np.ndarray:
    """Pad an array to `size` rows by repeating the last one."""
    missing = size - len(array)
    if not missing:
        return array
    return np.concatenate([array, np.repeat(array[-1:], missing, axis=0)])


def largest_layer(network: Any) -> int:
    """Numbers in the largest output of the layers of a functional `keras.Model`.

    A layer made of networks has them as its `networks`.
    """
    outputs = keras.tree.flatten(network.inputs) + keras.tree.flatten(network.outputs)
    sizes = [math.prod(d or 1 for d in tensor.shape[1:]) for tensor in outputs]
    for layer in network.layers:
        if isinstance(layer, keras.Model) and getattr(layer, "inputs", None):
            sizes.append(largest_layer(layer))
        elif hasattr(layer, "networks"):
            sizes += map(largest_layer, layer.networks)
        else:
            shapes = [tensor.shape for tensor in keras.tree.flatten(layer.output)]
            sizes += [math.prod(d or 1 for d in shape[1:]) for shape in shapes]
    return max(sizes)


def draw_in_chunks(
    draw: Any,
    n: int,
    seed: Any,
    *conditions: Any,
    rows: int = FEW,
    loops: bool = False,
) -> np.ndarray:
    """Draw n examples, a chunk at a time.

    Sample i is a function of the seed and of i, up to rounding.

    Args:
        draw: compiled function of a seed, the index of the first sample, the number
            of samples, and their conditions, if any. The first three are what
            `kgen.base.keyed_uniform` takes to make noise. The number is an integer or,
            on TensorFlow, a tensor. The result may be boolean.
        n: number of examples, >= 1.
        seed: integer; None draws one from NumPy's global state.
        *conditions: arrays of n rows; those that are None are left out.
        rows: rows of the largest chunk.
        loops: whether `draw` is a loop of small operations, which XLA compiles. If so,
            chunks have one of three sizes, and every core draws chunks of its own.

    Returns:
        float32, n rows.
    """
    given = [c for c in conditions if c is not None]
    seed, n = words(as_seed(seed)), validation.check_count("n_samples", n)
    results = _Rows(n, dtype="float32")  # bits leave the graph as booleans

    def draw_piece(piece):
        start, count, size = piece
        parts = [pad(c[start : start + count], int(size)) for c in given]
        # An array is an argument of the graph; a number would be a constant in it.
        drawn = draw(seed, np.asarray(start), size, *parts)
        return start, np.asarray(drawn)[:count]

    pieces = chunks(n, min(rows, LOOP), second=FEW) if loops else _sizes(n, rows)
    for start, values in in_threads(draw_piece, list(pieces)):
        results.add(start, values)
    return results.values


def in_threads(function: Callable, pieces: list) -> Iterable:
    """Results for all pieces, in their order; on a CPU, several at once.

    A small graph is not faster on several cores, but several small graphs are.
    """
    cores = joblib.cpu_count()
    several = len(pieces) > 1 and cores > 1 and not backend.gpus()
    # Whatever watches operations sees only its own thread: see `can_compile`.
    if not (several and backend.can_compile()):
        yield from map(function, pieces)
        return
    pool = ThreadPoolExecutor(cores)
    try:
        results = pool.map(function, pieces)
    except RuntimeError:  # the interpreter shuts down and starts no more threads
        results = map(function, pieces)
    try:
        yield from results
    finally:  # without waiting for what runs: Ctrl-C is heard at once
        pool.shutdown(wait=False, cancel_futures=True)


def _sizes(n, rows):
    if backend.NAME != "tensorflow":  # others compile for one size only
        yield from chunks(n, rows)
        return
    for start in range(0, n, rows):
        count = min(rows, n - start)
        size = padded(count, rows)
        # Graphs for whole chunks and for few rows, and one for all other numbers.
        fixed = size == rows or size <= FEW
        yield start, count, size if fixed else np.asarray(size)


def padded(count: int, rows: int) -> int:
    """Number of rows to compute when `count` are wanted: one of some 35 numbers.

    For every number that it meets, the matrix library keeps a plan in memory.

    Args:
        count: rows that are wanted, 1 to `rows`.
        rows: largest number of rows, a power of two.

    Example:
        >>> [padded(count, 4096) for count in (1, 5, 17, 100, 129, 1808, 4095)]
        [1, 16, 64, 128, 256, 1920, 4096]
    """
    for size in (1, 16, FEW):
        if count <= size:
            return min(size, rows)
    step = max(1, rows // 32)
    return -(-count // step) * step


def in_chunks(
    function: Any,
    *arrays: Any,
    rows: int | None = None,
    finish: Any = None,
    pieces: bool = False,
) -> np.ndarray:
    """Apply a compiled function of batches to arrays of any length.

    All batches have the same number of rows, whatever the length of the arrays, because
    the last bits of a matrix product depend on the shapes. So the result of a row is
    the same, to the last bit, whether it comes alone or among others.

    Args:
        function: takes as many arrays as are passed, in batches.
        *arrays: all of the same length; those that are None are left out.
        rows: rows of a batch, which may depend only on the shape of a row; None is 64,
            or fewer if rows are large: see `rows_at_once`.
        finish: function that is applied to results, some rows at a time, while they are
            in the caches. It may overwrite arrays that are writeable.
        pieces: whether `function` also takes several batches in a row, whose results it
            computes one by one: see `kgen.base.pieces`.
    """
    given = [a for a in arrays if a is not None]
    if rows is None:
        rows = rows_at_once(max(math.prod(a.shape[1:]) for a in given), FEW)
    n, several = len(given[0]), rows * (GROUP if pieces else 1)

    def apply(start):
        parts = [a[start : start + several] for a in given]
        count = len(parts[0])
        found = function(*(pad(part, -(-count // rows) * rows) for part in parts))
        return start, np.asarray(found)[:count]

    results = _Rows(n, finish)
    for start, found in in_threads(apply, list(range(0, n, several))):
        results.add(start, found)
    return results.values


def finished(finish: Any, values: np.ndarray) -> np.ndarray:
    """`finish` of an array, part by part; in place if the dtype stays the same."""
    results = _Rows(len(values), finish, values)
    results.add(0, values)
    return results.values


class _Rows:
    """The results for all rows, filled chunk by chunk."""

    values: Any = None

    def __init__(self, n, finish=None, room=None, dtype=None):
        self.n, self.finish, self.room, self.dtype = n, finish, room, dtype

    def add(self, start, values):
        if self.finish is None:
            self._put(start, values)
            return
        # Parts small enough for the caches, which is several times faster.
        rows = rows_at_once(16 * math.prod(values.shape[1:]))
        for first in range(0, len(values), rows):
            self._put(start + first, self.finish(values[first : first + rows]))

    def _put(self, start, values):
        if self.values is None:
            self.values = self._array((self.n, *values.shape[1:]), values.dtype)
        # If the room is their own, they are there already.
        if self.room is None or not np.may_share_memory(self.room, values):
            self.values[start : start + len(values)] = values

    def _array(self, shape, dtype):
        room, dtype = self.room, self.dtype or dtype
        if room is None or room.dtype != dtype or not room.flags.writeable:
            return np.empty(shape, dtype)
        return room.reshape(shape)
