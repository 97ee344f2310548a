"""Hyper-parameters and fitted attributes as JSON, without pickle."""

import dataclasses
import json
from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from kgen.core import messages


def encode(name: str, value: Any) -> Any:
    """Convert a hyper-parameter or fitted attribute to something that JSON can hold.

    Raises:
        ValueError: if it cannot be written without pickle; the message has `name`.
    """
    if value is None or isinstance(value, (bool, int, float, str)):
        return value if type(value) in _PLAIN else encode(name, _plain(value))
    if isinstance(value, (list, tuple)):
        items = [encode(name, item) for item in value]
        return items if isinstance(value, list) else {"tuple": items}
    if isinstance(value, dict):
        items = [[encode(name, k), encode(str(k), v)] for k, v in value.items()]
        return {"dict": items}
    for kind, (test, to_json, _) in _CODECS.items():
        if test(value):
            return {kind: encode(name, to_json(name, value))}
    raise messages.unwritable(name, value)


def decode(value: Any) -> Any:
    """Undo `encode`."""
    if isinstance(value, list):
        return [decode(item) for item in value]
    if not isinstance(value, dict):
        return value
    ((kind, content),) = value.items()
    if kind == "tuple":
        return tuple(decode(item) for item in content)
    if kind == "dict":
        return {decode(k): decode(v) for k, v in content}
    return _CODECS[kind][2](decode(content))


_PLAIN = (type(None), bool, int, float, str)


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else str(value)


def _array_to_json(name: str, value: np.ndarray) -> dict[str, Any]:
    dtype = value.dtype.str
    if value.dtype.kind in "mM":
        return {"dtype": dtype, "values": value.astype("int64").tolist()}
    plain = value.dtype.kind in "biuf" and value.dtype.itemsize <= 8
    plain = plain or value.dtype.kind == "U"
    if not plain and not all(type(v) in _PLAIN for v in value.ravel().tolist()):
        raise messages.unwritable(name, value)
    return {"dtype": dtype, "values": value.tolist()}


def _array(content: dict[str, Any]) -> np.ndarray:
    values, dtype = content["values"], np.dtype(content["dtype"])
    if dtype.kind in "mM" and np.asarray(values).dtype.kind == "i":
        return np.asarray(values, "int64").astype(dtype)
    return np.array(values, dtype=dtype)  # dates are strings in former files


def _keras_to_json(name: str, value: Any) -> Any:
    return json.dumps(keras.saving.serialize_keras_object(value))


def _keras_from_json(text: str) -> Any:
    return keras.saving.deserialize_keras_object(json.loads(text), safe_mode=True)


_GENERATORS = ("MT19937", "PCG64", "PCG64DXSM", "Philox", "SFC64")


def _random_state(state: Any) -> np.random.RandomState:
    if not isinstance(state, dict):  # of version 0.1.0, which knew one generator
        state = {"bit_generator": "MT19937", "legacy": state}
    if state["bit_generator"] not in _GENERATORS:
        raise ValueError(f"unknown generator {state['bit_generator']!r}")
    generator = getattr(np.random, state["bit_generator"])()
    random_state = np.random.RandomState(generator)
    legacy = state.get("legacy")
    random_state.set_state(state if legacy is None else tuple(legacy))
    return random_state


# kind: (test, conversion to something encodable, conversion of the decoded value)
_CODECS: dict[str, tuple[Callable, Callable, Callable]] = {
    "array": (
        lambda value: isinstance(value, np.ndarray),
        _array_to_json,
        _array,
    ),
    "scalar": (
        lambda value: isinstance(value, np.generic),
        lambda name, value: np.asarray(value),
        lambda array: array[()],
    ),
    "dtype": (
        lambda value: isinstance(value, np.dtype),
        lambda name, value: value.str,
        np.dtype,
    ),
    "random_state": (
        lambda value: isinstance(value, np.random.RandomState),
        lambda name, value: value.get_state(legacy=False),
        _random_state,
    ),
    "keras": (
        lambda value: hasattr(value, "get_config"),
        _keras_to_json,
        _keras_from_json,
    ),
}


def add_codec(
    kind: str, test: Callable, to_json: Callable, from_json: Callable
) -> None:
    """Add a kind of hyper-parameter to `encode` and `decode`.

    The latest kind is tried first, before the more general ones above.
    """
    former = {name: codec for name, codec in _CODECS.items() if name != kind}
    _CODECS.clear()
    _CODECS.update({kind: (test, to_json, from_json), **former})


def add_dataclass(kind: str, cls: Any) -> None:
    """Add a dataclass, whose fields `encode` knows, by the name it has in files."""
    add_codec(
        kind,
        lambda value: isinstance(value, cls),
        lambda name, value: dataclasses.asdict(value),
        lambda facts: cls(**facts),
    )


def is_registered(value: Any) -> bool:
    """Whether Keras can recreate an object: its class is registered by name."""
    name = keras.saving.get_registered_name(type(value))
    return keras.saving.get_registered_object(name) is type(value)
