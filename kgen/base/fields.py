"""Hyper-parameters as dataclass fields, and the registry of estimators."""

import dataclasses
import inspect
from typing import Any

import keras

from kgen.core.registry import Registry

estimators = Registry("estimator")

WIDEST = 2**16
"""Largest width of a layer, so that a typing error is reported by name."""

DEEPEST = 1_000
"""Largest number of layers."""

LearningRate = float | keras.optimizers.schedules.LearningRateSchedule
"""What a `learning_rate` may be."""


def param(default: Any, **limits: Any) -> Any:
    """A hyper-parameter: its default, and what is allowed.

    Args:
        default: an immutable value.
        **limits: `ge`, `gt`, `le`, `lt`; or `choices`, a tuple; or `registry`, a
            `kgen.base.Registry` of strategies. In addition `search`, where to look for
            better values: a `Range`, `OneOf` or `Widths` of `kgen.base`, or None.
            Without it, the field has the search space that it has in the bases.
    """
    return dataclasses.field(default=default, metadata=limits)


def estimator(cls: Any) -> Any:
    """Decorate a final estimator: register it in `kgen.estimators` under its name.

    Raises:
        ValueError: if another class has that name already.
    """
    name = cls.__name__
    former = estimators[name] if name in estimators else cls
    if (former.__module__, former.__qualname__) != (cls.__module__, cls.__qualname__):
        raise ValueError(
            f"There is an estimator {name!r} already: {former.__module__}.{name}. Give "
            "yours another name, so that files can tell them apart."
        )
    return estimators.register(name)(cls)


def collect_fields(cls: type) -> None:
    """Turn annotated fields into hyper-parameters; `__init__` only stores them.

    As with any attribute, the nearest class in the method resolution order wins. (A
    plain dataclass would count the fields that a base inherits as the base's own, and
    let them override those of classes before it.)

    Raises:
        TypeError: for a plain attribute, without annotation, in place of a field.
    """
    annotations = cls.__dict__.get("__annotations__", {})
    own_names = tuple(annotations)
    nearest: dict[str, Any] = {}
    picked: dict[str, Any] = {}
    for base in reversed(cls.__mro__[1:]):
        is_dataclass = "__dataclass_fields__" in vars(base)
        fields = {f.name: f for f in dataclasses.fields(base)} if is_dataclass else {}
        own = vars(base).get("_own_fields", inspect.get_annotations(base))
        nearest |= {name: field for name, field in fields.items() if name in own}
        picked |= fields
    for name, field in nearest.items():
        if name in vars(cls) and name not in own_names:
            raise TypeError(
                f"{cls.__name__}.{name} = {vars(cls)[name]!r} hides a hyper-parameter. "
                f"Write `{name}: <type> = param(<default>)`."
            )
        if name not in own_names and picked[name] is not field:
            annotations[name] = field.type
            copy = dataclasses.field(default=field.default, metadata=field.metadata)
            setattr(cls, name, copy)
    cls.__annotations__ = annotations
    cls._own_fields = own_names  # type: ignore[attr-defined]
    dataclasses.dataclass(kw_only=True, eq=False, repr=False)(cls)
