"""What a density is good for: where its samples are, and what no class explains."""

import numpy as np
from matplotlib.patches import Wedge
from scipy.stats import chi, norm
from style import Ink, draw


@draw("typical_set", width=8, height=3.7)
def typical_set(figure, ink: Ink):
    """Samples of a normal in many dimensions: a shell, far from the mode."""
    ring = figure.add_axes([0.0, 0.0, 0.4, 1.0])
    random = np.random.default_rng(3)
    angles = 2 * np.pi * (np.arange(44) + random.uniform(-0.3, 0.3, 44)) / 44
    radii = 1 + 0.055 * random.normal(size=44)
    shell = Wedge((0, 0), 1.17, 0, 360, width=0.34, color=ink.soft_green, lw=0)
    ring.add_patch(shell)
    ring.plot(
        radii * np.cos(angles), radii * np.sin(angles), ".", color=ink.green, ms=7
    )
    ring.plot(0, 0, "o", color=ink.blue, ms=9)
    words = "the mode:\ndensity is highest,\nno sample near"
    ring.text(0, -0.1, words, ha="center", va="top", color=ink.blue)
    ring.text(0, 1.28, "the typical set", ha="center", color=ink.green)
    ring.set(xlim=(-1.4, 1.4), ylim=(-1.3, 1.5), aspect="equal")
    ring.axis("off")

    axes = figure.add_axes([0.47, 0.2, 0.5, 0.68])
    r, d = np.linspace(0, 14, 600), 100
    mass = chi.pdf(r, d)
    axes.fill_between(r, mass / mass.max(), color=ink.soft_green, lw=0)
    axes.plot(r, mass / mass.max(), color=ink.green)
    axes.plot(r, np.exp(-(r**2) / 2), color=ink.blue)
    axes.plot(r, (r / 12.2) ** (d - 1), color=ink.orange)
    axes.text(1.9, 0.75, "density", color=ink.blue)
    axes.text(12.4, 0.86, "volume\nof a shell", color=ink.orange, va="center")
    axes.text(
        8.1, 0.4, "their product:\nprobability", color=ink.green, ha="right",
        va="center",
    )  # fmt: skip
    axes.set(xlim=(0, 14.4), ylim=(0, 1.08), yticks=[])
    axes.set_xticks([0, 5, 10], ["0", "5", "$\\sqrt{100}$"])
    axes.set_xlabel("distance from the mode, 100 dimensions")


@draw("reject_region", width=8, height=4.1)
def reject_region(figure, ink: Ink):
    """Bayes' rule decides between two classes; p(x) says whether either explains x."""
    x = np.linspace(-7.8, 8.5, 900)
    a, b = 0.5 * norm.pdf(x, -2, 1), 0.5 * norm.pdf(x, 3.8, 0.8)
    threshold = 0.017
    known = a + b > threshold

    posterior = figure.add_axes([0.13, 0.68, 0.84, 0.26])
    posterior.plot(x, b / (a + b), color=ink.purple)
    posterior.set(xlim=(-7.8, 8.5), ylim=(-0.08, 1.12), xticks=[], yticks=[0, 1])
    posterior.set_ylabel("$p(b\\,|\\,x)$", color=ink.purple)
    posterior.text(
        8.4, 0.55, "certain, even where\nno example has ever been", ha="right",
        va="center", color=ink.purple,
    )  # fmt: skip

    axes = figure.add_axes([0.13, 0.17, 0.84, 0.44])
    axes.fill_between(x, a, color=ink.soft_blue, lw=0)
    axes.fill_between(x, b, color=ink.soft_orange, lw=0)
    axes.plot(x, a, color=ink.blue)
    axes.plot(x, b, color=ink.orange)
    axes.text(-2, 0.212, "$p(x\\,|\\,a)\\,p(a)$", ha="center", color=ink.blue)
    axes.text(3.8, 0.262, "$p(x\\,|\\,b)\\,p(b)$", ha="center", color=ink.orange)
    axes.axhline(threshold, color=ink.red, ls="--", lw=1.5)
    axes.text(-7.8, threshold + 0.01, "threshold of $p(x)$", color=ink.red)
    axes.set(xlim=(-7.8, 8.5), ylim=(0, 0.27), yticks=[], xticks=[])
    axes.spines.left.set_visible(False)
    axes.text(8.5, -0.028, "$x$", ha="right", va="center")

    bar = figure.add_axes([0.13, 0.03, 0.84, 0.08])
    kind = np.where(~known, 0, np.where(a > b, 1, 2))
    edges = np.flatnonzero(np.diff(kind)) + 1
    fills = (ink.soft_red, ink.soft_blue, ink.soft_orange)
    inks = (ink.red, ink.blue, ink.orange)
    for part in np.split(np.arange(len(x)), edges):
        left, right, k = x[part[0]], x[part[-1]], kind[part[0]]
        bar.axvspan(left, right, color=fills[k], lw=0)
        word = ("neither", "$a$", "$b$")[k]
        if right - left > 1:
            bar.text((left + right) / 2, 0.46, word, ha="center", va="center",
                     color=inks[k])  # fmt: skip
    bar.set(xlim=(-7.8, 8.5), ylim=(0, 1))
    bar.axis("off")
