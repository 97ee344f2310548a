"""Saving and loading of estimators."""

import os
from typing import Any

from sklearn.utils.validation import check_is_fitted

from kgen.base.fields import estimators
from kgen.core import messages, persistence


def save(estimator: Any, path: str | os.PathLike) -> None:
    """Write a fitted estimator to one file: see `GenerativeEstimator.save`."""
    check_is_fitted(estimator)
    name = type(estimator).__name__
    if estimators.name_of(type(estimator)) != name:
        raise messages.unregistered(name)
    fitted = {k: v for k, v in vars(estimator).items() if k.endswith("_")}
    fitted.pop("model_")
    facts = {"class": name, "params": estimator.get_params(deep=False)}
    persistence.write(path, estimator.model_, {**facts, "fitted": fitted})


def load(path: str | os.PathLike) -> Any:
    """Read an estimator that its `save` wrote, without pickle and in safe mode.

    Args:
        path: the file.

    Returns:
        The estimator, of the class it was saved from.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is empty, damaged, or not an estimator's file.
    """
    model, facts = persistence.read(path)
    try:
        loaded = estimators[facts["class"]](**facts["params"])
        vars(loaded).update(facts["fitted"])
    except (KeyError, TypeError, ValueError) as problem:
        raise messages.unreadable(path, problem) from problem
    loaded.model_ = model
    return loaded
