"""Figures of the adversarial models: the players' loop, and what saturates.

    python docs/figures/adversarial.py

Goodfellow et al., 2014: algorithm 1 (the loop), sec. 3 (saturation).
"""

import numpy as np
from shapes import arrow, box
from style import Ink, draw


@draw("players", width=8, height=4.1)
def players(figure, ink: Ink):
    """Noise becomes samples, samples and data meet D, and what it says goes back."""
    axes = figure.add_axes([0, 0, 1, 1])
    axes.set(xlim=(0, 8), ylim=(0.1, 4.2))
    axes.axis("off")

    box(axes, (0.85, 2.9), (1.3, 0.7), "noise  $z$", ink.faint, "none")
    box(axes, (3.0, 2.9), (1.7, 0.9), "generator\n$G$", ink.blue, ink.soft_blue)
    box(axes, (3.0, 0.95), (1.7, 0.7), "real  $x$", ink.faint, "none")
    box(
        axes, (5.6, 1.95), (1.8, 0.9), "discriminator\n$D$", ink.orange,
        ink.soft_orange,
    )  # fmt: skip
    arrow(axes, [(1.5, 2.9), (2.13, 2.9)], ink.text)
    arrow(axes, [(3.87, 2.8), (4.75, 2.38)], ink.text)
    axes.text(4.55, 2.78, "$G(z)$", ha="center", va="center")
    arrow(axes, [(3.87, 1.05), (4.75, 1.52)], ink.text)
    arrow(axes, [(6.52, 1.95), (7.02, 1.95)], ink.text)
    axes.text(7.5, 1.95, "real or\nsample?", ha="center", va="center")

    # What each player learns.
    back = [(7.5, 2.4), (7.5, 3.6), (3.0, 3.6), (3.0, 3.37)]
    arrow(axes, back, ink.blue, dashed=True)
    axes.text(
        5.25, 3.9, "$G$ learns to be taken for real", color=ink.blue, ha="center",
        va="center",
    )  # fmt: skip
    back = [(7.5, 1.5), (7.5, 0.65), (5.6, 0.65), (5.6, 1.48)]
    arrow(axes, back, ink.orange, dashed=True)
    axes.text(
        6.55, 0.35, "$D$ learns to tell them apart", color=ink.orange, ha="center",
        va="center",
    )  # fmt: skip


@draw("saturation", width=7, height=3.1)
def saturation(figure, ink: Ink):
    """Both losses of the generator, as functions of the logit of a sample."""
    axes = figure.add_axes([0.1, 0.2, 0.86, 0.72])
    logit = np.linspace(-6, 6, 200)
    minimax, non_saturating = -np.logaddexp(0, logit), np.logaddexp(0, -logit)
    axes.axvspan(-6, -2.5, color=ink.soft_orange, linewidth=0)
    axes.plot(logit, non_saturating, color=ink.blue)
    axes.plot(logit, minimax, color=ink.red)
    axes.text(-2.2, 4.2, r"$-\log D(G(z))$   non-saturating", color=ink.blue)
    axes.text(-2.2, -3.6, r"$\log(1 - D(G(z)))$   minimax", color=ink.red)
    axes.text(
        -5.85, -3.6, "$D$ sees through it:\nwhere $G$ begins", va="center",
        linespacing=1.3,
    )  # fmt: skip
    axes.set(
        xlabel=r"logit of $D(G(z))$", ylabel="loss of $G$", xlim=(-6, 6), ylim=(-5.5, 6)
    )
