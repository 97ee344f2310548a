"""Saving and loading of estimators."""

import contextlib
import os
import re
import tempfile
import typing
import weakref
from pathlib import Path
from typing import Any

import keras
import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from kgen.base import training
from kgen.base.fields import estimators
from kgen.core import encoding, messages, persistence, validation


def save(estimator: Any, path: str | os.PathLike, data: Any = None) -> None:
    """Write a fitted estimator to one file: see `GenerativeEstimator.save`.

    Args:
        estimator: the estimator.
        path: the file.
        data: in backups, what identifies the training data.
    """
    check_is_fitted(estimator)
    facts = {**_facts(estimator), "data": data}
    persistence.write(path, estimator.model_, facts, _parts(estimator))


def _kinds(cls: Any) -> dict[str, Any]:
    """What a fit of the class sets, and its types."""
    return _of_all_bases(cls, "_learned")


def _of_all_bases(cls: Any, attribute: str) -> dict[str, Any]:
    """A dictionary of a class merged with those of its bases; the nearest wins."""
    return {
        name: value
        for base in reversed(cls.__mro__)
        for name, value in vars(base).get(attribute, {}).items()
    }


def _nested(cls: Any) -> list[str]:
    """Fitted attributes that are estimators themselves, such as a prior of codes."""
    return [
        name
        for name, kind in _kinds(cls).items()
        if isinstance(kind, type) and issubclass(kind, BaseEstimator)
    ]


def _parts(estimator: Any) -> dict[str, bytes]:
    """The files of the estimators inside another, by their names."""
    parts = {}
    for name in _nested(type(estimator)):
        if name in vars(estimator):
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder, "part.keras")
                save(getattr(estimator, name), path)
                parts[name] = path.read_bytes()
    return parts


def _facts(estimator: Any) -> dict[str, Any]:
    """What a file holds about an estimator, apart from its model."""
    name = type(estimator).__name__
    if estimators.name_of(type(estimator)) != name:
        raise messages.unregistered(name)
    validation.check_params(estimator)
    fitted = {k: v for k, v in vars(estimator).items() if k.endswith("_")}
    for other in ("model_", *_nested(type(estimator))):
        fitted.pop(other, None)
    params = estimator.get_params(deep=False)
    return {"class": name, "params": params, "fitted": fitted}


def attach(estimator: Any) -> None:
    """Have files of the estimator's model also hold the estimator.

    So do the files of Keras' callbacks and of `model_.save`. A model that outlives its
    estimator is saved by itself, and so is one whose estimator cannot be written.
    """
    reference = weakref.ref(estimator)

    def entry():
        owner = reference()
        if owner is None or vars(owner).get("model_") is not model():
            return None
        with contextlib.suppress(ValueError, TypeError):
            entry = persistence.to_entry(_facts(owner))
            return persistence.members(entry, _parts(owner))

    model = weakref.ref(estimator.model_)
    # Set around Keras, which would track it.
    object.__setattr__(estimator.model_, "owner_entry", entry)


def load(path: str | os.PathLike) -> Any:
    """Read an estimator that its `save` wrote, without pickle and in safe mode.

    Files that Keras wrote during a fit, such as those of a `ModelCheckpoint`, also hold
    the estimator.

    Args:
        path: the file.

    Returns:
        The estimator, of the class it was saved from.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is empty, damaged, of a newer format, or not an estimator's
            file.
    """
    model, facts = persistence.read(path)
    try:
        loaded = _restored(model, **facts)
    except (KeyError, TypeError, ValueError, AttributeError) as problem:
        raise messages.unreadable(path, problem) from problem
    attach(loaded)
    return loaded


