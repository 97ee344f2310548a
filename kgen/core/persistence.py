"""Estimators in one `.keras` file, without pickle.

The file is what Keras writes for the estimator's model, plus a JSON entry for the
estimator itself: `kgen.load` reads the estimator, `keras.saving.load_model` the model.
"""

import contextlib
import json
import os
import shutil
import stat
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras

from kgen.core import backend, messages
from kgen.core.encoding import decode, encode
from kgen.core.places import atomic
from kgen.core.random import seed_scope

ENTRY = "kgen.json"

FORMAT = 1
"""Version of the entry. Files of version 0.1.0 have none, which counts as 0."""

LIMIT = 2**24
"""Largest size of the entry, in bytes."""


PART = ".keras"
"""Ending of the entries that are files of other estimators."""


def write(
    path: str | os.PathLike,
    model: keras.Model,
    facts: dict[str, Any],
    parts: dict[str, bytes],
) -> None:
    """Write a model, and facts about its estimator, atomically.

    Args:
        path: the file.
        model: the model.
        facts: what `to_entry` takes.
        parts: files of the estimators in this one, by their names.

    Raises:
        ValueError: if the file could not be read again; the message says what to do.
        OSError: if it cannot be written; the message has the path.
    """
    entry = to_entry(facts)
    with atomic(path) as written:
        backend.outside_strategy(keras.saving.save_model, model, written)
        with zipfile.ZipFile(written) as archive:
            _check_classes(json.loads(archive.read("config.json")))
        append(written, members(entry, parts))


def members(entry: str, parts: dict[str, bytes]) -> dict[str, str | bytes]:
    """What the file of an estimator has beyond that of its model, by name."""
    return {ENTRY: entry, **{name + PART: part for name, part in parts.items()}}


def append(written: Path, added: dict[str, str | bytes]) -> None:
    """Add the `members` of an estimator to the file of its model."""
    with zipfile.ZipFile(written, "a") as archive:
        for name, content in added.items():
            archive.writestr(name, content)


def to_entry(facts: dict[str, Any]) -> str:
    """The text of an entry, which `read` understands.

    Raises:
        ValueError: for what cannot be written, or could not be read again.
    """
    encoded: dict[str, Any] = {"format": FORMAT}
    for name, value in facts.items():
        encoded[name] = encode(name, value)
        try:
            decode(json.loads(json.dumps(encoded[name])))
        except Exception as problem:
            raise messages.unloadable(_culprit(name, value), problem) from problem
    text = json.dumps(encoded)
    if len(text) > LIMIT:
        raise messages.too_large(len(text), LIMIT)
    return text


def _culprit(name: str, value: Any) -> str:
    """The name of the fact, or of the part of it, that cannot be read again."""
    for part, content in value.items() if isinstance(value, dict) else ():
        try:
            decode(encode(str(part), content))
        except Exception:  # noqa: BLE001 (whatever it is, it is this part's)
            return _culprit(str(part), content)
    return name


def _check_classes(config: Any) -> None:
    """Raise a ValueError for classes and functions that Keras could not find again."""
    parts = config.values() if isinstance(config, dict) else config
    if isinstance(config, dict):
        kind, module = config.get("class_name"), config.get("module")
        if kind == "__lambda__":
            raise messages.unloadable("a function", "it is a lambda")
        name = config.get("registered_name")
        if kind == "function":
            name, module = config.get("config"), module or "keras"
        own = isinstance(module, str) and module.split(".")[0] not in _KERAS
        if own and keras.saving.get_registered_object(name) is None:
            raise messages.unloadable(f"{name if kind == 'function' else kind}")
    for part in parts:
        if isinstance(part, (dict, list)):
            _check_classes(part)


_KERAS = ("keras", "keras_hub", "keras_cv", "keras_nlp", "builtins")


def read(
    path: str | os.PathLike, *, inside: bool = False
) -> tuple[keras.Model, dict[str, Any]]:
    """Read what `write` wrote.

    Args:
        path: the file.
        inside: whether it is from inside another one, and can hold no further ones.

    Returns:
        The model and the facts; if there are estimators in this one, also their models
        and facts, by name, as "parts".

    Raises:
        FileNotFoundError: if there is no such file.
        OSError: if there is no room for a copy of it.
        ValueError: if it is damaged, or not a kgen file; the message names the path.
    """
    with _copied(path) as copy:
        try:
            facts = _facts_in(copy)
            if not inside and (parts := _parts_in(copy)):
                facts["parts"] = parts
            # Building layers draws seeds from Python's `random`, as a fit does.
            with seed_scope(0):
                return keras.saving.load_model(copy, safe_mode=True), facts
        except Exception as problem:
            raise messages.unreadable(path, problem) from problem


@contextlib.contextmanager
def _copied(path: str | os.PathLike) -> Iterator[Path]:
    """Yield a copy of a file, for it may be replaced while it is read.

    It ends in ".keras", from which Keras infers the format. Users may choose freely.
    """
    try:
        source = Path(path).open("rb")
    except FileNotFoundError:
        raise FileNotFoundError(f"There is no file {str(path)!r}.") from None
    except OSError as problem:
        raise messages.unreadable(path, problem.strerror or problem) from problem
    with source, contextlib.ExitStack() as stack:
        if not stat.S_ISREG(os.fstat(source.fileno()).st_mode):
            raise messages.unreadable(path, "it is not a regular file")
        try:
            folder = stack.enter_context(tempfile.TemporaryDirectory())
            copy = Path(folder, "model.keras")
            with copy.open("wb") as target:
                shutil.copyfileobj(source, target, 2**20)
        except OSError as problem:
            raise messages.no_copy(path, tempfile.gettempdir(), problem) from problem
        yield copy


def _parts_in(copy: Path) -> dict[str, Any]:
    """Models and facts of the estimators in a file."""
    parts = {}
    with zipfile.ZipFile(copy) as archive, tempfile.TemporaryDirectory() as folder:
        for name in archive.namelist():
            if name.endswith(PART):
                path = Path(folder, "part.keras")
                with archive.open(name) as source, path.open("wb") as target:
                    shutil.copyfileobj(source, target, 2**20)
                parts[name.removesuffix(PART)] = read(path, inside=True)
    return parts


def _facts_in(copy: Path) -> dict[str, Any]:
    with zipfile.ZipFile(copy) as archive:
        parts = archive.infolist()
        sizes = {part.filename: part.file_size for part in parts}
        if len(sizes) < len(parts):
            raise ValueError("two of its entries have one name")
        if ENTRY not in sizes:
            raise ValueError(
                "it contains no estimator; if Keras wrote it, keras.saving.load_model "
                "reads it"
            )
        if sizes[ENTRY] > LIMIT:
            raise ValueError(f"its {ENTRY} is larger than {LIMIT} bytes")
        # Keras and kgen do not compress, but others may.
        if any(part.file_size > LIMIT + 100 * part.compress_size for part in parts):
            raise ValueError("it would unpack to more than 100 times its size")
        facts = json.loads(archive.read(ENTRY))
    if not isinstance(facts, dict):
        raise ValueError(f"its {ENTRY} is not an object")
    version = facts.pop("format", 0)
    if not isinstance(version, int) or version > FORMAT:
        raise ValueError(
            f"its format is {version!r}, and this version of kgen reads up to "
            f"{FORMAT}. Upgrade kgen to the version that wrote it"
        )
    if "parts" in facts:
        raise ValueError(f"its {ENTRY} has a fact named 'parts'")
    return {name: decode(value) for name, value in facts.items()}
