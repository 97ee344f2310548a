"""Figures of the flows: change of variables, and a coupling layer.

    python docs/figures/flows.py

Dinh et al., Density Estimation Using Real NVP, 2017: fig. 2 and eq. 7-8 (coupling).
"""

import numpy as np
from shapes import arrow, box
from style import Ink, draw


@draw("change_of_variables", width=7, height=4.6)
def change_of_variables(figure, ink: Ink):
    """Two strips of the same width in x, and what becomes of them in z."""
    curve = figure.add_axes([0.3, 0.33, 0.66, 0.62])
    below = figure.add_axes([0.3, 0.1, 0.66, 0.2], sharex=curve)
    beside = figure.add_axes([0.04, 0.33, 0.22, 0.62], sharey=curve)
    x = np.linspace(-3.2, 3.2, 600)
    z = np.arcsinh(2 * x)
    slope = 2 / np.sqrt(1 + (2 * x) ** 2)
    normal = np.exp(-0.5 * z**2) / np.sqrt(2 * np.pi)
    curve.plot(x, z, color=ink.text)
    beside.plot(-normal, z, color=ink.text)
    below.plot(x, normal * slope, color=ink.text)
    strips = ((-0.35, ink.orange, ink.soft_orange), (1.0, ink.blue, ink.soft_blue))
    for left, color, fill in strips:
        part = (x >= left) & (x <= left + 0.5)
        inside, high = x[part], z[part]
        below.fill_between(inside, normal[part] * slope[part], color=fill, linewidth=0)
        below.plot(inside, normal[part] * slope[part], color=color)
        beside.fill_betweenx(high, -normal[part], color=fill, linewidth=0)
        beside.plot(-normal[part], high, color=color)
        curve.plot(inside, high, color=color, linewidth=5, solid_capstyle="butt")
        for k in (0, -1):
            curve.plot([inside[k]] * 2, [-4, high[k]], color=color, linewidth=1)
            curve.plot([-4, inside[k]], [high[k]] * 2, color=color, linewidth=1)
    curve.text(-3.1, 0.75, "steep: the strip is stretched", color=ink.orange)
    curve.text(-3.1, 2.35, "flat: the strip is squeezed", color=ink.blue)
    curve.text(2.15, 1.2, "$z = f(x)$")
    for axes in (curve, below, beside):
        axes.set(xticks=[], yticks=[])
        for spine in axes.spines.values():
            spine.set_visible(False)
    curve.set(xlim=(-3.2, 3.2), ylim=(-2.75, 2.75))
    below.set(ylim=(0, 0.85), xlabel="$x$")
    below.spines["bottom"].set_visible(True)
    beside.set(xlim=(-0.5, 0))
    beside.set_ylabel("$z$", rotation=0)
    beside.yaxis.set_label_coords(1.12, 0.06)
    beside.spines["right"].set_visible(True)
    below.text(-3.1, 0.55, r"$p(x) = p(z)\,|dz/dx|$")
    beside.text(-0.5, 2.35, "$p(z)$")


@draw("coupling", width=8, height=3.6)
def coupling(figure, ink: Ink):
    """Forward and inverse: the network runs the same way in both."""
    axes = figure.add_axes([0, 0, 1, 1])
    axes.set(xlim=(0, 8), ylim=(0, 3.6))
    axes.axis("off")
    for shift, inputs, outputs, formula, title in (
        (0.0, "x", "z", r"$x_b\, e^{s} + t$", "to noise"),
        (4.0, "z", "x", r"$(z_b - t)\, e^{-s}$", "to data"),
    ):
        left, right = shift + 0.45, shift + 3.55
        axes.text(shift + 2.0, 3.35, title, ha="center", va="center", weight="bold")
        for y, half, color, fill in (
            (2.7, "a", ink.blue, ink.soft_blue),
            (0.6, "b", ink.orange, ink.soft_orange),
        ):
            for x, name in ((left, inputs), (right, outputs)):
                box(axes, (x, y), (0.6, 0.6), f"${name}_{half}$", color, fill)
        arrow(axes, [(left + 0.33, 2.7), (right - 0.33, 2.7)], ink.blue)
        box(axes, (shift + 2.0, 1.75), (1.4, 0.5), "network", ink.faint, "none")
        arrow(axes, [(shift + 2.0, 2.7), (shift + 2.0, 2.03)], ink.text)
        box(
            axes, (shift + 2.0, 0.6), (1.7, 0.6), formula, ink.orange, ink.soft_orange
        )  # fmt: skip
        arrow(axes, [(shift + 2.0, 1.48), (shift + 2.0, 0.93)], ink.text)
        axes.text(shift + 2.14, 1.22, "$s, t$", va="center")
        arrow(axes, [(left + 0.33, 0.6), (shift + 1.12, 0.6)], ink.orange)
        arrow(axes, [(shift + 2.88, 0.6), (right - 0.33, 0.6)], ink.orange)
    axes.plot([4, 4], [0.2, 3.4], color=ink.faint, linewidth=1)


@draw("transforms", width=7, height=2.9)
def transforms(figure, ink: Ink):
    """One scalar through a coupling: a line, or a spline that has a line outside."""
    x = np.linspace(-4, 4, 801)
    affine = 0.6 * x + 0.8
    # Slow where there are no data, fast where there are: knots of a monotone curve.
    steps = 0.35 + 2.2 * (np.exp(-((x + 1.6) ** 2) * 4) + np.exp(-((x - 1.3) ** 2) * 4))
    inside = np.abs(x) <= 3
    grown = np.cumsum(np.where(inside, steps, 0))
    spline = np.where(inside, -3 + 6 * grown / grown[-1], x)
    for place, curve, color, title, note in (
        (0.05, affine, ink.blue, "affine", "stretch and shift"),
        (0.54, spline, ink.orange, "spline", "bends where it must"),
    ):
        axes = figure.add_axes([place, 0.17, 0.42, 0.68])
        axes.plot(x, x, color=ink.faint, linewidth=1, linestyle="--")
        axes.plot(x, curve, color=color)
        axes.set(xticks=[], yticks=[], xlabel="$x_b$", xlim=(-4, 4), ylim=(-4, 4))
        axes.set_ylabel("$z_b$")
        axes.set_title(title, fontsize=12)
        axes.text(3.9, -3.6, note, ha="right")
        if title == "spline":
            axes.axvspan(-3, 3, color=ink.soft_orange, alpha=0.5, linewidth=0)
