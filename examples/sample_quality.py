# %% [markdown]
# # Are the samples good?
#
# The loss of a GAN does not say. Here are two GANs, one of points on a ring and one of
# digits, and what to measure: every number with its standard error and with its floor,
# which is what held-out real data get. Ten minutes on two cores, most of it the GAN of
# MNIST.

# %%
import functools
import os

import keras
import numpy as np
import tensorflow as tf

import kgen
from kgen import metrics
from kgen.callbacks import CollapseMonitor, SampleGrid, SampleMetric
from kgen.data.toy import mixture

FAST = bool(os.environ.get("KGEN_FAST"))  # a short run, as a test
if FAST:  # tracing graphs takes longer than so little training
    tf.config.run_functions_eagerly(run_eagerly=True)


def show(name, found):
    print(f"{name:24}{found:9.4f} +- {found.stderr:.4f}   floor {found.floor:.4f}")


# %% [markdown]
# Eight clusters on a ring, of which we know the centres. While it trains, pictures are
# drawn, a distance goes into the history, and a monitor looks out for mode collapse.

# %%
x, _ = mixture(500 if FAST else 10_000, random_state=0)
unseen, _ = mixture(len(x), random_state=1)
angles = np.arange(8) * np.pi / 4
modes = 2 * np.stack([np.cos(angles), np.sin(angles)], axis=1)
distance = functools.partial(
    metrics.sliced_wasserstein, floor=False, n_resamples=0, random_state=0
)
gan = kgen.GAN(
    latent_dim=8,
    epochs=2 if FAST else 40,
    batch_size=128,
    learning_rate=1e-3,
    random_state=0,
)
gan.fit(
    x,
    callbacks=[
        SampleGrid("ring", 500, real=x, every=10),
        SampleMetric(distance, unseen, 200 if FAST else 2000),
        CollapseMonitor(x, patience=10, action="restore"),
    ],
)
print(
    "sliced Wasserstein by epoch:", np.round(gan.history_["val_sliced_wasserstein"], 3)
)

# %%
samples = gan.sample(len(x) // 2, random_state=0)
data = {"real": x, "fake": samples, "held_out": unseen, "random_state": 0}
found = metrics.mode_coverage(
    real=x, fake=samples, modes=modes, radius=4 * 0.2, random_state=0
)
for field in ("covered", "good", "divergence"):
    show(field, getattr(found, field))
print("samples at each mode:", found.counts)
for name, estimate in metrics.prdc(**data)._asdict().items():
    show(name, estimate)
for metric in (metrics.mmd, metrics.sliced_wasserstein, metrics.classifier_two_sample):
    show(metric.__name__, metric(**data))
copies = metrics.nearest_training(**data)
show("nearest_training", copies)
print(f"p-value of copying: {copies.p_value:.2f}")

# %% [markdown]
# Digits are compared by the features of a small classifier, which is trained on the
# real ones and knows their classes.

# %%
(images, labels), (test, test_labels) = keras.datasets.mnist.load_data()
if FAST:
    images, labels, test, test_labels = (
        part[:400] for part in (images, labels, test, test_labels)
    )
features = metrics.default_features(images, labels, steps=5 if FAST else 1000)
print(features)
monitor = CollapseMonitor(images[:2000], features=features, patience=5)
digits = kgen.GAN(
    epochs=1 if FAST else 7,
    architecture=kgen.networks.Conv(width=4) if FAST else "conv",
    random_state=0,
    verbose=1,
)
grid = SampleGrid("digits", 80, columns=10)
digits.fit(images, callbacks=[grid, monitor])

# %%
samples = digits.sample(100 if FAST else 5000, random_state=0)
data = {
    "real": images, "fake": samples, "held_out": test,
    "features": features, "random_state": 0,
}  # fmt: skip
for metric in (metrics.frechet_distance, metrics.kernel_distance):
    show(metric.__name__, metric(**data))
for name, estimate in metrics.prdc(**data)._asdict().items():
    show(name, estimate)
found = metrics.mode_coverage(real=labels, fake=features.predict(samples))
show("classes covered", found.covered)
show("divergence of classes", found.divergence)
print("samples of each class:", found.counts)
