"""What benchmarks that train models share: data, a clock, a result file."""

import ast
import gzip
import json
import os
import platform
import shlex
import sys
import time
from pathlib import Path

import keras
import matplotlib

matplotlib.use("Agg")
import numpy as np

import kgen

RESULTS = Path(__file__).parent / "results"


def binarized_mnist(split):
    """Fixed-binarised MNIST (Larochelle and Murray), uint8, (n, 28, 28)."""
    packed = np.load(Path(os.environ["KGEN_DATA"], "binarized_mnist.npz"))[split]
    return np.unpackbits(packed, axis=1).reshape(-1, 28, 28)


def mnist(part="train"):
    """Images of MNIST, uint8, (n, 28, 28), and their labels; parts train and test."""
    with np.load(Path(os.environ["KGEN_DATA"], "mnist.npz")) as data:
        return data[f"x_{part}"], data[f"y_{part}"]


def fashion(part="train"):
    """Images of Fashion-MNIST, uint8 (n, 28, 28), and labels; the test part is t10k."""
    folder = Path(os.environ["KGEN_DATA"], "fashion-mnist")
    found = []
    for name, header in (("images-idx3", 16), ("labels-idx1", 8)):
        with gzip.open(folder / f"{part}-{name}-ubyte.gz") as stream:
            found.append(np.frombuffer(stream.read(), "uint8", offset=header))
    return found[0].reshape(-1, 28, 28), found[1]


def settings_of(texts):
    """Settings of an estimator from texts such as "latent_dim=8"."""
    settings = {"random_state": 0, "verbose": 2}
    for text in texts:
        key, value = text.split("=")
        try:
            settings[key] = ast.literal_eval(value)
        except ValueError:  # a name, such as row_lstm
            settings[key] = value
    return settings


class StopAfter(keras.callbacks.Callback):
    """End training before the epoch that would end after so many minutes in all.

    Args:
        minutes: the budget.
        clock: file that keeps the time of a run that is interrupted.
    """

    def __init__(self, minutes, clock):
        super().__init__()
        self.seconds, self.clock = 60 * minutes, clock
        self.before = float(clock.read_text()) if clock.exists() else 0.0
        self.total = self.before

    def on_train_begin(self, logs=None):
        self.start = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        former = self.total
        self.total = self.before + time.perf_counter() - self.start
        self.clock.write_text(str(self.total))
        if 2 * self.total - former > self.seconds:
            self.model.stop_training = True


def train(name, estimator, minutes, *data, valid=None, callbacks=()):
    """Fit for so many minutes, going on where an interrupted run was.

    Args:
        name: of the files of an unfinished run.
        estimator: what to fit.
        minutes: the budget.
        *data: arguments of `fit`.
        valid: data that are evaluated after every epoch, or None.
        callbacks: further ones.

    Returns:
        Facts about the run, to be written beside what it reached.
    """
    RESULTS.mkdir(exist_ok=True)
    clock = RESULTS / f"{name}.seconds"
    stop = StopAfter(minutes, clock)
    estimator.set_params(epochs=10_000)
    backup_dir = RESULTS / f"{name}_backup"
    estimator.fit(
        *data,
        validation_data=valid,
        callbacks=[stop, *callbacks],
        backup_dir=backup_dir,
    )
    clock.unlink()
    return {
        "command": shlex.join(["python", *sys.argv]),
        "model": repr(estimator),
        "seed": estimator.random_state,
        "minutes": round(stop.total / 60, 2),
        "epochs": len(next(iter(estimator.history_.values()))),
        "machine": machine(),
    }


def machine():
    """Processor, cores, and versions of what matters."""
    lines = Path("/proc/cpuinfo")
    names = [
        line.split(":")[1].strip()
        for line in (lines.read_text().splitlines() if lines.exists() else [])
        if line.startswith("model name")
    ]
    return {
        "processor": names[0] if names else platform.processor(),
        "cores": len(os.sched_getaffinity(0)),
        **kgen.show_versions(),
    }


def draw(name, images, columns):
    """Write a picture of samples beside the result."""
    figure = kgen.plots.image_grid(images, columns=columns).figure
    figure.savefig(RESULTS / f"{name}.png", dpi=100)


def write(name, found):
    """Write a result as JSON, and print its path."""
    path = RESULTS / f"{name}.json"
    path.write_text(json.dumps(found, indent=1) + "\n")
    print(path)
