"""Checks of hyper-parameters and other settings, and the wording of their errors."""

import dataclasses
import math
import numbers
import types
import typing
from typing import Any

import numpy as np


def check_params(estimator: Any) -> None:
    """Check every field of a dataclass estimator against its type and limits.

    Raises:
        TypeError: for a value of the wrong type.
        ValueError: for a value out of range.
    """
    hints = typing.get_type_hints(type(estimator))
    for field in dataclasses.fields(estimator):
        value = getattr(estimator, field.name)
        limits = {k: v for k, v in field.metadata.items() if k in _LIMITS}
        if is_a(value, int) and int in _alternatives(hints[field.name]):
            limits = _bounded(value, limits)
        prefix = f"{type(estimator).__name__}({field.name}={value!r}): `{field.name}`"
        if "registry" in field.metadata:
            field.metadata["registry"].resolve(value)
            continue
        if "choices" in field.metadata:
            choices = field.metadata["choices"]
            if not any(_same_kind(value, c) and value == c for c in choices):
                allowed = ", ".join(map(repr, choices))
                raise ValueError(f"{prefix} must be one of {allowed}.")
            continue
        wanted = _alternatives(hints[field.name])
        if wanted == (tuple,):
            check_settings(estimator, field.name, value, **limits)
            continue
        if Any not in wanted and not any(is_a(value, kind) for kind in wanted):
            names = " or ".join(_described(kind, limits) for kind in wanted)
            raise TypeError(
                f"{prefix} must be {names}. Got {value!r} of type "
                f"{type(value).__name__}."
            )
        if isinstance(value, numbers.Real) and not _within(value, limits):
            raise ValueError(f"{prefix} must be {_wording(limits)}.")


_LIMITS: dict[str, tuple[str, Any]] = {
    "ge": (">=", lambda value, limit: value >= limit),
    "gt": (">", lambda value, limit: value > limit),
    "le": ("<=", lambda value, limit: value <= limit),
    "lt": ("<", lambda value, limit: value < limit),
}


def _bounded(value: int, limits: dict[str, Any]) -> dict[str, Any]:
    """Limits of an integer; that of 32 bits, too, if it lies beyond."""
    bounded = "le" in limits or "lt" in limits
    return limits if bounded or value < 2**31 else {**limits, "lt": 2**31}


def _wording(limits: dict[str, Any]) -> str:
    return " and ".join(f"{_LIMITS[k][0]} {v}" for k, v in limits.items())


def _within(value: Any, limits: dict[str, Any]) -> bool:
    inside = [_LIMITS[k][1](value, limit) for k, limit in limits.items()]
    return np.all(inside, axis=0)


def _alternatives(hint: Any) -> tuple:
    union = typing.get_origin(hint) in (typing.Union, types.UnionType)
    return typing.get_args(hint) if union else (hint,)


def is_a(value: Any, kind: Any) -> bool:
    """Whether a value is one of a kind: a type, int and float in a wide sense."""
    if kind is int:
        return isinstance(value, numbers.Integral) and not isinstance(value, bool)
    if kind is float:
        # Not numbers.Real: fractions cannot be written into files.
        real = isinstance(value, (float, int, np.floating, np.integer))
        return real and not isinstance(value, bool) and _is_finite(value)
    if kind is bool:
        return isinstance(value, (bool, np.bool_))
    if typing.get_origin(kind) is typing.Literal:
        return isinstance(value, str) and value in typing.get_args(kind)
    return isinstance(value, typing.get_origin(kind) or kind)


def _is_finite(number: Any) -> bool:
    try:
        return math.isfinite(number)
    except OverflowError:  # an integer beyond all floats
        return False


def _same_kind(value: Any, choice: Any) -> bool:
    return any(is_a(value, kind) and is_a(choice, kind) for kind in (bool, int, str))


def _described(kind: Any, limits: dict[str, Any]) -> str:
    wording = _wording(limits) if kind in (int, float) else ""
    return f"{_kind_name(kind)} {wording}".rstrip()


def _kind_name(kind: Any) -> str:
    if typing.get_origin(kind) is typing.Literal:
        return " or ".join(map(repr, typing.get_args(kind)))
    named = {int: "an integer", float: "a finite number", str: "a string"}
    named |= {bool: "True or False", type(None): "None"}
    return named.get(kind, f"a {getattr(kind, '__name__', kind)}")


