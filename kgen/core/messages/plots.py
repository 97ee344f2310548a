"""Messages about what is to be drawn."""

from typing import Any


def not_images(name: str, shape: tuple) -> ValueError:
    return ValueError(
        f"`{name}` must have shape (n, height, width[, 1 or 3]). Got {shape}."
    )


def other_pairs(images: tuple, pairs: tuple) -> ValueError:
    return ValueError(
        f"`pairs` must have the shape of `images`, {images}, one for each. Got {pairs}."
    )


def other_completions(got: tuple, wanted: tuple) -> ValueError:
    return ValueError(
        "`completed` must be images of the shape of X, "
        f"{wanted}, or several such arrays: one for every draw. Got shape {got}."
    )


def not_a_density(tool: str, owner: str) -> ValueError:
    return ValueError(
        f"{tool} needs a fitted density, with `score_samples`: kgen's, or "
        f"scikit-learn's GaussianMixture or KernelDensity. Got {owner}."
    )


def not_a_plane(owner: str, shape: Any) -> ValueError:
    return ValueError(
        "density_2d draws densities of two features. The examples of this "
        f"{owner} have shape {shape}: `corner` draws tables of more features."
    )


def not_points(shape: tuple) -> ValueError:
    return ValueError(
        "X must hold points of two features, shape (n, 2), at least one of them "
        f"without NaN. Got shape {shape}."
    )


def no_limits(owner: str) -> ValueError:
    return ValueError(
        f"{owner} cannot draw samples to find where its density is: give data as X, or "
        "`limits`."
    )


def wrong_limits(limits: Any) -> ValueError:
    return ValueError(
        "`limits` must be (low, high) for both features, or ((low, high), (low, high)),"
        f" finite and low < high. Got {limits!r}."
    )


def not_a_table(name: str, shape: tuple, wanted: str = "(n, features)") -> ValueError:
    return ValueError(f"{name} must be a table, shape {wanted}, n >= 1. Got {shape}.")


def other_columns(name: str, missing: list) -> ValueError:
    return ValueError(
        f"{name} must have the columns that are drawn of the first data set. It lacks "
        f"{missing}."
    )


def wrong_columns(columns: Any, known: list) -> ValueError:
    return ValueError(
        f"`columns` must be different names (or numbers) of columns of X. Got "
        f"{columns!r}. X has {known}."
    )


def many_columns(n: int, limit: int) -> ValueError:
    return ValueError(
        f"corner draws up to {limit} features, and X has {n}: choose some of them as "
        "`columns`."
    )


def wrong_legend(labels: Any, n: int) -> ValueError:
    return ValueError(
        f"`labels` must be a name for each of the {n} data sets. Got {labels!r}."
    )


def wrong_axes(got: tuple, n: int) -> ValueError:
    return ValueError(f"`axes` must be ({n}, {n}) matplotlib Axes. Got shape {got}.")
