"""Markdown of the API page of an estimator, from its source alone.

The class is not run: griffe reads it, as it does for mkdocstrings, which then describes
the methods.
"""

import ast
import functools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import griffe
from api_words import (
    ATTRIBUTES,
    FAMILIES,
    GROUPS,
    INTERFACE,
    METHODS,
    MODEL,
    NOT_SHOWN,
    OF_TABLES,
    OPTIONS,
)
from griffe_kgen import (
    Parameter,
    described,
    final_estimators,
    parameters,
    references,
    shapes,
)

ROOT = Path(__file__).parent.parent


@functools.cache
def package() -> griffe.Module:
    """The package, read by griffe."""
    return griffe.load(
        "kgen",
        search_paths=[str(ROOT)],
        extensions=griffe.load_extensions(str(ROOT / "docs" / "griffe_kgen.py")),
        docstring_parser="google",
    )


def estimators() -> list[griffe.Class]:
    """All final estimators, in the order of their families."""
    found = final_estimators(package())
    return sorted(found, key=lambda cls: (list(FAMILIES).index(family(cls)), cls.name))


def family(cls: griffe.Class) -> str:
    """Package that a class is from."""
    return cls.path.split(".")[1]


class Page:
    """The page of an estimator.

    Args:
        cls: the class.
        read_on: lines of Markdown that lead to lessons and examples.
        picture: its path from docs/api, or None.
    """

    def __init__(
        self, cls: griffe.Class, read_on: list[str], picture: str | None
    ) -> None:
        self.cls, self.name = cls, cls.name
        self.read_on, self.picture = read_on, picture
        self.owners = (cls, *cls.mro())
        self.parameters = parameters(cls)
        self.sections = cls.docstring.parse("google", warnings=False)

    def __str__(self) -> str:
        """The Markdown."""
        parts = [
            f"# {self.name} {{ #kgen.{self.name} }}",
            self._text(),
            self._links(),
            self._picture(),
            *self._example(),
            *self._parameters(),
            *self._attributes(),
            *self._methods(),
            "## scikit-learn's interface",
            self._interface(),
        ]
        return "\n\n".join(part for part in parts if part) + "\n"

    def _text(self) -> str:
        first, *rest = self.sections[0].value.split("\n\n")
        return "\n\n".join([f"**{first}**", *rest])

    def _links(self) -> str:
        model = _last(self.cls.all_members["build_model"].returns)
        return "\n".join(
            [
                f"- **Source:** {'; '.join(references(self._note('References')))}",
                *(f"- {line}" for line in shapes(self._note("Shape"))),
                f"- **Density:** {self._density()}",
                f"- **Keras model:** [`{model}`][kgen.models.{model}]",
                f"- **Guide:** {guide(self.cls)}",
                *self.read_on,
            ]
        )

    def _picture(self) -> str:
        if self.picture is None:
            return ""
        done = "drew" if "sample" in self.methods else "encoded and decoded"
        text = f"Digits that {self.name} {done} after two to three minutes of training"
        others = "../gallery/index.md#the-same-digits-by-every-model"
        return (
            f"![{text}]({self.picture})\n\n*{text} on small digits of MNIST, on one "
            f"CPU core. The [gallery]({others}) shows what other models make of them.*"
        )

    def _example(self) -> Iterator[str]:
        for section in self.sections:
            if section.kind is griffe.DocstringSectionKind.examples:
                (_, text), *_ = section.value
                lines = [f"from kgen import {self.name}"]
                for line in text.splitlines():
                    code = re.fullmatch(r"(?:>>>|\.\.\.) ?(.*)", line)
                    lines.append(code[1] if code else f"# {line}")
                yield "## Example"
                yield "```python\n" + "\n".join(lines) + "\n```"

    def _parameters(self) -> Iterator[str]:
        yield "## Parameters"
        yield "All are keyword arguments. They are checked in `fit`."
        placed = {name for names in GROUPS.values() for name in names}
        for title, names in GROUPS.items():
            own = [p for p in self.parameters if p.name in names]
            own.sort(key=lambda p: names.index(p.name))
            if title == MODEL:
                own = [p for p in self.parameters if p.name not in placed]
            if own:
                yield f"### {title}"
                yield "\n\n".join(map(self._parameter, own))

    def _parameter(self, p: Parameter) -> str:
        kind = _kind(p.annotation)
        default = p.default.replace("'", '"')
        facts = f"{kind + ', ' * bool(kind)}default `{default}`"
        text = "\n".join(f"    {line}".rstrip() for line in p.text.splitlines())
        return (
            f"`{p.name}`{{ #kgen.{self.name}.{p.name} .parameter }} {facts}\n"
            f":   {text.strip()}"
        )

    def _attributes(self) -> Iterator[str]:
        yield "## Attributes after `fit`"
        rows = ["| attribute | meaning |", "|---|---|"]
        known = {"model_", "condition_dim_", "feature_names_in_", *self._learned()}
        known |= {"classes_", "class_prior_"} if self._conditional() else set()
        known -= set() if self._conditional() else {"condition_dim_"}
        known -= set() if self._takes_tables() else OF_TABLES
        for name in sorted(known - NOT_SHOWN, key=list(ATTRIBUTES).index):
            rows.append(f"| `{name}` | {ATTRIBUTES[name]} |")
        yield "\n".join(rows)

    def _methods(self) -> Iterator[str]:
        placed = {name for names in METHODS.values() for name in names}
        others = tuple(name for name in self.methods if name not in placed)
        for title, names in {**METHODS, "More": others}.items():
            own = [name for name in names if name in self.methods]
            if title == "Density" and not own:
                yield "## Density"
                yield self._no_density()
            if not own:
                continue
            yield f"## {title}"
            for name in own:
                yield f"::: kgen.{self.name}.{name}\n    options:\n{OPTIONS}"
            if title == "Fit and continue":
                yield (
                    "To train a fitted model for longer, set `warm_start=True` and "
                    "call `fit` again."
                )
            if title == "Save and load":
                yield f"`kgen.load(path)` reads the {self.name} back."

    @property
    def methods(self) -> list[str]:
        """Public methods that a reader may call."""
        names: dict[str, Any] = {}
        for owner in self.owners:
            for name, member in owner.members.items():
                public = member.is_function and not name.startswith("_")
                if public and "property" not in member.labels:
                    names.setdefault(name, member)
        hidden = set(NOT_SHOWN)
        hidden |= set() if self._conditional() else {"predict", "predict_proba"}
        return [name for name in names if name not in hidden]

    def _interface(self) -> str:
        more = ""
        if "transform" in self.methods:
            more = ", and so do `get_feature_names_out` and `set_output`"
        return INTERFACE.format(name=self.name, more=more)

    def _note(self, title: str) -> str:
        """The text under a heading of the docstring that is none of griffe's."""
        for section in self.sections:
            if section.title == title:
                return section.value.description
        return ""

    def _value(self, name: str) -> str:
        """The value of an attribute of the class, as it is written."""
        for owner in self.owners:
            if name in owner.members and owner.members[name].is_attribute:
                return str(owner.members[name].value)
        return ""

    def _conditional(self) -> bool | str:
        """Whether y is needed ("always"), may be given ("if"), or cannot."""
        if self._value("conditional") == "True":
            return "always"
        return "if" if any(p.name == "conditional" for p in self.parameters) else False

    def _takes_tables(self) -> bool:
        if self._value("_any_length") == "True":
            return False
        return 2 in ast.literal_eval(self._value("_ranks"))

    def _learned(self) -> Iterator[str]:
        """What a fit sets."""
        for owner in self.owners:
            if "_learned" in owner.members:
                yield from re.findall(r"'(\w+)'", str(owner.members["_learned"].value))
            for name, member in owner.members.items():
                if name == "levels_" and "property" in member.labels:
                    yield name

    def _density(self) -> str:
        kind = ast.literal_eval(self._value("density"))
        given = {"always": ", of x given y", "if": ", of x given y if conditional"}
        return kind + given.get(self._conditional(), "") * (kind != "none")

    def _no_density(self) -> str:
        samples = "sample" in self.methods
        how = "[Metrics](metrics.md) compare samples with data" if samples else ""
        how = how or "A [VAE](VAE.md) has a lower bound of it"
        return (
            f"There is none: `log_prob` and its relatives raise a "
            f"`kgen.ImplicitDensityError`. {how}."
        )


