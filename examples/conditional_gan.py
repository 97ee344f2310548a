# %% [markdown]
# # A conditional GAN: ask for a seven
#
# scikit-learn's 8x8 digits with their labels, one to two minutes on two cores. Labels
# may be of any type; here they are words.

# %%
import os

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf
from sklearn.datasets import load_digits

import kgen

FAST = bool(os.environ.get("KGEN_FAST"))  # a short run, as a test
if FAST:  # tracing graphs takes longer than so little training
    tf.config.run_functions_eagerly(run_eagerly=True)

# %%
WORDS = np.array("zero one two three four five six seven eight nine".split())
digits = load_digits()
x, y = digits.images.astype("uint8"), WORDS[digits.target]
if FAST:
    x, y = x[:64], y[:64]

gan = kgen.ConditionalGAN(epochs=1 if FAST else 250, random_state=0, verbose=1)
gan.fit(x, y)

# %% [markdown]
# `y` says what is drawn: one label for all samples, or a label for each. Counts are
# exact. Without y, labels come at their training frequencies.

# %%
sevens = gan.sample(4, y="seven", random_state=0)
columns = np.tile(WORDS, 4)
samples = gan.sample(y=columns, random_state=0)
print(sevens.shape, samples.shape, gan.sample(3).shape)

# %% [markdown]
# A GAN has no density, and says so.

# %%
print(hasattr(gan, "log_prob"))
try:
    gan.log_prob(x)
except kgen.ImplicitDensityError as error:
    print(error)

# %%
rows = np.stack([np.flatnonzero(y == word)[:4] for word in WORDS], axis=1).ravel()
figure, axes = plt.subplots(1, 2, figsize=(15, 5), layout="constrained")
kgen.plots.image_grid(x[rows], columns=10, title="real", ax=axes[0])
kgen.plots.image_grid(samples, columns=10, title="zero to nine, asked for", ax=axes[1])
figure.savefig("conditional_gan.png", dpi=100)
