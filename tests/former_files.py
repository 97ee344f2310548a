"""Write one small file of every estimator, and what it samples and scores.

    python -m tests.former_files tests/data/format1

Run for each version of the format, and for new estimators. What is there is kept:
`tests/test_former_files.py` loads it with the version of today. (Files are compressed
afterwards, which HDF5 is not.)
"""

import json
import sys
import zipfile
from pathlib import Path

import numpy as np

import kgen
from kgen.data.toy import bars

X = bars(24, size=3, random_state=0)
Y = np.array(["row", "column"])[X[:, 0, 0]]
REALS = np.random.default_rng(0).normal([0.0, 5.0, -3.0], [1.0, 2.0, 0.1], (24, 3))
CODES = np.array([[0.5, -1.0], [2.0, 0.1]], "float32")
INTEGERS = np.array([[0, 3], [2, 1]], "int32")
MLP = kgen.networks.MLP(widths=(4,))

SETTINGS = {
    "SequenceRNN": {"hidden": 4},
    "WaveNet": {"filters": 4, "layers": 2, "stacks": 1},
    "PixelRNN": {"hidden": 4, "layers": 1},
    "MADE": {"hidden": (4, 4), "orders": 3, "direct": True},
    "NADE": {"hidden": 4},
    "PixelCNN": {"filters": 4, "blocks": 1},
    "GatedPixelCNN": {"filters": 4, "layers": 2},
    "ConditionalPixelCNN": {"filters": 4, "layers": 2},
    "RealNVP": {"couplings": 2, "hidden": (4,)},
    "Glow": {"scales": 1, "steps": 1, "filters": 2},
    "MAF": {"layers": 2, "hidden": (4,)},
    "NSF": {"couplings": 2, "hidden": (4,), "bins": 3},
    "VAE": {"latent_dim": 2, "architecture": MLP},
    "BetaVAE": {"latent_dim": 2, "architecture": MLP},
    "Autoencoder": {"latent_dim": 2, "architecture": MLP},
    "ConditionalVAE": {"latent_dim": 2, "architecture": MLP},
    "WAE": {"latent_dim": 2, "architecture": MLP},
    "VQVAE": {
        "codebook_size": 4,
        "code_dim": 2,
        "positions": 2,
        "architecture": MLP,
        "prior": kgen.MADE(hidden=(4,), epochs=1, optimizer="sgd", jit_compile=False),
    },
    "AAE": {"latent_dim": 2, "architecture": MLP, "hidden": 4},
    "VAEGAN": {"latent_dim": 2, "architecture": MLP},
    "GAN": {"latent_dim": 2, "architecture": MLP},
    "WGAN": {"latent_dim": 2, "architecture": MLP},
    "ConditionalGAN": {"latent_dim": 2, "architecture": MLP},
}
TABLES = ("MADE", "NADE", "RealNVP", "MAF", "NSF")
# of real numbers, whose heads or units are learned from the data.
# SGD has no moments, which would triple a file; one estimator has Adam's.
COMMON = {"epochs": 2, "batch_size": 12, "random_state": 0, "jit_compile": False}


def estimator(name):
    optimizer = "adam" if name == "VAE" else "sgd"
    return kgen.estimators[name](**SETTINGS[name], **COMMON, optimizer=optimizer)


def data(name):
    """X and y of an estimator."""
    y = Y if getattr(estimator(name), "conditional", False) else None
    return (REALS if name in TABLES else X), y


def numbers(name, fitted):
    """What a file must give again, in every version."""
    x, y = data(name)
    found = {}
    if hasattr(fitted, "decode"):  # the noise of their draws may change
        condition = [] if y is None else [np.eye(2, dtype="float32")]
        codes = INTEGERS if hasattr(fitted, "codebook_size") else CODES
        found["decode"] = np.asarray(fitted.model_.decode(codes, *condition)).tolist()
    else:
        first = {} if y is None else {"y": y[:4]}
        found["sample"] = fitted.sample(4, random_state=0, **first).tolist()
    if hasattr(fitted, "log_prob"):
        found["log_prob"] = fitted.log_prob(x, y).tolist()
    if hasattr(fitted, "prior_"):
        found["log_prob"] = fitted.prior_.log_prob(fitted.encode(x)).tolist()
    found["history"] = fitted.history_
    return found


def compress(path):
    """Make a file as small as it can be, with the same contents."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)


def main(folder):
    folder.mkdir(parents=True, exist_ok=True)
    known = folder / "numbers.json"
    found = json.loads(known.read_text()) if known.exists() else {}
    for name in set(SETTINGS) - set(found):
        fitted = estimator(name).fit(*data(name))
        path = folder / f"{name}.keras"
        fitted.save(path)
        compress(path)
        found[name] = numbers(name, fitted)
    known.write_text(json.dumps(found, indent=0) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
