"""Outliers in the tables that scikit-learn bundles: AUROC of several detectors.

    python benchmarks/outliers.py

One class of a table is normal, or all but one. Rows of another class are added at
random until they are a tenth of all: the outliers, as in ADBench (Han et al., 2022,
https://arxiv.org/abs/2206.09426), whose sets of these names are the same data. As
there, 70% of the rows are for training, without labels and with their outliers; the
area under the ROC curve is that of the others. There are three draws and splits of each
set. The same is then done with training rows that are all normal.

All detectors get standardised features. IsolationForest, LocalOutlierFactor and the
densities have their defaults, except for the number of epochs of the densities, which
makes about 500 training steps.

Writes benchmarks/results/outliers.json after every set, resumes from that file when
called again, and prints a table in Markdown: means and standard errors.
"""

import json
import math
import time
import warnings

import numpy as np
from sklearn import datasets
from sklearn.base import clone
from sklearn.ensemble import IsolationForest
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import roc_auc_score
from sklearn.mixture import GaussianMixture
from sklearn.model_selection import train_test_split
from sklearn.neighbors import KernelDensity, LocalOutlierFactor
from sklearn.preprocessing import StandardScaler
from training import RESULTS, machine, write

import kgen
from kgen.tasks import Background, OutlierDetector

DRAWS, SHARE, STEPS, RATE = 3, 0.1, 500, 0.3
CLEAN = ", none in training"

# What is loaded, and how normal rows and outliers are told by their label.
SETS = {
    "breast cancer: malignant": (datasets.load_breast_cancer, lambda y: y == 0),
    "wine: the first cultivar": (datasets.load_wine, lambda y: y == 0),
    "iris: virginica": (datasets.load_iris, lambda y: y == 2),
    "digits: zeros among others": (datasets.load_digits, lambda y: y == 0),
    "digits: others among zeros": (datasets.load_digits, lambda y: y != 0),
}


def fitted_detectors(train, seed):
    """Names of detectors, and the detectors."""
    yield "IsolationForest", IsolationForest(random_state=seed).fit(train)
    yield "LOF", LocalOutlierFactor(novelty=True).fit(train)
    epochs = math.ceil(STEPS * 64 / len(train))
    densities = {
        "Gaussian": GaussianMixture(random_state=seed),
        "KernelDensity": KernelDensity(),
        "MADE": kgen.MADE(epochs=epochs, random_state=seed),
    }
    for name, density in densities.items():
        detector = OutlierDetector(density).fit(train)
        yield name, detector
    # The same MADE, and another one as its background.
    fitted, other = FrozenEstimator(detector.density_), Background(density, RATE)
    detector = OutlierDetector(fitted, score="typicality", background=other)
    yield "MADE, typicality", detector.fit(train)
    yield "MADE, ratio", clone(detector).set_params(score="likelihood_ratio").fit(train)


def drawn(name, seed, *, clean):
    """Training rows, test rows, and which of these are outliers."""
    load, rule = SETS[name]
    x, y = load(return_X_y=True)
    odd = rule(y)
    normal = np.flatnonzero(~odd)
    few = round(len(normal) * SHARE / (1 - SHARE))
    others = np.random.default_rng(seed).permutation(np.flatnonzero(odd))[:few]
    rows, odd = np.append(normal, others), np.repeat([0, 1], [len(normal), len(others)])
    parts = train_test_split(
        x[rows], odd, test_size=0.3, stratify=odd, random_state=seed
    )
    train = parts[0][parts[2] == 0] if clean else parts[0]
    return train, parts[1], parts[3]


def table(found):
    """Results in Markdown, the best in bold."""
    heads = next(iter(found["sets"].values()))
    lines = [
        "| outliers | " + " | ".join(heads) + " |",
        "|---" * (len(heads) + 1) + "|",
    ]
    for name, row in found["sets"].items():
        means = {key: np.mean(values) for key, values in row.items()}
        cells = []
        for key, values in row.items():
            error = np.std(values, ddof=1) / np.sqrt(len(values))
            text = f"{means[key]:.2f} +- {error:.2f}"
            cells.append(f"**{text}**" if means[key] == max(means.values()) else text)
        lines.append("| " + " | ".join([name, *cells]) + " |")
    return "\n".join(lines)


def main():
    """Fit, measure, write, one set after another."""
    warnings.filterwarnings("ignore", module="sklearn")  # of EM that has not converged
    path = RESULTS / "outliers.json"
    found = json.loads(path.read_text()) if path.exists() else {"sets": {}}
    found |= {"command": "python benchmarks/outliers.py", "machine": machine()}
    for name, clean in [(n, clean) for clean in (False, True) for n in SETS]:
        title = f"{name}{CLEAN if clean else ''}"
        if title in found["sets"]:
            continue
        row, start = {}, time.process_time()
        for seed in range(DRAWS):
            train, test, odd = drawn(name, seed, clean=clean)
            scaler = StandardScaler().fit(train)
            train, test = scaler.transform(train), scaler.transform(test)
            for key, detector in fitted_detectors(train, seed):
                auroc = roc_auc_score(odd, -detector.score_samples(test))
                row.setdefault(key, []).append(round(float(auroc), 4))
        found["sets"][title] = row
        seconds = round(time.process_time() - start)
        print(title, f"{seconds} CPU seconds", row, flush=True)
        write("outliers", found)
    print(table(found))


if __name__ == "__main__":
    main()
