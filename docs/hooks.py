"""Hooks that turn scripts into pages, and show drawn figures in the page's ink.

A script in the percent format becomes a page: its Markdown cells, its code, and the
outputs that docs/render.py has kept. A strict build fails if the code has changed since
then.
"""

import logging
import re
from itertools import chain, repeat
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files, InclusionLevel
from scripts import ROOT, Cell, Script, scripts

LOG = logging.getLogger("mkdocs.hooks.kgen")  # a strict build fails on warnings
CARDS = re.compile(r"<!-- cards: ([\w\s]+) -->")
IN_BOTH_INKS = re.compile(r"!\[([^\]]*)\]\(([^)\s]*figures/\w+)\.svg\)(\{[^}]*\})?")


def on_files(files: Files, config: Any) -> Files:
    """Add a page for every script, and the script itself and a notebook to download."""
    for script in scripts():
        if script.rendered:
            for ending, content in (
                ("md", page(script)),
                ("py", script.path.read_text()),
                ("ipynb", script.notebook),
            ):
                file = File.generated(
                    config,
                    f"{script.page}.{ending}",
                    content=content,
                    inclusion=InclusionLevel.INCLUDED,
                )
                files.append(file)
    return files


def on_page_markdown(markdown: str, **kwargs: Any) -> str:
    """Fill in cards, and show drawn figures in the ink that suits the page."""
    markdown = CARDS.sub(lambda found: cards(found[1].split()), markdown)
    return IN_BOTH_INKS.sub(
        lambda found: (
            f"![{found[1]}]({found[2]}.svg#only-light){found[3] or ''}"
            f"![{found[1]}]({found[2]}.dark.svg#only-dark){found[3] or ''}"
        ),
        markdown,
    )


def page(script: Script) -> str:
    """The Markdown of a script."""
    kept = script.kept
    if not script.current:
        LOG.warning(
            f"{script.path.name} has changed: run `python docs/render.py {script.name}`"
        )
    outputs = chain(kept["cells"], repeat({"output": ""}))
    parts, answer = [], []
    for cell in script.cells:
        output = next(outputs)["output"] if cell.is_code else ""
        if "test" in cell.tags:
            continue
        text = _shown(cell, output)
        if "answer" in cell.tags:
            answer.append(text)
            continue
        parts += [_folded("success", "Answer", answer)] if answer else []
        parts, answer = [*parts, text], []
    parts += [_folded("success", "Answer", answer)] if answer else []
    title, _, rest = parts[0].partition("\n")
    facts = f"*{_time(kept['cpu_seconds'])} of computing on one CPU core.*"
    links = (
        f"Download the [script]({script.name}.py){{ download }} or the "
        f"[notebook]({script.name}.ipynb){{ download }}."
    )
    note = f"{facts} {links}\n{{ .script }}"
    return "\n\n".join([title, note, rest.strip("\n"), *parts[1:]]) + "\n"


def cards(names: list[str]) -> str:
    """Pictures that lead to pages: of scripts, and of estimators on the same data."""
    known = {script.name: script for script in scripts()}
    parts = [_card(known[n]) if n in known else _samples(n) for n in names]
    return '<div class="gallery" markdown>\n' + "\n".join(parts) + "\n</div>"


def _card(script: Script) -> str:
    title, _, text = script.cells[0].text.lstrip("# ").partition("\n")
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", " ".join(text.split()))  # no links
    line = re.split(r"(?<=[.?:]) ", text)[0].rstrip(":").strip("*")
    pictures = sorted(script.outputs.parent.glob("*.png"), key=lambda p: int(p.stem))
    if not (script.rendered and pictures):
        LOG.warning(
            f"{script.path.name} has no picture for the gallery: render it by "
            f"`python docs/render.py {script.name}`"
        )
        return f"<div>\n{title}\n</div>\n"
    return _pictured(f"../{script.page}/{pictures[0].name}", title, script.page, line)


def _samples(name: str) -> str:
    if not (ROOT / "docs" / "gallery" / "samples" / f"{name}.png").exists():
        LOG.warning(f"there are no samples of {name}: run `benchmarks/gallery.py`")
    return _pictured(f"samples/{name}.png", name, f"api/{name}")


def _pictured(picture: str, title: str, page: str, line: str = "") -> str:
    link = f"[![]({picture}){{ loading=lazy }} **{title}**](../{page}.md)"
    return f"<div markdown>\n{link}\n\n{line}\n</div>\n"


def _shown(cell: Cell, output: str) -> str:
    if not cell.is_code:
        return cell.text
    code = f"```python\n{cell.text}\n```"
    if "folded" in cell.tags:
        code = _folded("abstract", "Code of the picture", [code])
    return f"{code}\n\n{output}".rstrip()


def _folded(kind: str, title: str, parts: list[str]) -> str:
    text = "\n\n".join(parts)
    return f'??? {kind} "{title}"\n\n' + "\n".join(
        f"    {line}" if line else "" for line in text.split("\n")
    )


def _time(seconds: float) -> str:
    if seconds < 90:
        return f"About {max(1, round(seconds))} seconds"
    return f"About {round(seconds / 60)} minutes"


if __name__ == "__main__":  # what a page would be
    import sys

    print(page(Script(Path(sys.argv[1]))))  # noqa: T201
