"""The density of two features, as a map."""

import inspect
from typing import Any

import numpy as np
from sklearn.base import is_outlier_detector
from sklearn.utils.validation import check_is_fitted

from kgen.core import messages, validation
from kgen.data.frames import is_frame
from kgen.plots.style import new_axes

MARGIN = 0.1
"""What the map shows beyond the data on each side, as a share of their range."""

SAMPLES = 1000
"""Samples whose range the map shows if there are neither data nor limits."""

DEPTH = 20.0
"""Nats below the peak where the logarithmic scale ends."""


def density_2d(
    estimator: Any,
    X: Any = None,
    limits: Any = None,
    *,
    y: Any = None,
    log: bool = False,
    cells: int = 150,
    colour_bar: bool = True,
    title: str = "",
    ax: Any = None,
) -> Any:
    """Draw the density of two features as a map, and data as points on it.

    Args:
        estimator: a fitted density of tables with two features: kgen's, or any with
            `score_samples` in nats, such as scikit-learn's `GaussianMixture`.
        X: points (n, 2), array or DataFrame, to be drawn; None draws none.
        limits: range of the map: ((low, high), (low, high)) for the two features, or
            (low, high) for both. None takes the range of X plus a tenth of it on each
            side, or, without X, the range of a thousand samples of the estimator.
        y: for conditional densities the label or condition vector.
        log: whether colours show the log-density, in nats, down to 20 below its peak.
        cells: the map has cells x cells values, each for the middle of its cell, >= 2.
            For a density of integers the cells are the integers, up to that many.
        colour_bar: whether to draw one.
        title: text above the map.
        ax: matplotlib Axes to draw on; None makes a new figure.

    Returns:
        The Axes. The values are `ax.images[0].get_array()`, whose rows are the second
        feature, from the bottom up.

    Raises:
        ValueError: for estimators that are not a density of two features, and for
            invalid limits or points.

    Example:
        >>> from sklearn.mixture import GaussianMixture
        >>> X = np.random.default_rng(0).normal(size=(200, 2))
        >>> ax = density_2d(GaussianMixture(2).fit(X), X, limits=(-4, 4))
        >>> ax.images[0].get_array().shape
        (150, 150)
    """
    _check(estimator)
    validation.check_setting("density_2d", "cells", cells, ge=2)
    fitted = getattr(estimator, "feature_names_in_", None)
    points, names = _points(X, fitted)
    limits = _limits(estimator, points, limits, y)
    ticks = [_ticks(estimator, low, high, cells) for low, high in limits]
    density = _log_density(estimator, ticks, names if fitted is not None else None, y)
    ax = new_axes(ax)
    shown, scale = density, {}
    if log:
        peak = np.max(density, initial=-np.inf, where=np.isfinite(density))
        lowest = np.min(density, initial=peak, where=np.isfinite(density))
        if np.isfinite(peak):
            scale = {"vmin": max(lowest, peak - DEPTH), "vmax": peak}
    else:
        shown, scale = np.exp(density), {"vmin": 0.0}
    _draw(ax, shown, ticks, scale, _what(estimator, log=log) if colour_bar else None)
    if points is not None:
        # White with a dark edge is visible on all colours of the map.
        style = {"color": "white", "edgecolors": "black", "linewidths": 0.4}
        ax.scatter(*points.T, s=np.clip(4000 / len(points), 2, 9), **style)
    labels = ["feature 0", "feature 1"] if names is None else [str(n) for n in names]
    ax.set(xlabel=labels[0], ylabel=labels[1], title=title)
    ax.set(xlim=_ends(ticks[0]), ylim=_ends(ticks[1]))
    return ax


def _check(estimator):
    """Raise an error unless it is a fitted density of two features."""
    owner = type(estimator).__name__
    scores = not isinstance(estimator, type) and hasattr(estimator, "score_samples")
    # The scores of outlier detectors are no log-densities.
    if not scores or is_outlier_detector(estimator):
        raise messages.not_a_density("density_2d", owner)
    check_is_fitted(estimator)
    shape = getattr(estimator, "event_shape_", None)
    shape = (getattr(estimator, "n_features_in_", 2),) if shape is None else shape
    if tuple(shape) != (2,):
        raise messages.not_a_plane(owner, tuple(shape))


