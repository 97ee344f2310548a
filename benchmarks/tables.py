"""Flows on small tables of reals, beside MADE with mixtures, and mixtures by EM.

    python benchmarks/tables.py
    python benchmarks/tables.py --sets wine two_moons

The tables are the real-valued features of scikit-learn's bundled sets (digits with
uniform noise), and two laws in the plane. A feature is left out if a single value makes
up more than a tenth of its rows: it is not real-valued, but a category or rounded. Each
of five disjoint fifths is the test part once, and everything is standardised by the
other four, of which the last 15% are the validation part.

Flows and MADE have their defaults, except that the flows go without averages of weights
(`ema_momentum`), because MADE has none. They are trained until the validation loss has
not fallen for 20 epochs; the best epoch is kept. The mixtures of Gaussians have full
covariances. The validation part chooses what is added to their diagonals (0.001, 0.01,
0.03 or 0.1) and, where it is not 20, the number of components (1, 2, 3, 5, 10, 20 or
30). They and the Gaussian are then fitted to the whole training part, including the
validation part, which the flows never learn from.

Writes benchmarks/results/tables.json after every fit, resumes from that file when
called again, and prints a table of test nats in Markdown: means over the five parts and
their standard errors.
"""

import argparse
import json
import time
import warnings

import keras
import numpy as np
from sklearn import datasets
from sklearn.mixture import GaussianMixture
from sklearn.model_selection import KFold
from training import RESULTS, machine, write

import kgen

EPOCHS, PATIENCE, FOLDS = 1000, 20, 5
KGEN = ("RealNVP", "MAF", "NSF", "MADE")
FLOWS = KGEN[:3]


def real_features(x):
    """Columns without a value that makes up more than a tenth of the rows."""
    most = [np.unique(column, return_counts=True)[1].max() for column in x.T]
    return x[:, np.array(most) <= len(x) / 10]


def digits():
    """Images of 8x8 pixels, 0 to 16, with noise in (0, 1)."""
    x = datasets.load_digits().data
    return x + np.random.default_rng(0).random(x.shape)


def two_moons():
    """Two half circles that reach into each other."""
    return datasets.make_moons(2500, noise=0.05, random_state=0)[0]


def checkerboard():
    """Uniform on 8 of 16 squares: log(8 / sigma^2) nats cannot be undercut."""
    random = np.random.default_rng(0)
    across = random.integers(4, size=2500)
    along = 2 * random.integers(2, size=2500) + across % 2
    return np.stack([across, along], axis=1) + random.random((2500, 2))


SETS = {
    "wine": lambda: real_features(datasets.load_wine().data),
    "breast_cancer": lambda: real_features(datasets.load_breast_cancer().data),
    "diabetes": lambda: real_features(datasets.load_diabetes(scaled=False).data),
    "digits": digits,
    "two_moons": two_moons,
    "checkerboard": checkerboard,
}


def split(x, fold):
    """Train, validation and test, float32, standardised by the first two."""
    folds = KFold(FOLDS, shuffle=True, random_state=0)
    own, other = list(folds.split(x))[fold]
    own = np.random.default_rng(fold).permutation(own)
    mean, spread = x[own].mean(axis=0), x[own].std(axis=0)
    train, test = ((x[rows] - mean) / spread for rows in (own, other))
    train, test = train.astype("float32"), test.astype("float32")
    cut = round(0.85 * len(train))
    return train[:cut], train[cut:], test


def gaussian(train, valid):
    """One Gaussian."""
    return GaussianMixture().fit(np.concatenate([train, valid])), {}


def best_mixture(train, valid, components):
    """The mixture that is best on the validation part."""
    choices = [
        {"n_components": k, "reg_covar": add, "random_state": 0}
        for k in components
        if k <= len(train)
        for add in (0.001, 0.01, 0.03, 0.1)
    ]
    scores = [GaussianMixture(**c).fit(train).score(valid) for c in choices]
    best = choices[int(np.argmax(scores))]
    return GaussianMixture(**best).fit(np.concatenate([train, valid])), best


def mixture(train, valid):
    """The best mixture of some Gaussians."""
    return best_mixture(train, valid, (1, 2, 3, 5, 10, 20, 30))


def mixture_of_20(train, valid):
    """The best mixture of 20 Gaussians."""
    return best_mixture(train, valid, (20,))


def neural(name):
    """How to fit a model of kgen, by its name."""

    def fit(train, valid):
        stop = keras.callbacks.EarlyStopping(
            patience=PATIENCE, restore_best_weights=True
        )
        settings = {"ema_momentum": None} if name in FLOWS else {}
        model = kgen.estimators[name](epochs=EPOCHS, random_state=0, **settings)
        model.fit(train, validation_data=valid, callbacks=[stop])
        return model, {"epochs": len(model.history_["loss"])}

    return fit


MODELS = {
    "Gaussian": gaussian,
    "mixture of 20": mixture_of_20,
    "mixture": mixture,
    **{name: neural(name) for name in ("MADE", *FLOWS)},
}


def mean_and_error(values):
    """Mean of the folds' values, and its standard error."""
    values = np.array(values)
    return values.mean(), values.std(ddof=1) / np.sqrt(len(values))


def table(found):
    """Results in Markdown: nats, the best in bold, and the best flow beside MADE."""
    heads = ["table", "rows x features", *MODELS, "MADE - best flow"]
    lines = ["| " + " | ".join(heads) + " |", "|---" * len(heads) + "|"]
    for name, row in found.items():
        nats = {
            key: np.array([part["nats"] for part in row[key].values()])
            for key in MODELS
            if len(row.get(key, ())) == FOLDS
        }
        if len(nats) < len(MODELS):
            continue
        means = {key: values.mean() for key, values in nats.items()}
        cells = [name.replace("_", " "), f"{row['rows']} x {row['features']}"]
        for key, values in nats.items():
            text = "{:.2f} +- {:.2f}".format(*mean_and_error(values))
            best = means[key] == min(means.values())
            cells.append(f"**{text}**" if best else text)
        flow = min(FLOWS, key=means.get)
        gain = "{:.2f} +- {:.2f}".format(*mean_and_error(nats["MADE"] - nats[flow]))
        lines.append("| " + " | ".join([*cells, gain]) + " |")
    return "\n".join(lines)


def main(arguments=None):
    """Fit, measure, write, one after another."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sets", nargs="*", default=list(SETS), choices=SETS)
    parser.add_argument("--models", nargs="*", default=list(MODELS), choices=MODELS)
    chosen = parser.parse_args(arguments)
    warnings.filterwarnings("ignore", module="sklearn")  # of EM that has not converged
    path = RESULTS / "tables.json"
    found = json.loads(path.read_text()) if path.exists() else {"sets": {}}
    found |= {"command": "python benchmarks/tables.py", "machine": machine()}
    for name in chosen.sets:
        x = SETS[name]()
        sizes = {"rows": len(x), "features": x.shape[1]}
        row = found["sets"].setdefault(name, sizes)
        for fold in range(FOLDS):
            train, valid, test = split(x, fold)
            for key in chosen.models:
                results = row.setdefault(key, {})
                if str(fold) in results:
                    continue
                start = time.process_time()
                model, facts = MODELS[key](train, valid)
                nats = -float(model.score(test))
                seconds = round(time.process_time() - start, 1)
                results[str(fold)] = {"nats": nats, "cpu_seconds": seconds, **facts}
                print(name, fold, key, results[str(fold)], flush=True)
                write("tables", found)
    print(table(found["sets"]))


if __name__ == "__main__":
    main()
