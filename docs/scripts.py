"""The scripts that are pages of the site: lessons of the course, and examples.

They are Python files in the percent format of jupytext: code cells begin with `# %%`,
text cells with `# %% [markdown]`. The tags of a cell say how it is shown:

- `tags=["folded"]`: its code is folded away, its output is not;
- `tags=["answer"]`: part of the answer to an exercise, which is folded away;
- `tags=["test"]`: not shown; it makes the script short under `KGEN_FAST`.

`alt="..."` describes the figures of a cell for those who cannot see them.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jupytext

ROOT = Path(__file__).parent.parent
PLACES = {"examples/course": "course", "examples": "gallery"}  # folders, their pages'


@dataclass(frozen=True)
class Cell:
    """A cell of a script, with its tags and the description of its figures."""

    is_code: bool
    text: str
    tags: tuple[str, ...] = ()
    alt: str = ""


@dataclass(frozen=True)
class Script:
    """A script, and where its page and the outputs of its code are."""

    path: Path
    cells: list[Cell] = field(init=False)

    def __post_init__(self) -> None:
        """Read the cells."""
        notebook = jupytext.read(self.path, fmt="py:percent")
        cells = [
            Cell(
                cell.cell_type == "code",
                cell.source,
                tuple(cell.metadata.get("tags", ())),
                cell.metadata.get("alt", ""),
            )
            for cell in notebook.cells
        ]
        object.__setattr__(self, "cells", cells)

    @property
    def name(self) -> str:
        """Name by which it is rendered."""
        return self.path.stem

    @property
    def page(self) -> str:
        """Path of its page from docs/, without an ending."""
        folder = self.path.parent.relative_to(ROOT).as_posix()
        return f"{PLACES[folder]}/{self.name}"

    @property
    def outputs(self) -> Path:
        """What its code has written; pictures and sounds are beside it."""
        return ROOT / "docs" / self.page / "outputs.json"

    @property
    def rendered(self) -> bool:
        """Whether its outputs have been kept."""
        return self.outputs.exists()

    @property
    def kept(self) -> dict[str, Any]:
        """What docs/render.py has kept: seconds, and code and output of every cell."""
        return json.loads(self.outputs.read_text())

    @property
    def current(self) -> bool:
        """Whether what has been kept is of the code as it is now."""
        return self.rendered and self.codes == [c["code"] for c in self.kept["cells"]]

    @property
    def notebook(self) -> str:
        """It as a Jupyter notebook, without outputs."""
        notebook = jupytext.read(self.path, fmt="py:percent")
        notebook.cells = [
            cell
            for cell in notebook.cells
            if "test" not in cell.metadata.get("tags", ())
        ]
        return jupytext.writes(notebook, fmt="ipynb")

    @property
    def codes(self) -> list[str]:
        """Its code, by cells."""
        return [cell.text for cell in self.cells if cell.is_code]


def scripts() -> Iterator[Script]:
    """All scripts, by place and name."""
    for place in PLACES:
        for path in sorted((ROOT / place).glob("*.py")):
            yield Script(path)
