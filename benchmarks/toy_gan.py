"""GANs on points whose modes are known: a ring of 8 normals, and a grid of 25.

    python benchmarks/toy_gan.py ring
    python benchmarks/toy_gan.py grid
    python benchmarks/toy_gan.py grid_minimax
    python benchmarks/toy_gan.py picture
    python benchmarks/toy_gan.py grid --model WGAN --set epochs=100

Fits a model with several seeds to 10,000 points: to the ring `GAN()`; to the grid the
model of docs/guide/adversarial.md, or the game of the first paper with the same
networks and as many steps. In 10,000 samples it counts the modes that are found (by at
least a tenth of their share, within four standard deviations), and the share of samples
within four standard deviations of any mode. Prints both, and writes them to
benchmarks/results/toy_gan_<name>.json, with the samples of the first seed beside it,
which `picture` draws beside the data. With --model or --set it fits another model, and
writes nothing without --name.
"""

import argparse
import time

import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf
from training import RESULTS, machine, settings_of, write

import kgen


def ring():
    """Centres and standard deviation."""
    angle = np.arange(8) * np.pi / 4
    return 2 * np.stack([np.cos(angle), np.sin(angle)], axis=1), 0.2


def grid():
    """Centres and standard deviation."""
    line = np.linspace(-4, 4, 5)
    return np.stack(np.meshgrid(line, line), axis=-1).reshape(-1, 2), 0.1


# Networks and steps of both GANs of the grid.
SIZES = {
    "latent_dim": 2,
    "architecture": kgen.networks.MLP((128, 128, 128), activation="relu"),
    "epochs": 1200,
    "batch_size": 256,
}
# What the guide explains: keep the two in step.
COVERING = {
    "objective": kgen.objectives.R1(gamma=0.002),
    "instance_noise": 0.2,
    "noise_steps": 50_000,
    "learning_rate": keras.optimizers.schedules.CosineDecay(1e-3, 47_000, alpha=0.03),
    "discriminator_learning_rate": 1e-3,
}
PLAIN = {"objective": "minimax", "ema_momentum": None}
RUNS = {
    "ring": (ring, {}),
    "grid": (grid, SIZES | COVERING),
    "grid_minimax": (grid, SIZES | PLAIN),
}


def points(centres, scale, n, seed):
    """A sample of the mixture, float32 (n, 2)."""
    random = np.random.default_rng(seed)
    which = random.integers(len(centres), size=n)
    return (centres[which] + scale * random.normal(size=(n, 2))).astype("float32")


def judge(samples, x, centres, scale):
    """Modes that are covered, and the share of good samples."""
    modes = len(centres)
    found = kgen.metrics.mode_coverage(
        real=x,
        fake=samples,
        modes=centres,
        radius=4 * scale,
        min_count=len(samples) // (10 * modes),
        n_resamples=0,
    )
    return round(modes * float(found.covered)), float(found.good)


def picture(name, clouds):
    """Draw points side by side, {title: (n, 2)}."""
    size = {"figsize": (9, 3.2), "layout": "constrained"}
    figure, axes = plt.subplots(1, len(clouds), sharex=True, sharey=True, **size)
    for ax, (title, cloud) in zip(axes, clouds.items(), strict=True):
        ax.scatter(*cloud[:2000].T, s=1, color="C0")
        ax.set(title=title, aspect="equal", xticks=[], yticks=[])
    figure.savefig(RESULTS / f"{name}.png", dpi=100)


def draw():
    """Draw the samples of both GANs of the grid beside the data."""
    clouds = {"data": points(*grid(), 10_000, 0)}
    for title, name in ("minimax", "grid_minimax"), ("noise that fades, R1", "grid"):
        clouds[title] = np.load(RESULTS / f"toy_gan_{name}.npz")["samples"]
    picture("gan_grid", clouds)


def main():
    """Fit, judge, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", choices=(*RUNS, "picture"))
    parser.add_argument("--model", default="GAN")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--set", nargs="*", default=[], metavar="name=value")
    parser.add_argument("--name", help="of the file of results; that of the run")
    arguments = parser.parse_args()
    if arguments.run == "picture":
        draw()
        return
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    law, chosen = RUNS[arguments.run]
    other = arguments.model != "GAN" or arguments.set
    name = arguments.name or (None if other else arguments.run)
    chosen = settings_of(arguments.set) if other else chosen
    centres, scale = law()
    x, found = points(centres, scale, 10_000, 0), []
    for seed in range(arguments.seeds):
        start = time.process_time()
        own = {**chosen, "random_state": seed, "verbose": 0}
        model = kgen.estimators[arguments.model](**own).fit(x)
        seconds = time.process_time() - start
        samples = model.sample(10_000, random_state=seed)
        modes, good = judge(samples, x, centres, scale)
        found.append({"modes": modes, "good": good, "CPU seconds": seconds})
        print(f"seed {seed}: {modes} of {len(centres)} modes, {good:.3f} good")
        if name and seed == 0:
            np.savez_compressed(RESULTS / f"toy_gan_{name}.npz", samples=samples)
    if name:
        facts = {"law": law.__name__, "model": repr(model), "machine": machine()}
        write(f"toy_gan_{name}", facts | {"seeds": found})


if __name__ == "__main__":
    main()
