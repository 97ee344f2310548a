# %% [markdown]
# # Search for hyper-parameters
#
# Let a search choose the settings, and check that they are better. Every estimator
# knows which of its hyper-parameters are worth a search, and between which limits. We
# tune a density of binary digits (scikit-learn's, 64 features) and a GAN of points in
# the plane.

# %% tags=["test"]
import os

# %%
import matplotlib.pyplot as plt
import numpy as np
from sklearn.base import clone
from sklearn.datasets import load_digits

import kgen
from kgen.data.toy import mixture
from kgen.tuning import Range, search

x = (load_digits().data > 8).astype("uint8")
x = x[np.random.default_rng(0).permutation(len(x))]
x_train, x_test = x[500:], x[:500]
made = kgen.MADE(hidden=(512, 512), epochs=30)
trials = 15

# %% tags=["test"]
FAST = bool(os.environ.get("KGEN_FAST"))  # a short run, as a test
if FAST:
    import tensorflow as tf

    tf.config.run_functions_eagerly(run_eagerly=True)  # quicker than tracing
    x_train, x_test, trials = x_train[:64], x_test[:64], 2
    made.set_params(hidden=(16,), epochs=1)

# %% [markdown]
# ## A density
#
# The score is the log-likelihood of digits that the search holds out. The tuner is a
# Gaussian process, which learns from the trials so far where to look next.

# %%
found = search(made, x_train, max_trials=trials, tuner="bayesian", random_state=0)
print(found.results_.sort_values("rank")[["score", "seconds", "rank"]].head())
print("best:", found.best_params_)

# %% tags=["folded"] alt="Scores of fifteen trials, and the best one so far"
scores = found.results_["score"].to_numpy()
number = np.arange(1, len(scores) + 1)
figure, ax = plt.subplots(figsize=(6, 4), layout="constrained")
ax.plot(number, scores, "o", label="trial")
ax.step(number, np.maximum.accumulate(scores), where="post", label="best so far")
ax.set(xlabel="trial", ylabel="held-out log-likelihood, nats")
ax.legend()
figure.savefig("tuning.png", dpi=120)

# %% [markdown]
# The best of fifteen scores is flattering: some of it is luck. So we fit the defaults
# and the tuned settings to all digits that the search could use, and compare them on
# digits that it has never seen.

# %%
for name, params in {"defaults": {}, "tuned": found.best_params_}.items():
    fitted = clone(made).set_params(random_state=0, **params).fit(x_train)
    print(f"{name:10} {-fitted.score(x_test):6.2f} nats per test digit")

# %% [markdown]
# ## A GAN
#
# A GAN has no likelihood. Instead we score how far its samples are from held-out data,
# with a metric of `kgen.metrics`. Hyperband starts with many settings and few epochs,
# and gives more epochs only to the best.
#
# In the picture below the table, settings that earned more epochs appear two or three
# times.

# %%
points, _ = mixture(4000, random_state=0)
gan = kgen.GAN(epochs=9, batch_size=128)

# %% tags=["test"]
if FAST:
    points, trials = points[:200], 1
    gan.set_params(epochs=2)

# %%
found = search(
    gan,
    points,
    {"learning_rate": Range(1e-5, 1e-2, log=True), "objective": ["hinge", "minimax"]},
    max_trials=min(trials, 4),
    tuner="hyperband",
    scoring="sliced_wasserstein",
    random_state=0,
)
print(found.results_.drop(columns=["problem", "status"]).to_string())
print("best:", found.best_params_, "distance:", round(-found.best_score_, 3))

# %% tags=["folded"] alt="Distance to held-out data by learning rate and objective"
figure, ax = plt.subplots(figsize=(6, 4), layout="constrained")
for objective, rows in found.results_.groupby("param_objective"):
    ax.plot(rows["param_learning_rate"], -rows["score"], "o", label=objective)
ax.set(xscale="log", xlabel="learning rate", ylabel="distance to held-out data")
ax.legend()
figure.savefig("tuning_gan.png", dpi=120)
