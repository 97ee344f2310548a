"""The code of README and docs runs as written, page by page, in a fresh process."""

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
