"""The features of tables: each by itself, and each against every other."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from kgen.core import messages, validation
from kgen.plots.features import BINS, features_of
from kgen.plots.style import colours

MOST_POINTS = 2000
"""Points of a data set in each scatter plot: evenly spaced rows of larger ones."""

SHARES = (0.9, 0.5)
"""How much of the data is inside the contours."""


def corner(
    X: Any,
    *others: Any,
    labels: Sequence[str] | None = None,
    columns: Sequence[Any] | None = None,
    kind: str = "scatter",
    title: str = "",
    axes: Any = None,
) -> Any:
    """Draw the features of a table: histograms, and below them all pairs.

    Several tables, such as data and samples, are drawn over one another, each in its
    own colour. Text, categories, booleans and integers with up to twelve values have
    bars instead of histograms, and their points are spread a little. All bars and
    histograms show shares of their table. Missing values (NaN) are left out.

    Args:
        X: array or DataFrame (n, features).
        *others: more tables with the same features, of any lengths; DataFrames are
            matched by the names of their columns.
        labels: a name for every table, for the legend.
        columns: features to draw, by name or number; None is all, up to twelve.
        kind: how pairs are drawn: "scatter" (up to 2,000 points of each table) or
            "contours", which enclose 50% and 90% of the data. Pairs with categories are
            always scattered.
        title: text above the whole plot.
        axes: square array of matplotlib Axes to draw on, (features, features); None
            makes a new figure.

    Returns:
        Array of Axes, (features, features): row i and column j have feature j along
        the x axis and feature i along the y axis. Those above the diagonal are empty.

    Raises:
        ValueError: for anything but tables, for tables that lack features of the first,
            and for more than twelve features.

    Example:
        >>> X = np.random.default_rng(0).normal(size=(100, 3))
        >>> corner(X, 2 * X, labels=["data", "twice the data"]).shape
        (3, 3)
    """
    validation.check_choice("corner", "kind", kind, ("scatter", "contours"))
    sets = (X, *others)
    if labels is not None and (isinstance(labels, str) or len(labels) != len(sets)):
        raise messages.wrong_legend(labels, len(sets))
    features = features_of(sets, columns)
    axes = _grid(len(features), axes)
    palette = colours()
    for i, row in enumerate(axes):
        for j, ax in enumerate(row):
            if j > i:
                ax.set_axis_off()
                continue
            for k in range(len(sets)):
                colour = palette[k % len(palette)]
                if i == j:
                    _histogram(ax, features[i], k, len(sets), colour)
                else:
                    _pair(ax, features[j], features[i], k, kind, colour)
            _dress(ax, i, j, features)
    if labels is not None:
        _legend(axes, labels, palette)
    if title:
        axes[0, 0].figure.suptitle(title)
    return axes


def _grid(n, axes):
    import matplotlib.pyplot as plt

    if axes is not None:
        axes = np.asarray(axes)
        if axes.shape != (n, n) and (axes.size, n) != (1, 1):
            raise messages.wrong_axes(axes.shape, n)
        return axes.reshape(n, n)
    size = 2.0 * n + 1.0 if n > 1 else 4.0
    options = {"squeeze": False, "layout": "constrained", "figsize": (size, size)}
    return plt.subplots(n, n, **options)[1]


def _histogram(ax, feature, k, tables, colour):
    """Shares of a table, as bars side by side or as steps over one another."""
    values = feature.values[k][~np.isnan(feature.values[k])]
    if feature.ticks is None:
        shares = np.histogram(values, feature.edges)[0] / max(len(values), 1)
        ax.stairs(shares, feature.edges, fill=True, color=colour, alpha=0.35)
        ax.stairs(shares, feature.edges, color=colour, linewidth=1.5)
        return
    shares = (values[:, np.newaxis] == feature.ticks).sum(axis=0) / max(len(values), 1)
    width = 0.8 * feature.gap / tables
    places = feature.ticks + (k - (tables - 1) / 2) * width
    ax.bar(places, shares, width, color=colour, alpha=0.8)


def _pair(ax, across, up, k, kind, colour):
    """Two features of a table, as points or as contours."""
    points = np.stack([across.values[k], up.values[k]], axis=1)
    points = points[~np.isnan(points).any(axis=1)]
    if kind == "contours" and across.ticks is None and up.ticks is None:
        _contours(ax, points, across, up, colour)
        return
    step = -(-len(points) // MOST_POINTS) or 1
    points = points[::step].copy()
    random = np.random.default_rng(k)
    for i, feature in enumerate((across, up)):
        if feature.ticks is not None:
            points[:, i] += 0.3 * feature.gap * random.uniform(-1, 1, len(points))
    alpha = np.clip(10 / np.sqrt(len(points) + 1), 0.25, 0.8)
    style = {"s": 8, "alpha": alpha, "linewidths": 0, "rasterized": True}
    ax.scatter(*points.T, color=colour, **style)


def _contours(ax, points, across, up, colour):
    """Lines of equal density that enclose shares of the points."""
    from scipy.ndimage import gaussian_filter

    if len(points) < 2:
        return
    edges = [np.linspace(*feature.ends, BINS + 1) for feature in (across, up)]
    density = np.histogram2d(*points.T, edges)[0]
    # Scott's rule, in bins; two thirds of it, as data have several clusters.
    bins = [e[1] - e[0] for e in edges]
    spread = points.std(axis=0) / bins * len(points) ** (-1 / 6)
    density = gaussian_filter(density, 2 / 3 * spread, mode="constant")
    falling = np.sort(density.ravel())[::-1]
    enclosed = np.cumsum(falling) / falling.sum()
    levels = np.unique([falling[np.searchsorted(enclosed, s)] for s in SHARES])
    middles = [(e[1:] + e[:-1]) / 2 for e in edges]
    ax.contour(*middles, density.T, levels=levels, colors=[colour], linewidths=1.2)


def _dress(ax, i, j, features):
    """Limits, ticks and names of an Axes: only the outer ones are written."""
    last = i == len(features) - 1
    across, up = features[j], features[i]
    ax.set_xlim(across.ends)
    if across.ticks is not None:
        ax.set_xticks(across.ticks, across.texts)
    ax.tick_params(axis="x", labelbottom=last, rotation=45 if across.texts else 0)
    if last:
        ax.set_xlabel(across.name)
    if i == j:
        ax.set_yticks([])
        return
    ax.set_ylim(up.ends)
    if up.ticks is not None:
        ax.set_yticks(up.ticks, up.texts)
    ax.tick_params(axis="y", labelleft=j == 0)
    if j == 0:
        ax.set_ylabel(up.name)


def _legend(axes, labels, palette):
    """In the corner that is empty; beside a single feature, which has none."""
    from matplotlib.patches import Patch

    handles = [
        Patch(color=palette[k % len(palette)], label=str(label))
        for k, label in enumerate(labels)
    ]
    place = {"loc": "upper right"}
    if len(axes) == 1:
        place = {"loc": "upper left", "bbox_to_anchor": (1.0, 1.0)}
    axes[0, -1].legend(handles=handles, **place)
