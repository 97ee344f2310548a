# %% [markdown]
# # PixelCNN on MNIST
#
# An exact density of images: how likely is a digit, what does a digit look like, and
# what could the other half of a digit be? About ten minutes on two cores.

# %%
import os

import keras
import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf

import kgen

FAST = bool(os.environ.get("KGEN_FAST"))  # a short run, as a test
if FAST:  # tracing graphs takes longer than so little training
    tf.config.run_functions_eagerly(run_eagerly=True)

# %% [markdown]
# Ink or no ink: pixels above the middle grey become 1. kgen sees that there are only
# zeros and ones and takes the Bernoulli head.

# %%
(x_train, _), (x_test, _) = keras.datasets.mnist.load_data()
x_train, x_test = ((x > 127).astype("uint8") for x in (x_train, x_test))
if FAST:
    x_train, x_test = (x[:32, 8:20:3, 8:20:3] for x in (x_train, x_test))

model = kgen.PixelCNN(epochs=3, learning_rate=2e-3, random_state=0, verbose=1)
if FAST:
    model.set_params(epochs=1, blocks=1, filters=8)
model.fit(x_train, validation_data=x_test[:1000])

# %% [markdown]
# The log-probability is exact, in nats. Digits turned upside down are less likely.

# %%
nats = model.log_prob(x_test[:1000])
flipped = model.log_prob(x_test[:1000, ::-1])
print(f"test digits: {-nats.mean():.1f} nats")
print(f"upside down: {-flipped.mean():.1f}; {np.mean(flipped < nats):.0%} less likely")

# %% [markdown]
# Sampling draws pixel by pixel; every layer keeps what it will need of those before.
# Completion keeps the pixels where the mask is True and redraws the others.

# %%
half = np.zeros(x_test.shape[1:], bool)
half[: half.shape[0] // 2] = True
samples = model.sample(16 if FAST else 36, random_state=0)
originals = np.repeat(x_test[:6], 6, axis=0)
completed = model.complete(originals, half, random_state=0)

figure, axes = plt.subplots(1, 3, figsize=(15, 5.4), layout="constrained")
kgen.plots.image_grid(x_test[:36], title="test digits", ax=axes[0])
kgen.plots.image_grid(samples, title="samples", ax=axes[1])
kgen.plots.image_grid(completed, title="lower halves redrawn", ax=axes[2])
figure.savefig("pixelcnn_mnist.png", dpi=100)

# %% [markdown]
# One file holds the estimator and its Keras model, without pickle.

# %%
model.save("pixelcnn_mnist.keras")
again = kgen.load("pixelcnn_mnist.keras")
assert np.array_equal(again.log_prob(x_test[:5]), model.log_prob(x_test[:5]))  # noqa: S101
