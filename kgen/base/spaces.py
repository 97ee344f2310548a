"""Where to search for hyper-parameters: spaces, and the fields they belong to.

Spaces stand beside fields: `hidden: int = param(500, ge=1, search=Range(64, 1024))`.
`hp` is a `keras_tuner.HyperParameters`, which kgen does not import here.
"""

import dataclasses
from collections.abc import Iterator
from typing import Any

from kgen.core import messages, validation


@dataclasses.dataclass(frozen=True)
class Space:
    """Base of the search spaces of one hyper-parameter.

    A subclass implements `draw(hp, name, default)`.
    """

    def draw(self, hp: Any, name: str, default: Any) -> Any:
        """Ask `hp` for a value.

        Args:
            hp: a `keras_tuner.HyperParameters`.
            name: name of the hyper-parameter.
            default: the estimator's value; a search begins with it if it lies in the
                space.
        """
        raise NotImplementedError


@dataclasses.dataclass(frozen=True)
class Range(Space):
    """Numbers from `low` to `high`, both included; integers if both are integers.

    Args:
        low: smallest value.
        high: largest value, >= `low`.
        log: whether ratios count rather than differences, for `low` > 0.
        step: difference between neighbours, or their ratio if `log`; None allows any.
        only: "tables" or "images" (which includes sequences), if the hyper-parameter
            matters only for these.

    Example:
        >>> import keras_tuner
        >>> hp = keras_tuner.HyperParameters()
        >>> Range(1e-4, 1e-2, log=True).draw(hp, "learning_rate", 1e-3)
        0.001
        >>> Range(8, 64, log=True, step=2).draw(hp, "batch_size", 500)
        8
    """

    low: float
    high: float
    log: bool = False
    step: float | None = None
    only: str | None = None

    def __post_init__(self) -> None:
        for name in ("low", "high"):
            validation.check_number(self, name, getattr(self, name))
        if self.low > self.high or (self.log and self.low <= 0):
            raise messages.no_range(self.low, self.high, log=self.log)

    def draw(self, hp: Any, name: str, default: Any) -> Any:
        whole = all(validation.is_a(x, int) for x in (self.low, self.high))
        fits = validation.is_a(default, int if whole else float)
        value = (hp.Int if whole else hp.Float)(
            name,
            min_value=self.low,
            max_value=self.high,
            step=self.step,
            sampling="log" if self.log else "linear",
            default=default if fits and self.low <= default <= self.high else None,
        )
        # keras-tuner's integers are one too large at the end of a range.
        return min(max(value, self.low), self.high)


@dataclasses.dataclass(frozen=True)
class OneOf(Space):
    """One of several values of any kind, such as names or architectures.

    Args:
        values: a tuple of the values, no two of which print alike.
        only: see `Range`.

    Example:
        >>> import keras_tuner
        >>> hp = keras_tuner.HyperParameters()
        >>> OneOf(((64,), (64, 64))).draw(hp, "hidden", (64, 64))
        (64, 64)
    """

    values: tuple
    only: str | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.values, tuple) or not self.values:
            raise messages.no_values(self.values)
        if len({*map(repr, self.values)}) < len(self.values):
            raise messages.equal_values(self.values)

    def draw(self, hp: Any, name: str, default: Any) -> Any:
        # keras-tuner knows numbers or text, not both, and takes booleans for 0 and 1.
        plain = all(type(v) is int for v in self.values)
        plain |= all(type(v) is str for v in self.values)
        labels = {value if plain else repr(value): value for value in self.values}
        own = default if plain else repr(default)
        known = own if own in labels else next(iter(labels))
        return labels[hp.Choice(name, list(labels), default=known)]


@dataclasses.dataclass(frozen=True)
class Widths(Space):
    """Layers of one width: a tuple of integers.

    Args:
        low: smallest width, >= 1.
        high: largest width; ratios of widths count.
        least: smallest number of layers, >= 1.
        most: largest number of layers.
        only: see `Range`.

    Example:
        >>> import keras_tuner
        >>> hp = keras_tuner.HyperParameters()
        >>> Widths(32, 512).draw(hp, "hidden", (128, 128))
        (128, 128)
    """

    low: int
    high: int
    least: int = 1
    most: int = 3
    only: str | None = None

    def draw(self, hp: Any, name: str, default: Any) -> Any:
        widths = default if isinstance(default, tuple) and default else (default,)
        width = Range(self.low, self.high, log=True).draw(
            hp, f"{name}_width", widths[0]
        )
        layers = Range(self.least, self.most).draw(hp, f"{name}_layers", len(widths))
        return (width,) * layers


class HasSearchSpace:
    """An estimator that says where to look for better hyper-parameters."""

    def search_space(self, hp: Any, event_shape: Any = None) -> dict[str, Any]:
        """Hyper-parameters to try, for `kgen.tuning.search` and keras-tuner itself.

        They are those that determine how well the model learns; not how long it trains
        (`epochs`), or what it is for, such as its head.

        Args:
            hp: a `keras_tuner.HyperParameters`, which chooses.
            event_shape: shape of an example, without the channel of grey images; what
                does not matter for this shape is left out. None leaves out nothing.

        Returns:
            Values by name, for `set_params`.
        """
        return {
            name: space.draw(hp, name, getattr(self, name))
            for name, space in _spaces(self, event_shape)
        }


def _spaces(estimator: Any, event_shape: Any) -> Iterator[tuple[str, Space]]:
    """The spaces of an estimator's fields, unless the user's settings rule them out."""
    skipped = set()
    if not isinstance(estimator.optimizer, str):  # an instance has its own
        skipped |= {"learning_rate", "weight_decay"}
    if not validation.is_a(estimator.learning_rate, float):  # a schedule
        skipped.add("learning_rate")
    kind = "tables" if event_shape is not None and len(event_shape) == 1 else "images"
    for field in dataclasses.fields(estimator):
        space = _nearest(type(estimator), field.name)
        if space is None or field.name in skipped:
            continue
        if event_shape is None or space.only in (None, kind):
            yield field.name, space


def _nearest(cls: type, name: str) -> Any:
    """A field's space in the nearest class that defines one: perhaps None.

    A class that only changes a default keeps the space of its bases.
    """
    for base in cls.__mro__:
        if name in vars(base).get("_own_fields", ()):
            found = vars(base)["__dataclass_fields__"][name].metadata
            if "search" in found:
                return found["search"]
    return None
