"""Nats on fixed-binarised MNIST after so many minutes of training, with the defaults.

    KGEN_DATA=folder python benchmarks/nats_mnist.py PixelCNN --minutes 10

`KGEN_DATA` names a folder with `binarized_mnist.npz` (the data of Larochelle and
Murray, bit-packed: train, valid, test). Interrupt it at will: it goes on where it was
when called again. At the end it writes benchmarks/results/nats_mnist_<model>.json, and
a picture of samples beside it.
"""

import argparse
import json
import os
import time
from pathlib import Path

import keras
import matplotlib

matplotlib.use("Agg")
import numpy as np

import kgen

RESULTS = Path(__file__).parent / "results"
MODELS = {
    "PixelCNN": {},
    "VAE": {"latent_dim": 32, "batch_size": 128},
}


class StopAfter(keras.callbacks.Callback):
    """End training before the epoch that would end after so many seconds in all."""

    def __init__(self, seconds, clock):
        super().__init__()
        self.seconds, self.clock = seconds, clock
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


def main():
    """Train, measure, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", choices=sorted(MODELS))
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--learning-rate", type=float, default=1e-3)
    arguments = parser.parse_args()

    packed = np.load(Path(os.environ["KGEN_DATA"], "binarized_mnist.npz"))
    images = {
        split: np.unpackbits(packed[split], axis=1).reshape(-1, 28, 28)
        for split in ("train", "valid", "test")
    }
    RESULTS.mkdir(exist_ok=True)
    name = f"nats_mnist_{arguments.model}"
    backup, clock = RESULTS / f"{name}_backup", RESULTS / f"{name}.seconds"
    stop = StopAfter(60 * arguments.minutes, clock)
    model = kgen.estimators[arguments.model](
        epochs=10_000,
        learning_rate=arguments.learning_rate,
        random_state=0,
        verbose=2,
        **MODELS[arguments.model],
    )
    model.fit(images["train"], callbacks=[stop], backup_dir=backup)
    found = {
        "model": repr(model),
        "minutes": round(stop.total / 60, 2),
        "epochs": len(model.history_["loss"]),
        "nats": {split: -model.score(images[split][:10_000]) for split in images},
        "versions": kgen.show_versions(),
        "cores": os.cpu_count(),
    }
    (RESULTS / f"{name}.json").write_text(json.dumps(found, indent=1) + "\n")
    samples = model.set_params(verbose=0).sample(32, random_state=0)
    figure = kgen.plots.image_grid(samples, columns=8).figure
    figure.savefig(RESULTS / f"{name}.png", dpi=100)
    clock.unlink()
    print(json.dumps(found["nats"]))


if __name__ == "__main__":
    main()
