# %% [markdown]
# # Are the samples good?
#
# The loss of a GAN does not tell you, so measure its samples instead. Here are two
# GANs, one of points on a ring and one of digits. Every number comes with its standard
# error and with its floor: the value that held-out real data get.

# %%
import functools

import keras
import matplotlib.pyplot as plt
import numpy as np

import kgen
from kgen import metrics
from kgen.callbacks import CollapseMonitor, SampleMetric
from kgen.data.toy import mixture

x, _ = mixture(10_000, random_state=0)
unseen, _ = mixture(len(x), random_state=1)
ring = kgen.GAN(
    latent_dim=8, epochs=40, batch_size=128, learning_rate=1e-3, random_state=0
)

# %% tags=["test"]
import os  # noqa: E402

FAST = bool(os.environ.get("KGEN_FAST"))  # a short run, as a test
if FAST:
    import tensorflow as tf

    tf.config.run_functions_eagerly(run_eagerly=True)  # quicker than tracing
    x, unseen = x[:500], unseen[:500]
    ring.set_params(epochs=2)

# %% [markdown]
# ## A ring
#
# The data are eight clusters whose centres we know. Two callbacks watch the training.
# `SampleMetric` adds a distance between samples and held-out data to the history, and
# `CollapseMonitor` looks out for mode collapse.

# %%
distance = functools.partial(
    metrics.sliced_wasserstein, floor=False, n_resamples=0, random_state=0
)
watching = [
    SampleMetric(distance, unseen, len(x) // 5),
    CollapseMonitor(x, patience=10, action="restore"),
]
ring.fit(x, callbacks=watching)
samples = ring.sample(len(x) // 2, random_state=0)

# %% alt="Samples on a ring of eight clusters; a distance that falls, rises, falls"
figure, axes = plt.subplots(1, 2, figsize=(8, 3.8), layout="constrained")
axes[0].scatter(*x[:2000].T, s=4, color="0.8", label="real")
axes[0].scatter(*samples[:1000].T, s=2, label="samples")
axes[0].set_aspect("equal")
axes[0].legend(loc="center", markerscale=4)
axes[1].plot(ring.history_["val_sliced_wasserstein"])
axes[1].set(title="distance to held-out data", xlabel="epoch", ylim=(0, None))
figure.savefig("ring.png", dpi=120)

# %% [markdown]
# Do the samples cover all eight clusters, and how many of them belong to one? `good` is
# the share of samples near a centre, and `divergence` is 0 if the clusters have their
# right shares.


# %%
def show(name, found):
    print(f"{name:24}{found:9.4f} +- {found.stderr:.4f}   floor {found.floor:.4f}")


angles = np.arange(8) * np.pi / 4
modes = 2 * np.stack([np.cos(angles), np.sin(angles)], axis=1)
found = metrics.mode_coverage(
    real=x, fake=samples, modes=modes, radius=4 * 0.2, random_state=0
)
for field in ("covered", "good", "divergence"):
    show(field, getattr(found, field))
print("samples at each mode:", found.counts)

# %% [markdown]
# Usually nobody knows the clusters. These metrics need only real data and samples. The
# last one asks whether samples are copies: are they nearer to the training data than
# held-out data are?

# %%
data = {"real": x, "fake": samples, "held_out": unseen, "random_state": 0}
for name, estimate in metrics.prdc(**data)._asdict().items():
    show(name, estimate)
for metric in (metrics.mmd, metrics.sliced_wasserstein, metrics.classifier_two_sample):
    show(metric.__name__, metric(**data))
copies = metrics.nearest_training(**data)
show("nearest_training", copies)
print(f"p-value of copying: {copies.p_value:.2f}")

# %% [markdown]
# ## Digits
#
# Distances between pixels say little about images. So we compare digits by the features
# of a small classifier, which learns from the real ones. To save time we halve the size
# of the digits.

# %%
(x, y), (unseen, _) = keras.datasets.mnist.load_data()
x, unseen = (
    part.reshape(-1, 14, 2, 14, 2).mean(axis=(2, 4)).astype("uint8")
    for part in (x, unseen)
)
gan = kgen.GAN(architecture="conv", epochs=7, random_state=0)
n_samples, steps = 5000, 1000

# %% tags=["test"]
if FAST:
    x, y, unseen, n_samples, steps = x[:400], y[:400], unseen[:400], 100, 5
    gan.set_params(architecture=kgen.networks.Conv(width=4), epochs=1)

# %%
features = metrics.default_features(x, y, steps=steps)
print(features)
gan.fit(x, callbacks=[CollapseMonitor(x[:2000], features=features, patience=5)])
samples = gan.sample(n_samples, random_state=0)

# %% alt="Forty real digits beside forty that the GAN drew"
figure, axes = plt.subplots(1, 2, figsize=(8, 3.4), layout="constrained")
kgen.plots.image_grid(unseen[:40], columns=8, title="real", ax=axes[0])
kgen.plots.image_grid(samples[:40], columns=8, title="samples", ax=axes[1])
figure.savefig("digits.png", dpi=120)

# %% [markdown]
# The classifier also knows the classes. Does the GAN draw all ten, and equally often?

# %%
data = {
    "real": x, "fake": samples, "held_out": unseen,
    "features": features, "random_state": 0,
}  # fmt: skip
for metric in (metrics.frechet_distance, metrics.kernel_distance):
    show(metric.__name__, metric(**data))
for name, estimate in metrics.prdc(**data)._asdict().items():
    show(name, estimate)
found = metrics.mode_coverage(real=y, fake=features.predict(samples))
show("classes covered", found.covered)
show("divergence of classes", found.divergence)
print("samples of each class:", found.counts)
