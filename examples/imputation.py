# %% [markdown]
# # Fill in what is missing
#
# Half a digit, or a table full of holes: one model fills in either. A MADE that was
# trained in all orders knows every conditional density of its features. Whatever you
# know, it draws the rest.

# %% tags=["test"]
import os

# %%
import keras
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_wine
from sklearn.impute import KNNImputer

import kgen
from kgen.tasks import Imputer

(x_train, _), (x_test, _) = keras.datasets.mnist.load_data()
model = kgen.MADE(hidden=(500, 500), orders="any", epochs=30, random_state=0)

# %% tags=["test"]
FAST = bool(os.environ.get("KGEN_FAST"))  # a short run, as a test
if FAST:
    import tensorflow as tf

    tf.config.run_functions_eagerly(run_eagerly=True)  # quicker than tracing
    x_train, x_test = x_train[:48], x_test[:8]
    model.set_params(hidden=(32,), epochs=1)

# %% [markdown]
# ## Half a digit
#
# We halve the size of MNIST's digits and make them black and white. `complete` keeps
# the pixels where the mask is True and draws the others. The same model does this for
# any mask.

# %%
x_train, x_test = (
    part.reshape(-1, 14, 2, 14, 2).mean(axis=(2, 4)) > 80
    for part in (x_train[:20_000], x_test[:8])
)
model = model.fit(x_train.astype("uint8"))

# %% tags=["folded"] alt="Digits with a half hidden, and five completions of each"
x_test = x_test.astype("uint8")
upper, left = np.zeros((2, 14, 14), bool)
upper[:7], left[:, :7] = True, True
figure, axes = plt.subplots(1, 2, figsize=(9, 5.6), layout="constrained")
for ax, mask in zip(axes, (upper, left), strict=True):
    draws = [model.complete(x_test, mask, random_state=i) for i in range(5)]
    kgen.plots.completions(x_test, mask, draws, ax=ax)
figure.savefig("completed_digits.png", dpi=120)

# %% [markdown]
# ## A table with holes
#
# Now we hide 30% of all values in a table of wines, in training and test rows alike. A
# missing value is NaN. `Imputer` learns from the rows as they are.

# %%
x = load_wine().data  # (178, 13)
x = (x - x.mean(axis=0)) / x.std(axis=0)
x = np.random.default_rng(0).permutation(x)
density = kgen.MADE(hidden=(128, 128), orders="any", epochs=200, random_state=0)
imputer = Imputer(density, n_draws=20, n_rounds=5, random_state=0)

# %% tags=["test"]
if FAST:
    x = x[:24, :4]
    density.set_params(epochs=1)
    imputer.set_params(n_rounds=2)

# %%
known = np.random.default_rng(1).random(x.shape) > 0.3
gappy = np.where(known, x, np.nan)
cut = 2 * len(x) // 3
imputer.fit(gappy[:cut])
draws = imputer.draws(gappy[cut:], 20)
neighbours = KNNImputer().fit(gappy[:cut]).transform(gappy[cut:])

# %% [markdown]
# How far are the answers from the hidden values? The mean of many draws has a small
# error. A single draw has a larger one, but it varies as the data do. If you want to
# analyse variances or correlations afterwards, take draws.

# %%
hidden = ~known[cut:]


def error(filled):
    """Root mean squared error of the hidden values of the test rows."""
    return np.sqrt(np.mean((filled - x[cut:])[hidden] ** 2))


log_prob = imputer.density_.completion_log_prob(x[cut:], known[cut:])
print(f"column means      {error(np.zeros_like(x[cut:])):.2f}")
print(f"KNNImputer        {error(neighbours):.2f}")
print(f"mean of 20 draws  {error(draws.mean(axis=0)):.2f}")
print(f"one draw          {error(draws[0]):.2f}")
print(f"nats per hidden value  {-log_prob.sum() / hidden.sum():.2f}")

# %% [markdown]
# The draws also say how sure the model is. In the picture each bar reaches from the
# second lowest of twenty draws to the second highest. If the draws had just the right
# spread, 17 of 21 bars would contain the hidden value, or 81%. The model is a little
# too sure of itself.

# %% tags=["folded"] alt="Hidden values and the ranges of their draws, at a diagonal"
truth, answers = x[cut:][hidden], np.sort(draws[:, hidden], axis=0)
low, mean, high = answers[1], answers.mean(axis=0), answers[-2]
inside = np.mean((low <= truth) & (truth <= high))
figure, ax = plt.subplots(figsize=(5.5, 5), layout="constrained")
ax.errorbar(truth, mean, (mean - low, high - mean), fmt=".", alpha=0.4)
ax.axline((0, 0), slope=1, color="grey")
title = f"{inside:.0%} of the bars contain the hidden value"
ax.set(xlabel="hidden value", ylabel="its draws", title=title)
figure.savefig("imputed_wines.png", dpi=120)
