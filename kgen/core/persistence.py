"""Estimators in one `.keras` file, without pickle.

The file is what Keras writes for the estimator's model, plus a JSON entry for the
estimator itself: `kgen.load` reads the estimator, `keras.saving.load_model` the model.
"""

import contextlib
import json
import os
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np

from kgen.core import backend, messages

ENTRY = "kgen.json"


@contextlib.contextmanager
def atomic(path: str | os.PathLike) -> Iterator[Path]:
    """Yield a path to write to; move it to `path` if the block succeeds.

    If the block fails, or the process dies in it, the old file stays intact.
    """
    target = Path(path).resolve()
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=".kgen-", suffix=".keras")
    os.close(handle)
    written = Path(name)
    try:
        yield written
        with written.open("rb+") as stream:
            os.fsync(stream.fileno())
        mode = target.stat().st_mode if target.exists() else 0o666 & ~_umask()
        written.chmod(mode & 0o777)
        written.replace(target)
    finally:
        written.unlink(missing_ok=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def write(path: str | os.PathLike, model: keras.Model, facts: dict[str, Any]) -> None:
    """Write a model, and facts about its estimator, atomically."""
    text = json.dumps({name: encode(name, value) for name, value in facts.items()})
    with atomic(path) as written:
        backend.outside_strategy(keras.saving.save_model, model, written)
        with zipfile.ZipFile(written, "a") as archive:
            archive.writestr(ENTRY, text)


def read(path: str | os.PathLike) -> tuple[keras.Model, dict[str, Any]]:
    """Read what `write` wrote.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is damaged, or not a kgen file; the message names the path.
    """
    if not Path(path).exists():
        raise FileNotFoundError(f"There is no file {str(path)!r}.")
    try:
        with zipfile.ZipFile(path) as archive:
            if ENTRY not in archive.namelist():
                raise ValueError(
                    "it contains no estimator; if Keras wrote it, "
                    "keras.saving.load_model reads it"
                )
            facts = json.loads(archive.read(ENTRY))
        with tempfile.TemporaryDirectory() as folder:
            # Keras infers the format from the extension, which users may choose freely.
            copy = Path(folder, "model.keras")
            shutil.copyfile(path, copy)
            model = keras.saving.load_model(copy, safe_mode=True)
        return model, {name: decode(value) for name, value in facts.items()}
    except Exception as problem:
        raise messages.unreadable(path, problem) from problem


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
    if value.dtype.kind in "mM":
        return {"dtype": value.dtype.str, "values": value.astype(str).tolist()}
    if value.dtype == object and not all(type(v) in _PLAIN for v in value.ravel()):
        raise messages.unwritable(name, value)
    return {"dtype": value.dtype.str, "values": value.tolist()}


def _keras_to_json(name: str, value: Any) -> Any:
    return json.dumps(keras.saving.serialize_keras_object(value))


def _keras_from_json(text: str) -> Any:
    return keras.saving.deserialize_keras_object(json.loads(text), safe_mode=True)


def _random_state(state: list) -> np.random.RandomState:
    random_state = np.random.RandomState()
    random_state.set_state(tuple(state))
    return random_state


# kind: (test, conversion to something encodable, conversion of the decoded value)
_CODECS: dict[str, tuple[Callable, Callable, Callable]] = {
    "array": (
        lambda value: isinstance(value, np.ndarray),
        _array_to_json,
        lambda content: np.array(content["values"], dtype=content["dtype"]),
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
        lambda name, value: list(value.get_state()),
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


def is_registered(value: Any) -> bool:
    """Whether Keras can recreate an object: its class is registered by name."""
    name = keras.saving.get_registered_name(type(value))
    return keras.saving.get_registered_object(name) is type(value)
