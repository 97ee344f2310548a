# %% [markdown]
# # Sequences: what comes next
#
# **How do you model a sequence of any length?**
#
# An image has a fixed size. A sentence, a melody or a weather record does not: it
# begins, and it goes on. In this lesson you fit one network to short sequences and use
# it on long ones, forecast a series together with an honest range, and let a
# [WaveNet](../api/WaveNet.md) say vowels that you can hear. You need the chain rule of
# [lesson 2](02_chain_rule.md).

# %%
import os
import wave

import keras
import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from scipy.signal import lfilter

import kgen
from kgen.data import mu_law_decode, mu_law_encode
from kgen.data.toy import waves

WAVES, DRAWS, CLIPS, EPOCHS, SECONDS = 1000, 400, 200, 40, 1.0

# %% tags=["test"]
if os.environ.get("KGEN_FAST"):  # a short run, as a test
    WAVES, DRAWS, CLIPS, EPOCHS, SECONDS = 32, 8, 10, 1, 0.05

# %% [markdown]
# ## One step at a time
#
# The chain rule holds for sequences of every length:
#
# $$p(x_1, \ldots, x_T) = \prod_{t=1}^{T} p(x_t \mid x_1, \ldots, x_{t-1})$$
#
# So one network is enough, provided that it turns the past into the distribution of the
# next step, in the same way everywhere. We can then apply it 40 times or 40,000 times.
# The past, however, grows with every step. There are two ways to deal with that:
#
# ![Left: a recurrent network hands a state from step to step. Right: a window sees only
# the last four steps](../figures/summary_and_window.svg)
#
# - A recurrent network keeps a **summary** of all that it has seen, and updates it at
#   every step. That is [SequenceRNN](../api/SequenceRNN.md).
# - A causal convolution looks at a **window** of the last steps, its *receptive field*.
#   That is WaveNet.
#
# We try both on data with a known answer: noisy oscillations, of which no model can
# describe a step in fewer than 0.215 nats on average. The learning rate falls along a
# cosine, so that even a short training run settles.


# %%
def falling(rate, n, epochs, batch_size):
    steps = epochs * n // batch_size
    return keras.optimizers.schedules.CosineDecay(rate, decay_steps=steps, alpha=0.02)


X = waves(WAVES, length=40, random_state=0)  # (1000, 40), reals
long = waves(100, length=400, random_state=1)  # unseen, and ten times as long
settings = {"head": "normal", "epochs": 15, "batch_size": 16}
settings["learning_rate"] = falling(1e-2, WAVES, 15, 16)
window = kgen.WaveNet(filters=16, layers=3, stacks=1, random_state=0, **settings)
summary = kgen.SequenceRNN(hidden=32, random_state=0, **settings)
for model in (window, summary):
    model.fit(X)
    nats = -model.score(long) / 400
    print(f"{type(model).__name__:12} {nats:.3f} nats per step; the best is 0.215")

# %% [markdown]
# Both come within 0.01 nats of the best, on sequences ten times as long.
#
# ## How to see far: dilated convolutions
#
# To see $k$ steps, a network would need a kernel of $k$ taps (weights), or about $k$
# layers of two taps each. WaveNet sees further for less: the taps of its layers are 1,
# 2, 4, 8, ... steps apart (the *dilation*), and each layer **doubles** the view:
#
# ![Four layers of convolutions with dilations 1, 2, 4 and 8: the last output is
# connected to sixteen inputs](../figures/dilated_convolutions.svg)
#
# $$\text{receptive field} = 1 + \sum_{k=0}^{L-1} 2^k = 2^L$$
#
# Ten layers reach 1024 steps. (In kgen the first layer already looks at two steps, and
# the $L$ layers above it add $2^L - 1$ for each of their stacks.)
#
# Check it: change one step of the input, and see where the output moves.

# %%
print("according to the formula:", 2 + 2**3 - 1)
print("according to the model:  ", window.model_.receptive_field)

x = long[:1, :, np.newaxis].copy()  # (1, 400, 1), as the Keras model takes it
before = np.asarray(window.model_(x))
x[0, 100] += 1.0
moved = np.abs(np.asarray(window.model_(x)) - before).max(axis=(0, 2)) > 0
print("step 100 is changed; outputs that move:", np.flatnonzero(moved))

# %% [markdown]
# Nine outputs moved. None of them is at step 100 or before it: nothing leaks from the
# future, and so the product of the factors is a true density.
#
# ## A forecast is many futures
#
# A density of sequences is also a forecaster. `complete` keeps what is known and draws
# the rest. Each draw is one possible future; quantiles of many say how sure the
# forecast is.

