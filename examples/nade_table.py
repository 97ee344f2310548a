# %% [markdown]
# # NADE and MADE: exact densities of tables
#
# Two tables: 64 binary features (scikit-learn's digits, ink or no ink), and 2 real ones
# (eight clusters in the plane). Nothing is downloaded. About a minute on two cores.

# %%
import os

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf
from sklearn.datasets import load_digits

import kgen
from kgen.data.toy import mixture

FAST = bool(os.environ.get("KGEN_FAST"))  # a short run, as a test
if FAST:  # tracing graphs takes longer than so little training
    tf.config.run_functions_eagerly(run_eagerly=True)

# %% [markdown]
# ## Binary features
#
# What a model has to beat: a coin for every feature, each with its own frequency.

# %%
x = (load_digits().data > 8).astype("uint8")  # (1797, 64)
x_train, x_test = x[:1400], x[1400:]
if FAST:  # every other pixel, in both directions
    x_train, x_test = (
        x.reshape(-1, 8, 8)[:48, ::2, ::2].reshape(-1, 16) for x in (x_train, x_test)
    )
size = int(np.sqrt(x_train.shape[1]))

frequency = (x_train.sum(axis=0) + 1) / (len(x_train) + 2)
coins = np.where(x_test, frequency, 1 - frequency)
report = [f"coins                {-np.log(coins).sum(axis=1).mean():6.2f}"]

# %% [markdown]
# `orders` of MADE is the number of orders that features come in. The density is the
# mean of those of all orders.

# %%
models = {
    "NADE": kgen.NADE(hidden=100, epochs=10, learning_rate=1e-2),
    "MADE": kgen.MADE(hidden=(200,), epochs=20, learning_rate=3e-3),
    "MADE, 8 orders": kgen.MADE(hidden=(200,), orders=8, epochs=60, learning_rate=3e-3),
}
grids = {"test digits": x_test[:36]}
for name, model in models.items():
    if FAST:
        model.set_params(epochs=1)
    model.set_params(random_state=0).fit(x_train)
    grids[name] = model.sample(4 if FAST else 36, random_state=0)
    report.append(f"{name:20} {-model.score(x_test):6.2f}")
print("nats per held-out example\n" + "\n".join(report))

# %% [markdown]
# Completion: what is missing is drawn given what comes before it. Here the lower half
# is missing, so that all that is known comes before.

# %%
known = np.arange(size**2) < size**2 // 2
halves = np.repeat(x_test[:6], 6, axis=0)[: 4 if FAST else 36]
grids["NADE, lower half drawn"] = models["NADE"].complete(halves, known, random_state=0)

figure, axes = plt.subplots(1, len(grids), figsize=(17, 4), layout="constrained")
for ax, (title, images) in zip(axes, grids.items(), strict=True):
    kgen.plots.image_grid(images.reshape(-1, size, size), title=title, ax=ax)
figure.savefig("nade_table.png", dpi=100)

# %% [markdown]
# ## Real features
#
# Floats get a mixture of normals each. The best density there is costs 1.70 nats.

# %%
points, _ = mixture(64 if FAST else 2000, random_state=0)
unseen, _ = mixture(64 if FAST else 1000, random_state=1)
for name, model in {
    "NADE": kgen.NADE(hidden=64, batch_size=32, epochs=40, learning_rate=1e-2),
    "MADE": kgen.MADE(hidden=(64, 64), batch_size=32, epochs=40, learning_rate=1e-2),
}.items():
    if FAST:
        model.set_params(epochs=1)
    model.set_params(random_state=0).fit(points)
    drawn = model.sample(4 if FAST else 1000, random_state=0)
    sector = np.rint(np.arctan2(drawn[:, 1], drawn[:, 0]) / (np.pi / 4)).astype(int) % 8
    print(f"\n{name}, {type(model.head_).__name__}: {-model.score(unseen):.2f} nats")
    print(f"samples in each of eight sectors: {np.bincount(sector, minlength=8)}")

# %% [markdown]
# In which order do features come? `complete` draws those that come last given those
# that come first, so the order decides what can be asked. Here: x given y = 1.41.
# There are two clusters that high, at x = -1.41 and x = 1.41.

# %%
model = kgen.NADE(hidden=64, order=(1, 0), batch_size=32, epochs=1 if FAST else 40)
model.set_params(learning_rate=1e-2, random_state=0).fit(points)
asked = np.tile(np.array([0.0, 1.41], "float32"), (8, 1))
answers = model.complete(asked, np.array([False, True]), random_state=0)
print("\nx given y = 1.41:", np.sort(answers[:, 0]).round(2))
