"""The site as plain Markdown, for a generator that does not run the hooks of MkDocs.

    python docs/stage.py FOLDER && zensical build -f FOLDER/mkdocs.yml

FOLDER gets the pages as the hooks leave them, all that they show, and a configuration
without hooks. Zensical is the successor of Material for MkDocs, by the same authors;
this keeps the way to it open.
"""

import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import yaml
from mkdocs.commands.build import build
from mkdocs.config import load_config
from mkdocs.plugins import BasePlugin, event_priority

ROOT = Path(__file__).parent.parent


class Stage(BasePlugin):
    """Write every page and every other file of the site below a folder."""

    def __init__(self, folder: Path):
        super().__init__()
        self.docs = folder / "docs"

    @event_priority(-100)
    def on_files(self, files: Any, config: Any) -> None:
        self.nav = config.nav
        for file in files:
            if not file.is_documentation_page() and file.inclusion.is_included():
                self.place(file.src_uri).write_bytes(file.content_bytes)

    @event_priority(-100)
    def on_page_markdown(self, markdown: str, page: Any, **kwargs: Any) -> None:
        self.place(page.file.src_uri).write_text(markdown)

    def place(self, path: str) -> Path:
        """Where a file goes."""
        (self.docs / path).parent.mkdir(parents=True, exist_ok=True)
        return self.docs / path


def main(folder: Path) -> None:
    """Write the pages and the configuration."""
    shutil.rmtree(folder, ignore_errors=True)
    stage = Stage(folder)
    with tempfile.TemporaryDirectory() as site:
        config = load_config(str(ROOT / "mkdocs.yml"), site_dir=site, strict=False)
        config.plugins["stage"] = stage
        build(config)
    plain = yaml.safe_load((ROOT / "mkdocs.yml").read_text())
    del plain["hooks"]
    plain["nav"] = stage.nav
    [handlers] = (p["mkdocstrings"] for p in plain["plugins"] if "mkdocstrings" in p)
    python = handlers["handlers"]["python"]
    python["paths"] = [str(ROOT)]
    python["options"]["extensions"] = [str(ROOT / "docs" / "griffe_kgen.py")]
    (folder / "mkdocs.yml").write_text(yaml.safe_dump(plain, sort_keys=False))


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
