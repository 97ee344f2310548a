"""What all plots share: Axes, colours, and names of features."""

from typing import Any

PETROFF = (
    "#3f90da", "#ffa90e", "#bd1f01", "#94a4a2", "#832db6",
    "#a96b59", "#e76300", "#b9ac70", "#717581", "#92dadd",
)  # fmt: skip
"""Ten colours that the colour-blind tell apart, too: Petroff 2021, arXiv:2107.02270"""

FRAME = "steelblue"
"""Around images: white would merge with white strokes, black with black paper."""

MISSING = "lightsteelblue"
"""Parts of images that are not there."""


def new_axes(ax: Any) -> Any:
    """The Axes to draw on: those given, or of a new figure."""
    import matplotlib.pyplot as plt

    return plt.subplots(layout="constrained")[1] if ax is None else ax


def colours() -> list[str]:
    """Colours of classes and curves, in their order.

    They are those of the user's style. In place of matplotlib's own, whose red and
    green many people confuse, there are ten others.
    """
    import matplotlib

    cycle = matplotlib.rcParams["axes.prop_cycle"]
    if cycle == matplotlib.rcParamsDefault["axes.prop_cycle"]:
        return list(PETROFF)
    return cycle.by_key().get("color", list(PETROFF))
