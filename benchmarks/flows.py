"""Speed of flows beside zuko and normflows, and beside their own bare networks.

    python benchmarks/flows.py --rounds 5

Trains RealNVP (8 couplings of 64 features, networks of 2 x 128 units, 231,936 weights)
and NSF (3 couplings of the same networks, 8 bins) in batches of 256, and draws from MAF
(5 layers), beside the same in PyTorch, each in a process of its own and in turn:
examples per second by wall clock, with two threads. With --threads 1 it is the CPU time
of the process, which holds on a busy machine, too.

Then `log_prob` and `sample` of that RealNVP beside its bijections in one graph of all
rows, in turn. Writes benchmarks/results/flows.json. The peers are installed into an
environment of their own, unless --python names one.
"""

import argparse
import os
import subprocess
import time
from pathlib import Path

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--rounds", type=int, default=5)
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--tasks", nargs="*", help="some of them; nothing is written then")
parser.add_argument("--python", help="one that has torch, zuko and normflows")
ARGUMENTS = parser.parse_args()
for setting in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
    os.environ[setting] = str(ARGUMENTS.threads)

import keras
import numpy as np
import tensorflow as tf
from peers import python_with
from training import RESULTS, machine, write

import kgen
from kgen.layers import Chain

FEATURES, BATCH = 64, 256
TABLE = np.random.default_rng(0).normal(size=(50 * BATCH, FEATURES)).astype("float32")
PEERS = {
    "train_realnvp": ("zuko", "normflows"),
    "train_nsf": ("zuko",),
    "sample_maf": ("zuko",),
}
clock = time.process_time if ARGUMENTS.threads == 1 else time.perf_counter


class Clock(keras.callbacks.Callback):
    """Seconds of every epoch."""

    def on_train_begin(self, logs=None):
        self.seconds = []

    def on_epoch_begin(self, epoch, logs=None):
        self.start = clock()

    def on_epoch_end(self, epoch, logs=None):
        self.seconds.append(clock() - self.start)


def train(estimator):
    """Examples per second of `fit`, by the epochs after the first."""
    seconds = Clock()
    estimator.set_params(epochs=4, batch_size=BATCH, random_state=0)
    estimator.fit(TABLE, callbacks=seconds)
    weights = estimator.model_.count_params()
    return {"weights": weights, "train": len(TABLE) / np.median(seconds.seconds[1:])}


def taken(function):
    """Seconds of a call."""
    start = clock()
    function()
    return clock() - start


def sample_maf():
    """Samples per second, the median."""
    model = MAF[0]
    found = {"weights": model.model_.count_params()}
    for n in (100, 1000):
        model.sample(n, random_state=0)
        seconds = [taken(lambda n=n: model.sample(n, random_state=0)) for _ in range(9)]
        found[str(n)] = n / np.median(seconds)
    return found


MAF = []
OWN = {
    "train_realnvp": lambda: train(kgen.RealNVP()),
    "train_nsf": lambda: train(kgen.NSF(couplings=3)),
    "sample_maf": sample_maf,
}


def peer(library, task, python):
    """What a peer measures of a task."""
    script = Path(__file__).parent / "torch_flows.py"
    command = [python, script, library, task, str(ARGUMENTS.threads)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    lines = [line.split() for line in done.stdout.splitlines()]
    return {what: float(value) for name, what, value in lines if name == task}


def beside_peers(python):
    """All tasks, in turn with their peers."""
    found = {}
    for task, libraries in PEERS.items():
        if ARGUMENTS.tasks and task not in ARGUMENTS.tasks:
            continue
        runs = {"kgen": [], **{library: [] for library in libraries}}
        for _ in range(ARGUMENTS.rounds):
            runs["kgen"].append(OWN[task]())
            for library in libraries:
                runs[library].append(peer(library, task, python))
        found[task] = {"rounds": runs}
        for library in libraries:
            for what in runs["kgen"][0]:
                ours, theirs = (
                    np.array([run[what] for run in runs[name]])
                    for name in ("kgen", library)
                )
                ratios = sorted((ours / theirs).round(2).tolist())
                summary = {"ratio": float(np.median(ours / theirs)), "ratios": ratios}
                found[task][f"{what}, kgen by {library}"] = summary
                print(task, what, library, summary, np.median(ours), flush=True)
    return found


def beside_the_network(rows):
    """`log_prob` and `sample` by their bijections in one graph, in turn."""
    estimator = kgen.RealNVP(epochs=1, random_state=0).fit(TABLE[:512])
    model, x = estimator.model_, TABLE[:rows]
    bijections = Chain(model.bijection.bijections)
    bijections.built = True

    @tf.function
    def density(x):
        z, log_det = bijections.forward(x)
        return log_det - 0.5 * tf.reduce_sum(z**2, axis=1)

    inverse = tf.function(bijections.inverse)
    found = {}
    for name, method, network in (
        ("log_prob", lambda: estimator.log_prob(x), density),
        ("sample", lambda: estimator.sample(rows, random_state=0), inverse),
    ):
        bare = lambda f=network: f(tf.constant(x)).numpy()  # noqa: E731
        method(), bare()
        pairs = [(taken(method), taken(bare)) for _ in range(3 * ARGUMENTS.rounds)]
        own, other = np.array(pairs).T
        found[name] = {
            "rows per second": rows / float(np.median(own)),
            "network": rows / float(np.median(other)),
            "ratio": float(np.median(other / own)),
            "ratios": sorted((other / own).round(2).tolist()),
        }
        print(name, found[name], flush=True)
    return found


def main():
    """Measure, write."""
    python = ARGUMENTS.python or python_with("torch", "zuko", "normflows")
    MAF.append(kgen.MAF(epochs=1, random_state=0).fit(TABLE[:512]))
    found = {"machine": machine(), "threads": ARGUMENTS.threads}
    found |= beside_peers(python)
    if not ARGUMENTS.tasks or "network" in ARGUMENTS.tasks:
        found["by the bare network"] = beside_the_network(10_000)
    if ARGUMENTS.tasks:
        return
    RESULTS.mkdir(exist_ok=True)
    write("flows" if ARGUMENTS.threads == 2 else "flows_one_thread", found)


if __name__ == "__main__":
    main()
