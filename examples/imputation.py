# %% [markdown]
# # What is missing: imputation and completion
#
# A MADE of any order knows all conditionals of a table: it fills in whatever is
# missing, given whatever is known. A table with holes, and digits of which half is
# hidden.
# Nothing is downloaded. About two minutes on two cores.

# %%
import os

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf
from sklearn.datasets import load_digits, load_wine
from sklearn.impute import KNNImputer

import kgen
from kgen.tasks import Imputer

FAST = bool(os.environ.get("KGEN_FAST"))  # a short run, as a test
if FAST:  # tracing graphs takes longer than so little training
    tf.config.run_functions_eagerly(run_eagerly=True)

# %% [markdown]
# ## A table with holes
#
# 30% of all values of the wines are hidden, in training and test rows alike. NaN is
# missing. The imputer learns from the rows as they are.

# %%
x = load_wine().data  # (178, 13)
x = (x - x.mean(axis=0)) / x.std(axis=0)
x = np.random.default_rng(0).permutation(x)[: 24 if FAST else None, : 4 if FAST else 13]
known = np.random.default_rng(1).random(x.shape) > 0.3
gappy = np.where(known, x, np.nan)
cut = 2 * len(x) // 3

density = kgen.MADE(
    hidden=(128, 128), orders="any", epochs=1 if FAST else 200, random_state=0
)
imputer = Imputer(density, n_draws=20, n_rounds=2 if FAST else 5, random_state=0)
imputer.fit(gappy[:cut])


# %% [markdown]
# The mean of many draws has a small error. A single draw has a larger one, but looks
# like the data: that is what an analysis of variances or correlations needs.


# %%
def error(filled):
    """Root mean squared error of the hidden values of the test rows."""
    return np.sqrt(np.mean((filled - x[cut:])[~known[cut:]] ** 2))


draws = imputer.draws(gappy[cut:], 20)
neighbours = KNNImputer().fit(gappy[:cut]).transform(gappy[cut:])
log_prob = imputer.density_.completion_log_prob(x[cut:], known[cut:])
report = [
    f"column means      {error(np.zeros_like(x[cut:])):.2f}",
    f"KNNImputer        {error(neighbours):.2f}",
    f"mean of 20 draws  {error(draws.mean(axis=0)):.2f}",
    f"one draw          {error(draws[0]):.2f}",
    f"nats per hidden value  {-log_prob.sum() / (~known[cut:]).sum():.2f}",
]

# %% [markdown]
# ## Half a digit
#
# `complete` keeps what the mask keeps and draws the rest, whichever half is hidden.

# %%
digits = (load_digits().images > 8).astype("uint8")  # (1797, 8, 8)
digits = digits[:48, ::2, ::2] if FAST else digits
size = digits.shape[1]
model = kgen.MADE(
    hidden=(32,) if FAST else (500, 500),
    orders="any",
    epochs=1 if FAST else 150,
    random_state=0,
).fit(digits[:-10])
upper, right = np.zeros((2, size, size), bool)
upper[: size // 2], right[:, size // 2 :] = True, True
rows = [digits[-10:]]
for kept in (upper, right, ~upper):
    rows.append(np.where(kept, digits[-10:], 0.5))
    rows.append(model.complete(digits[-10:], kept, random_state=0))

ax = kgen.plots.image_grid(np.concatenate(rows), columns=10)
ax.figure.savefig("completed_digits.png")
plt.close("all")
print("\n".join(report))