# %%
known = np.arange(60) < 30
series = waves(100, length=60, random_state=2)
futures = window.complete(np.repeat(series[:1], DRAWS, axis=0), known, random_state=0)
low, middle, high = np.quantile(futures, [0.05, 0.5, 0.95], axis=0)

# %% [markdown]
# These data let us check the range. They come from $x_t = 1.5\, x_{t-1} - 0.9\, x_{t-2}
# + 0.3\, \epsilon_t$, with standard normal $\epsilon_t$, so the exact forecast is
# known. Run the equation without noise for the mean, and add up the variances of all
# the noise to come. (90% of a normal lie within 1.645 standard deviations.)


# %%
def without_noise(x, steps=30):
    x = list(x)
    for _ in range(steps):
        x.append(1.5 * x[-1] - 0.9 * x[-2])
    return np.array(x[-steps:])


effect = without_noise([0.0, 1.0], 29)  # of one noise, on the steps after it
deviation = 0.3 * np.sqrt(1 + np.append(0, np.cumsum(effect**2)))

# %% tags=["folded"] alt="Draws of a series, and a 90% band close to the exact one"
steps, ahead = np.arange(60), np.arange(30, 60)
figure, ax = plt.subplots(figsize=(8, 3.2), layout="constrained")
ax.plot(steps[:30], series[0, :30], color="black", label="known")
ax.fill_between(ahead, low[30:], high[30:], alpha=0.25, label="90% of draws")
ax.plot(ahead, futures[:3, 30:].T, color="C0", linewidth=0.8, alpha=0.8)
ax.plot(ahead, middle[30:], color="C0", linewidth=2.5, label="median")
for sign in (-1.645, 1.645):
    exact = without_noise(series[0, :30]) + sign * deviation
    ax.plot(ahead, exact, "k--", linewidth=1, label="exact" if sign > 0 else None)
ax.set(xlabel="step", ylabel="x", ylim=(-3, 3.8))
ax.legend(ncols=4, fontsize="small", loc="upper left")
figure.savefig("forecast.png", dpi=120)

# %% [markdown]
# The thin lines are three of the 400 futures. The band follows the exact one, dashed.
# Does it do so for other series? Count how often what really happened lies inside:

