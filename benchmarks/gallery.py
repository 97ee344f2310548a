"""Samples of every estimator after the same training time on the same digits.

    KGEN_DATA=folder python benchmarks/gallery.py             # all that are missing
    KGEN_DATA=folder python benchmarks/gallery.py PixelCNN    # these again

`KGEN_DATA` names a folder with `mnist.npz`. Its digits are made half as wide and high,
with 16 grey levels, so that two minutes on one core are enough to compare. Settings
are the defaults, except for those in SETTINGS. Models of sequences read an image pixel
by pixel, and do not know that it has rows. Writes docs/gallery/samples/NAME.png, and
benchmarks/results/gallery_NAME.json with settings, times and learning curve.
"""

import os
import sys
import time

import keras
import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from training import mnist, write

import kgen

MINUTES = 2.0
PICTURES = os.path.join(os.path.dirname(__file__), "..", "docs", "gallery", "samples")
SETTINGS = {
    "BetaVAE": {"beta": 2.0, "latent_dim": 8},
    "VAE": {"architecture": "conv", "head": "mixture_of_logistics"},
    "ConditionalVAE": {"architecture": "conv", "head": "mixture_of_logistics"},
    "VQVAE": {"prior": kgen.GatedPixelCNN(epochs=6)},
}
SEQUENCES = ("SequenceRNN", "WaveNet")


class StopAfter(keras.callbacks.Callback):
    """End training after so many minutes of computing, in the middle of an epoch."""

    def __init__(self, minutes):
        super().__init__()
        self.minutes = minutes

    def on_train_begin(self, logs=None):
        self.start = time.process_time()

    def on_train_batch_end(self, batch, logs=None):
        if time.process_time() - self.start > 60 * self.minutes:
            self.model.stop_training = True

    on_epoch_end = on_train_batch_end


def digits():
    """MNIST's digits, shape (60000, 14, 14), levels 0..15, and their labels."""
    x, y = mnist()
    x = x.reshape(-1, 14, 2, 14, 2).mean(axis=(2, 4))
    return (x // 16).astype("uint8"), y


def draw(name):
    """Fit an estimator, write what it draws and what it cost."""
    x, y = digits()
    cls = kgen.estimators[name]
    model = cls(**SETTINGS.get(name, {}), epochs=1000, random_state=0, verbose=2)
    sequences = name in SEQUENCES
    data = x.reshape(len(x), -1, 1) if sequences else x
    given = {"y": np.arange(36) % 10} if cls.conditional is True else {"n_samples": 36}
    labels = [y] if cls.conditional is True else []
    start = time.process_time()
    model.fit(
        data,
        *labels,
        callbacks=[StopAfter(MINUTES / 2 if name == "VQVAE" else MINUTES)],
    )
    trained = time.process_time()
    if name == "Autoencoder":  # it has no samples: its reconstructions
        drawn = model.reconstruct(x[:36])
    elif model.density == "lower bound":  # as the papers show them: means of p(x|z)
        z = np.random.default_rng(0).normal(size=(36, model.latent_dim))
        drawn = model.decode(z.astype("float32"), *([given["y"]] if labels else []))
    else:
        drawn = model.sample(**given, random_state=0)
    sampled = time.process_time()
    figure, ax = plt.subplots(figsize=(4, 4), layout="constrained")
    kgen.plots.image_grid(drawn.reshape(-1, 14, 14), columns=6, ax=ax)
    os.makedirs(PICTURES, exist_ok=True)
    figure.savefig(os.path.join(PICTURES, f"{name}.png"), dpi=100)
    plt.close(figure)
    facts = {
        "command": f"python benchmarks/gallery.py {name}",
        "model": repr(model),
        "cpu_minutes": round((trained - start) / 60, 2),
        "sampling_cpu_seconds": round(sampled - trained, 2),
        "parameters": int(model.model_.count_params()),
        "history": {
            k: [float(f"{v:.5g}") for v in h] for k, h in model.history_.items()
        },
    }
    if hasattr(model, "bits_per_dim"):
        x_test = data[-1000:]
        given = [y[-1000:]] if labels else []
        facts["bits_per_dim_seen"] = round(float(model.bits_per_dim(x_test, *given)), 4)
    write(f"gallery_{name}", facts)


if __name__ == "__main__":
    for name in sys.argv[1:] or kgen.estimators:
        if sys.argv[1:] or not os.path.exists(os.path.join(PICTURES, f"{name}.png")):
            print(name, flush=True)
            draw(name)
