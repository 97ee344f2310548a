"""Digits with one half hidden, completed by PixelCNN and by a MADE of any order.

    python benchmarks/half_digits.py --minutes 6

Each is trained for so many minutes on fixed-binarised MNIST. Then the lower half, the
right half, or three quarters of all pixels at random are hidden in test digits.
PixelCNN draws in raster order and sees nothing of what lies below, so it is asked only
for the lower half. Prints the nats of the hidden part given the rest, and of whole
digits, for 1,000 test digits, and writes them to benchmarks/results/half_digits.json.
Draws docs/images/half_digits.png.
"""

import argparse
import json
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from training import RESULTS, binarized_mnist, train, write

import kgen

IMAGES = Path(__file__).parent.parent / "docs" / "images"
SETTINGS = {
    "PixelCNN": {},
    "MADE": {"orders": "any", "hidden": (512, 512), "learning_rate": 1e-3},
}


def masks():
    """What is known of a digit, by what is hidden."""
    lower, right = np.ones((2, 28, 28), bool)
    lower[14:], right[:, 14:] = False, False
    scattered = np.random.default_rng(0).random((28, 28)) < 0.25
    return {"lower half": lower, "right half": right, "three quarters": scattered}


def fitted(name, minutes):
    """An estimator, trained or from its file, and facts about its training."""
    path = RESULTS / f"half_digits_{name}.keras"
    if path.exists():
        return kgen.load(path), {}
    estimator = kgen.estimators[name](random_state=0, verbose=2, **SETTINGS[name])
    x, valid = binarized_mnist("train"), binarized_mnist("valid")[:500]
    facts = train(f"half_digits_{name}", estimator, minutes, x, valid=valid)
    estimator.save(path)
    return estimator, facts


def picture(estimators, digits):
    """Rows of digits, what is known of them, and completions."""
    rows = [("digit", digits)]
    for what, known in masks().items():
        rows.append((f"{what} hidden", np.where(known, digits, 0.5)))
        for name, estimator in estimators.items():
            if name == "PixelCNN" and what != "lower half":
                continue
            for draw in range(2):
                done = estimator.complete(digits, known, random_state=draw)
                rows.append((name, done))
    figure, axes = plt.subplots(len(rows), 1, figsize=(8, 0.8 * len(rows)))
    for ax, (label, images) in zip(axes, rows, strict=True):
        ax.imshow(np.concatenate(list(images), axis=1), cmap="gray_r", vmin=0, vmax=1)
        ax.set_xticks([])
        ax.set_yticks([])
        ax.set_ylabel(label, rotation=0, ha="right", va="center")
        for spine in ax.spines.values():
            spine.set_visible(False)
    figure.tight_layout(pad=0.3)
    figure.savefig(IMAGES / "half_digits.png", dpi=110)


def main():
    """Train, measure, draw."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=6.0)
    minutes = parser.parse_args().minutes
    test = binarized_mnist("test")  # in the order of the labels
    test = test[np.random.default_rng(0).permutation(len(test))[:1000]]
    path = RESULTS / "half_digits.json"
    estimators, found = {}, json.loads(path.read_text()) if path.exists() else {}
    for name in SETTINGS:
        estimators[name], facts = fitted(name, minutes)
        found[name] = facts or found[name]
        found[name]["digit"] = -estimators[name].score(test)
        for what, known in masks().items():
            if name == "MADE" or what == "lower half":
                nats = estimators[name].completion_log_prob(test, known)
                found[name][what] = -float(nats.mean(dtype="float64"))
        print(name, found[name], flush=True)
    write("half_digits", found)
    picture(estimators, test[:12])


if __name__ == "__main__":
    main()
