# %% [markdown]
# # Search for hyper-parameters
#
# A density of binary digits (scikit-learn's, 64 features) and a GAN of points in the
# plane. Nothing is downloaded. About two minutes on two cores.

# %%
import os

import numpy as np
import tensorflow as tf
from sklearn.base import clone
from sklearn.datasets import load_digits

import kgen
from kgen.data.toy import mixture
from kgen.tuning import Range, search

FAST = bool(os.environ.get("KGEN_FAST"))  # a short run, as a test
if FAST:  # tracing graphs takes longer than so little training
    tf.config.run_functions_eagerly(run_eagerly=True)

# %% [markdown]
# ## A density
#
# Every estimator knows which of its hyper-parameters are worth a search. What counts is
# the log-likelihood of digits that are held out.

# %%
x = (load_digits().data > 8).astype("uint8")
x = x[np.random.default_rng(0).permutation(len(x))]
x_train, x_test = (x[:64], x[64:128]) if FAST else (x[500:], x[:500])

made = kgen.MADE(hidden=(16,) if FAST else (512, 512), epochs=1 if FAST else 30)
found = search(
    made, x_train, max_trials=2 if FAST else 15, tuner="bayesian", random_state=0
)
print(found.results_.sort_values("rank")[["score", "seconds", "rank"]].head())
print("best:", found.best_params_)

# %% [markdown]
# The best of fifteen scores is flattering, so both are compared on other digits, after
# a fit to all that the search could use.

# %%
for name, params in {"defaults": {}, "tuned": found.best_params_}.items():
    fitted = clone(made).set_params(random_state=0, **params).fit(x_train)
    print(f"{name:10} {-fitted.score(x_test):6.2f} nats per test digit")

# %% [markdown]
# ## A GAN
#
# There is no likelihood. What counts is how far samples are from held-out data, by a
# metric of `kgen.metrics`. Hyperband gives most settings few epochs.

# %%
points, _ = mixture(200 if FAST else 4000, random_state=0)
gan = kgen.GAN(epochs=2 if FAST else 9, batch_size=128)
found = search(
    gan,
    points,
    {"learning_rate": Range(1e-5, 1e-2, log=True), "objective": ["hinge", "minimax"]},
    max_trials=1 if FAST else 4,
    tuner="hyperband",
    scoring="sliced_wasserstein",
    random_state=0,
)
print(found.results_.drop(columns=["problem", "status"]))
print("best:", found.best_params_, "distance:", round(-found.best_score_, 3))
