"""How many rows are computed at once: one rule for everything that is cut into chunks.

See `docs/decisions/0011-fixed-chunk-sizes.md`.
"""

from kgen.core import backend

NUMBERS = 2**21
"""Numbers that a tensor of a chunk holds at most, 8 MiB of float32: on a CPU more is
hardly faster. On a GPU, where nothing was measured, it is 16 times as many."""


def rows_at_once(numbers: int, most: int = 2048) -> int:
    """Rows of a chunk, a power of two from 1 to `most`.

    Args:
        numbers: numbers in the largest tensor that is computed for one row.
        most: upper limit.

    Example:
        >>> rows_at_once(784), rows_at_once(224 * 224 * 3), rows_at_once(10**9)
        (2048, 8, 1)
        >>> rows_at_once(784, most=64)
        64
    """
    room = NUMBERS * (16 if backend.gpus() else 1)
    fitting = max(1, room // max(1, numbers))
    return int(min(most, 2 ** (fitting.bit_length() - 1)))
