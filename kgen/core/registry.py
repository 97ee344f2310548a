"""Names for strategy objects, with a hint when a name is mistyped."""

import copy
import difflib
from collections.abc import Callable, Iterator, Mapping
from typing import Any


def unknown_name(kind: str, name: object, known: list[str]) -> str:
    """Message for an unknown name, with the nearest known one.

    Example:
        >>> unknown_name("head", "bernouli", ["bernoulli", "normal"])
        "Unknown head 'bernouli'. Did you mean 'bernoulli'? Known: bernoulli, normal."
    """
    close = difflib.get_close_matches(str(name), known, n=1)
    hint = f" Did you mean {close[0]!r}?" if close else ""
    return f"Unknown {kind} {name!r}.{hint} Known: {', '.join(sorted(known))}."


class Registry(Mapping[str, Any]):
    """A dictionary from names to objects, with a helpful error for unknown names.

    Args:
        kind: what the objects are, for error messages, e.g. "head".
        base: their common base class, if instances may be given instead of names.
    """

    def __init__(self, kind: str, base: type = object) -> None:
        self.kind = kind
        self.base = base
        self._entries: dict[str, Any] = {}

    def register(self, name: str) -> Callable[[Any], Any]:
        """Return a decorator that registers its argument under `name`."""

        def file(entry: Any) -> Any:
            self._entries[name] = entry
            return entry

        return file

    def __getitem__(self, name: str) -> Any:
        if not isinstance(name, str):
            raise ValueError(
                f"`{self.kind}` must be a name or an instance of {self.base.__name__}. "
                f"Got {name!r}. Names: {', '.join(sorted(self._entries))}."
            )
        if name not in self._entries:
            raise ValueError(unknown_name(self.kind, name, list(self._entries)))
        return self._entries[name]

    def resolve(self, value: Any) -> Any:
        """Return the object that a name stands for, with its defaults, or an instance.

        Args:
            value: a name, or an instance of the registry's base, which is copied: later
                changes of the user's own do not reach what was made with it.

        Raises:
            ValueError: if it is neither; the message has the nearest name.
        """
        if isinstance(value, self.base) and not isinstance(value, (str, type)):
            return copy.copy(value)
        entry = self[value]
        return entry() if isinstance(entry, type) else copy.copy(entry)

    def __contains__(self, name: object) -> bool:
        return name in self._entries

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __repr__(self) -> str:
        return f"<{self.kind} by name: {', '.join(sorted(self._entries))}>"

    def name_of(self, entry: Any) -> str | None:
        """Return the name under which `entry` is registered, None if it is not."""
        return next((n for n, e in self._entries.items() if e == entry), None)
