# %% [markdown]
# # PixelCNN on MNIST
#
# How probable is a digit, what does a digit look like, and how does one go on? An exact
# density of images answers all three questions. The model reads an image pixel by
# pixel, and says for each pixel how probable ink is, given the pixels before it.

# %% tags=["test"]
import os

# %%
import keras
import matplotlib.pyplot as plt
import numpy as np

import kgen

# %% [markdown]
# We make MNIST black and white: a pixel above the middle grey becomes 1. kgen sees that
# there are only zeros and ones and takes the Bernoulli head.

# %%
(x_train, _), (x_test, _) = keras.datasets.mnist.load_data()
x_train, x_test = ((x > 127).astype("uint8") for x in (x_train, x_test))
x_train = x_train[:30_000]

# %% tags=["test"]
if os.environ.get("KGEN_FAST"):  # a short run, as a test
    import tensorflow as tf

    tf.config.run_functions_eagerly(run_eagerly=True)  # quicker than tracing
    x_train, x_test = (x[:32, 8:20:3, 8:20:3] for x in (x_train, x_test))

# %%
model = kgen.PixelCNN(epochs=3, learning_rate=2e-3, random_state=0, verbose=2)
model = model.fit(x_train, validation_data=x_test[:1000])

# %% [markdown]
# ## Draw and complete
#
# Sampling draws pixel by pixel. Every layer keeps what it will need again, so the
# network does not start anew for each pixel. Completion keeps the pixels where the mask
# is True and redraws the others.

# %%
half = np.zeros(x_test.shape[1:], bool)
half[: half.shape[0] // 2] = True
samples = model.sample(36, random_state=0)
originals = np.repeat(x_test[:6], 6, axis=0)
completed = model.complete(originals, half, random_state=0)

# %% tags=["folded"] alt="Test digits, samples, and digits with new lower halves"
figure, axes = plt.subplots(1, 3, figsize=(9, 3.4), layout="constrained")
kgen.plots.image_grid(x_test[:36], title="test digits", ax=axes[0])
kgen.plots.image_grid(samples, title="samples", ax=axes[1])
kgen.plots.image_grid(completed, title="lower halves redrawn", ax=axes[2])
figure.savefig("pixelcnn_mnist.png", dpi=120)

# %% [markdown]
# Each row on the right has one upper half and six lower halves that go with it.
#
# ## How probable?
#
# The log-probability is exact, in nats. Digits that are turned upside down are less
# probable.

# %%
nats = model.log_prob(x_test[:1000])
flipped = model.log_prob(x_test[:1000, ::-1])
print(f"test digits: {-nats.mean():.1f} nats")
print(f"upside down: {-flipped.mean():.1f}; {np.mean(flipped < nats):.0%} less likely")

# %% [markdown]
# ## Save and load
#
# One file holds the estimator and its Keras model, without pickle.

# %%
model.save("pixelcnn_mnist.keras")
again = kgen.load("pixelcnn_mnist.keras")
print(np.array_equal(again.log_prob(x_test[:5]), model.log_prob(x_test[:5])))
