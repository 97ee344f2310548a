"""The distribution: its name, what it requires, and the files beside the package."""

import ast
import re
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import kgen

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
# Where a distribution is named otherwise than what is imported.
IMPORTED_AS = {
    "scikit-learn": "sklearn",
    "tensorflow-probability": "tensorflow_probability",
}
# They come with scikit-learn.
COME_ALONG = {"scipy"}
# Used where users have them.
OPTIONAL = {"pandas", "keras_tuner"}


def names(requirements):
    return {re.match(r"[\w-]+", requirement)[0] for requirement in requirements}


def imported():
    """Top-level names of other packages that kgen imports, wherever in a module."""
    for path in (ROOT / "kgen").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                found = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                found = [node.module or "kgen"]
            else:
                continue
            yield from (name.split(".")[0] for name in found)


def test_what_is_required_is_what_is_imported():
    required = {IMPORTED_AS.get(name, name) for name in names(PROJECT["dependencies"])}
    required.remove("tensorflow_probability")  # which backend.py imports by a name
    others = set(imported()) - sys.stdlib_module_names - {"kgen"}
    assert others - COME_ALONG - OPTIONAL == required


def test_the_name_is_nobody_else_s():
    assert PROJECT["name"] == "keras-kgen"
    assert "keras-kgen" in kgen.show_versions()
    assert "`keras-kgen`" in (ROOT / "README.md").read_text()
    extras = PROJECT["optional-dependencies"]
    assert "keras-tuner" in names(extras["tuner"])
    # `kgen[test]` would install the other package.
    assert "kgen" not in names(sum(extras.values(), []))


def test_versions_agree():
    citation = (ROOT / "CITATION.cff").read_text()
    assert f"\nversion: {kgen.__version__}\n" in citation
    for installed in metadata.distributions(name="keras-kgen"):
        assert installed.version == kgen.__version__


def test_badges_are_true():
    """A badge is a picture of words: its own address and its description say them."""
    readme = (ROOT / "README.md").read_text()
    first, below = re.search(
        r">=3\.(\d+),<3\.(\d+)", PROJECT["requires-python"]
    ).groups()
    span = f"3.{first}", f"3.{int(below) - 1}"
    assert f"Python-{span[0]}_to_{span[1]}-" in readme
    assert f"[Python {span[0]} to {span[1]}]" in readme
    assert f"licence-{PROJECT['license'].replace('-', '_')}-" in readme
    assert any(r.startswith("keras>=3") for r in PROJECT["dependencies"])


def test_links_of_the_pages_beside_the_package_lead_somewhere():
    for page in ("README.md", "CONTRIBUTING.md", "SECURITY.md"):
        for link in re.findall(r"\]\((?!https?:)([^)#]+)", (ROOT / page).read_text()):
            assert (ROOT / link).exists(), f"{page}: {link}"
