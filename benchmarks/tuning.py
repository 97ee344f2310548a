"""What a search finds, and what it costs: MADE on scikit-learn's digits.

    python benchmarks/tuning.py --trials 30 --epochs 40

The data are ink or no ink, 64 binary features. 500 of the 1,797 digits are kept for the
test. Each tuner searches on the others (a fifth of them held out to score trials), in
the space that comes with `MADE`; the best settings and the defaults are then fitted to
all of them, with three seeds. Resumes where it was stopped. Writes
benchmarks/results/tuning.json.
"""

import argparse
import shutil
import time

import numpy as np
from sklearn.base import clone
from sklearn.datasets import load_digits
from training import RESULTS, machine, write

import kgen

TUNERS = ("random", "bayesian", "hyperband")
SEEDS = (0, 1, 2)


def digits():
    """Digits to search on, (1297, 64), and for the test, (500, 64), in random order."""
    x = (load_digits().data > 8).astype("uint8")
    x = x[np.random.default_rng(0).permutation(len(x))]
    return x[500:], x[:500]


def log_prob(estimator, x, test):
    """Of every test digit, the mean over seeds of the log-probability."""
    fits = [clone(estimator).set_params(random_state=seed).fit(x) for seed in SEEDS]
    return np.mean([fitted.log_prob(test) for fitted in fits], axis=0, dtype="float64")


def main():
    """Search, fit, compare, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=30)
    parser.add_argument("--epochs", type=int, default=40)
    arguments = parser.parse_args()
    x, test = digits()
    estimator = kgen.MADE(epochs=arguments.epochs)
    defaults = log_prob(estimator, x, test)
    found = {
        "machine": machine(),
        "trials": arguments.trials,
        "epochs": arguments.epochs,
        "defaults, nats of test digits": -defaults.mean(),
    }
    for tuner in TUNERS:
        folder, start = RESULTS / f"tuning_{tuner}", time.process_time()
        result = kgen.tuning.search(
            estimator,
            x,
            max_trials=arguments.trials,
            tuner=tuner,
            directory=folder,
            random_state=0,
            verbose=1,
        )
        own = result.trials_[0]
        tuned = log_prob(estimator.set_params(**result.best_params_), x, test)
        gain = tuned - defaults
        found[tuner] = {
            "trials": len(result.trials_),
            "failed": sum(t["status"] == "failed" for t in result.trials_),
            "CPU seconds of this process": time.process_time() - start,
            "seconds of all fits": sum(t["seconds"] for t in result.trials_),
            "best settings": result.best_params_,
            "held-out nats of the first trial": -own["score"],
            "held-out nats of the best": -result.best_score_,
            "nats of test digits": -tuned.mean(),
            "gain in nats": gain.mean(),
            "its standard error": gain.std(ddof=1) / np.sqrt(len(gain)),
        }
        estimator = kgen.MADE(epochs=arguments.epochs)
    write("tuning", found)
    for tuner in TUNERS:
        shutil.rmtree(RESULTS / f"tuning_{tuner}")


if __name__ == "__main__":
    main()
