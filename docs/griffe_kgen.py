"""Tell mkdocstrings what it cannot know about this package, because it does not run it.

The fields of an estimator, and of its bases, are the keyword arguments of its
`__init__` (`kgen.base.fields.collect_fields`), and the nearest docstring describes
them. Docstrings say "Example:" where mkdocstrings looks for "Examples:"; they may have
">" at the start of a line, which is a quotation in Markdown; they have sections of
their own ("Shape:", "References:"), and name things that have a page.
"""

import ast
import dataclasses
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import griffe

BASE = "kgen.base.estimator.GenerativeEstimator"
PAGES = Path(__file__).parent / "api"


class Kgen(griffe.Extension):
    """Arguments of estimators, and docstrings as mkdocstrings wants them."""

    def on_package(self, *, pkg: griffe.Module, **kwargs: Any) -> None:
        names = {cls.name for cls in final_estimators(pkg)}
        linked = described() | {f"kgen.{name}" for name in names}
        short = _short(linked)
        for thing in _inside(pkg):
            if thing.is_class and _is_estimator(thing):
                thing.set_member("__init__", _init(thing))
            _without_any(thing)
            if thing.docstring:
                text = _translated(thing.docstring.value)
                if thing.name not in names:  # docs/api_pages.py reads theirs
                    text = _with_plain_sections(text)
                text = _with_links(text, linked, short, thing.name)
                thing.docstring.value = text


def described() -> set[str]:
    """Names that the pages in docs/api describe."""
    texts = (page.read_text() for page in PAGES.glob("*.md"))
    return {x for text in texts for x in re.findall(r"^::: (\S+)", text, re.MULTILINE)}


def final_estimators(package: griffe.Module) -> list[griffe.Class]:
    """Classes that `@estimator` registers."""
    return [
        thing
        for thing in _inside(package)
        if thing.is_class and any(str(d.value) == "estimator" for d in thing.decorators)
    ]


@dataclasses.dataclass
class Parameter:
    """A keyword argument of an estimator."""

    name: str
    annotation: Any
    default: str
    text: str


def parameters(cls: griffe.Class) -> list[Parameter]:
    """All arguments of an estimator, in the order in which docstrings describe them.

    The nearest class that describes one decides, unless it refers to another class.
    """
    fields, texts = _all_fields(cls), {}
    for owner in (cls, *cls.mro()):
        for name, text in _arguments(owner):
            if not texts.get(name) or texts[name].startswith("see "):
                texts[name] = text
    return [
        Parameter(name, fields[name].annotation, str(fields[name].default), text)
        for name, text in texts.items()
        if name in fields
    ]


def _arguments(cls: griffe.Class) -> Iterator[tuple[str, str]]:
    """Names and descriptions in the docstring of a class."""
    if cls.docstring is None:
        return
    for section in cls.docstring.parse("google", warnings=False):
        if section.kind is griffe.DocstringSectionKind.parameters:
            yield from ((entry.name, entry.description) for entry in section.value)


def _inside(owner: Any) -> Iterator[Any]:
    for member in list(owner.members.values()):
        if not member.is_alias:
            yield member
            yield from _inside(member)


def _is_estimator(cls: griffe.Class) -> bool:
    return BASE in (owner.path for owner in (cls, *cls.mro()))


def _init(cls: griffe.Class) -> griffe.Function:
    """The `__init__` that an estimator has at run time."""
    this = griffe.Parameter("self", kind=griffe.ParameterKind.positional_only)
    parameters = griffe.Parameters(this, *_all_fields(cls).values())
    return griffe.Function("__init__", parameters=parameters)


def _all_fields(cls: griffe.Class) -> dict[str, griffe.Parameter]:
    """A class's fields and those of its bases, by name.

    The nearest class in the method resolution order defines a field; the furthest one
    that has it decides its place.
    """
    fields: dict[str, griffe.Parameter] = {}
    for owner in (*reversed(cls.mro()), cls):
        fields |= dict(_fields(owner))
    return fields


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
    """A default; if it is a constant of the module, the constant's value."""
    name, key = re.fullmatch(r"(.*?)(?:\['(\w+)'\])?", str(default)).groups()
    constant = cls.module.members.get(name)
    if constant is None:
        return default
    value = constant.final_target.value if constant.is_alias else constant.value
    return repr(ast.literal_eval(str(value))[key]) if key else value


def _without_any(thing: Any) -> None:
    """`Any` tells a reader nothing."""
    for parameter in thing.parameters if thing.is_function else ():
        if str(parameter.annotation) == "Any":
            parameter.annotation = None
    if thing.is_function and str(thing.returns) == "Any":
        thing.returns = None
    if "property" in thing.labels and str(thing.annotation) == "Any":
        thing.annotation = None


def _translated(text: str) -> str:
    text = re.sub(r"^Example:$", "Examples:", text, flags=re.MULTILINE)
    return re.sub(r"^( *(?:\w+: )?)>(?!>>)", r"\1\\>", text, flags=re.MULTILINE)


def _with_plain_sections(text: str) -> str:
    """Sections that griffe does not know, as lists rather than boxes."""
    text = re.sub(r"(?m)^((?:Input|Output) shape:) ", r"- **\1** ", text)
    for title, items in (("Shape", shapes), ("References", references)):
        text = re.sub(
            rf"(?m)^{title}:\n((?:(?: .*)?(?:\n|\Z))+)",
            lambda found, title=title, items=items: "\n".join(
                [f"**{title}:**", "", *(f"- {x}" for x in items(found[1])), "", ""]
            ),
            text,
        )
    return text


def shapes(section: str) -> list[str]:
    """Lines of a section "Shape", such as "**X:** (n, features)."."""
    found = re.findall(r"(\w+): (.*?)(?=\n *\w+: |\Z)", section, flags=re.DOTALL)
    return [f"**{name}:** {' '.join(text.split())}" for name, text in found]


def references(section: str) -> list[str]:
    """Links to the papers of a section "References"."""
    found = re.findall(r"(\S.*?) (https?://\S+)", " ".join(section.split()))
    return [f"[{paper.rstrip('.')}]({url})" for paper, url in found]


def _short(paths: set[str]) -> dict[str, str]:
    """Paths of classes by their names alone, where these are unique."""
    owners: dict[str, list[str]] = {}
    for path in paths:
        owners.setdefault(path.split(".")[-1], []).append(path)
    return {
        name: found[0]
        for name, found in owners.items()
        if len(found) == 1 and name[0].isupper()
    }


def _with_links(text: str, linked: set[str], short: dict[str, str], own: str) -> str:
    """`kgen.heads.Head` and `PixelCNN` lead to where they are described."""

    def link(found):
        path = short.get(found[1], found[1]) if found[1] != own else ""
        return f"[`{found[1]}`][{path}]" if path in linked else found[0]

    return re.sub(r"(?<!\[)`([\w.]+)`", link, text)