def _restored(model: Any, *, parts: Any = None, **facts: Any) -> Any:
    """An estimator from the facts in its file, none of which is trusted."""
    unknown = set(facts) - {"class", "params", "fitted", "data"}
    if unknown:
        raise ValueError(f"it holds unknown facts, {sorted(unknown)}")
    cls = estimators[facts["class"]]
    params, fitted = facts["params"], facts["fitted"]
    unknown = set(params) - set(cls._get_param_names())
    if unknown:
        raise ValueError(f"{cls.__name__} has no hyper-parameters {sorted(unknown)}")
    # Hyper-parameters that are newer than the file.
    loaded = cls(**{**_of_all_bases(cls, "_former_values"), **params})
    validation.check_params(loaded)
    if unknown := set(parts or ()) - set(_nested(cls)):
        raise ValueError(f"it holds unknown files, {sorted(unknown)}")
    for name, (part, own_facts) in (parts or {}).items():
        fitted[name] = _restored(part, **own_facts)
        attach(fitted[name])
    _check_attributes(cls, fitted)
    # Files of version 0.1.0 have no `params_`.
    vars(loaded).update({"params_": training.settings_of_model(loaded), **fitted})
    loaded.model_ = model
    _check_model(loaded)
    return loaded


def _check_attributes(cls: type, fitted: dict[str, Any]) -> None:
    """Raise a ValueError unless these can be what a fit of the class learned."""
    kinds = _kinds(cls)
    for name, value in fitted.items():
        plain = re.fullmatch("[a-zA-Z][a-zA-Z0-9_]*_", name) and name != "model_"
        if not plain or hasattr(cls, name):
            raise ValueError(f"{name!r} is not an attribute that a fit sets")
        if name in kinds and not isinstance(value, kinds[name]):
            raise ValueError(f"{name}={value!r} is not a {kinds[name]}")
    missing = {"event_shape_", "dtype_", "discrete_", "history_", "seed_"} - set(fitted)
    if missing:
        raise ValueError(f"it lacks {sorted(missing)}")
    shape = fitted["event_shape_"]
    if not shape or not all(isinstance(size, int) and size > 0 for size in shape):
        raise ValueError(f"event_shape_={shape} is not the shape of an example")
    if fitted["dtype_"].kind not in "biuf":
        raise ValueError(f"dtype_={fitted['dtype_']} is not one of numbers")
    for name, values in fitted["history_"].items():
        if not isinstance(name, str) or np.asarray(values).dtype.kind not in "if":
            raise ValueError("history_ is not a dictionary of lists of numbers")


def _kind_of_model(cls: Any) -> type:
    """The Keras model that an estimator builds, as far as its annotation says."""
    try:
        wanted: Any = typing.get_type_hints(cls.build_model).get("return")
    except NameError:  # from a module that only type checkers import
        wanted = None
    known = isinstance(wanted, type) and issubclass(wanted, keras.Model)
    return wanted if known else keras.Model


def _check_model(loaded: Any) -> None:
    """Raise a ValueError if the model is not one that the estimator would build."""
    model, name = loaded.model_, type(loaded).__name__
    if not isinstance(model, _kind_of_model(type(loaded))):
        raise ValueError(f"a {type(model).__name__} is not the model of a {name}")
    shape, own = loaded._model_shape(), getattr(model, "event_shape", None)
    skip = int(loaded._any_length)
    if own is not None and tuple(own)[skip:] != shape[skip:]:
        raise ValueError(f"the model's examples have shape {own}, not {shape}")
    dim = getattr(model, "condition_dim", 0)
    if dim != (loaded.condition_dim_ if "conditions_" in vars(loaded) else 0):
        raise ValueError("the model has conditions of another length")
    if getattr(model, "head", None) != getattr(loaded, "head_", None):
        raise ValueError("the model has another head")
    for part in _nested(type(loaded)):
        prior: Any = vars(loaded).get(part)
        if prior is not None:
            codes = (loaded.model_.code_shape, loaded.model_.codebook_size)
            if (prior.event_shape_, prior.levels_) != codes:
                raise ValueError("it holds a density of other codes")


def _to_facts(name: str, value: Any) -> dict[str, Any]:
    """An unfitted estimator, as a hyper-parameter of another."""
    kind = type(value).__name__
    if estimators.name_of(type(value)) != kind:
        raise messages.unregistered(kind)
    return {"class": kind, "params": value.get_params(deep=False)}


def _from_facts(facts: dict[str, Any]) -> Any:
    made = estimators[facts["class"]](**facts["params"])
    validation.check_params(made)
    return made


encoding.add_codec(
    "estimator",
    lambda value: isinstance(value, BaseEstimator),
    _to_facts,
    _from_facts,
)
