"""Numbers for all pairs of examples, a block of rows at a time."""

from collections.abc import Callable, Iterator

import numpy as np

BLOCK = 2**23
"""Pairs at once, at most: 64 MB of float64."""


def row_blocks(a: np.ndarray, b: np.ndarray) -> list[slice]:
    """Slices of the rows of a, for which the pairs with all of b fit into memory."""
    rows = max(1, BLOCK // len(b))
    return [slice(first, first + rows) for first in range(0, len(a), rows)]


def squared_distances(
    a: np.ndarray, b: np.ndarray, tick: Callable[[], None] = lambda: None
) -> Iterator[tuple[slice, np.ndarray]]:
    """Squared Euclidean distances of some rows of a to all of b, block by block.

    Args:
        a: (n, k) float64.
        b: (m, k) float64.
        tick: what to call after each block.

    Yields:
        A slice of a's rows, and their distances, (rows, m). Those that are only
        rounding are exactly 0.
    """
    centre = b.mean(axis=0)  # small numbers leave little to round
    a, b = a - centre, b - centre
    norms_a, norms_b = (np.einsum("ij,ij->i", x, x) for x in (a, b))
    for rows in row_blocks(a, b):
        scale = norms_a[rows, None] + norms_b
        squared = scale - 2 * (a[rows] @ b.T)
        squared[squared < 1e-13 * scale] = 0
        yield rows, squared
        tick()


def radii(
    x: np.ndarray, n_neighbors: int, tick: Callable[[], None] = lambda: None
) -> np.ndarray:
    """Squared distance of every row to its n-th nearest among the others, (n,).

    It is a little more than that, so that rounding does not separate equal distances.
    """
    found = np.empty(len(x))
    for rows, squared in squared_distances(x, x, tick):
        squared[np.arange(len(squared)), np.arange(len(x))[rows]] = np.inf
        found[rows] = np.partition(squared, n_neighbors - 1, axis=1)[:, n_neighbors - 1]
    return found * (1 + 1e-9)
