"""Environments with other libraries, made when a benchmark first needs them."""

import subprocess
import sys
import venv
from pathlib import Path

FOLDER = Path(__file__).parent / "results" / "peers_backup"


def python_with(*packages):
    """A Python that has these packages, in an environment of its own.

    Args:
        *packages: what pip installs, in this order and one by one: the first may
            decide what later ones need, as a build of torch for CPUs does.
    """
    folder = FOLDER / "-".join(package.split("=")[0] for package in packages)
    python = folder / "bin" / "python"
    if not (folder / "complete").exists():
        venv.create(folder, with_pip=True, clear=True)
        for package in packages:
            command = [python, "-m", "pip", "install", "-q", package]
            subprocess.run(command, check=True, stdout=sys.stderr)
        (folder / "complete").touch()
    return str(python)
