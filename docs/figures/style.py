"""How the drawn figures of the documentation look: one drawing, in light and dark ink.

    python docs/figures/NAME.py

writes `FIGURE.svg` and `FIGURE.dark.svg` beside the script, for every function of it
that `draw` decorates. The site shows the one that suits its colours.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.figure import Figure

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Ink:
    """Colours of a mode, all as hexadecimal strings.

    Text and lines stand out from the page by a contrast of 4.5 to 1 at least; `text` is
    readable on the soft fills, too.
    """

    text: str
    faint: str  # grid lines, and what is not spoken of
    paper: str  # the page itself
    blue: str
    orange: str
    green: str
    red: str
    purple: str
    soft_blue: str
    soft_orange: str
    soft_green: str
    soft_red: str
    soft_purple: str


LIGHT = Ink(
    text="#24292f", faint="#8c959f", paper="#ffffff",
    blue="#1f5fbf", orange="#a84a00", green="#1a7037", red="#b3261e", purple="#6f42c1",
    soft_blue="#cfe0f7", soft_orange="#fbdcc0", soft_green="#cdebd5",
    soft_red="#f7d0cd", soft_purple="#e2d6f5",
)  # fmt: skip
DARK = Ink(
    text="#e2e4e9", faint="#7d8590", paper="#1e2129",
    blue="#79b0ff", orange="#ffa657", green="#6fd08c", red="#ff8a80", purple="#c9a8ff",
    soft_blue="#24406b", soft_orange="#6b4116", soft_green="#1f5232",
    soft_red="#6e2b28", soft_purple="#48346b",
)  # fmt: skip

RC = {
    "font.size": 12,
    "font.family": "DejaVu Sans",
    "mathtext.fontset": "dejavusans",
    "svg.fonttype": "path",
    "svg.hashsalt": "kgen",  # the same file every time
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "lines.linewidth": 2,
}
INKED = (
    "text.color", "axes.edgecolor", "axes.labelcolor", "axes.titlecolor", "xtick.color",
    "ytick.color",
)  # fmt: skip


def draw(name: str, *, width: float, height: float) -> Callable:
    """Write what a function draws, `function(figure, ink)`; sizes are in inches.

    The function is called at once, with an empty figure and each of the inks.
    """

    def decorate(function: Callable[[Figure, Ink], None]) -> Callable:
        for ink, suffix in ((LIGHT, ".svg"), (DARK, ".dark.svg")):
            colors = ("blue", "orange", "green", "red", "purple")
            cycle = matplotlib.cycler(color=[getattr(ink, c) for c in colors])
            inked = dict.fromkeys(INKED, ink.text) | {"axes.prop_cycle": cycle}
            with plt.rc_context(RC | inked):
                figure = plt.figure(figsize=(width, height))
                function(figure, ink)
                figure.savefig(HERE / f"{name}{suffix}", metadata={"Date": None})
                plt.close(figure)
        return function

    return decorate
