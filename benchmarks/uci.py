"""Flows on the five tables of the MAF paper: POWER, GAS, HEPMASS, MINIBOONE, BSDS300.

    python benchmarks/uci.py --data folder
    python benchmarks/uci.py --data folder --sets POWER --models MAF NSF --minutes 30

The folder is data.tar.gz of https://zenodo.org/record/1161203, unpacked, with power/,
gas/, hepmass/, miniboone/ and BSDS300/. (GAS is a pickle, which can run any code when
it is read: take that file only from there. GAS and HEPMASS need pandas.)

Tables are prepared as by the authors (https://github.com/gpapamak/maf). So their units
are those of the paper, and `log_prob`, which takes a flow's own standardisation into
account, is the paper's test log-likelihood. Every model is trained for so many minutes,
or until the validation loss has not fallen for 30 epochs, and the best epoch is kept.
Interrupt it at will: it goes on where it was when called again. Prints test nats and
twice their standard error beside the paper's, and writes benchmarks/results/uci.json
after every fit. A Gaussian, without training, shows whether the tables are the
paper's.

References:
    Papamakarios et al., Masked Autoregressive Flow for Density Estimation, 2017, sec.
    4.2, table 1. https://arxiv.org/abs/1705.07057
    Durkan et al., Neural Spline Flows, 2019, table 1 (NSF).
    https://arxiv.org/abs/1906.04032
"""

import argparse
import json
from pathlib import Path

import keras
import numpy as np
import training

import kgen

ARCHIVE = "https://zenodo.org/record/1161203"
FILES = {
    "POWER": ["power/data.npy"],
    "GAS": ["gas/ethylene_CO.pickle"],
    "HEPMASS": ["hepmass/1000_train.csv", "hepmass/1000_test.csv"],
    "MINIBOONE": ["miniboone/data.npy"],
    "BSDS300": ["BSDS300/BSDS300.hdf5"],
}
# Test nats: RealNVP(10), MAF(10) and the coupling form RQ-NSF (C).
PAPERS = {
    "Gaussian": [-7.74, -3.58, -27.93, -37.24, 96.67],
    "RealNVP": [0.17, 8.33, -18.71, -13.84, 153.28],
    "MAF": [0.24, 10.08, -17.73, -12.24, 154.93],
    "NSF": [0.64, 13.09, -14.75, -9.67, 157.54],
}
# Ten layers of two times 100 or 512 units are among the paper's.
NARROW = {"POWER", "GAS"}
MODELS = {
    "RealNVP": {"couplings": 10},
    "MAF": {"layers": 10},
    "NSF": {"couplings": 10},
}


def power(path):
    """Household power: 6 features, noise as wide as what they were rounded to."""
    random, x = np.random.RandomState(42), np.load(path)
    random.shuffle(x)
    x, n = np.delete(x, [1, 3], axis=1), len(x)
    voltage, active, meters = (random.rand(n, k) for k in (1, 1, 3))
    time = np.zeros((n, 1))
    x = x + np.hstack([0.001 * active, 0.01 * voltage, meters, time])
    return by_train_and_validation(x)


def gas(path):
    """Sensors in a mixture of gases: 8 features, none that another one repeats."""
    import pandas as pd

    x = pd.read_pickle(path).drop(columns=["Meth", "Eth", "Time"]).to_numpy("float64")
    alike, kept = np.corrcoef(x.T) > 0.98, list(range(x.shape[1]))
    while True:
        repeated = alike[np.ix_(kept, kept)].sum(axis=1) > 1
        if not repeated.any():
            break
        del kept[repeated.argmax()]  # the first one
    x = x[:, kept]
    return parts((x - x.mean(axis=0)) / x.std(axis=0, ddof=1))


def hepmass(train_path, test_path):
    """Particles of a signal: 21 features, none with values that recur."""
    import pandas as pd

    # Of some files the rows are longer than the header.
    train, test = (pd.read_csv(p, index_col=False) for p in (train_path, test_path))
    features = train.columns[1:]  # the first one is the label
    train, test = (
        rows.loc[rows[rows.columns[0]] == 1, features].to_numpy("float64")
        for rows in (train, test)
    )
    mean, spread = train.mean(axis=0), train.std(axis=0, ddof=1)
    # What the authors count is how often the smallest value occurs.
    kept = (train == train.min(axis=0)).sum(axis=0) <= 5
    train, test = ((x - mean)[:, kept] / spread[kept] for x in (train, test))
    cut = len(train) - int(0.1 * len(train))
    return train[:cut], train[cut:], test


def miniboone(path):
    """Neutrinos: 43 features, in a file without outliers and recurring values."""
    return by_train_and_validation(np.load(path))


def bsds300(path):
    """Patches of photographs, 63 features, in the units of the file."""
    import h5py

    with h5py.File(path, "r") as file:
        return tuple(file[part][:] for part in ("train", "validation", "test"))


PREPARE = {
    "POWER": power,
    "GAS": gas,
    "HEPMASS": hepmass,
    "MINIBOONE": miniboone,
    "BSDS300": bsds300,
}


