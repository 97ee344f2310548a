"""WaveNet on spoken digits by speakers it never heard, beside a linear predictor.

    KGEN_DATA=folder python benchmarks/speech.py --minutes 20

`KGEN_DATA` names a folder with `fsdd_8khz.npz` (Free Spoken Digit Dataset, 8 kHz). Two
of the six speakers are held out. Both models give a probability to each of the 256
mu-law values of every sample, given the same past: WaveNet, with its defaults, by its
softmax; the predictor by the mass that a normal around a[1] x[t-1] + a[2] x[t-2] has in
every bin, with the coefficients and the width that are best for the training speakers
(and, as a harder mark, with those that are best for the test speakers themselves).
Interrupt it at will: it goes on where it was when called again. At the end it writes
benchmarks/results/speech.json and a clip, speech.wav, beside it.
"""

import argparse
import os
import wave
from pathlib import Path

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.stats import norm
from training import RESULTS, train, write

import kgen
from kgen.data import mu_law_decode, mu_law_encode

HELD_OUT = ("theo", "yweweler")
LENGTH = 2000


def windows(speakers):
    """Mu-law codes, uint8 (n, LENGTH), of all that these speakers say, end to end."""
    with np.load(Path(os.environ["KGEN_DATA"], "fsdd_8khz.npz")) as data:
        of = data["speaker"]
        clips = np.split(data["audio"], data["offsets"][1:-1])
    sound = np.concatenate([c for c, s in zip(clips, of, strict=True) if s in speakers])
    sound = sound[: len(sound) // LENGTH * LENGTH].reshape(-1, LENGTH)
    return mu_law_encode(sound / 32768.0)


def everybody():
    """Names of all speakers."""
    with np.load(Path(os.environ["KGEN_DATA"], "fsdd_8khz.npz")) as data:
        return sorted(set(data["speaker"].tolist()))


def past(codes):
    """Sound, and the two samples before each: silence before the first."""
    x = mu_law_decode(codes).astype("float64")
    padded = np.pad(x, ((0, 0), (2, 0)))
    return x, np.stack([padded[:, 1:-1], padded[:, :-2]], axis=-1)


def mass(codes, means, scale):
    """Log-probability of the bins of the codes under normals."""
    edges = np.concatenate([[-np.inf], mu_law_decode(np.arange(255) + 0.5), [np.inf]])
    low = (edges[codes] - means) / scale
    high = (edges[codes.astype(int) + 1] - means) / scale
    # By the tail on whose side the bin is: differences near one lose all digits.
    flip = low > 0
    low, high = np.where(flip, -high, low), np.where(flip, -low, high)
    upper, lower = norm.logcdf(high), norm.logcdf(low)
    return upper + np.log1p(-np.exp(np.minimum(lower - upper, -1e-12)))


def predictor(train, test):
    """Nats per sample of the linear predictor on the test windows, and its settings."""
    x, before = past(train)
    a = np.linalg.lstsq(before.reshape(-1, 2), x.ravel(), rcond=None)[0]
    means = before @ a
    found = minimize_scalar(
        lambda log_scale: -mass(train, means, np.exp(log_scale)).mean(),
        bounds=(-9, 0),
        method="bounded",
    )
    scale = float(np.exp(found.x))
    _, before = past(test)
    return {
        "coefficients": a.tolist(),
        "scale": scale,
        "train": float(found.fun),
        "test": float(-mass(test, before @ a, scale).mean()),
    }


def main():
    """Train, measure, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, required=True)
    minutes = parser.parse_args().minutes
    heard = [name for name in everybody() if name not in HELD_OUT]
    x_train, x_test = windows(heard), windows(HELD_OUT)
    model = kgen.WaveNet(head="categorical", random_state=0, verbose=2)
    found = train("speech", model, minutes, x_train)
    found["held out"] = HELD_OUT
    found["windows"] = {"train": len(x_train), "test": len(x_test), "length": LENGTH}
    found["nats per sample"] = {
        "uniform": float(np.log(256)),
        "linear predictor": predictor(x_train, x_test),
        "linear predictor that has heard the test": predictor(x_test, x_test),
        "WaveNet": {
            "train": -model.score(x_train[:300]) / LENGTH,
            "test": -model.score(x_test) / LENGTH,
        },
    }
    found["loss"] = [loss / LENGTH for loss in model.history_["loss"]]
    clip = model.set_params(verbose=0).sample(length=16_000, random_state=0)[0]
    with wave.open(str(RESULTS / "speech.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes((32767 * mu_law_decode(clip)).astype("<i2").tobytes())
    write("speech", found)


if __name__ == "__main__":
    main()