def summary(names: list[str]) -> str:
    """A table of classes and functions, with the first sentence of each."""
    rows = ["| name | what it is |", "|---|---|"]
    for name in names:
        thing = package()[name.removeprefix("kgen.")]
        text = " ".join(thing.docstring.value.split("\n\n")[0].split())
        label = name.split(".")[-1]
        rows.append(f"| [`{label}`][{name}] | {text.replace('|', '&#124;')} |")
    return "\n".join(rows)


def guide(cls: griffe.Class) -> str:
    """Link to what the guide says of a model."""
    name = cls.name
    for page in sorted((ROOT / "docs" / "guide").glob("*.md")):
        if re.search(rf"^#+ `?{name}`?$", page.read_text(), flags=re.MULTILINE):
            title = page.read_text().splitlines()[0].removeprefix("# ")
            return f"[{title}](../guide/{page.name}#{name.lower()})"
    title = FAMILIES[family(cls)]
    return f"[{title}](../guide/{family(cls)}.md)"


def _last(annotation: Any) -> str:
    return str(annotation).split(".")[-1]


def _kind(annotation: Any) -> str:
    """A type in a few words, with links."""
    known = {name.split(".")[-1]: name for name in described()}
    parts = []
    for part in str(annotation).split(" | "):
        for name in {"LearningRate": "float | LearningRateSchedule"}.get(
            part, part.split(".")[-1]
        ).split(" | "):
            linked = f"[`{name}`][{known[name]}]" if name in known else f"`{name}`"
            parts.append(linked)
    return "" if parts == ["`Any`"] else " or ".join(parts)
