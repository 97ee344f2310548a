"""Errors about missing values."""

from typing import Any


def cannot_complete(density: Any) -> TypeError:
    """A density that does not draw what is missing, given the rest."""
    return TypeError(
        f"Imputer(density={density!r}): `density` must be an estimator that has "
        "`complete`: MADE(orders='any'), which conditions on whatever is known, or "
        "another autoregressive one, which conditions on what comes before."
    )


def conditional_imputer(density: Any) -> ValueError:
    """A density of p(x|y), in a place that has no y."""
    return ValueError(
        f"Imputer(density={density!r}): `density` must not be conditional, since an "
        "imputer is not given y. Append y to X as a feature instead."
    )


def nothing_observed(owner: str, columns: list) -> ValueError:
    """Columns without a single value."""
    return ValueError(
        f"{owner}: X must have at least one value in every column. All are missing in "
        f"{columns}: drop these."
    )


def fractions_of_integers(owner: str) -> ValueError:
    """Fractions in data for an imputer that was fitted to whole numbers."""
    return ValueError(
        f"{owner}: all values in `fit` were whole numbers, which were learned as "
        "integers. X has fractions: round them, or fit to data with fractions, too."
    )
