"""Checks of what conditional densities say of labels."""

from typing import Any

import numpy as np


def check_labels(fitted: Any, X: np.ndarray, y: Any) -> None:
    """Conditional densities tell labels by Bayes' rule; others do not try."""
    if y is None or not hasattr(fitted, "log_prob"):
        assert not hasattr(fitted, "predict"), "predict without labels"
        return
    classes, counts = np.unique(y, return_counts=True)
    joint = np.stack([fitted.log_prob(X, label) for label in classes], axis=1)
    joint = np.exp(joint - joint.max(axis=1, keepdims=True)) * counts
    found = fitted.predict_proba(X)
    assert np.allclose(found, joint / joint.sum(axis=1, keepdims=True), atol=1e-6)
    assert np.array_equal(fitted.predict(X), classes[found.argmax(axis=1)])
