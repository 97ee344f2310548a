"""Figures of models of sequences."""

import numpy as np
from style import Ink, draw


def _dot(axes, x, y, face, edge, size=15):
    axes.plot(x, y, "o", markersize=size, color=face, mec=edge, mew=1.8, zorder=3)


def _arrow(axes, start, end, color, width=1.6, **style):
    style = {"arrowstyle": "-|>", "color": color, "linewidth": width} | style
    axes.annotate("", end, start, arrowprops=style, zorder=2)


@draw("dilated_convolutions", width=8.6, height=4.3)
def dilated_convolutions(figure, ink: Ink):
    """Sixteen steps, four layers: what the last output is made of."""
    axes = figure.add_axes([0, 0, 1, 1], xlim=(-3.6, 17.4), ylim=(-1.0, 5.2))
    axes.set_axis_off()
    n, layers, gap = 16, 4, 1.05
    used = [{n - 1}]
    for k in reversed(range(layers)):
        used.insert(0, used[0] | {t - 2**k for t in used[0]})
    for k in range(layers):
        low, high = k * gap, (k + 1) * gap
        for t in range(n):
            for tap in (t, t - 2**k):
                if tap < 0:
                    continue
                lit = t in used[k + 1]
                axes.plot(
                    (tap, t),
                    (low, high),
                    color=ink.blue if lit else ink.faint,
                    linewidth=2.2 if lit else 0.6,
                    alpha=1 if lit else 0.45,
                    zorder=1.5 if lit else 1,
                )
        label = f"dilation {2**k}"
        axes.text(-0.9, (low + high) / 2, label, ha="right", va="center")
    for k in range(layers + 1):
        for t in range(n):
            lit = t in used[k]
            if k == layers and lit:
                colors = ink.soft_orange, ink.orange
            elif lit:
                colors = ink.soft_blue, ink.blue
            else:
                colors = ink.paper, ink.faint
            _dot(axes, t, k * gap, *colors, size=13)
    axes.text(7.5, -0.75, "$x_1 \\ldots x_{16}$: sixteen steps go in", ha="center")
    text = "parameters of $p(x_{17} \\mid x_1, \\ldots, x_{16})$"
    axes.text(17.1, 4.75, text, ha="right", color=ink.orange)


@draw("summary_and_window", width=8.6, height=3.3)
def summary_and_window(figure, ink: Ink):
    """A state that is handed on, and a window of fixed width."""
    axes = figure.add_axes([0, 0, 1, 1], xlim=(0, 17.2), ylim=(-0.9, 5.7))
    axes.set_axis_off()
    for left, title in ((0.8, "SequenceRNN: a state"), (9.6, "WaveNet: a window")):
        axes.text(left - 0.3, 5.1, title, weight="bold")
        for t in range(6):
            _dot(axes, left + 1.2 * t, 0.3, ink.soft_green, ink.green)
            axes.text(left + 1.2 * t, -0.6, f"$x_{t + 1}$", ha="center")
    for t in range(6):
        x = 0.8 + 1.2 * t
        _dot(axes, x, 2.2, ink.soft_blue, ink.blue, size=19)
        _arrow(axes, (x, 0.75), (x, 1.7), ink.green)
        if t:
            _arrow(axes, (x - 0.8, 2.2), (x - 0.42, 2.2), ink.blue)
    _arrow(axes, (6.8, 2.7), (6.8, 3.6), ink.orange)
    axes.text(6.8, 3.85, "$p(x_7 \\mid h)$", ha="center", color=ink.orange)
    axes.text(3.2, 2.95, "$h$, updated at every step", ha="center", color=ink.blue)
    for t in range(2, 6):
        _arrow(axes, (9.6 + 1.2 * t, 0.75), (15.5, 3.55), ink.blue)
    axes.text(
        15.5, 3.85, "$p(x_7 \\mid x_3 \\ldots x_6)$", ha="center", color=ink.orange
    )
    axes.text(10.2, 1.4, "not seen", ha="center", color=ink.faint)


@draw("mu_law", width=6.4, height=3.4)
def mu_law(figure, ink: Ink):
    """Sixteen levels, even and by mu-law."""
    axes = figure.add_axes([0.12, 0.19, 0.85, 0.78])
    x = np.linspace(-1, 1, 801)
    f = np.sign(x) * np.log1p(255 * np.abs(x)) / np.log(256)
    axes.plot(x, x, color=ink.faint, linestyle="--", linewidth=1.4)
    axes.plot(x, f, color=ink.blue)
    edges = np.linspace(-1, 1, 17)[1:-1]
    inverse = np.sign(edges) * (256 ** np.abs(edges) - 1) / 255
    for y, at in zip(edges, inverse, strict=True):
        axes.plot((-1.08, at), (y, y), color=ink.faint, linewidth=0.6)
        axes.plot((at, at), (y, -1.08), color=ink.orange, linewidth=0.9)
    axes.text(0.4, 1.0, "mu-law", color=ink.blue, ha="center")
    axes.text(0.64, 0.4, "even levels", color=ink.text)
    axes.set(xlim=(-1.08, 1.05), ylim=(-1.08, 1.2))
    axes.set(xlabel="sound $x$", ylabel="$f(x)$")
    axes.set_xticks([-1, 0, 1])
    axes.set_yticks([-1, 0, 1])
