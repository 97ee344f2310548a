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


Verbose = int | bool | str
"""0 or False: silence; 1, True or "auto": bars; 2: a line per epoch."""


def of_fit(verbose: Verbose) -> int:
    """The `verbose` of Keras' `fit`: in a file a line per epoch stands for the bars."""
    bars = verbose in _BARS
    return (1 if is_watched() else 2) if bars else int(verbose)


def ticker(calls: int, verbose: Verbose) -> Callable[[], None]:
    """A function to call after each of so many calls; with `verbose=1` it shows a bar.

    There is none in a file, nor with `verbose=2`, which means lines instead of bars.
    """
    if verbose not in _BARS or not is_watched():
        return lambda: None
    return functools.partial(keras.utils.Progbar(calls, unit_name="part").add, 1)


_BARS = (1, "auto")  # True is 1
