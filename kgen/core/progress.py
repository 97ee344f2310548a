"""Progress bars: only where somebody sees them move."""

import functools
import os
import sys
from collections.abc import Callable

import keras


def is_watched() -> bool:
    """Whether output goes to a terminal or a notebook, and not into a file."""
    terminal = getattr(sys.stdout, "isatty", bool)()
    return terminal or "ipykernel" in sys.modules or "PYCHARM_HOSTED" in os.environ


def of_fit(verbose: int) -> int:
    """The `verbose` of Keras' `fit`: in a file a line per epoch stands for the bars."""
    return 2 if verbose == 1 and not is_watched() else int(verbose)


def ticker(calls: int, verbose: int) -> Callable[[], None]:
    """A function to call after each of so many calls; with `verbose=1` it shows a bar.

    There is none in a file, nor with `verbose=2`, which means lines instead of bars.
    """
    if verbose != 1 or not is_watched():
        return lambda: None
    return functools.partial(keras.utils.Progbar(calls, unit_name="part").add, 1)
