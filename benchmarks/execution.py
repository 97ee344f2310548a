"""How training steps are best run: XLA or not, one by one or several at once.

    python benchmarks/execution.py --rounds 3
    python benchmarks/execution.py --torch dense
    python benchmarks/execution.py --torch conv
    python benchmarks/execution.py --torch gan
    python benchmarks/execution.py --torch dcgan

Fits estimators with their defaults on random data, in the way they choose to run their
steps (`kgen.base.execution`) and in the other ways, in turn in one process. Writes
benchmarks/results/execution.json: milliseconds per step by wall clock (medians over all
epochs but the first), and the seconds of the first epoch, in which graphs are compiled.

With --torch it fits a model and, in turn, the same network in a loop written by hand
for PyTorch: the dense VAE 784-512-256-32 or that of Keras' example (both beside pythae
as well), or the default GAN for 28 x 28 pixels or one with the networks of Keras'
example (both also with `simultaneous`). It writes
benchmarks/results/execution_torch_<network>.json. Both peers are installed into an
environment of their own, unless --python names one.
"""

import argparse
import subprocess
import time
from pathlib import Path

import keras
import numpy as np
from peers import python_with
from training import RESULTS, machine, write

import kgen
from kgen.base import execution

RANDOM = np.random.default_rng(0)
PIXELS = (RANDOM.random((12_800, 28, 28)) < 0.2).astype("uint8")
TABLE = RANDOM.normal(size=(12_800, 8))
BITS = (RANDOM.random((12_800, 64)) < 0.3).astype("uint8")
EPOCHS = 4

CASES = {
    "MADE, 784 bits": (kgen.MADE, {}, PIXELS.reshape(-1, 784)),
    "MADE, 64 bits": (kgen.MADE, {}, BITS),
    "NADE, 64 bits": (kgen.NADE, {}, BITS),
    "VAE, 28x28, dense": (kgen.VAE, {"architecture": "mlp"}, PIXELS),
    "VAE, 28x28, convolutions": (kgen.VAE, {"architecture": "conv"}, PIXELS[:3200]),
    "VAE, 8 reals": (kgen.VAE, {}, TABLE),
    "GAN, 28x28, convolutions": (kgen.GAN, {}, PIXELS[:1280]),
    "GAN, 8 reals": (kgen.GAN, {}, TABLE),
    "PixelCNN, 28x28": (kgen.PixelCNN, {}, PIXELS[:1280]),
}
# Steps per execution at most, and XLA; None is the estimator's own choice.
WAYS = {
    "chosen": (None, "auto"),
    "1": (1, False),
    "10": (10, False),
    "1, XLA": (1, True),
    "10, XLA": (10, True),
}


class Clock(keras.callbacks.Callback):
    """Seconds of every epoch."""

    def on_train_begin(self, logs=None):
        self.seconds = []

    def on_epoch_begin(self, epoch, logs=None):
        self.start = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        self.seconds.append(time.perf_counter() - self.start)


