"""Modules that are imported on first use."""

import importlib
from typing import Any


class LazyModule:
    """A module that is imported when one of its attributes is first accessed."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        if attribute.startswith("__"):  # inspection tools ask for these
            raise AttributeError(attribute)
        return getattr(importlib.import_module(self._name), attribute)

    def __dir__(self) -> list[str]:
        return dir(importlib.import_module(self._name))