def check_setting(owner: Any, name: str, value: Any, **limits: Any) -> int:
    """Return an integer argument of a layer, strategy or model as an int.

    Args:
        owner: the object that has it, or its name.
        name: name of the argument.
        value: what was passed.
        **limits: `ge`, `gt`, `le`, `lt`.

    Raises:
        ValueError: if it is not an integer, or out of range.
    """
    if is_a(value, int):
        limits = _bounded(value, limits)
    return int(_checked(owner, name, value, int, limits))


def check_number(owner: Any, name: str, value: Any, **limits: Any) -> float:
    """Return a finite number as a float: see `check_setting`.

    Raises:
        ValueError: if it is not a finite number, or out of range.
    """
    return float(_checked(owner, name, value, float, limits))


def _checked(owner: Any, name: str, value: Any, kind: type, limits: dict) -> Any:
    if not is_a(value, kind) or not _within(value, limits):
        wanted = f"{_kind_name(kind)} {_wording(limits)}."
        raise ValueError(_prefix(owner, name, value) + wanted)
    return value


def check_settings(owner: Any, name: str, value: Any, **limits: Any) -> tuple:
    """Return one or more integers as a tuple.

    Args:
        owner: see `check_setting`.
        name: see `check_setting`.
        value: an integer, or a sequence or array of them.
        **limits: see `check_setting`.

    Raises:
        ValueError: if there are none, or `check_setting` rejects one of them.

    Example:
        >>> check_settings("MADE", "hidden", [64, 32], ge=1)
        (64, 32)
        >>> check_settings("MADE", "hidden", 64, ge=1)
        (64,)
    """
    several = isinstance(value, (list, tuple)) or np.ndim(value) > 0
    given = list(value) if several else [np.asarray(value)[()]]
    if not given:
        raise ValueError(
            _prefix(owner, name, value) + "one or more integers. Got none."
        )
    checked = tuple(check_setting(owner, name, item, **limits) for item in given)
    # The object itself if nothing changes: scikit-learn's `clone` requires it.
    plain = isinstance(value, tuple) and all(type(item) is int for item in value)
    return value if plain else checked


def check_numbers(owner: Any, name: str, value: Any, **limits: Any) -> Any:
    """Return None, a finite number, or a list of one for every channel.

    Raises:
        ValueError: if it is none of them, or out of range.
    """
    if value is None:
        return None
    try:
        numbers = np.asarray(value, "float64")
    except (TypeError, ValueError):
        numbers = np.array(np.nan)
    inside = np.isfinite(numbers) & _within(numbers, limits)
    if numbers.ndim > 1 or numbers.size == 0 or not inside.all():
        wanted = f"a finite number, or one for every channel, {_wording(limits)}"
        raise ValueError(_prefix(owner, name, value) + wanted.rstrip(", ") + ".")
    # Lists, as files hold them; what is plain stays the object itself, which
    # scikit-learn's `clone` requires.
    return numbers.tolist() if isinstance(value, (np.ndarray, np.generic)) else value


def check_choice(owner: Any, name: str, value: Any, choices: tuple) -> Any:
    """Return a value that must be one of several.

    Raises:
        ValueError: if it is none of them.
    """
    if not any(type(value) is type(choice) and value == choice for choice in choices):
        allowed = ", ".join(map(repr, choices))
        raise ValueError(_prefix(owner, name, value) + f"one of {allowed}.")
    return value


def _prefix(owner: Any, name: str, value: Any) -> str:
    called = owner if isinstance(owner, str) else type(owner).__name__
    return f"{called}({name}={value!r}): `{name}` must be "


def check_count(name: str, value: Any) -> int:
    """Return a number of examples, or of steps, as an int.

    Raises:
        ValueError: if it is not an integer >= 1.
    """
    if not is_a(value, int) or value < 1:
        raise ValueError(f"`{name}` must be an integer >= 1. Got {value!r}.")
    return int(value)


def check_temperature(temperature: Any) -> float:
    """Return `temperature` as a float.

    Raises:
        ValueError: if it is not a number from 1e-20 to 1e10, what float32 can do.
    """
    if not is_a(temperature, float) or not 1e-20 <= temperature <= 1e10:
        raise ValueError(
            f"`temperature` must be a number > 0, from 1e-20 to 1e10. Got "
            f"{temperature!r}; 1.0 samples from the model's own density, and a small "
            "one near its modes."
        )
    return float(temperature)
