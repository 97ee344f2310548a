"""Hyper-parameters as dataclass fields, and the list of all estimators."""

import dataclasses
import typing
from typing import Any

from kgen.core.registry import Registry

estimators = Registry("estimator")


def param(default: Any, **limits: Any) -> Any:
    """A hyper-parameter: default, and limits `ge`, `gt`, `le`, `lt` or `choices`."""
    return dataclasses.field(default=default, metadata=limits)


@typing.dataclass_transform(
    kw_only_default=True, eq_default=False, field_specifiers=(param,)
)
def estimator(cls: type) -> Any:
    """Turn annotated fields into hyper-parameters; `__init__` only stores them."""
    return dataclasses.dataclass(kw_only=True, eq=False, repr=False)(cls)
