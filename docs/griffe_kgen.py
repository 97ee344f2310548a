"""Tell mkdocstrings what it cannot know of this package, since it does not run it.

`kgen.base.fields.estimator` makes the fields of a class into the keyword arguments of
its `__init__`. Docstrings say "Example:" where mkdocstrings looks for "Examples:", and
">" at the start of a text, which is a quotation in Markdown.
"""

import re
from collections.abc import Iterator
from typing import Any

import griffe

DECORATOR = "kgen.base.fields.estimator"


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
    return any(decorator.callable_path == DECORATOR for decorator in cls.decorators)


def _init(cls: griffe.Class) -> griffe.Function:
    """The `__init__` that an estimator has at run time."""
    fields: dict[str, griffe.Parameter] = {}
    for owner in (*reversed(cls.mro()), cls):
        if _is_estimator(owner):
            fields |= dict(_fields(owner))
    this = griffe.Parameter("self", kind=griffe.ParameterKind.positional_only)
    parameters = griffe.Parameters(this, *fields.values())
    return griffe.Function("__init__", parameters=parameters)


def _fields(cls: griffe.Class) -> Iterator[tuple[str, griffe.Parameter]]:
    """The fields that a class adds: `name: type = param(default, ...)`."""
    for name, member in cls.members.items():
        if member.is_attribute and isinstance(member.value, griffe.ExprCall):
            yield (
                name,
                griffe.Parameter(
                    name,
                    annotation=member.annotation,
                    kind=griffe.ParameterKind.keyword_only,
                    default=member.value.arguments[0],
                ),
            )


def _translated(text: str) -> str:
    text = re.sub(r"^Example:$", "Examples:", text, flags=re.MULTILINE)
    return re.sub(r"^( *\w+: )>", r"\1\\>", text, flags=re.MULTILINE)
