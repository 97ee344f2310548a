# %% [markdown]
# # Normalizing flows: bend a bell into any shape
#
# A flow bends a bell-shaped density until it fits your data. It gives an exact density
# of real numbers, and most flows draw a sample in one pass. We try three of them on
# eight clusters in the plane, where the best possible density is known. Then come a
# table of measurements and small images.

# %% tags=["test"]
import os

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.mixture import GaussianMixture

import kgen
from kgen.data.toy import mixture

x_train, _ = mixture(4000, random_state=0)
x_test, _ = mixture(4000, random_state=1)
models = {
    "RealNVP": kgen.RealNVP(couplings=12),
    "MAF": kgen.MAF(layers=8),
    "NSF": kgen.NSF(couplings=4),
}
settings = {"hidden": (64, 64), "batch_size": 200, "learning_rate": 2e-3, "epochs": 40}

# %% tags=["test"]
FAST = bool(os.environ.get("KGEN_FAST"))  # a short run, as a test
if FAST:
    import tensorflow as tf

    tf.config.run_functions_eagerly(run_eagerly=True)  # quicker than tracing
    x_train, x_test = x_train[:64], x_test[:64]
    settings["epochs"] = 1

# %% [markdown]
# ## Clusters
#
# No density can do better than the entropy, 1.70 nats per point.

# %%
entropy = np.log(8) + np.log(2 * np.pi * np.e * 0.2**2)
print(f"nats per held-out point\nentropy   {entropy:.3f}")
for name, model in models.items():
    model.set_params(**settings, random_state=0).fit(x_train)
    print(f"{name:9} {-model.score(x_test):.3f}")

# %% [markdown]
# A flow can bend space, but it cannot tear it. RealNVP and MAF leave thin bridges
# between the clusters. The splines of NSF press them until they are hardly there.

# %% alt="Densities and samples of RealNVP, MAF and NSF: eight clusters on a ring"
figure, axes = plt.subplots(
    2, 3, figsize=(8, 5.4), sharex=True, sharey=True, layout="constrained"
)
for (name, model), above, below in zip(models.items(), *axes, strict=True):
    kgen.plots.density_2d(model, limits=(-3, 3), colour_bar=False, title=name, ax=above)
    below.scatter(*model.sample(2000, random_state=0).T, s=1)
    below.set_aspect("equal")
figure.savefig("flows.png", dpi=120)

# %% [markdown]
# ## A small table
#
# Next we take 569 tumours with 30 measurements each, which depend strongly on one
# another. `score` is in the units of the data. Papers report it for standardised data,
# where it is greater by the sum of the logarithms of the scales.

# %%
table = load_breast_cancer(as_frame=True).data
order = np.random.default_rng(0).permutation(len(table))
t_train, t_test = table.iloc[order[:455]], table.iloc[order[455:]]
short = {"hidden": 64, "learning_rate": 2e-3, "epochs": 40, "random_state": 0}
densities = {
    "one Gaussian": GaussianMixture(1, reg_covar=1e-9),
    "three Gaussians": GaussianMixture(3, reg_covar=1e-9, random_state=0),
    "MAF": kgen.MAF(layers=3, **short),
    "NSF": kgen.NSF(couplings=3, **short),
}

# %% tags=["test"]
if FAST:
    for name in ("MAF", "NSF"):
        densities[name].set_params(epochs=1)

# %%
scales = np.log(t_train.std(ddof=0)).sum()
for name, model in densities.items():
    nats = model.fit(t_train).score(t_test)
    print(f"{name:15} {nats:7.2f} nats, {nats + scales:7.2f} standardised")

# %% [markdown]
# A corner plot shows whether samples look like the data: each measurement by itself,
# and each pair. Here are the test rows and as many samples of the NSF.

# %% alt="Corner plot of four measurements: real rows and samples overlap"
drawn = pd.DataFrame(
    densities["NSF"].sample(len(t_test), random_state=0), columns=table.columns
)
columns = ["mean radius", "mean texture", "mean smoothness", "mean concavity"]
axes = kgen.plots.corner(t_test, drawn, labels=["real", "NSF"], columns=columns)
axes[0, 0].figure.savefig("corner.png", dpi=120)

# %% [markdown]
# ## Small images
#
# On images a RealNVP works at several scales. We make it conditional, so that it draws
# the digit you ask for. Pixels are integers, and a flow needs real numbers. It adds
# noise to the integers, so the bits are those of an upper bound.

# %%
digits, labels = load_digits(return_X_y=True)
digits = digits.reshape(-1, 8, 8).astype("uint8")  # 17 grey levels
x_train, y_train = digits[300:], labels[300:]
x_test, y_test = digits[:300], labels[:300]
image_flow = kgen.RealNVP(
    couplings=6,
    scales=2,
    filters=32,
    conditional=True,
    epochs=40,
    learning_rate=2e-3,
    random_state=0,
)

# %% tags=["test"]
if FAST:
    x_train, y_train = x_train[:40], y_train[:40]
    x_test, y_test = x_test[:8], y_test[:8]
    image_flow.set_params(couplings=2, filters=4, epochs=1)

# %% alt="Ten rows of ten digits, a row for each class from zero to nine"
image_flow.fit(x_train, y_train)
bits = image_flow.bits_per_dim(x_test, y_test)
print(f"{bits:.3f} bits per pixel (uniform: {np.log2(17):.3f})")
drawn = image_flow.sample(y=np.repeat(np.arange(10), 10), random_state=0)
kgen.plots.image_grid(drawn, columns=10).figure.savefig("flow_digits.png", dpi=120)
