"""Batches of a few fixed sizes, so that few graphs are compiled.

See `docs/decisions/0011-fixed-chunk-sizes.md`.
"""

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np

from kgen.core import messages, validation
from kgen.core.random import as_seed, keyed_uniform

CHUNK = 64
"""Batch size of densities and codes. Always the same: the last bits of a matrix
product depend on the shapes."""


def chunks(n: int, parts: int = 1, small: int = 32) -> Iterator[tuple[int, int, int]]:
    """Cut n samples into pieces of three sizes, so that few graphs are compiled.

    Args:
        n: number of samples.
        parts: the sizes are 64, 16 and 1, divided by it.
        small: largest remainder that is cut into pieces of the second size.

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
    """
    start, whole = 0, (n + 15) // 64 * 64
    while start < n:
        left = n - start
        size = 64 if start < whole or left > small else 16 if left > 1 else 1
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
    return np.concatenate([array, np.repeat(array[-1:], missing, axis=0)])


def draw_in_chunks(draw, n, seed, size, *conditions: Any) -> np.ndarray:
    """Draw n examples, a chunk at a time.

    Args:
        draw: compiled function of a chunk of noise, (chunk, size), uniform in (0, 1),
            and of its conditions.
        n: number of examples, >= 1.
        seed: integer; None draws one from NumPy's global state.
        size: number of noise values per example.
        *conditions: arrays of n rows; those that are None are left out.
    """
    given = [c for c in conditions if c is not None]
    seed, n = as_seed(seed), validation.check_count("n_samples", n)
    parts = []
    for start, count, chunk in chunks(n):
        noise = keyed_uniform(seed, start, chunk, (size,))
        rows = [pad(c[start : start + count], chunk) for c in given]
        parts.append(keras.ops.convert_to_numpy(draw(noise, *rows))[:count])
    return np.concatenate(parts)


def in_chunks(function, *arrays: Any) -> np.ndarray:
    """Apply a compiled function of batches to arrays of any length.

    Args:
        function: takes as many arrays, in batches of `CHUNK` rows.
        *arrays: all of the same length; those that are None are left out.
    """
    given = [a for a in arrays if a is not None]
    parts = []
    for start in range(0, len(given[0]), CHUNK):
        rows = [a[start : start + CHUNK] for a in given]
        values = function(*(pad(r, CHUNK) for r in rows))
        parts.append(keras.ops.convert_to_numpy(values)[: len(rows[0])])
    return np.concatenate(parts)
