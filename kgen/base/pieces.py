"""Pieces of a batch inside one graph.

See `docs/decisions/0011-fixed-chunk-sizes.md`.
"""

from collections.abc import Callable
from typing import Any

from keras import ops


def in_pieces(function: Callable, rows: int, *arrays: Any) -> Any:
    """Apply a function to pieces of `rows` rows, several at once, inside one graph.

    They use several cores better than one graph with as many rows.

    Args:
        function: takes as many tensors as are passed, of `rows` rows each.
        rows: rows of a piece.
        *arrays: tensors of k * `rows` rows; None is passed on as None.
    """
    given = [a for a in arrays if a is not None]
    parts = [ops.reshape(a, (-1, rows, *a.shape[1:])) for a in given]

    def of_piece(parts):
        found = iter(parts)
        return function(*(None if a is None else next(found) for a in arrays))

    results = ops.map(of_piece, parts)
    return ops.reshape(results, (-1, *results.shape[2:]))
