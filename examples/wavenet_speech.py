# %% [markdown]
# # A WaveNet on spoken digits
#
# Spoken digits, as 256 mu-law levels, sample by sample: the density of sound given the
# digit. It writes `wavenet_speech.wav`, a clip of every digit, and prints what a sample
# costs on recordings that it did not hear, beside a linear predictor. Seven minutes on
# two cores; by then the clips have a voice, but no words yet.
#
# `KGEN_DATA` names a folder with `fsdd_8khz.npz` (Free Spoken Digit Dataset, 8 kHz).
# Without it the sounds are tones, generated here.
#
# `KGEN_FAST=1` makes it short, as a test.

# %%
import os
import wave
from pathlib import Path

import numpy as np
from scipy.stats import norm

import kgen
from kgen.data import mu_law_decode, mu_law_encode

FAST = os.environ.get("KGEN_FAST") == "1"
if FAST:
    import tensorflow as tf

    tf.config.run_functions_eagerly(run_eagerly=True)
RATE, LENGTH = 8000, 60 if FAST else 2400

# %% [markdown]
# ## Sound
#
# The first 0.3 seconds of every recording, scaled to the same loudness.

# %%
file = Path(os.environ.get("KGEN_DATA", ""), "fsdd_8khz.npz")
if file.is_file():
    with np.load(file) as data:
        clips = np.split(data["audio"] / 32768.0, data["offsets"][1:-1])
        digits, speaker = data["digit"], data["speaker"]
    chosen = speaker == "jackson"
    clips = [clip for clip, mine in zip(clips, chosen, strict=True) if mine]
    digits = digits[chosen]
else:
    digits = np.repeat(np.arange(10), 40)
    pitch = np.random.default_rng(0).normal(1.0, 0.02, size=len(digits))
    seconds = np.arange(LENGTH) / RATE
    clips = [
        0.5 * np.sin(2 * np.pi * 220 * 2 ** (d / 12) * p * seconds)
        for d, p in zip(digits, pitch, strict=True)
    ]
sound = np.zeros((len(clips), LENGTH))
for row, clip in zip(sound, clips, strict=True):
    row[: len(clip)] = clip[:LENGTH] / np.abs(clip).max()
X = mu_law_encode(sound)  # uint8, (clips, LENGTH)
unseen = np.arange(len(X)) % 10 == 0
if FAST:
    X, digits, unseen = X[::50], digits[::50], unseen[::50]
print(X.shape, X.dtype)

# %% [markdown]
# ## Fit
#
# An output sees 2 + 2 * (2**9 - 1) = 1024 samples before it, an eighth of a second.

# %%
model = kgen.WaveNet(
    filters=8 if FAST else 32,
    layers=2 if FAST else 9,
    stacks=1 if FAST else 2,
    head="categorical",
    conditional=True,
    epochs=1 if FAST else 30,
    batch_size=4,
    learning_rate=2e-3,
    verbose=0 if FAST else 2,
    random_state=0,
)
train = slice(None) if FAST else ~unseen
test = slice(None) if FAST else unseen
model.fit(X[train], digits[train])
print(f"{-model.score(X[test], digits[test]) / LENGTH:.2f} nats per sample")

# %% [markdown]
# A linear predictor, a[1] x[t-1] + a[2] x[t-2], with normal noise, gives every level
# what the normal has in its bin.

# %%
heard, asked = mu_law_decode(X[train]), mu_law_decode(X[test])


def past(x):
    """The two samples before each, silence before the first."""
    padded = np.pad(x, ((0, 0), (2, 0)))
    return np.stack([padded[:, 1:-1], padded[:, :-2]], axis=-1)


a = np.linalg.lstsq(past(heard).reshape(-1, 2), heard.ravel(), rcond=None)[0]
scale = np.std(heard - past(heard) @ a)
edges = np.concatenate([[-np.inf], mu_law_decode(np.arange(255) + 0.5), [np.inf]])
low, high = (
    norm.cdf((edges[X[test].astype(int) + k] - past(asked) @ a) / scale) for k in (0, 1)
)
# No level is taken to be less likely than that, in favour of the predictor.
mass = np.maximum(high - low, 1e-9)
print(f"{-np.log(mass).mean():.2f} by the linear predictor")

# %% [markdown]
# ## Listen
#
# One clip of every digit, each twice as long as those it learned from.

# %%
known = np.unique(digits)
clips = model.sample(y=known, length=2 * LENGTH, random_state=0)
with wave.open("wavenet_speech.wav", "wb") as file:
    file.setnchannels(1)
    file.setsampwidth(2)
    file.setframerate(RATE)
    joined = mu_law_decode(clips).ravel()
    file.writeframes((32767 * joined).astype("<i2").tobytes())
print(f"wavenet_speech.wav: {len(joined) / RATE:.1f} seconds")
