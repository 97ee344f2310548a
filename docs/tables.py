"""Write the tables of models, wherever the documentation shows them.

    python docs/tables.py

The estimators of `kgen.estimators` are the source: their docstrings, bases and Keras
models. The script writes the parts of README and documentation between the marks

    <!-- NAME: made by docs/tables.py -->  and  <!-- end -->

and `kgen/models.py`. A test compares them with what this script would write.
"""

import inspect
import re
import typing
from pathlib import Path

import kgen

ROOT = Path(__file__).parent.parent
FAMILIES = {
    "autoregressive": "Autoregressive models",
    "flows": "Normalizing flows",
    "variational": "Variational models",
    "adversarial": "Adversarial models",
}
RANKS = {2: "tables", 3: "images"}


def family(cls: type) -> str:
    """Package that a class is from."""
    return cls.__module__.split(".")[1]


def sources(cls: type) -> list[tuple[str, str, str]]:
    """Authors, year and address of every reference in a docstring."""
    references = inspect.getdoc(cls).split("References:")[1].split("Example:")[0]
    text = " ".join(references.split())
    found = re.findall(r"([A-Z].+?), .+?, (\d{4})[^h]*?(https?://\S+)", text)
    return [(authors.strip(), year, url) for authors, year, url in found]


def estimators() -> list[type]:
    """All estimators by family, within it by the year of their paper."""

    def key(cls):
        _, year, url = sources(cls)[0]
        return list(FAMILIES).index(family(cls)), year, url, cls.__name__

    return sorted(kgen.estimators.values(), key=key)


def keras_model(cls: type) -> type:
    """The Keras model that an estimator builds."""
    return typing.get_type_hints(cls.build_model)["return"]


def density(cls: type) -> str:
    """What kind of density an estimator has."""
    conditional = {True: ", of x given y", False: ""}[cls.conditional is True]
    if "conditional" in cls().get_params():
        conditional = ", of x given y if conditional"
    return cls.density + ("" if cls.density == "none" else conditional)


def data(cls: type) -> str:
    """What an estimator can be fitted on."""
    if cls._any_length:
        return "sequences of any length"
    return ", ".join(name for rank, name in RANKS.items() if rank in cls._ranks)


def guide(cls: type) -> str:
    """Page of the guide that tells of a model, from docs/, with its heading."""
    name = cls.__name__
    for page in sorted((ROOT / "docs" / "guide").glob("*.md")):
        if re.search(rf"^#+ `?{name}`?$", page.read_text(), flags=re.MULTILINE):
            return f"guide/{page.name}#{name.lower()}"
    return f"guide/{family(cls)}.md"


def models_with_sources() -> str:
    """The table of the README."""
    rows = ["| estimator | density | Keras model | source |", "|---|---|---|---|"]
    for cls in estimators():
        papers = "; ".join(f"{authors}, {year}" for authors, year, _ in sources(cls))
        model = f"`kgen.models.{keras_model(cls).__name__}`"
        rows.append(f"| `{cls.__name__}` | {density(cls)} | {model} | {papers} |")
    return "\n".join(rows)


def models_with_links() -> str:
    """The table of the home page."""
    rows = ["| estimator | density | Keras model | paper |", "|---|---|---|---|"]
    for cls in estimators():
        papers = "; ".join(f"[{a}, {year}]({url})" for a, year, url in sources(cls))
        name = f"[`{cls.__name__}`]({guide(cls)})"
        rows.append(
            f"| {name} | {density(cls)} | `{keras_model(cls).__name__}` | {papers} |"
        )
    return "\n".join(rows)


def capabilities() -> str:
    """What every estimator can do."""
    rows = [
        "| | data | density | `complete` | codes | labels or vectors y |",
        "|---|---|---|---|---|---|",
    ]
    for cls in estimators():
        known = [m for m in ("encode", "decode", "transform") if hasattr(cls, m)]
        codes = ", ".join(f"`{method}`" for method in known) or "no"
        y = "needed" if cls.conditional is True else "no"
        if "conditional" in cls().get_params():
            y = "`conditional=True`"
        complete = "yes" if hasattr(cls, "complete") else "no"
        name = f"[`{cls.__name__}`](api/{cls.__name__}.md)"
        cells = [name, data(cls), cls.density, complete, codes, y]
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)


def estimator_pages() -> str:
    """The tables of the API page of estimators, with links to their own pages."""
    tables = []
    for name, title in FAMILIES.items():
        rows = [f"## {title}", "", "| estimator | what it is |", "|---|---|"]
        for cls in estimators():
            if family(cls) == name:
                text = inspect.getdoc(cls).splitlines()[0].replace("|", r"\|")
                rows.append(f"| [`{cls.__name__}`]({cls.__name__}.md) | {text} |")
        tables.append("\n".join(rows))
    return "\n\n".join(tables)


def keras_models() -> list[type]:
    """All Keras models, in the order of the estimators."""
    return list(dict.fromkeys(map(keras_model, estimators())))


def model_pages() -> str:
    """The entries of the API page of Keras models."""
    shown = ("log_prob", "sample", "complete", "encode", "decode", "save")
    entries = []
    for cls in keras_models():
        members = ", ".join(name for name in shown if hasattr(cls, name))
        options = (
            f"    options:\n      inherited_members: true\n      members: [{members}]"
        )
        entries.append(f"::: kgen.models.{cls.__name__}\n{options}")
    return "\n\n".join(entries)


def door() -> str:
    """The text of `kgen/models.py`."""
    models = sorted(keras_models(), key=lambda cls: cls.__name__)
    imports = sorted(f"from {cls.__module__} import {cls.__name__}" for cls in models)
    names = "\n".join(f'    "{cls.__name__}",' for cls in models)
    lines = [
        '"""Every model as a plain `keras.Model`.',
        "",
        "Written by docs/tables.py.",
        '"""',
        "",
        *imports,
        "",
        f"__all__ = [\n{names}\n]\n",
    ]
    return "\n".join(lines)


PARTS = {
    "README.md": {"models": models_with_sources},
    "docs/index.md": {"models": models_with_links},
    "docs/choosing_a_model.md": {"capabilities": capabilities},
    "docs/api/estimators.md": {"estimators": estimator_pages},
    "docs/api/models.md": {"keras models": model_pages},
}


def written() -> dict[str, str]:
    """Paths, from the root, and what should be there."""
    texts = {"kgen/models.py": door()}
    for path, parts in PARTS.items():
        text = (ROOT / path).read_text()
        for name, make in parts.items():
            mark = f"<!-- {name}: made by docs/tables.py -->"
            pattern = rf"{re.escape(mark)}.*?<!-- end -->"
            new = f"{mark}\n\n{make()}\n\n<!-- end -->"
            text, found = re.subn(
                pattern, lambda _, new=new: new, text, flags=re.DOTALL
            )
            if found != 1:
                raise SystemExit(f"{path} has {found} parts with the mark {mark}")
        texts[path] = text
    return texts


if __name__ == "__main__":
    for path, text in written().items():
        (ROOT / path).write_text(text)
