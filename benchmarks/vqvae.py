"""Clothes drawn by a VQ-VAE and its prior, with the defaults, on Fashion-MNIST.

    KGEN_DATA=folder python benchmarks/vqvae.py --epochs 5 --prior-epochs 6

`KGEN_DATA` names a folder with `fashion-mnist/train-images-idx3-ubyte.gz` and the
`t10k` file. It uses one core. Interrupt it at will: it goes on where it was when
called again. At the end it writes benchmarks/results/vqvae.json, with the bits that
the prior needs for a code of the test images, beside those of independent codes, and
two pictures: docs/images/vqvae_reconstructions.png and vqvae_samples.png.
"""

import argparse
import shlex
import sys
import time
from pathlib import Path

import keras
import matplotlib

matplotlib.use("Agg")
import numpy as np
import tensorflow as tf
from training import RESULTS, fashion, machine, write

import kgen

IMAGES = Path(__file__).parent.parent / "docs" / "images"
CLOCK = RESULTS / "vqvae.seconds"


class Clock(keras.callbacks.Callback):
    """Keep the processor's seconds of a run that may be interrupted."""

    def __init__(self):
        super().__init__()
        self.total = float(CLOCK.read_text()) if CLOCK.exists() else 0.0
        self.last = time.process_time()

    def on_epoch_end(self, epoch, logs=None):
        now = time.process_time()
        self.total, self.last = self.total + now - self.last, now
        CLOCK.write_text(str(self.total))


def bits_of_independent_codes(codes, others, size):
    """Bits per code of others, if each position had its own frequencies."""
    codes, others = (c.reshape(len(c), -1) for c in (codes, others))
    share = np.stack([np.bincount(p, minlength=size) + 0.5 for p in codes.T])
    share = share / share.sum(axis=1, keepdims=True)
    return float(-np.log2(share[np.arange(share.shape[0]), others]).mean())


def draw(name, images, columns):
    """Write a picture into the documentation."""
    figure = kgen.plots.image_grid(images, columns=columns).figure
    figure.savefig(IMAGES / f"{name}.png", dpi=100, bbox_inches="tight")


def main():
    """Train, draw, measure, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--prior-epochs", type=int, default=6)
    arguments = parser.parse_args()
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    RESULTS.mkdir(exist_ok=True)
    (x, _), (test, _) = fashion("train"), fashion("t10k")
    prior = kgen.GatedPixelCNN(
        filters=64, layers=6, dilations=(1, 2), learning_rate=1e-3,
        epochs=arguments.prior_epochs, verbose=2,
    )  # fmt: skip
    model = kgen.VQVAE(prior=prior, epochs=arguments.epochs, random_state=0, verbose=2)
    clock, start = Clock(), time.process_time()
    model.fit(
        x,
        validation_data=test,
        callbacks=[clock],
        backup_dir=RESULTS / "vqvae_backup",
    )
    clock.on_epoch_end(0)
    model.save(RESULTS / "vqvae.keras")
    codes, of_test = model.encode(x), model.encode(test)
    found = {
        "command": shlex.join(["python", *sys.argv]),
        "model": repr(model),
        "seed": 0,
        "minutes of one core": round(clock.total / 60, 2),
        "of them in this process": round((time.process_time() - start) / 60, 2),
        "history": model.history_,
        "history of the prior": model.prior_.history_,
        "bits per code": {
            "prior": model.prior_.bits_per_dim(of_test),
            "independent": bits_of_independent_codes(
                codes, of_test, model.codebook_size
            ),
            "uniform": float(np.log2(model.codebook_size)),
        },
        "codes": list(codes.shape[1:]),
        "codes in use": len(np.unique(codes)),
        "nats": model.history_["val_reconstruction"][-1],
        "machine": machine(),
    }
    pairs = np.stack([test[:32], model.reconstruct(test[:32])], axis=1)
    rows = pairs.reshape(2, 16, 2, 28, 28).transpose(0, 2, 1, 3, 4)
    draw("vqvae_reconstructions", rows.reshape(-1, 28, 28), columns=16)
    drawn = model.prior_.sample(64, random_state=0)
    draw("vqvae_samples", model.decode(drawn), columns=16)
    write("vqvae", found)
    CLOCK.unlink()


if __name__ == "__main__":
    main()
