"""Flows of three laws in the plane: what they learn, as numbers and as a picture.

    python benchmarks/planes.py

Fits RealNVP, MAF and NSF to 20,000 points of two moons, two circles and a checkerboard.
For each it prints nats per unseen point, the integral of the density over the plane (by
quadrature), and how often nearest neighbours can tell 4,000 samples from 4,000 points
(0.5 is chance). It writes these to benchmarks/results/planes.json, and a picture beside
that file: data, and under them densities and samples. Nothing is downloaded.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import make_circles, make_moons
from sklearn.neighbors import KNeighborsClassifier
from training import RESULTS, machine, write

import kgen
from kgen.metrics import classifier_two_sample

SPAN, CELLS = 4.0, 400
COMMON = {"batch_size": 250, "epochs": 60, "hidden": (64, 64), "random_state": 0}
MODELS = {
    "RealNVP": kgen.RealNVP(couplings=12, learning_rate=2e-3, **COMMON),
    "MAF": kgen.MAF(layers=8, learning_rate=2e-3, **COMMON),
    "NSF": kgen.NSF(couplings=4, learning_rate=2e-3, **COMMON),
}


def moons(n, seed):
    """Two half circles, 5% noise, of about unit scale."""
    x, _ = make_moons(n, noise=0.05, random_state=seed)
    return (x - [0.5, 0.25]) * 2


def circles(n, seed):
    """Two circles, one inside the other."""
    x, _ = make_circles(n, noise=0.03, factor=0.5, random_state=seed)
    return 2 * x


def checkerboard(n, seed):
    """Uniform in the eight black squares of a board from -2 to 2."""
    random = np.random.default_rng(seed)
    column = random.integers(4, size=n)
    row = 2 * random.integers(2, size=n) + column % 2
    return np.stack([column, row], axis=1) + random.random((n, 2)) - 2


LAWS = {"two moons": moons, "circles": circles, "checkerboard": checkerboard}


def main():
    """Fit, measure, draw, write."""
    found, map_of = {}, {"limits": (-SPAN, SPAN), "cells": CELLS, "colour_bar": False}
    figure, axes = plt.subplots(3, 7, figsize=(14, 6.6))
    for (law, draw), row in zip(LAWS.items(), axes, strict=True):
        x, unseen = draw(20_000, 0), draw(4000, 1)
        show(row[0], law, unseen)
        found[law] = {}
        for k, (name, model) in enumerate(MODELS.items()):
            model.fit(x)
            ax = kgen.plots.density_2d(model, **map_of, ax=row[1 + 2 * k])
            density = ax.images[0].get_array()
            samples = model.sample(4000, random_state=0)
            judge = KNeighborsClassifier(5)
            two = {"real": unseen, "fake": samples, "classifier": judge}
            found[law][name] = {
                "nats": -model.score(unseen),
                "integral": density.sum() * (2 * SPAN / CELLS) ** 2,
                "told apart": float(classifier_two_sample(**two, random_state=0)),
            }
            print(law, name, found[law][name])
            show(ax, name)
            show(row[2 + 2 * k], "its samples", samples)
    RESULTS.mkdir(exist_ok=True)
    figure.tight_layout(pad=0.8)
    figure.savefig(RESULTS / "planes.png", dpi=80)
    models = {name: repr(model) for name, model in MODELS.items()}
    write("planes", {"models": models, "machine": machine(), "found": found})


def show(ax, title, points=None):
    """The square from -3.2 to 3.2, with points if there are any."""
    if points is not None:
        ax.scatter(*points.T, s=0.4, color="tab:blue")
    ax.set(xlim=(-3.2, 3.2), ylim=(-3.2, 3.2), xticks=[], yticks=[], aspect="equal")
    ax.set(xlabel="", ylabel="")
    ax.set_title(title, fontsize=10)


if __name__ == "__main__":
    main()
