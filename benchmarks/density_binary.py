"""NADE and MADE on the nine binary tables of the NADE papers.

    KGEN_DATA=folder python benchmarks/density_binary.py

`KGEN_DATA` names a folder with `density_binary.npz` (train, valid and test of every
table, bit-packed). Every model is trained until the validation loss has not fallen for
ten epochs, and the best epoch is kept. Writes benchmarks/results/density_binary.json
after every fit, with the test nats beside those of independent coins, and resumes from
that file when called again.
"""

import json
import os
import time
from pathlib import Path

import keras
import numpy as np
from training import RESULTS, machine, write

import kgen

NAMES = "nltcs plants baudio jester accidents mushrooms pumsb_star dna nips".split()
MODELS = {
    "NADE": lambda: kgen.NADE(hidden=256, batch_size=64, random_state=0),
    "MADE": lambda: kgen.MADE(hidden=(512,), orders=8, batch_size=64, random_state=0),
}


def table(name, split):
    """One table, (n, variables), 0 and 1."""
    with np.load(Path(os.environ["KGEN_DATA"], "density_binary.npz")) as data:
        count = int(data[f"{name}_nvars"])
        return np.unpackbits(data[f"{name}_{split}"], axis=1, count=count)


def coins(train, test):
    """Nats of independent coins, one added to every count."""
    p = (train.sum(axis=0) + 1.0) / (len(train) + 2.0)
    return float(-(test * np.log(p) + (1 - test) * np.log(1 - p)).sum(axis=1).mean())


def main():
    """Train, measure, write, table by table."""
    path = RESULTS / "density_binary.json"
    found = json.loads(path.read_text()) if path.exists() else {}
    found["command"], found["machine"] = (
        "python benchmarks/density_binary.py",
        machine(),
    )
    for name in NAMES:
        train, valid, test = (table(name, s) for s in ("train", "valid", "test"))
        row = found.setdefault(name, {"independent": coins(train, test)})
        for key, make in MODELS.items():
            if key in row:
                continue
            stop = keras.callbacks.EarlyStopping(patience=10, restore_best_weights=True)
            start, model = time.perf_counter(), make().set_params(epochs=300)
            model.fit(train, validation_data=valid, callbacks=[stop])
            row[key] = {
                "model": repr(model),
                "nats": -model.score(test),
                "epochs": len(model.history_["loss"]),
                "seconds": round(time.perf_counter() - start),
            }
            print(name, row["independent"], key, row[key], flush=True)  # noqa: T201
            write("density_binary", found)


if __name__ == "__main__":
    main()
