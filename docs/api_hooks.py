"""API pages of estimators, one for each, and a check of the site's search.

docs/api_pages.py makes the pages. The build fails if somebody new to the field, with
words of their own, would not find the page that answers.
"""

import json
import re
from pathlib import Path
from typing import Any

import api_pages
from api_words import FAMILIES
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files, InclusionLevel

SUMMARY = "<!-- summary -->"
OVERVIEW = "api/estimators.md"
# By how much matches on a page count more, by the beginning of its path.
BOOSTS = {
    **dict.fromkeys(("choosing_a_model", "guide/", "course/", "how_to/"), 2),
    **dict.fromkeys(("decisions/", "contributing/", "changelog"), 0.2),
    **dict.fromkeys(("api/base.md", "api/testing.md"), 0.2),
}
# By these words the search has to find these pages.
FOUND = {
    "inpainting": ("choosing_a_model/", "guide/tasks/", "glossary/"),
    "anomaly": ("choosing_a_model/", "guide/tasks/", "glossary/"),
    "synthetic data": ("choosing_a_model/", "glossary/"),
    "density estimation": ("choosing_a_model/", "guide/tasks/", "glossary/"),
    "outlier": ("choosing_a_model/", "guide/tasks/", "api/tasks/"),
    "missing values": ("choosing_a_model/", "guide/tasks/", "api/tasks/"),
    "imputation": ("choosing_a_model/", "guide/tasks/", "glossary/"),
    "compression": ("choosing_a_model/", "guide/tasks/", "api/tasks/"),
    "autoregressive": ("choosing_a_model/", "guide/autoregressive/", "glossary/"),
    "diffusion": ("choosing_a_model/", "glossary/"),
}


def on_config(config: Any) -> Any:
    """Put the pages of the estimators below their overview, by family."""
    api_pages.package.cache_clear()
    families: dict[str, list] = {}
    for cls in api_pages.estimators():
        title = FAMILIES[api_pages.family(cls)]
        families.setdefault(title, []).append({cls.name: f"api/{cls.name}.md"})
    below = [
        {"All estimators": OVERVIEW},
        *({title: pages} for title, pages in families.items()),
    ]
    config.nav = _replaced(config.nav, below)
    return config


def on_files(files: Files, config: Any) -> Files:
    """Add a page for every estimator."""
    scripts = [
        file
        for file in files.documentation_pages()
        if re.fullmatch(r"(course|gallery)/\w+\.md", file.src_uri)
    ]
    for cls in api_pages.estimators():
        picture = f"gallery/samples/{cls.name}.png"
        exists = files.get_file_from_path(picture) is not None
        page = api_pages.Page(
            cls, _read_on(cls.name, scripts), f"../{picture}" if exists else None
        )
        file = File.generated(
            config,
            f"api/{cls.name}.md",
            content=str(page),
            inclusion=InclusionLevel.INCLUDED,
        )
        files.append(file)
    return files


def on_page_markdown(markdown: str, page: Any, **kwargs: Any) -> str:
    """Write a table of what a page describes where a mark asks for it.

    Pages that explain come first in the results of a search, those for authors last.
    """
    for first, boost in BOOSTS.items():
        if page.file.src_uri.startswith(first):
            page.meta.setdefault("search", {"boost": boost})
    before, mark, after = markdown.partition(SUMMARY)
    names = re.findall(r"^::: (\S+)", after, flags=re.MULTILINE)
    return before + api_pages.summary(names) + after if mark else markdown


def on_post_build(config: Any) -> None:
    """Fail if the search does not find a page by the words of a newcomer."""
    index = Path(config.site_dir) / "search" / "search_index.json"
    index = json.loads(index.read_text())
    separator = re.compile(index["config"]["separator"])
    pages: dict[str, list[str]] = {}
    for entry in index["docs"]:
        text = f"{entry['title']} {entry['text']}".lower()
        text = re.sub(r"</?\w[^>]*>", " ", text)
        page = entry["location"].split("#")[0]
        pages.setdefault(page, []).append(" ".join(separator.split(text)))
    for words, wanted in FOUND.items():
        for page in wanted:
            # The search looks for words that begin with what was typed.
            if not any(f" {words}" in f" {text}" for text in pages.get(page, ())):
                raise PluginError(f"The search does not find {page} by {words!r}.")


def _replaced(entries: list, below: list) -> list:
    """The navigation, with the overview's own navigation in its place."""
    found = []
    for entry in entries:
        for title, target in entry.items() if isinstance(entry, dict) else ():
            if target == OVERVIEW:
                entry = {title: below}
            elif isinstance(target, list):
                entry = {title: _replaced(target, below)}
        found.append(entry)
    return found


def _read_on(name: str, scripts: list[File]) -> list[str]:
    """Lines with links to the lessons and examples that use an estimator."""
    lines = []
    for folder, title in (("course", "Course"), ("gallery", "Gallery")):
        links = [
            f"[{_title(file)}](../{file.src_uri})"
            for file in scripts
            if file.src_uri.startswith(folder)
            and re.search(rf"\b{name}\(", file.content_string)
        ]
        lines += [f"- **{title}:** {', '.join(links)}"] if links else []
    return lines


def _title(file: File) -> str:
    return file.content_string.splitlines()[0].removeprefix("# ")
