# %% [markdown]
# # A character model
#
# Text, letter by letter, with a GRU. It reads what scikit-learn says of its data sets,
# writes some of its own, and goes on where a sentence stops.
#
# `KGEN_FAST=1` makes it short, to see that it runs.

# %%
import os
from importlib import resources

import numpy as np

import kgen

FAST = os.environ.get("KGEN_FAST") == "1"
if FAST:
    import tensorflow as tf

    tf.config.run_functions_eagerly(run_eagerly=True)

# %% [markdown]
# ## Text
#
# Letters become numbers, and the text windows of 100 letters, which overlap. The last
# tenth of the text is held out.

# %%
files = resources.files("sklearn.datasets.descr").iterdir()
files = sorted((file for file in files if file.name.endswith(".rst")), key=str)
text = " ".join(file.read_text(encoding="utf-8").lower() for file in files)
text = "".join(c for c in " ".join(text.split()) if c.isascii())
letters = sorted(set(text))
codes = np.array([letters.index(c) for c in text], "uint8")
length = 16 if FAST else 100
end = len(codes) * 9 // 10
X = np.stack([codes[i : i + length] for i in range(0, end - length, 10)])
unseen = np.stack(
    [codes[i : i + length] for i in range(end, len(codes) - length, length)]
)
X = X[:32] if FAST else X
print(f"{len(text)} letters of {len(letters)} kinds, {len(X)} windows")

# %% [markdown]
# ## Fit
#
# The head is told how many letters there are, and that they have no order. What the
# model has to beat is the frequency of each letter.

# %%
model = kgen.SequenceRNN(
    head=kgen.heads.Categorical(len(letters)),
    hidden=16 if FAST else 256,
    epochs=1 if FAST else 12,
    batch_size=32,
    learning_rate=3e-3,
    verbose=0 if FAST else 2,
    random_state=0,
).fit(X)

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
# ## Go on
#
# `complete` keeps a beginning and draws the rest.

# %%
beginning = "the data set "
start = np.array([letters.index(c) for c in beginning], "uint8")
X_new = np.zeros((3, 20 if FAST else 80), "uint8")
X_new[:, : len(start)] = start
known = np.arange(X_new.shape[1]) < len(start)
print()
for row in model.complete(X_new, known, random_state=0):
    print("".join(letters[i] for i in row))
