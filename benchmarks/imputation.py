"""Imputation of small tables, beside scikit-learn's imputers.

    python benchmarks/imputation.py
    python benchmarks/imputation.py --sets wine --shares 0.3

In the tables of `tables.py` that scikit-learn bundles, 10, 30 and 50% of all values are
hidden, completely at random, in training and test rows alike. Each of five disjoint
fifths is the test part once, and everything is standardised by the others.

`kgen.tasks.Imputer` has a `MADE(orders="any")` of 2 x 128 units, fitted in five rounds
of 600 training steps each, on batches of 64. `IterativeImputer` and `KNNImputer` have
their defaults. The root mean squared error is that of the mean of 20 draws, of one draw
(which has the spread of the data, and so an error that is larger by up to the square
root of 2), and of the values that the others impute. The log-likelihood of a hidden
value, in nats, is that of `completion_log_prob`, given what is known; for the others it
is that of a normal around the imputed value, whose width is the error of its column on
the training part.

Writes benchmarks/results/imputation.json after every fit, resumes from that file when
called again, and prints a table in Markdown: means over the five parts and their
standard errors.
"""

import argparse
import json
import math
import time
import warnings

import numpy as np
from sklearn.experimental import enable_iterative_imputer  # noqa: F401
from sklearn.impute import IterativeImputer, KNNImputer, SimpleImputer
from tables import FOLDS, SETS, mean_and_error, split
from training import RESULTS, machine, write

import kgen
from kgen.tasks import Imputer

BUNDLED = ("wine", "breast_cancer", "diabetes", "digits")
SHARES = (0.1, 0.3, 0.5)
STEPS, BATCH, ROUNDS, DRAWS = 600, 64, 5, 20


def hidden(x, share, seed):
    """Which values are hidden; no row or column loses all of them."""
    random = np.random.default_rng(seed)
    gaps = random.random(x.shape) < share
    keep = random.integers(x.shape[1], size=len(x))
    gaps[np.arange(len(x)), keep] = False
    return gaps


def ours(train, gappy, test, gaps):
    """Errors and log-likelihood of kgen's imputer."""
    steps = math.ceil(len(train) / BATCH)
    density = kgen.MADE(
        hidden=(128, 128),
        orders="any",
        epochs=math.ceil(STEPS / steps),
        batch_size=BATCH,
        weight_decay=0.01,
        random_state=0,
    )
    imputer = Imputer(density, n_rounds=ROUNDS, random_state=0).fit(gappy)
    draws = imputer.draws(np.where(gaps, np.nan, test), DRAWS)
    log_prob = imputer.density_.completion_log_prob(test, ~gaps)
    return {
        "mean": rmse(draws.mean(axis=0), test, gaps),
        "draw": rmse(draws[0], test, gaps),
        "nats": float(log_prob.sum(dtype="float64") / gaps.sum()),
    }


def theirs(imputer):
    """Errors and log-likelihood of one of scikit-learn's imputers."""

    def measure(train, gappy, test, gaps):
        imputer.fit(gappy)
        # Its error by column, on values that are known in training.
        held = hidden(train, np.isnan(gappy).mean(), 99) & ~np.isnan(gappy)
        guess = imputer.transform(np.where(held, np.nan, gappy))
        widths = [
            np.sqrt(np.mean((guess - train)[rows, k] ** 2)) if rows.any() else 1.0
            for k, rows in enumerate(held.T)
        ]
        filled = imputer.transform(np.where(gaps, np.nan, test))
        z = (filled - test) / np.maximum(widths, 1e-3)
        nats = -0.5 * z**2 - np.log(np.maximum(widths, 1e-3) * np.sqrt(2 * np.pi))
        return {"mean": rmse(filled, test, gaps), "nats": float(nats[gaps].mean())}

    return measure


def rmse(filled, test, gaps):
    """Root mean squared error of the hidden values."""
    return float(np.sqrt(np.mean((filled - test)[gaps] ** 2, dtype="float64")))


METHODS = {
    "Imputer(MADE)": ours,
    "IterativeImputer": theirs(IterativeImputer(random_state=0)),
    "KNNImputer": theirs(KNNImputer()),
    "mean": theirs(SimpleImputer()),
}


def table(found):
    """Results in Markdown."""
    heads = ["table", "hidden", *(f"{m}, error" for m in METHODS), "one draw, error"]
    heads += [f"{m}, nats" for m in METHODS]
    lines = ["| " + " | ".join(heads) + " |", "|---" * len(heads) + "|"]
    for name, by_share in found.items():
        for share, row in by_share.items():
            if any(len(row.get(m, ())) < FOLDS for m in METHODS):
                continue

            def cells(what, methods=tuple(METHODS), row=row):
                return [
                    "{:.2f} +- {:.2f}".format(
                        *mean_and_error([part[what] for part in row[m].values()])
                    )
                    for m in methods
                ]

            draw = cells("draw", ("Imputer(MADE)",))
            parts = [name.replace("_", " "), f"{float(share):.0%}"]
            parts += cells("mean") + draw + cells("nats")
            lines.append("| " + " | ".join(parts) + " |")
    return "\n".join(lines)


def main():
    """Fit, measure, write, one after another."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sets", nargs="*", default=BUNDLED, choices=BUNDLED)
    parser.add_argument("--shares", nargs="*", type=float, default=SHARES)
    chosen = parser.parse_args()
    warnings.filterwarnings("ignore", module="sklearn")  # of rounds that were too few
    path = RESULTS / "imputation.json"
    found = json.loads(path.read_text()) if path.exists() else {"sets": {}}
    found |= {"command": "python benchmarks/imputation.py", "machine": machine()}
    for name in chosen.sets:
        x = SETS[name]()
        for share in chosen.shares:
            row = found["sets"].setdefault(name, {}).setdefault(str(share), {})
            for fold in range(FOLDS):
                train, valid, test = split(x, fold)
                train = np.concatenate([train, valid])
                gappy = np.where(hidden(train, share, fold), np.nan, train)
                gaps = hidden(test, share, fold + FOLDS)
                for method, measure in METHODS.items():
                    results = row.setdefault(method, {})
                    if str(fold) in results:
                        continue
                    start = time.process_time()
                    results[str(fold)] = measure(train, gappy, test, gaps)
                    seconds = round(time.process_time() - start, 1)
                    results[str(fold)]["cpu_seconds"] = seconds
                    print(name, share, fold, method, results[str(fold)], flush=True)
                    write("imputation", found)
    print(table(found["sets"]))


if __name__ == "__main__":
    main()
