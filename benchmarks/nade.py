"""Speed and memory of NADE with 784 dimensions and 500 hidden units.

    python benchmarks/nade.py --rounds 5

In turn, it measures examples per second of a training step and of the estimator's
`log_prob`, both at batches of 64, and GFLOP per second of TensorFlow's own product of
two matrices of 2048 x 2048 in this process, so that machines can be compared. It also
measures the peak of resident memory of a training step at a batch of 512, in a process
of its own. Writes benchmarks/results/nade.json.
"""

import argparse
import resource
import subprocess
import sys
import time

import numpy as np
import tensorflow as tf
from keras import ops
from training import machine, write

from kgen import models


def model_of():
    """NADE of 784 dimensions as its estimator compiles it."""
    model = models.NADEModel(hidden=500)
    model.build((None, 784))
    model.compile("adam", jit_compile=True)
    return model


def memory(batch):
    """Peak resident memory, in GiB, of this process after a training step."""
    x = np.random.default_rng(0).integers(2, size=(batch, 784)).astype("float32")
    model_of().train_on_batch(x)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def rate(function, count):
    """How many per second, over at least a second."""
    start, done = time.perf_counter(), 0
    while time.perf_counter() - start < 1.0:
        function()
        done += count
    return done / (time.perf_counter() - start)


def main():
    """Measure, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--memory", type=int, help="print the peak for this batch")
    arguments = parser.parse_args()
    if arguments.memory:
        print(memory(arguments.memory))  # noqa: T201
        return
    model = model_of()
    x = np.random.default_rng(0).integers(2, size=(64, 784)).astype("float32")
    a = tf.random.normal((2048, 2048))
    ways = {
        "train, examples per second": (lambda: model.train_on_batch(x), 64),
        "log_prob, examples per second": (
            lambda: ops.convert_to_numpy(model.log_prob_xla(x)),
            64,
        ),
        "matmul, GFLOP per second": (
            lambda: tf.matmul(a, a).numpy(),
            2 * 2048**3 / 1e9,
        ),
    }
    found = {"machine": machine(), "rounds": arguments.rounds}
    taken = {way: [] for way in ways}
    for function, _ in ways.values():
        function()
    for _ in range(arguments.rounds):
        for way, (function, count) in ways.items():
            taken[way].append(rate(function, count))
    found |= {way: float(np.median(rates)) for way, rates in taken.items()}
    found["all rounds"] = taken
    found["peak memory by batch, GiB"] = {
        str(batch): float(
            subprocess.run(
                [sys.executable, __file__, "--memory", str(batch)],
                check=True,
                capture_output=True,
                text=True,
            ).stdout.split()[-1]
        )
        for batch in (1, 512)
    }
    write("nade", found)


if __name__ == "__main__":
    main()
