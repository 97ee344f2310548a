# %% [markdown]
# # A character model
#
# Text, letter by letter, with a GRU. It reads the help that comes with Python, writes
# some of its own, and continues a sentence.
#
# `KGEN_FAST=1` makes it short, as a test.

# %%
import os
from pydoc_data.topics import topics

import keras
import numpy as np

import kgen

FAST = os.environ.get("KGEN_FAST") == "1"
if FAST:
    import tensorflow as tf

    tf.config.run_functions_eagerly(run_eagerly=True)

# %% [markdown]
# ## Text
#
# Letters become numbers, and the text becomes windows of 100 letters, which overlap by
# half. Paragraphs that occur twice are read once; the last tenth of the text is held
# out.

# %%
paragraphs = "\n\n".join(topics[name] for name in sorted(topics)).lower().split("\n\n")
paragraphs = dict.fromkeys(" ".join(p.split()) for p in paragraphs)
text = "".join(c for c in " ".join(paragraphs) if c.isascii() and c.isprintable())
letters = sorted(set(text))
codes = np.array([letters.index(c) for c in text], "uint8")
length = 16 if FAST else 100
end = len(codes) * 9 // 10
X = np.stack([codes[i : i + length] for i in range(0, end - length, length // 2)])
unseen = np.stack(
    [codes[i : i + length] for i in range(end, len(codes) - length, length)]
)
if FAST:
    X, unseen = X[:32], unseen[:32]
print(f"{len(text)} letters of {len(letters)} kinds, {len(X)} windows")

# %% [markdown]
# ## Fit
#
# The head is told how many letters there are, and that they have no order. Training
# ends when the held-out text gets no likelier (which makes its figure a little too
# good). What the model has to beat is the frequency of each letter.

# %%
model = kgen.SequenceRNN(
    head=kgen.heads.Categorical(len(letters)),
    hidden=16 if FAST else 256,
    epochs=1 if FAST else 20,
    batch_size=32,
    learning_rate=3e-3,
    verbose=0 if FAST else 2,
    random_state=0,
)
stop = keras.callbacks.EarlyStopping(restore_best_weights=True)
model.fit(X, validation_data=unseen, callbacks=[stop])

counts = np.bincount(codes[:end], minlength=len(letters)) + 1
plain = -np.log2(counts / counts.sum())[unseen].mean()
bits = model.bits_per_dim(X), model.bits_per_dim(unseen)
print(f"bits per letter: {bits[0]:.2f} in what it read, {bits[1]:.2f} held out")
print(f"by the frequency of letters: {plain:.2f}")

# %% [markdown]
# ## Write
#
# Longer than any window. A temperature below 1 makes it less adventurous.

# %%
for temperature in (1.0, 0.5):
    sample = model.sample(
        length=20 if FAST else 300, temperature=temperature, random_state=0
    )
    print(f"\ntemperature {temperature}:", "".join(letters[i] for i in sample[0]))

# %% [markdown]
# ## Continue
#
# `complete` keeps a beginning and draws the rest.

# %%
beginning = "an expression "
start = np.array([letters.index(c) for c in beginning], "uint8")
X_new = np.zeros((3, 20 if FAST else 80), "uint8")
X_new[:, : len(start)] = start
known = np.arange(X_new.shape[1]) < len(start)
print()
for row in model.complete(X_new, known, random_state=0):
    print("".join(letters[i] for i in row))
