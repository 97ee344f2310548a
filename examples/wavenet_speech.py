# %% [markdown]
# # A WaveNet on spoken digits
#
# Hear a network babble the digits, one sound sample at a time. A WaveNet learns the
# density of each sample of a sound, given those before it and the digit that is spoken.
# After a few minutes of training it has a voice, but no words yet.
#
# Let the environment variable `KGEN_DATA` name a folder with `fsdd_8khz.npz`, which
# holds recordings of the [Free Spoken Digit
# Dataset](https://github.com/Jakobovski/free-spoken-digit-dataset) at 8 kHz. Without it
# the sounds are tones that the script makes.

# %%
import os
import wave
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from scipy.stats import norm

import kgen
from kgen.data import mu_law_decode, mu_law_encode

RATE, LENGTH = 8000, 2400

# %% [markdown]
# ## Sound
#
# We take 0.3 seconds of every recording of one speaker, from where the voice begins,
# and scale them to the same loudness. (A model that learns long silences draws long
# silences.) `mu_law_encode` makes 256 levels of the samples, finer where it is quiet.
# One recording in ten is held out.

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
    clip = clip / np.abs(clip).max()
    clip = clip[np.argmax(np.abs(clip) > 0.2) :][:LENGTH]  # from the first loud sample
    row[: len(clip)] = clip
X = mu_law_encode(sound)  # uint8, (clips, LENGTH)
unseen = np.arange(len(X)) % 10 == 0
print(X.shape, X.dtype)

# %% [markdown]
# ## Fit
#
# Each layer doubles the dilation, and there are two stacks of nine. An output sees
# 2 + 2 * (2**9 - 1) = 1024 samples before it, an eighth of a second.

# %%
model = kgen.WaveNet(
    filters=32,
    layers=9,
    stacks=2,
    head="categorical",
    conditional=True,
    epochs=18,
    batch_size=4,
    learning_rate=2e-3,
    random_state=0,
)

# %% tags=["test"]
if os.environ.get("KGEN_FAST"):  # a short run, as a test
    import tensorflow as tf

    tf.config.run_functions_eagerly(run_eagerly=True)  # quicker than tracing
    LENGTH = 60
    X, digits = X[::25, 400:460], digits[::25]
    unseen = np.arange(len(X)) % 2 == 0
    model.set_params(filters=8, layers=2, stacks=1, epochs=1)

# %%
model.fit(X[~unseen], digits[~unseen])
print(f"{-model.score(X[unseen], digits[unseen]) / LENGTH:.2f} nats per sample")

# %% [markdown]
# Is that good? We compare it with a linear predictor,
# $a_1 x_{t-1} + a_2 x_{t-2}$, with normal noise. It gives every level the probability
# that the normal has between the edges of this level.

# %%
heard, asked = mu_law_decode(X[~unseen]), mu_law_decode(X[unseen])


def past(x):
    """The two samples before each, silence before the first."""
    padded = np.pad(x, ((0, 0), (2, 0)))
    return np.stack([padded[:, 1:-1], padded[:, :-2]], axis=-1)


a = np.linalg.lstsq(past(heard).reshape(-1, 2), heard.ravel(), rcond=None)[0]
scale = np.std(heard - past(heard) @ a)
edges = np.concatenate([[-np.inf], mu_law_decode(np.arange(255) + 0.5), [np.inf]])
low, high = (
    norm.cdf((edges[X[unseen].astype(int) + k] - past(asked) @ a) / scale)
    for k in (0, 1)
)
# No level is taken to be less likely than that, in favour of the predictor.
mass = np.maximum(high - low, 1e-9)
print(f"{-np.log(mass).mean():.2f} by the linear predictor")

# %% [markdown]
# ## Listen
#
# We draw one clip of every digit, each twice as long as those of the training data.

# %%
known = np.unique(digits)
clips = mu_law_decode(model.sample(y=known, length=2 * LENGTH, random_state=0))
with wave.open("wavenet_speech.wav", "wb") as file:
    file.setnchannels(1)
    file.setsampwidth(2)
    file.setframerate(RATE)
    file.writeframes((32767 * clips.ravel()).astype("<i2").tobytes())
print(f"wavenet_speech.wav: {clips.size / RATE:.1f} seconds")

# %% [markdown]
# Compare the clips with real ones, as waves and as spectrograms. A voice shows as
# horizontal bands: its harmonics.

# %% tags=["folded"] alt="Waves and spectrograms of recordings and of drawn clips"
bins = min(256, LENGTH)
figure, axes = plt.subplots(4, 3, figsize=(9, 6), sharex=True, layout="constrained")
for k, pair in enumerate(axes.T):
    recorded = mu_law_decode(X[digits == known[k]][0])
    for (above, below), clip, name in (
        (pair[:2], recorded, "recorded"),
        (pair[2:], clips[k, :LENGTH], "drawn"),
    ):
        above.plot(np.arange(LENGTH) / RATE, clip, linewidth=0.5)
        above.set(title=f"{known[k]}, {name}", ylim=(-1, 1), yticks=[])
        below.specgram(clip + 1e-4, NFFT=bins, noverlap=bins * 3 // 4, Fs=RATE)
        below.set_yticks([0, 2000, 4000], ["0", "2", "4 kHz"])
    pair[-1].set_xlabel("seconds")
figure.savefig("wavenet_speech.png", dpi=120)