def _points(X, fitted):
    """Points as an array (n, 2), and names of features; None for what there is not.

    DataFrames may have the columns that were fitted in another order.
    """
    names = None if fitted is None else list(fitted)
    if X is None:
        return None, names
    if is_frame(X):
        if names is not None and set(X.columns) == set(names):
            X = X[names]
        names = list(X.columns) if names is None else names
    points = np.asarray(X)
    if points.ndim == 2:
        points = points[np.isfinite(points.astype("float64")).all(axis=1)]
    if points.ndim != 2 or points.shape[1] != 2 or not len(points):
        raise messages.not_points(np.shape(X))
    return points.astype("float64"), names


def _limits(estimator, points, limits, y):
    """Two pairs (low, high)."""
    if limits is not None:
        try:
            ends = np.broadcast_to(np.asarray(limits, "float64"), (2, 2))
        except (TypeError, ValueError):
            raise messages.wrong_limits(limits) from None
        if not np.isfinite(ends).all() or (ends[:, 0] >= ends[:, 1]).any():
            raise messages.wrong_limits(limits)
        return ends
    if points is None:
        points = _samples(estimator, y)
    low, high = points.min(axis=0), points.max(axis=0)
    margin = 0.0 if _discrete(estimator) else MARGIN
    around = np.where(high > low, margin * (high - low), 0.5)
    return np.stack([low - around, high + around], axis=1)


def _samples(estimator, y):
    """Samples of an estimator, to see where its density is."""
    if not hasattr(estimator, "sample"):
        raise messages.no_limits(type(estimator).__name__)
    options = {} if y is None else {"y": y}
    if "random_state" in inspect.signature(estimator.sample).parameters:
        options["random_state"] = 0
    samples = estimator.sample(SAMPLES, **options)
    # Mixtures of scikit-learn give the components, too.
    samples = samples[0] if isinstance(samples, tuple) else samples
    return np.asarray(samples, "float64")


def _discrete(estimator):
    return bool(getattr(estimator, "discrete_", False))


def _ticks(estimator, low, high, cells):
    """The middles of the cells of a feature, evenly spaced."""
    if _discrete(estimator):
        first, last = int(np.ceil(low)), int(np.floor(high))
        return np.arange(first, last + 1, 1 + (last - first) // cells)
    return low + (high - low) * (np.arange(cells) + 0.5) / cells


def _ends(ticks):
    """Where the first cell begins and the last one ends."""
    half = (ticks[1] - ticks[0]) / 2 if len(ticks) > 1 else 0.5
    return ticks[0] - half, ticks[-1] + half


def _log_density(estimator, ticks, names, y):
    """Log-density over the plane, (second feature, first feature)."""
    plane = np.stack(np.meshgrid(*ticks), axis=-1).reshape(-1, 2)
    if names is not None:
        import pandas

        plane = pandas.DataFrame(plane, columns=names)
    condition = {} if y is None else {"y": y}
    found = np.asarray(estimator.score_samples(plane, **condition), "float64")
    return found.reshape(len(ticks[1]), len(ticks[0]))


def _what(estimator, *, log):
    """What the colours are."""
    what = "probability" if _discrete(estimator) else "density"
    what = f"log-{what} (nats)" if log else what
    bound = getattr(estimator, "density", "exact") == "lower bound"
    return f"{what}, lower bound" if bound else what


def _draw(ax, shown, ticks, scale, label):
    """The map, and a colour bar if it has a label."""
    import matplotlib.pyplot as plt

    cmap = plt.get_cmap("magma")
    cmap = cmap.with_extremes(bad=cmap(0.0), under=cmap(0.0))
    image = ax.imshow(
        np.ma.masked_invalid(shown),
        cmap=cmap, origin="lower", aspect="auto", interpolation="nearest",
        extent=(*_ends(ticks[0]), *_ends(ticks[1])), **scale,
    )  # fmt: skip
    if label:
        ax.figure.colorbar(image, ax=ax, label=label)
