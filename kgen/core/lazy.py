"""Modules that are imported on first use."""

import importlib
import sys
import warnings
from typing import Any


class LazyModule:
    """A module that is imported when one of its attributes is first accessed.

    Args:
        name: of the module.
        quiet: whether to hide the deprecation warnings of its import, which are none of
            the user's business, and errors under `python -W error`.
    """

    def __init__(self, name: str, *, quiet: bool = False) -> None:
        self._name = name
        self._quiet = quiet

    def __getattr__(self, attribute: str) -> Any:
        if attribute.startswith("__"):  # inspection tools ask for these
            raise AttributeError(attribute)
        return getattr(self._module(), attribute)

    def __dir__(self) -> list[str]:
        return dir(self._module())

    def _module(self) -> Any:
        if not self._quiet or self._name in sys.modules:
            return importlib.import_module(self._name)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            return importlib.import_module(self._name)
