"""Conformance checks: run them on a head, layer, model or estimator of your own.

Each is a function that raises an AssertionError, which says what is wrong. They compare
with enumeration, quadrature or a statistical test, never with a stored number.
"""

# The families' checks, for `check_model` to find.
from kgen.testing import autoregressive, variational  # noqa: F401
from kgen.testing.bijections import check_bijection
from kgen.testing.estimators import check_estimator
from kgen.testing.heads import check_head
from kgen.testing.layers import check_layer
from kgen.testing.models import check_model, model_check

__all__ = [
    "check_bijection",
    "check_estimator",
    "check_head",
    "check_layer",
    "check_model",
    "model_check",
]
