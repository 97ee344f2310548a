"""Incremental sampling against full passes and against `log_prob`, in turn.

    python benchmarks/sampling.py --rounds 3

Covers every autoregressive model with its defaults, on binary 28x28 images (PixelCNN
also on 32x32 colour images, with three heads) and on sequences of 2,000 steps with 256
levels. Measures examples per second of the incremental sampler (with and without XLA),
of the compiled loop over full passes (a few scalars are timed, and the time is scaled
up), and of `log_prob`. Weights are as they were initialised: time does not depend on
them. Writes benchmarks/results/sampling.json after every case.
"""

import argparse
import json
import math
import time

import numpy as np
from keras import ops
from training import RESULTS, machine, write

import kgen
from kgen import models
from kgen.autoregressive.samplers import Batch
from kgen.autoregressive.samplers.full_pass import fill_some

GREY, COLOUR, SOUND = (28, 28, 1), (32, 32, 3), (2000, 1)
CASES = {
    "PixelCNN": (lambda: models.PixelCNNModel(), GREY),
    "PixelCNN, 32x32x3": (
        lambda: models.PixelCNNModel(kgen.heads.Categorical(256)),
        COLOUR,
    ),
    "PixelCNN, 32x32x3, mixture of logistics": (
        lambda: models.PixelCNNModel(kgen.heads.MixtureOfLogistics()),
        COLOUR,
    ),
    "PixelCNN, 32x32x3, coupled mixture of logistics": (
        lambda: models.PixelCNNModel(kgen.heads.CoupledMixtureOfLogistics()),
        COLOUR,
    ),
    "GatedPixelCNN": (lambda: models.GatedPixelCNNModel(), GREY),
    "ConditionalPixelCNN": (
        lambda: models.GatedPixelCNNModel(condition_dim=10),
        GREY,
    ),
    "PixelRNN, row_lstm": (lambda: models.PixelRNNModel(layer="row_lstm"), GREY),
    "PixelRNN, diagonal_bilstm": (lambda: models.PixelRNNModel(), GREY),
    "NADE": (lambda: models.NADEModel(), GREY),
    "MADE": (lambda: models.MADEModel(), GREY),
    "WaveNet, 2000 steps": (
        lambda: models.WaveNetModel(kgen.heads.Categorical(256)),
        SOUND,
    ),
    "SequenceRNN, 2000 steps": (
        lambda: models.SequenceRNNModel(kgen.heads.Categorical(256)),
        SOUND,
    ),
}


def timed(function):
    """Seconds of wall time, and of CPU time."""
    wall, cpu = time.perf_counter(), time.process_time()
    function()
    return time.perf_counter() - wall, time.process_time() - cpu


def full_pass(model, n, scalars, condition):
    """A function that draws so many scalars of n images by full passes."""
    shape, first = model.event_shape, ops.convert_to_tensor(0)
    batch = Batch(
        ops.zeros((n, *shape)),
        ops.zeros((n, *shape), "bool"),
        ops.zeros((n, *model.head.noise_shape(shape))) + 0.5,
        ops.convert_to_tensor(1.0),
        condition,
        None,
    )
    return lambda: ops.convert_to_numpy(fill_some(model, batch, first, scalars, shape))


def measure(make, shape, rounds):
    """Medians over rounds, at 16 and at 64 examples; for sequences also by length."""
    model, found = make(), {}
    model.build((None, *shape))
    dim, scalars = model.condition_dim, 14
    for n in (16, 64):
        condition = np.eye(dim, dtype="float32")[np.arange(n) % dim] if dim else None
        given = {"condition": condition} if dim else {}
        slowly = full_pass(model, n, scalars, condition)
        x = np.zeros((n, *shape), "float32")
        ways = {
            "incremental": lambda n=n, g=given: model.sample(n, seed=0, **g),
            "without XLA": lambda n=n, g=given: model.sample(
                n, seed=0, jit_compile=False, **g
            ),
            "full pass": slowly,
            "log_prob": lambda x=x, g=given: ops.convert_to_numpy(
                model.log_prob(x, *g.values())
            ),
        }
        first = {way: timed(call) for way, call in ways.items()}
        taken = {way: [] for way in ways}
        for _ in range(rounds):
            for way, call in ways.items():
                taken[way].append(timed(call)[0])
        seconds = {way: float(np.median(t)) for way, t in taken.items()}
        seconds["full pass"] *= math.prod(shape) / scalars
        found[f"n={n}"] = {
            "examples per second": {way: n / s for way, s in seconds.items()},
            "incremental by full pass": seconds["full pass"] / seconds["incremental"],
            "without XLA by full pass": seconds["full pass"] / seconds["without XLA"],
            "incremental by log_prob": seconds["log_prob"] / seconds["incremental"],
            "first call, CPU seconds": first["incremental"][1],
        }
    if shape == SOUND:
        found["seconds by length, n=16"] = by_length(model, rounds)
    return found


def by_length(model, rounds):
    """Medians over rounds, in turn."""
    taken = {length: [] for length in (2000, 4000, 8000)}
    for _ in range(rounds):
        for length, seconds in taken.items():
            draw = lambda length=length: model.sample(16, seed=0, length=length)  # noqa: E731
            seconds.append(timed(draw)[0])
    return {length: float(np.median(seconds)) for length, seconds in taken.items()}


def main():
    """Measure all cases, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", choices=CASES)
    arguments = parser.parse_args()
    path, found = RESULTS / "sampling.json", {}
    if arguments.only and path.exists():
        found = json.loads(path.read_text())
    for name, (make, shape) in CASES.items():
        if arguments.only in (None, name):
            found[name] = {
                **measure(make, shape, arguments.rounds),
                "rounds": arguments.rounds,
                "machine": machine(),
            }
            print(name, found[name], flush=True)  # noqa: T201
            write("sampling", found)


if __name__ == "__main__":
    main()
