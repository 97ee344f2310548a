"""Modules that come in when they are first used."""

import importlib
from typing import Any


class LazyModule:
    """A module that is imported when the first of its names is asked for."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        if attribute.startswith("__"):  # tools that look at objects ask for these
            raise AttributeError(attribute)
        return getattr(importlib.import_module(self._name), attribute)
