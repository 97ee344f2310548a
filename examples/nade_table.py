# %% [markdown]
# # NADE and MADE: exact densities of tables
#
# Learn a table, draw new rows, and fill in the columns that are missing. Both models
# split the density of a row into one conditional density for each feature. We try them
# on two tables: 64 binary features (scikit-learn's digits, ink or no ink) and two real
# ones (eight clusters in the plane).

# %% tags=["test"]
import os

# %%
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits

import kgen
from kgen.data.toy import mixture

x = (load_digits().data > 8).astype("uint8")  # (1797, 64)
x_train, x_test = x[:1400], x[1400:]

# %% [markdown]
# MADE can average over several orders of the features. `orders` says how many.

# %%
models = {
    "NADE": kgen.NADE(hidden=100, epochs=10, learning_rate=1e-2),
    "MADE": kgen.MADE(hidden=(200,), epochs=20, learning_rate=3e-3),
    "MADE, 8 orders": kgen.MADE(hidden=(200,), orders=8, epochs=60, learning_rate=3e-3),
}

# %% tags=["test"]
FAST = bool(os.environ.get("KGEN_FAST"))  # a short run, as a test
if FAST:
    import tensorflow as tf

    tf.config.run_functions_eagerly(run_eagerly=True)  # quicker than tracing
    x_train, x_test = (  # every other pixel, in both directions
        part.reshape(-1, 8, 8)[:48, ::2, ::2].reshape(-1, 16)
        for part in (x_train, x_test)
    )
    for model in models.values():
        model.set_params(epochs=1)

# %% [markdown]
# ## Binary features
#
# What does a model have to beat? A coin for every feature, each with the frequency of
# its feature.

# %%
frequency = (x_train.sum(axis=0) + 1) / (len(x_train) + 2)
coins = np.where(x_test, frequency, 1 - frequency)
print("nats per held-out row")
print(f"coins          {-np.log(coins).sum(axis=1).mean():6.2f}")
for name, model in models.items():
    model.set_params(random_state=0).fit(x_train)
    print(f"{name:14} {-model.score(x_test):6.2f}")

# %% alt="Test digits beside rows that NADE and two MADEs drew, as images"
size = int(np.sqrt(x_train.shape[1]))
grids = {"test digits": x_test[:25]}
grids |= {name: model.sample(25, random_state=0) for name, model in models.items()}
figure, axes = plt.subplots(2, 2, figsize=(5.4, 5.8), layout="constrained")
for ax, (title, rows) in zip(axes.flat, grids.items(), strict=True):
    kgen.plots.image_grid(rows.reshape(-1, size, size), title=title, ax=ax)
figure.savefig("nade_table.png", dpi=120)

# %% [markdown]
# Completion draws what is missing given what comes before it in the order of the
# features. Here the lower half of each digit is missing, so all known pixels come
# first.

# %% alt="Six digits, their upper halves, and six completions of each by NADE"
known = np.arange(size**2) < size**2 // 2
images, mask = x_test[:6].reshape(-1, size, size), known.reshape(size, size)
draws = [models["NADE"].complete(x_test[:6], known, random_state=i) for i in range(6)]
draws = [rows.reshape(images.shape) for rows in draws]
figure, ax = plt.subplots(figsize=(6, 4.8), layout="constrained")
kgen.plots.completions(images, mask, draws, ax=ax)
figure.savefig("nade_completions.png", dpi=120)

# %% [markdown]
# ## Real features
#
# For each float feature the network puts out a mixture of normals. The best possible
# density of these clusters costs 1.70 nats per point.
#
# `complete` draws the last features given the first ones, so the order of the features
# decides what you can ask. We want to draw x given y, so we put y first:
# `order=(1, 0)`.

# %%
points, _ = mixture(2000, random_state=0)
unseen, _ = mixture(1000, random_state=1)
model = kgen.NADE(hidden=64, order=(1, 0), batch_size=32, epochs=40)

# %% tags=["test"]
if FAST:
    points, unseen = points[:64], unseen[:64]
    model.set_params(epochs=1)

# %%
model.set_params(learning_rate=1e-2, random_state=0).fit(points)
print(f"{type(model.head_).__name__}: {-model.score(unseen):.2f} nats per point")

# %% [markdown]
# At y = 1.41 there are two clusters, at x = -1.41 and x = 1.41. Draws of x should find
# both.

# %% alt="Map of a density of eight clusters, and draws of x given y = 1.41"
asked = np.tile(np.array([0.0, 1.41], "float32"), (500, 1))
answers = model.complete(asked, np.array([False, True]), random_state=0)
figure, axes = plt.subplots(1, 2, figsize=(8, 3.8), layout="constrained")
kgen.plots.density_2d(model, limits=(-3, 3), colour_bar=False, ax=axes[0])
axes[0].axhline(1.41, color="white", linestyle="--")
axes[0].set(title="density", xlabel="x", ylabel="y")
axes[1].hist(answers[:, 0], bins=60, range=(-3, 3))
axes[1].set(title="500 draws of x given y = 1.41", xlabel="x")
figure.savefig("nade_points.png", dpi=120)

# %% [markdown]
# It does. The few draws near x = 0 belong to the cluster at the top, which the model
# makes a little too wide.
