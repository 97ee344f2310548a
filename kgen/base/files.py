"""Estimators from files."""

import os

from kgen.base.estimator import GenerativeEstimator
from kgen.base.fields import estimators
from kgen.core import messages, persistence


def load(path: str | os.PathLike) -> GenerativeEstimator:
    """Read an estimator that its `save` wrote, without pickle and in safe mode.

    Args:
        path: the file.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is empty, damaged, or no estimator's.
    """
    model, facts = persistence.read(path)
    try:
        loaded = estimators[facts["class"]](**facts["params"])
        vars(loaded).update(facts["fitted"])
    except (KeyError, TypeError, ValueError) as problem:
        raise messages.unreadable(path, problem) from problem
    loaded.model_ = model
    return loaded
