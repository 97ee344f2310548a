# %% [markdown]
# # A character model
#
# Guess the next letter, again and again, and you have written a text. A GRU reads the
# help that comes with Python, letter by letter. Then it writes some of its own and
# continues a sentence.

# %% tags=["test"]
import os

# %%
import textwrap
from pydoc_data.topics import topics

import keras
import matplotlib.pyplot as plt
import numpy as np

import kgen

# %% [markdown]
# ## Text
#
# Letters become numbers, and the text becomes windows of 100 letters that overlap by
# half. We drop paragraphs that occur twice, and hold out the last tenth of the text.

# %%
paragraphs = "\n\n".join(topics[name] for name in sorted(topics)).lower().split("\n\n")
paragraphs = dict.fromkeys(" ".join(p.split()) for p in paragraphs)
text = "".join(c for c in " ".join(paragraphs) if c.isascii() and c.isprintable())
letters = sorted(set(text))
codes = np.array([letters.index(c) for c in text], "uint8")
length, end = 100, len(codes) * 9 // 10
X = np.stack([codes[i : i + length] for i in range(0, end - length, length // 2)])
unseen = np.stack(
    [codes[i : i + length] for i in range(end, len(codes) - length, length)]
)
print(f"{len(text)} letters of {len(letters)} kinds, {len(X)} windows")

# %% [markdown]
# ## Fit
#
# We tell the head how many letters there are, and that they have no order. Training
# ends after ten epochs, or earlier if the held-out text gets no more probable. (Such a
# choice makes the held-out score a little too good.)

# %%
model = kgen.SequenceRNN(
    head=kgen.heads.Categorical(len(letters)),
    hidden=256,
    epochs=10,
    batch_size=32,
    learning_rate=3e-3,
    random_state=0,
)

# %% tags=["test"]
if os.environ.get("KGEN_FAST"):  # a short run, as a test
    import tensorflow as tf

    tf.config.run_functions_eagerly(run_eagerly=True)  # quicker than tracing
    X, unseen = X[:32, :16], unseen[:32, :16]
    model.set_params(hidden=16, epochs=1)

# %%
stop = keras.callbacks.EarlyStopping(restore_best_weights=True)
model = model.fit(X, validation_data=unseen, callbacks=[stop])

# %% [markdown]
# What does the model have to beat? The frequency of each letter.

# %%
counts = np.bincount(codes[:end], minlength=len(letters)) + 1
plain = -np.log2(counts / counts.sum())[unseen].mean()
bits = model.bits_per_dim(X), model.bits_per_dim(unseen)
print(f"bits per letter: {bits[0]:.2f} in what it read, {bits[1]:.2f} held out")
print(f"by the frequency of letters: {plain:.2f}")

# %% [markdown]
# ## What comes next?
#
# The network inside gives the logits of every next letter. In the picture, each column
# is the distribution of the letter below it, given all letters before. At the beginning
# of a word many letters are possible. Later the word is often clear.

# %% tags=["folded"] alt="Heat map: probabilities of each next letter of a sentence"
sentence = "if the expression is a function call, "
row = np.array([[letters.index(c) for c in sentence]], "float32")
logits = np.asarray(model.model_(row[..., np.newaxis]))[0]  # (letters, kinds)
probability = np.exp(logits - np.logaddexp.reduce(logits, axis=1, keepdims=True))
shown = [letters.index(c) for c in " abcdefghijklmnopqrstuvwxyz,."]
figure, ax = plt.subplots(figsize=(8, 5.6), layout="constrained")
image = ax.imshow(probability[:, shown].T, cmap="Blues", vmin=0, vmax=1, aspect="auto")
ax.set_xticks(range(len(sentence)), sentence.replace(" ", "_"), family="monospace")
names = [letters[i] for i in shown]
ax.set_yticks(range(len(shown)), ["_", *names[1:]], family="monospace", fontsize=9)
for step, code in enumerate(row[0].astype(int)):
    if code in shown:
        ax.plot(step, shown.index(code), "s", mec="C1", mfc="none", markersize=11)
figure.colorbar(image, label="probability")
figure.savefig("next_letters.png", dpi=120)

# %% [markdown]
# The squares mark the letters that did come, and `_` is a space.
#
# ## Write
#
# A sample may be longer than any window. A temperature below 1 makes the model less
# adventurous.

# %%
for temperature in (1.0, 0.5):
    sample = model.sample(length=300, temperature=temperature, random_state=0)
    written = "".join(letters[i] for i in sample[0])
    print(f"temperature {temperature}:")
    print(textwrap.fill(written, 72), end="\n\n")

# %% [markdown]
# ## Continue
#
# `complete` keeps a beginning and draws the rest.

# %%
beginning = "an expression "
start = [letters.index(c) for c in beginning]
X_new = np.zeros((3, 72), "uint8")
X_new[:, : len(start)] = start
known = np.arange(X_new.shape[1]) < len(start)
for row in model.complete(X_new, known, random_state=0):
    print("".join(letters[i] for i in row))
