"""Boxes and arrows of the drawn figures."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch


def box(
    axes: Axes,
    center: tuple[float, float],
    size: tuple[float, float],
    text: str,
    edge: str,
    fill: str,
) -> None:
    """Draw a rounded box with text in it."""
    (x, y), (width, height) = center, size
    corner = (x - width / 2, y - height / 2)
    patch = FancyBboxPatch(
        corner, width, height, boxstyle="round,pad=0,rounding_size=0.12",
        edgecolor=edge, facecolor=fill, linewidth=2,
    )  # fmt: skip
    axes.add_patch(patch)
    axes.text(x, y, text, ha="center", va="center", linespacing=1.3)


def arrow(
    axes: Axes,
    points: Sequence[tuple[float, float]],
    color: str,
    *,
    dashed: bool = False,
) -> None:
    """Draw an arrow along straight lines from point to point."""
    *_, (x0, y0), (x1, y1) = points
    length = np.hypot(x1 - x0, y1 - y0)
    near = (x1 - 0.1 * (x1 - x0) / length, y1 - 0.1 * (y1 - y0) / length)
    line = (0, (4, 3)) if dashed else "-"
    axes.plot(*zip(*points[:-1], near, strict=True), color=color, linestyle=line)
    head = FancyArrowPatch(
        near, (x1, y1), arrowstyle="-|>", mutation_scale=18, color=color, shrinkA=0,
        shrinkB=0,
    )  # fmt: skip
    axes.add_patch(head)
