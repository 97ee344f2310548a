"""The code of README and docs runs as written, page by page, in a fresh process."""

import importlib
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def code_of(page):
    return "\n".join(
        re.findall(r"^```python\n(.*?)^```", page.read_text(), re.M | re.S)
    )


WITH_CODE = [page for page in PAGES if "import kgen" in code_of(page)]


def test_pages_have_code():
    names = {page.name for page in WITH_CODE}
    assert {"README.md", "getting_started.md", "variational.md"} <= names


@pytest.mark.slow
@pytest.mark.parametrize("page", WITH_CODE, ids=lambda p: str(p.relative_to(ROOT)))
def test_code_runs(page, tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", code_of(page)],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.mark.skipif(
    not (ROOT / "benchmarks").exists(), reason="the archive has no measurements"
)
def test_the_table_of_results_is_that_of_the_benchmarks(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "docs")
    results = importlib.import_module("results")
    page = (ROOT / "docs" / "results.md").read_text()
    assert page == results.written(), "run docs/results.py: docs/results.md is old"
