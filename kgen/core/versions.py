"""Versions to include in a bug report."""

import platform
from importlib import metadata

PACKAGES = (
    "keras-kgen",
    "keras",
    "tensorflow",
    "tensorflow-probability",
    "tf-keras",
    "keras-tuner",
    "numpy",
    "scikit-learn",
    "matplotlib",
)


def show_versions() -> dict[str, str]:
    """Versions of Python and of the packages that kgen depends on.

    Returns:
        Dict from names to versions, "not installed" for missing packages.

    Example:
        >>> "keras" in show_versions()
        True
    """
    found = {"python": platform.python_version(), "platform": platform.platform()}
    for package in PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            found[package] = "not installed"
    return found
