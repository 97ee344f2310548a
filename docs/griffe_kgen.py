"""Tell mkdocstrings what it cannot know of this package, since it does not run it.

The fields of an estimator, and of its bases, are the keyword arguments of its
`__init__` (`kgen.base.fields.collect_fields`). Docstrings say "Example:" where
mkdocstrings looks for "Examples:", and ">" at the start of a text, which is a quotation
in Markdown.
"""

import re
from collections.abc import Iterator
from typing import Any

import griffe

BASE = "kgen.base.estimator.GenerativeEstimator"


class Kgen(griffe.Extension):
    """Arguments of estimators, and docstrings as mkdocstrings wants them."""

    def on_package(self, *, pkg: griffe.Module, **kwargs: Any) -> None:
        for thing in _inside(pkg):
            if thing.is_class and _is_estimator(thing):
                thing.set_member("__init__", _init(thing))
            if thing.docstring:
                thing.docstring.value = _translated(thing.docstring.value)


def _inside(owner: Any) -> Iterator[Any]:
    for member in list(owner.members.values()):
        if not member.is_alias:
            yield member
            yield from _inside(member)


def _is_estimator(cls: griffe.Class) -> bool:
    return BASE in (owner.path for owner in (cls, *cls.mro()))


def _init(cls: griffe.Class) -> griffe.Function:
    """The `__init__` that an estimator has at run time.

    A field is that of the nearest class in the method resolution order, and stands
    where the furthest one has it.
    """
    fields: dict[str, griffe.Parameter] = {}
    for owner in (*reversed(cls.mro()), cls):
        fields |= dict(_fields(owner))
    this = griffe.Parameter("self", kind=griffe.ParameterKind.positional_only)
    parameters = griffe.Parameters(this, *fields.values())
    return griffe.Function("__init__", parameters=parameters)


def _fields(cls: griffe.Class) -> Iterator[tuple[str, griffe.Parameter]]:
    """The fields that a class adds: `name: type = param(default, ...)`."""
    for name, member in cls.members.items():
        if member.is_attribute and _is_field(member.value):
            yield (
                name,
                griffe.Parameter(
                    name,
                    annotation=member.annotation,
                    kind=griffe.ParameterKind.keyword_only,
                    default=_plain(cls, member.value.arguments[0]),
                ),
            )


def _is_field(value: Any) -> bool:
    return isinstance(value, griffe.ExprCall) and str(value.function) == "param"


def _plain(cls: griffe.Class, default: Any) -> Any:
    """A default as it is written where a constant of the module stands for it."""
    constant = cls.module.members.get(str(default))
    return constant.value if constant is not None else default


def _translated(text: str) -> str:
    text = re.sub(r"^Example:$", "Examples:", text, flags=re.MULTILINE)
    return re.sub(r"^( *\w+: )>", r"\1\\>", text, flags=re.MULTILINE)
