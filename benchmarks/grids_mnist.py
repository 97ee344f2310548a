"""Digits drawn by a model after so many minutes of training, with the defaults.

    KGEN_DATA=folder python benchmarks/grids_mnist.py GAN --minutes 10
    KGEN_DATA=folder python benchmarks/grids_mnist.py ConditionalGAN --minutes 10
    KGEN_DATA=folder python benchmarks/grids_mnist.py ConditionalVAE --ink --minutes 5

`KGEN_DATA` names a folder with `mnist.npz`. Interrupt it at will: it goes on where it
was when called again. At the end it writes benchmarks/results/grids_mnist_<model>.json
and a picture beside it, for conditional models with a column for every class. Reports
how often a classifier of real digits sees the class that was asked for, how evenly it
sees all classes, and, for models that reconstruct, the squared error divided by that of
the mean image. The names include settings other than the defaults (`--set name=value`)
and `--ink`, which makes pixels black or white, for the classifier as well.
"""

import argparse

import keras
import numpy as np
from keras import layers
from training import draw, mnist, settings_of, train, write

import kgen

MODELS = ["GAN", "ConditionalGAN", "VAE", "ConditionalVAE", "WAE", "AAE", "VAEGAN"]


def classifier(x, y):
    """A convolutional network that tells digits apart, trained for some epochs."""
    keras.utils.set_random_seed(0)
    judge = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(32, 5, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dropout(0.3),
            layers.Dense(10, activation="softmax"),
        ]
    )
    judge.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    judge.fit(x[:50_000, ..., None], y[:50_000], batch_size=128, epochs=4, verbose=2)
    return judge


def main():
    """Train, draw, look, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", choices=MODELS)
    parser.add_argument("--minutes", type=float, required=True)
    parser.add_argument("--ink", action="store_true", help="binary digits")
    parser.add_argument("--set", nargs="*", default=[], metavar="name=value")
    arguments = parser.parse_args()
    ink = ["ink"] * arguments.ink
    name = "_".join(["grids_mnist", arguments.model, *ink, *arguments.set])
    x, y = mnist()
    x = (x > 127).astype("uint8") if arguments.ink else x
    white = x.max()
    model = kgen.estimators[arguments.model](**settings_of(arguments.set))
    labels = [y[:50_000]] if model.conditional else []
    found = train(name, model, arguments.minutes, x[:50_000], *labels)
    asked = np.tile(np.arange(10), 100)
    given = {"y": asked} if model.conditional else {"n_samples": len(asked)}
    drawn = model.sample(**given, random_state=0)
    judge = classifier(x / white, y)
    held_out, held_labels = x[50_000:], y[50_000:]
    _, real = judge.evaluate(held_out[..., None] / white, held_labels, verbose=0)
    seen = judge.predict(drawn[..., None] / white, verbose=0).argmax(axis=1)
    found["judge"] = {
        "accuracy on real digits": real,
        "share of classes seen": (np.bincount(seen, minlength=10) / 1000).tolist(),
    }
    if model.conditional:
        found["judge"]["drawn as asked"] = float(np.mean(seen == asked))
    if hasattr(model, "reconstruct"):
        labels = [held_labels] if model.conditional else []
        copies = model.reconstruct(held_out, *labels).astype("float32")
        mean = x[:50_000].mean(axis=0, dtype="float64")
        errors = [np.mean((held_out - other) ** 2.0) for other in (copies, mean)]
        found["squared error, mean image's by reconstructions'"] = errors[1] / errors[0]
    found["losses"] = {
        k: v[:: max(1, len(v) // 100)] for k, v in model.history_.items()
    }
    draw(name, drawn[:80], columns=10)
    write(name, found)


if __name__ == "__main__":
    main()