# %%
inside, exactly = [], []
for row in series:
    copies = np.repeat(row[np.newaxis], DRAWS // 4, axis=0)
    drawn = window.complete(copies, known, random_state=0)
    low, high = np.quantile(drawn, [0.05, 0.95], axis=0)
    inside.append(((low <= row) & (row <= high))[30:])
    exactly.append(np.abs(row[30:] - without_noise(row[:30])) < 1.645 * deviation)
print(f"inside the band of the model: {np.mean(inside):.0%}")
print(f"inside the exact band:        {np.mean(exactly):.0%}")

# %% [markdown]
# The model's band is as good as the exact one. (Neither is quite at 90%: the steps of a
# series are correlated, so 100 series are few independent cases.)
#
# ## Sound: 8,000 steps a second
#
# Recordings have 16 bits per sample, so a softmax would need 65,536 outputs. WaveNet
# rounds a sample $x$ between -1 and 1 to one of 256 levels. They are evenly spaced not
# in $x$ but in $f(x)$, the *mu-law* of telephony, with $\mu = 255$:
#
# $$f(x) = \operatorname{sign}(x) \, \frac{\ln(1 + \mu |x|)}{\ln(1 + \mu)}$$
#
# ![The curve of the mu-law is steep around zero, so even levels of f are narrow levels
# of x there](../figures/mu_law.svg)
#
# Where the sound is quiet the levels are close together, and where it is loud they are
# far apart, so the error stays in proportion to the sound. Our speaker is a few lines
# of code: the vocal cords open and close 180 times a second, and the mouth is three
# resonators, whose frequencies make the vowel.

# %%
RATE = 8000  # samples per second
FORMANTS = {"a": (730, 1090, 2440), "i": (270, 2290, 3010), "o": (400, 750, 2400)}


def say(vowel, seconds, random):
    pitch = 180 * 2 ** random.normal(0, 0.03)
    phase = random.uniform() + np.arange(int(seconds * RATE) + 400) * pitch / RATE
    sound = np.diff(np.floor(phase), prepend=0) + 0.01 * random.normal(size=len(phase))
    for frequency, width in zip(FORMANTS[vowel], (60, 90, 150), strict=True):
        r = np.exp(-np.pi * width / RATE)
        turn = 2 * r * np.cos(2 * np.pi * frequency / RATE)
        sound = lfilter([1 - r], [1, -turn, r**2], sound)
    return 0.9 * sound[400:] / np.abs(sound[400:]).max()


def write(name, sound):
    with wave.open(name, "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        file.writeframes((32767 * sound).astype("<i2").tobytes())


random = np.random.default_rng(0)
write("the_speaker.wav", np.concatenate([say(v, SECONDS, random) for v in "aio"]))

# %% [markdown]
# That is what the model has to learn. It gets the levels of clips of a tenth of a
# second and, being `conditional`, the name of the vowel as the label $y$. With eight
# layers an output sees 257 steps, between five and six periods of the voice.

# %%
y = np.array(list("aio"))[np.arange(CLIPS) % 3]
sounds = [say(vowel, SECONDS / 10, random) for vowel in y]
clips = mu_law_encode(sounds)  # (200, 800) uint8
test = np.arange(CLIPS) % 10 >= 8
settings = {"filters": 32, "stacks": 1, "conditional": True, "batch_size": 8}
settings |= {"epochs": EPOCHS, "learning_rate": falling(4e-3, sum(~test), EPOCHS, 8)}
speaker = kgen.WaveNet(layers=8, random_state=0, **settings)
speaker.fit(clips[~test], y[~test])
nats = -speaker.score(clips[test], y[test]) / clips.shape[1]
print(f"{nats:.2f} nats per sample of unheard clips; {np.log(256):.2f} for any level")

# %% [markdown]
# Now it speaks: one second of each vowel, ten times as long as any clip it has heard.

# %%
length = int(SECONDS * RATE)
said = mu_law_decode(speaker.sample(y=list("aio"), length=length, random_state=0))
write("the_wavenet.wav", said.ravel())

# %% [markdown]
# It has a voice, a little hoarse, and you can tell the three vowels apart. In a
# spectrogram time goes to the right and frequency upwards. The fine lines are harmonics
# of the voice, bright where the mouth resonates. Every vowel has its own bright bands,
# and the model has them in the same places.

# %% tags=["folded"] alt="Spectrograms of vowels: WaveNet has the speaker's bands"
shared = {"sharex": True, "sharey": True, "layout": "constrained"}
figure, axes = plt.subplots(2, 3, figsize=(9, 4.6), **shared)
for i, vowel in enumerate("aio"):
    original = say(vowel, SECONDS, random)
    for ax, sound in zip(axes[:, i], (original, said[i]), strict=True):
        sound = sound + 1e-5 * random.normal(size=len(sound))  # no logarithm of 0
        ax.specgram(sound, NFFT=256, Fs=RATE, noverlap=192)
    axes[0, i].set_title(f'"{vowel}"')
    axes[1, i].set_xlabel("seconds")
axes[0, 0].set_ylabel("speaker\nHz")
axes[1, 0].set_ylabel("WaveNet\nHz")
figure.savefig("spectrograms.png", dpi=120)

# %% [markdown]
# Samples are drawn one after the other, but a step costs the same however much has been
# said: every layer keeps the few old values that it will need. For human voices, see
# [spoken digits](../gallery/wavenet_speech.md).
#
# ## Remember
#
# - The chain rule has no fixed length. One network for the next step is a model of
#   sequences of any length.
# - A recurrent network summarises the past in a state. Dilated convolutions look at a
#   window, which every further layer doubles.
# - Draw many futures, and their quantiles are a forecast that says how sure it is.
#   Check it on series that the model has not seen.
#
# ## Exercise
#
# The voice repeats itself every 44 samples. Fit the speaker with `layers=4`, which sees
# 17 samples. What do you expect of its nats per sample? What will it sound like?

# %% tags=["answer"]
short = kgen.WaveNet(layers=4, random_state=0, **settings)
short.fit(clips[~test], y[~test])
nats = -short.score(clips[test], y[test]) / clips.shape[1]
said = mu_law_decode(short.sample(y=list("aio"), length=length, random_state=0))
write("a_short_window.wav", said.ravel())
print(f"{nats:.2f} nats per sample, with a window of {short.model_.receptive_field}")

# %% [markdown] tags=["answer"]
# The nats go up by only 0.08, but that is per sample: over a clip of 800 samples it
# adds up to some 60 nats. You hear where they come from. The "a" and most of the "o"
# survive, because their resonances ring through a whole period, and a few samples tell
# how far it has come. The "i" breaks off for more than half a second. Once its ringing
# has faded, nothing within the window says when the vocal cords opened last, and the
# model keeps waiting.

# %% [markdown]
# ## Read on
#
# - The guide to [models of sequences](../guide/sequences.md): text, gaps, measurements.
# - Next lesson: [latent codes](05_latent_codes.md).
# - Van den Oord et al., [WaveNet: A Generative Model for Raw
#   Audio](https://arxiv.org/abs/1609.03499), 2016: dilations are in sec. 2.1, the
#   mu-law in 2.2. Graves, [Generating Sequences With Recurrent Neural
#   Networks](https://arxiv.org/abs/1308.0850), 2013.
