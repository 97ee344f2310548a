"""Speed of flows beside zuko and normflows, and beside their own bare networks.

    python benchmarks/flows.py --rounds 5

Trains RealNVP (8 couplings of 64 features, networks of 2 x 128 units, 231,936 weights)
and NSF (3 couplings of the same networks, 8 bins) in batches of 256, without averages
of weights, and draws from MAF (5 layers), beside the same in PyTorch, each in a process
of its own and in turn: examples per second by wall clock, with two threads. With
--threads 1 it measures the CPU time of the process, which a busy machine does not
change.

Then it times `log_prob` and `sample` of that RealNVP, in turn with its bijections and
TensorFlow's own noise in one graph of all rows. Writes benchmarks/results/flows.json,
or flows_one_thread.json. The peers are installed into an environment of their own,
unless --python names one.
"""

import argparse
import subprocess
import time
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from peers import python_with
from training import RESULTS, machine, write

import kgen
from kgen.layers import Chain

FEATURES, BATCH, ROWS = 64, 256, 10_000
TABLE = np.random.default_rng(0).normal(size=(50 * BATCH, FEATURES)).astype("float32")
PEERS = {
    "train_realnvp": ("zuko", "normflows"),
    "train_nsf": ("zuko",),
    "sample_maf": ("zuko",),
}


class Clock(keras.callbacks.Callback):
    """Seconds of every epoch."""

    def __init__(self, clock):
        super().__init__()
        self.clock, self.seconds = clock, []

    def on_epoch_begin(self, epoch, logs=None):
        self.start = self.clock()

    def on_epoch_end(self, epoch, logs=None):
        self.seconds.append(self.clock() - self.start)


class Own:
    """What kgen does of every task.

    Args:
        clock: function without arguments: seconds.
    """

    def __init__(self, clock):
        self.clock = clock
        self.maf = kgen.MAF(epochs=1, random_state=0).fit(TABLE[:512])

    def taken(self, function):
        """Seconds of a call."""
        start = self.clock()
        function()
        return self.clock() - start

    def train_realnvp(self):
        return self._train(kgen.RealNVP(ema_momentum=None))

    def train_nsf(self):
        return self._train(kgen.NSF(couplings=3, ema_momentum=None))

    def _train(self, estimator):
        """Examples per second of `fit`, by the epochs after the first."""
        clock = Clock(self.clock)
        estimator.set_params(epochs=4, batch_size=BATCH, random_state=0)
        estimator.fit(TABLE, callbacks=clock)
        speed = len(TABLE) / np.median(clock.seconds[1:])
        return {"weights": estimator.model_.count_params(), "train": speed}

    def sample_maf(self):
        """Samples per second, the median of nine calls."""
        found = {"weights": self.maf.model_.count_params()}
        for n in (100, 1000):
            seconds = [
                self.taken(lambda n=n: self.maf.sample(n, random_state=0))
                for _ in range(10)
            ]
            found[str(n)] = n / np.median(seconds[1:])
        return found

    def by_the_network(self, rounds):
        """`log_prob` and `sample` by the bijections in one graph, in turn."""
        estimator = kgen.RealNVP(epochs=1, random_state=0).fit(TABLE[:512])
        bijections, x = Chain(estimator.model_.bijection.bijections), TABLE[:ROWS]

        @tf.function(autograph=False)
        def density(x):
            z, log_det = bijections.forward(x)
            return log_det - 0.5 * tf.reduce_sum(z**2, axis=1)

        @tf.function(autograph=False)
        def draw(seed):
            return bijections.inverse(tf.random.stateless_normal(x.shape, seed))

        seed = tf.constant([0, 1])  # as a number it would make its noise once for all
        found = {}
        for name, method, network, given in (
            ("log_prob", lambda: estimator.log_prob(x), density, x),
            ("sample", lambda: estimator.sample(ROWS, random_state=0), draw, seed),
        ):

            def bare(network=network, given=given):
                return network(given).numpy()

            pairs = [
                (self.taken(method), self.taken(bare)) for _ in range(3 * rounds + 1)
            ]
            own, network_alone = np.array(pairs[1:]).T
            found[name] = {
                "rows per second": ROWS / float(np.median(own)),
                "network": ROWS / float(np.median(network_alone)),
                **_ratios(network_alone / own),
            }
            print(name, found[name], flush=True)
        return found


def _ratios(ratios):
    spread = np.sort(ratios).round(2).tolist()
    return {"ratio": float(np.median(ratios)), "ratios": spread}


def beside_peers(own, task, python, arguments):
    """A task, in turn with the same in PyTorch."""
    runs = {"kgen": [], **{library: [] for library in PEERS[task]}}
    for _ in range(arguments.rounds):
        runs["kgen"].append(getattr(own, task)())
        for library in PEERS[task]:
            script = Path(__file__).parent / "torch_flows.py"
            command = [python, script, library, task, str(arguments.threads)]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            lines = [line.split() for line in done.stdout.splitlines()]
            found = {what: float(value) for name, what, value in lines if name == task}
            runs[library].append(found)
    found = {"rounds": runs}
    for library in PEERS[task]:
        for what in runs["kgen"][0]:
            ours, theirs = (
                np.array([run[what] for run in runs[name]])
                for name in ("kgen", library)
            )
            found[f"{what}, kgen by {library}"] = _ratios(ours / theirs)
            print(task, what, library, np.median(ours), _ratios(ours / theirs))
    return found


def main():
    """Measure, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--tasks", nargs="*", default=[*PEERS, "network"])
    parser.add_argument("--python", help="one that has torch, zuko and normflows")
    arguments = parser.parse_args()
    tf.config.threading.set_intra_op_parallelism_threads(arguments.threads)
    tf.config.threading.set_inter_op_parallelism_threads(arguments.threads)
    python = arguments.python or python_with("torch", "zuko", "normflows")
    own = Own(time.process_time if arguments.threads == 1 else time.perf_counter)
    found = {"machine": machine(), "threads": arguments.threads}
    for task in set(arguments.tasks) & set(PEERS):
        found[task] = beside_peers(own, task, python, arguments)
    if "network" in arguments.tasks:
        found["by the network"] = own.by_the_network(arguments.rounds)
    RESULTS.mkdir(exist_ok=True)
    write("flows_one_thread" if arguments.threads == 1 else "flows", found)


if __name__ == "__main__":
    main()