def fit(estimator, x, most, *, xla):
    """Fit; return milliseconds per step, seconds of the first epoch, and the way."""
    clock, rule = Clock(), (execution.MOST, execution.WORK)
    if most is not None:
        execution.MOST, execution.WORK = most, float("inf")
    try:
        estimator.set_params(epochs=EPOCHS, random_state=0, jit_compile=xla)
        estimator.fit(x, callbacks=clock)
    finally:
        execution.MOST, execution.WORK = rule
    steps = -(-len(x) // (estimator.batch_size * estimator._batches_per_step))
    milliseconds = 1000 * float(np.median(clock.seconds[1:])) / steps
    (at_once,) = estimator.model_.traced or [1]
    how = f"{at_once} at once" + ", XLA" * bool(estimator.model_.jit_compile)
    return milliseconds, clock.seconds[0], how


def all_ways(rounds):
    """Fit all cases in all ways."""
    found = {}
    for name, (kind, settings, x) in CASES.items():
        taken = {way: [] for way in WAYS}
        for _ in range(rounds):
            for way, (most, xla) in WAYS.items():
                taken[way].append(fit(kind(**settings), x, most, xla=xla))
        found[name] = {
            way: {
                "ms per step": float(np.median([run[0] for run in runs])),
                "all rounds": [run[0] for run in runs],
                "first epoch, s": float(np.median([run[1] for run in runs])),
                "how": runs[0][2],
            }
            for way, runs in taken.items()
        }
        print(name, {w: round(f["ms per step"], 2) for w, f in found[name].items()})
    return found


def dcgan_down(event_shape, units, *, dtype=None):
    """The discriminator of Keras' example of a conditional GAN."""
    layers = keras.layers
    options = {"padding": "same", "dtype": dtype}
    return keras.Sequential(
        [
            keras.Input(event_shape),
            layers.Conv2D(64, 3, 2, **options),
            layers.LeakyReLU(0.2, dtype=dtype),
            layers.Conv2D(128, 3, 2, **options),
            layers.LeakyReLU(0.2, dtype=dtype),
            layers.GlobalMaxPooling2D(dtype=dtype),
            layers.Dense(units, dtype=dtype),
        ]
    )


def dcgan_up(units, event_shape, *, dtype=None):
    """Its generator; the two have 1,280,258 weights."""
    layers = keras.layers
    options = {"padding": "same", "dtype": dtype}
    return keras.Sequential(
        [
            keras.Input((units,)),
            layers.Dense(7 * 7 * 128, dtype=dtype),
            layers.LeakyReLU(0.2, dtype=dtype),
            layers.Reshape((7, 7, 128), dtype=dtype),
            layers.Conv2DTranspose(128, 4, 2, **options),
            layers.LeakyReLU(0.2, dtype=dtype),
            layers.Conv2DTranspose(64, 4, 2, **options),
            layers.LeakyReLU(0.2, dtype=dtype),
            layers.Conv2D(event_shape[-1], 7, **options),
        ]
    )


def convolutions_down(event_shape, units, *, dtype=None):
    """The encoder of Keras' own example of a VAE, with 128 units in place of 16."""
    layers = keras.layers
    options = {"padding": "same", "activation": "relu", "dtype": dtype}
    return keras.Sequential(
        [
            keras.Input(event_shape),
            layers.Conv2D(32, 3, 2, **options),
            layers.Conv2D(64, 3, 2, **options),
            layers.Flatten(),
            layers.Dense(128, "relu", dtype=dtype),
            layers.Dense(units, dtype=dtype),
        ]
    )


def convolutions_up(units, event_shape, *, dtype=None):
    """Its decoder."""
    layers = keras.layers
    options = {"padding": "same", "activation": "relu", "dtype": dtype}
    return keras.Sequential(
        [
            keras.Input((units,)),
            layers.Dense(7 * 7 * 64, "relu", dtype=dtype),
            layers.Reshape((7, 7, 64)),
            layers.Conv2DTranspose(64, 3, 2, **options),
            layers.Conv2DTranspose(32, 3, 2, **options),
            layers.Conv2DTranspose(event_shape[-1], 3, padding="same", dtype=dtype),
        ]
    )


CONVOLUTIONS = kgen.networks.Architecture(convolutions_down, convolutions_up)


def both(**settings):
    """A GAN whose players learn in turn, and one whose players share a pass."""
    return {
        "kgen": kgen.GAN(**settings),
        "kgen, simultaneous": kgen.GAN(simultaneous=True, **settings),
    }


VAE = {"latent_dim": 32, "batch_size": 128}
DENSE = kgen.networks.MLP(widths=(512, 256))
BESIDE = {
    "dense": ("vae", PIXELS, {"kgen": kgen.VAE(architecture=DENSE, **VAE)}),
    "conv": (
        "vae",
        PIXELS[:2560],
        {"kgen": kgen.VAE(architecture=CONVOLUTIONS, **VAE)},
    ),
    "gan": ("gan", PIXELS[:2560], both()),
    "dcgan": (
        "gan",
        PIXELS[:2560],
        both(
            architecture=kgen.networks.Architecture(dcgan_down, dcgan_up),
            latent_dim=128,
            batch_size=128,
        ),
    ),
}


def beside_torch(network, python, rounds):
    """Examples per second of estimators, and of PyTorch, in turn."""
    script, x, estimators = BESIDE[network]
    peer = Path(__file__).parent / f"torch_{script}.py"
    found = {}
    for _ in range(rounds):
        for name, estimator in estimators.items():
            milliseconds, *_ = fit(estimator, x, None, xla="auto")
            speed = 1000 * estimator.batch_size / milliseconds
            found.setdefault(name, []).append(speed)
        command = [python, peer, network, str(len(x)), str(EPOCHS)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        for line in done.stdout.splitlines():
            if line.startswith(("torch ", "pythae ")):  # pythae talks much
                name, speed = line.split()
                found.setdefault(name, []).append(float(speed))
        print({name: round(speeds[-1]) for name, speeds in found.items()})
    ratios = {
        f"{ours} by {peer}": float(np.median(np.divide(found[ours], found[peer])))
        for ours in estimators
        for peer in found.keys() - estimators.keys()
    }
    return {"examples per second": found, "ratios": ratios}


def main():
    """Measure, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--torch", choices=list(BESIDE), help="what to compare")
    parser.add_argument("--python", help="one that has torch and pythae")
    arguments = parser.parse_args()
    RESULTS.mkdir(exist_ok=True)
    found = {"machine": machine(), "rounds": arguments.rounds}
    if arguments.torch:
        python = arguments.python or python_with("torch", "pythae")
        found |= beside_torch(arguments.torch, python, arguments.rounds)
        write(f"execution_torch_{arguments.torch}", found)
    else:
        write("execution", found | all_ways(arguments.rounds))


if __name__ == "__main__":
    main()
