"""Digits drawn by a GAN after so many minutes of training, with the defaults.

    KGEN_DATA=folder python benchmarks/grids_mnist.py GAN --minutes 10
    KGEN_DATA=folder python benchmarks/grids_mnist.py ConditionalGAN --minutes 10

`KGEN_DATA` names a folder with `mnist.npz`. Interrupt it at will: it goes on where it
was when called again. At the end it writes benchmarks/results/grids_mnist_<model>.json
and a picture beside it, for the conditional one a column of every class; and how often
a classifier of real digits sees the class that was asked for, or how evenly it sees
all classes.
"""

import argparse

import numpy as np
from sklearn.ensemble import ExtraTreesClassifier
from training import draw, mnist, train, write

import kgen


def main():
    """Train, draw, look, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", choices=["GAN", "ConditionalGAN"])
    parser.add_argument("--minutes", type=float, required=True)
    arguments = parser.parse_args()
    name = f"grids_mnist_{arguments.model}"
    x, y = mnist()
    conditional = arguments.model == "ConditionalGAN"
    model = kgen.estimators[arguments.model](random_state=0, verbose=2)
    found = train(name, model, arguments.minutes, x, *([y] if conditional else []))
    asked = np.tile(np.arange(10), 100)
    given = {"y": asked} if conditional else {"n_samples": len(asked)}
    drawn = model.sample(**given, random_state=0)
    judge = ExtraTreesClassifier(100, n_jobs=2, random_state=0)
    judge.fit(x[:20_000].reshape(20_000, -1), y[:20_000])
    real = judge.score(x[20_000:30_000].reshape(10_000, -1), y[20_000:30_000])
    seen = judge.predict(drawn.reshape(len(drawn), -1))
    found["judge"] = {
        "accuracy on real digits": real,
        "share of classes seen": (np.bincount(seen, minlength=10) / 1000).tolist(),
    }
    if conditional:
        found["judge"]["drawn as asked"] = float(np.mean(seen == asked))
    found["losses"] = model.history_
    draw(name, drawn[:80], columns=10)
    write(name, found)


if __name__ == "__main__":
    main()
