# %% [markdown]
# # A VAE in a Keras pipeline
#
# The Keras door: networks of your own, `tf.data`, callbacks, `.keras` files. Nothing
# here is an estimator. A few minutes on two cores.

# %%
import os

import keras
import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import tensorflow as tf
from keras import layers

import kgen

FAST = bool(os.environ.get("KGEN_FAST"))  # a short run, as a test
if FAST:  # tracing graphs takes longer than so little training
    tf.config.run_functions_eagerly(run_eagerly=True)

# %% [markdown]
# The data: binary digits, binarised anew in every epoch (grey 0.3 is ink three times
# out of ten).

# %%
(x_train, _), (x_test, y_test) = keras.datasets.mnist.load_data()
if FAST:
    x_train, x_test, y_test = x_train[:128], x_test[:64], y_test[:64]


def binarise(image):
    grey = tf.cast(image, tf.float32)[..., tf.newaxis] / 255.0
    return tf.cast(tf.random.uniform(tf.shape(grey)) < grey, tf.float32)


train = tf.data.Dataset.from_tensor_slices(x_train).shuffle(10_000)
train = train.map(binarise, tf.data.AUTOTUNE).batch(128).prefetch(tf.data.AUTOTUNE)
test = tf.data.Dataset.from_tensor_slices(x_test).map(binarise).batch(500).cache()

# %% [markdown]
# An encoder from images to means and log-scales of the code, a decoder from codes to
# the parameters of the head: one logit for every pixel.

# %%
latent_dim = 16
encoder = keras.Sequential(
    [
        keras.Input((28, 28, 1)),
        layers.Flatten(),
        layers.Dense(512, "relu"),
        layers.Dense(256, "relu"),
        layers.Dense(2 * latent_dim),
    ]
)
decoder = keras.Sequential(
    [
        keras.Input((latent_dim,)),
        layers.Dense(256, "relu"),
        layers.Dense(512, "relu"),
        layers.Dense(28 * 28),
        layers.Reshape((28, 28, 1)),
    ]
)
model = kgen.models.VAEModel(encoder, decoder, head="bernoulli", seed=0)

# %% [markdown]
# `loss` is the negative evidence bound, `reconstruction` plus `kl`, in nats per image.

# %%
model.compile(keras.optimizers.Adam(1e-3))
model.fit(
    train,
    validation_data=test,
    epochs=1 if FAST else 20,
    callbacks=[
        keras.callbacks.ModelCheckpoint(
            "vae_keras_pipeline.keras", save_best_only=True
        ),
        keras.callbacks.EarlyStopping(patience=3),
        keras.callbacks.CSVLogger("vae_keras_pipeline.csv"),
    ],
)

# %%
best = keras.saving.load_model("vae_keras_pipeline.keras")
print(best.evaluate(test, verbose=0, return_dict=True))
images = next(iter(test))
nats = best.log_prob(images, n_importance=1 if FAST else 64)
print(f"log p(x), importance weighted: {float(tf.reduce_mean(nats)):.1f} nats")

# %%
figure, axes = plt.subplots(1, 3, figsize=(15, 5.4), layout="constrained")
kgen.plots.image_grid(images[:36], title="test digits", ax=axes[0])
reconstructed = best.decode(best.encode(images[:36]))
kgen.plots.image_grid(reconstructed, title="reconstructed", ax=axes[1])
kgen.plots.image_grid(best.sample(36, seed=0), title="samples", ax=axes[2])
figure.savefig("vae_keras_pipeline.png", dpi=100)
