# %% [markdown]
# # Normalizing flows: densities of real numbers, drawn in one pass
#
# Eight clusters in the plane, whose best possible density is known, a table of
# measurements of cells, and small images. Nothing is downloaded. About two minutes on
# two cores.

# %%
import os

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.mixture import GaussianMixture

import kgen
from kgen.data.toy import mixture

FAST = bool(os.environ.get("KGEN_FAST"))  # a short run, as a test
if FAST:  # tracing graphs takes longer than so little training
    tf.config.run_functions_eagerly(run_eagerly=True)

# %% [markdown]
# ## Clusters
#
# No density can do better than the entropy, 1.70 nats per point.

# %%
n = 64 if FAST else 4000
x_train, _ = mixture(n, random_state=0)
x_test, _ = mixture(n, random_state=1)
settings = {"hidden": (64, 64), "batch_size": 200, "learning_rate": 2e-3}
models = {
    "RealNVP": kgen.RealNVP(couplings=12),
    "MAF": kgen.MAF(layers=8),
    "NSF": kgen.NSF(couplings=4),
}
entropy = np.log(8) + np.log(2 * np.pi * np.e * 0.2**2)
print(f"nats per held-out point\nentropy   {entropy:.3f}")
for name, model in models.items():
    model.set_params(**settings, epochs=1 if FAST else 40, random_state=0).fit(x_train)
    print(f"{name:9} {-model.score(x_test):.3f}")

# %% [markdown]
# A flow that bends space cannot tear it: RealNVP and MAF leave bridges between the
# clusters. Splines can press them until they are hardly there.

# %%
side = 8 if FAST else 200
ticks = np.linspace(-3, 3, side, dtype="float32")
plane = np.stack(np.meshgrid(ticks, ticks), axis=-1).reshape(-1, 2)
figure, axes = plt.subplots(2, 3, figsize=(9, 6))
for (name, model), above, below in zip(models.items(), *axes, strict=True):
    density = np.exp(model.log_prob(plane)).reshape(side, side)
    above.imshow(density, origin="lower", extent=(-3, 3, -3, 3), cmap="magma")
    below.scatter(*model.sample(16 if FAST else 2000, random_state=0).T, s=1)
    below.set(xlim=(-3, 3), ylim=(-3, 3))
    above.set_title(name)
figure.savefig("flows.png", dpi=80, bbox_inches="tight")

# %% [markdown]
# ## A small table
#
# 569 tumours, 30 measurements that go together. `log_prob` is in the units of the data;
# papers report it for standardised data, which is more by the sum of the logs of the
# scales.

# %%
cells = load_breast_cancer().data
order = np.random.default_rng(0).permutation(len(cells))
c_train, c_test = cells[order[:455]], cells[order[455:]]
scales = np.log(c_train.std(axis=0)).sum()
short = {"hidden": 64, "learning_rate": 2e-3, "random_state": 0}
for name, model in {
    "one Gaussian": GaussianMixture(1, reg_covar=1e-9),
    "three Gaussians": GaussianMixture(3, reg_covar=1e-9, random_state=0),
    "MAF": kgen.MAF(layers=3, epochs=1 if FAST else 40, **short),
    "NSF": kgen.NSF(couplings=3, epochs=1 if FAST else 40, **short),
}.items():
    nats = model.fit(c_train).score(c_test)
    print(f"{name:15} {nats:7.2f} nats, {nats + scales:7.2f} standardised")

# %% [markdown]
# ## Small images
#
# 1,797 digits of 8 x 8 pixels with 17 levels. The flow of images at several scales is
# conditional: every row of the picture is a class that was asked for. Bits are those of
# a bound, as integers get noise.

# %%
digits, labels = load_digits(return_X_y=True)
digits = digits.reshape(-1, 8, 8).astype("uint8")
rest, test = (slice(300, 340), slice(8)) if FAST else (slice(300, None), slice(300))
image_flow = kgen.RealNVP(
    couplings=2 if FAST else 6,
    scales=2,
    filters=4 if FAST else 32,
    conditional=True,
    epochs=1 if FAST else 40,
    learning_rate=2e-3,
    random_state=0,
).fit(digits[rest], labels[rest])
bits = image_flow.bits_per_dim(digits[test], labels[test])
print(f"{bits:.3f} bits per pixel (uniform: {np.log2(17):.3f})")
columns = 2 if FAST else 10
asked = np.repeat(np.arange(10), columns)
drawn = image_flow.sample(y=asked, random_state=0)
kgen.plots.image_grid(drawn, columns=columns).figure.savefig("flow_digits.png", dpi=80)
