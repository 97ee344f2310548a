"""Names for strategy objects, with a hint when a name is mistyped."""

import difflib
from collections.abc import Callable, Iterator, Mapping
from typing import Any


def unknown_name(kind: str, name: object, known: list[str]) -> str:
    """Wording for a name that is not known, with the nearest one that is.

    Example:
        >>> unknown_name("head", "bernouli", ["bernoulli", "normal"])
        "Unknown head 'bernouli'. Did you mean 'bernoulli'? Known: bernoulli, normal."
    """
    close = difflib.get_close_matches(str(name), known, n=1)
    hint = f" Did you mean {close[0]!r}?" if close else ""
    return f"Unknown {kind} {name!r}.{hint} Known: {', '.join(sorted(known))}."


class Registry(Mapping[str, Any]):
    """A dictionary from names to objects that explains a miss.

    Args:
        kind: what the objects are, for error messages, e.g. "head".
    """

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._entries: dict[str, Any] = {}

    def register(self, name: str) -> Callable[[Any], Any]:
        """Return a decorator that files its argument under `name`."""

        def file(entry: Any) -> Any:
            self._entries[name] = entry
            return entry

        return file

    def __getitem__(self, name: str) -> Any:
        if not isinstance(name, str) or name not in self._entries:
            raise ValueError(unknown_name(self.kind, name, list(self._entries)))
        return self._entries[name]

    def __contains__(self, name: object) -> bool:
        return name in self._entries

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def name_of(self, entry: Any) -> str | None:
        """Return the name under which `entry` is filed, None if it is not."""
        return next((n for n, e in self._entries.items() if e == entry), None)