def parts(x):
    """Train, validation and test: the last tenth, and a tenth of what remains."""
    end = len(x) - int(0.1 * len(x))
    middle = end - int(0.1 * end)
    return x[:middle], x[middle:end], x[end:]


def by_train_and_validation(x):
    """The same, all of them standardised by what is not test."""
    own = x[: len(x) - int(0.1 * len(x))]
    mean, spread = own.mean(axis=0), own.std(axis=0)
    return tuple((part - mean) / spread for part in parts(x))


def gaussian(train, test):
    """Log-densities of the test part by mean and covariance of the training part."""
    mean, factor = train.mean(axis=0), np.linalg.cholesky(np.cov(train.T, bias=True))
    z = np.linalg.solve(factor, (test - mean).T)
    constant = len(mean) * np.log(2 * np.pi) / 2 + np.log(np.diag(factor)).sum()
    return -0.5 * (z**2).sum(axis=0) - constant


class KeepBest(keras.callbacks.Callback):
    """Keep the weights of the best epoch in a file, and stop when there is no better.

    Args:
        path: the file, from which an interrupted fit goes on.
        patience: epochs without a smaller validation loss.
    """

    def __init__(self, path, patience=30):
        super().__init__()
        self.path, self.patience = path, patience

    def on_train_begin(self, logs=None):
        self.best, self.waited = np.inf, 0
        if self.path.exists():
            with np.load(self.path) as file:
                self.best = float(file["loss"])

    def on_epoch_end(self, epoch, logs=None):
        self.waited += 1
        if logs["val_loss"] < self.best:
            self.best, self.waited = logs["val_loss"], 0
            np.savez(self.path, *self.model.get_weights(), loss=self.best)
        if self.waited >= self.patience:
            self.model.stop_training = True

    def restore(self, model):
        """Give a model the weights of the best epoch, and delete the file."""
        with np.load(self.path) as file:
            weights = [file[f"arr_{k}"] for k in range(len(file.files) - 1)]
        model.set_weights(weights)
        self.path.unlink()


def fitted(name, data, key, minutes, settings):
    """Train one model; its test log-densities, and facts about the run."""
    train, valid, test = data
    common = {"hidden": (100, 100) if name in NARROW else (512, 512)}
    common |= {"batch_size": 512, "random_state": 0}
    model = kgen.estimators[key](**(common | MODELS[key] | settings))
    best = KeepBest(training.RESULTS / f"uci_{name}_{key}.best.npz")
    facts = training.train(
        f"uci_{name}_{key}", model, minutes, train, valid=valid, callbacks=[best]
    )
    best.restore(model.model_)
    return model.log_prob(test), facts


def located(folder, name):
    """The files of a table, or an error that says where they come from."""
    found = [Path(folder, file) for file in FILES[name]]
    for path in found:
        if not path.exists():
            raise SystemExit(
                f"{name}: there is no file {path}. Download data.tar.gz from "
                f"{ARCHIVE}, unpack it, and give the folder that holds power/, gas/, "
                "hepmass/, miniboone/ and BSDS300/ as --data."
            )
    return found


def main(arguments=None):
    """Prepare, train, measure, write, table by table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True, help=f"folder, from {ARCHIVE}")
    parser.add_argument("--sets", nargs="*", default=list(FILES), choices=FILES)
    parser.add_argument("--models", nargs="*", default=list(MODELS), choices=MODELS)
    parser.add_argument("--minutes", type=float, default=60, help="for every fit")
    parser.add_argument("--set", nargs="*", default=[], metavar="name=value")
    chosen = parser.parse_args(arguments)
    settings = training.settings_of(chosen.set)
    files = {name: located(chosen.data, name) for name in chosen.sets}
    training.RESULTS.mkdir(exist_ok=True)
    path = training.RESULTS / "uci.json"
    found = json.loads(path.read_text()) if path.exists() else {}
    for name in chosen.sets:
        row, data = found.setdefault(name, {}), None
        for key in ("Gaussian", *chosen.models):
            if key not in row:
                data = data or tuple(
                    part.astype("float32") for part in PREPARE[name](*files[name])
                )
                row["shape"] = [list(part.shape) for part in data]
                if key == "Gaussian":
                    train, _, test = (part.astype("float64") for part in data)
                    log_prob, facts = gaussian(train, test), {}
                else:
                    log_prob, facts = fitted(name, data, key, chosen.minutes, settings)
                error = 2 * np.std(log_prob, dtype="float64") / np.sqrt(len(log_prob))
                nats = float(np.mean(log_prob, dtype="float64"))
                row[key] = {"nats": nats, "two_errors": float(error), **facts}
                training.write("uci", found)
            papers = PAPERS[key][list(FILES).index(name)]
            ours = f"{row[key]['nats']:8.2f} +- {row[key]['two_errors']:.2f}"
            print(f"{name:10} {key:9} {ours}, the paper's {papers:.2f}", flush=True)


if __name__ == "__main__":
    main()
