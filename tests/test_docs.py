"""The code of README and docs runs as written, page by page, in fresh processes."""

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import page_runner

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
WITH_CODE = [page for page in PAGES if "import kgen" in page_runner.code_of(page)]

RUNNER = [sys.executable, page_runner.__file__]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}


def test_pages_have_code():
    names = {page.name for page in WITH_CODE}
    assert {"README.md", "getting_started.md", "variational.md"} <= names


@pytest.fixture(scope="module")
def status_of():
    """A function that runs a page, by forks where TensorFlow can be forked."""
    if not sys.platform.startswith("linux"):
        yield lambda *job: subprocess.run([*RUNNER, *job], env=ENVIRONMENT).returncode
        return
    with subprocess.Popen(
        RUNNER, env=ENVIRONMENT, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    ) as runner:  # fmt: skip

        def run(*job):
            print(json.dumps(job), file=runner.stdin, flush=True)
            return int(runner.stdout.readline())

        yield run
        runner.stdin.close()


@pytest.mark.slow
@pytest.mark.parametrize("page", WITH_CODE, ids=lambda p: str(p.relative_to(ROOT)))
def test_code_runs(page, tmp_path, status_of):
    folder, log = tmp_path / "empty", tmp_path / "log"
    folder.mkdir()
    status = status_of(str(page), str(folder), str(log))
    assert status == 0, log.read_text()[-2000:]


@pytest.mark.skipif(
    not (ROOT / "benchmarks").exists(), reason="the archive has no measurements"
)
def test_the_table_of_results_is_that_of_the_benchmarks(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "docs")
    results = importlib.import_module("results")
    page = (ROOT / "docs" / "results.md").read_text()
    assert page == results.written(), "run docs/results.py: docs/results.md is old"
