# %% [markdown]
# # A VAE in a Keras pipeline
#
# Bring your own networks, `tf.data` and callbacks, and compile a VAE like any Keras
# model. Nothing here is an estimator: this is the Keras door of kgen, and the result is
# a plain `.keras` file.

# %% tags=["test"]
import os

# %%
import keras
import matplotlib.pyplot as plt
import tensorflow as tf
from keras import layers

import kgen

(x_train, _), (x_test, _) = keras.datasets.mnist.load_data()
epochs, n_importance = 20, 64

# %% tags=["test"]
if os.environ.get("KGEN_FAST"):  # a short run, as a test
    tf.config.run_functions_eagerly(run_eagerly=True)  # quicker than tracing
    x_train, x_test, epochs, n_importance = x_train[:128], x_test[:64], 1, 1

# %% [markdown]
# ## Data
#
# The digits become black and white anew in every epoch: a pixel of grey 0.3 is ink
# three times out of ten.


# %%
def binarise(image):
    grey = tf.cast(image, tf.float32)[..., tf.newaxis] / 255.0
    return tf.cast(tf.random.uniform(tf.shape(grey)) < grey, tf.float32)


train = tf.data.Dataset.from_tensor_slices(x_train).shuffle(10_000)
train = train.map(binarise, tf.data.AUTOTUNE).batch(128).prefetch(tf.data.AUTOTUNE)
test = tf.data.Dataset.from_tensor_slices(x_test).map(binarise).batch(500).cache()

# %% [markdown]
# ## Networks
#
# The encoder goes from images to the means and log-scales of the code. The decoder goes
# from codes to the parameters of the head: one logit for every pixel.

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
# ## Train
#
# `loss` is the negative evidence lower bound, the sum of `reconstruction` and `kl`, in
# nats per image.

# %%
model.compile(keras.optimizers.Adam(1e-3))
fitted = model.fit(
    train,
    validation_data=test,
    epochs=epochs,
    callbacks=[
        keras.callbacks.ModelCheckpoint(
            "vae_keras_pipeline.keras", save_best_only=True
        ),
        keras.callbacks.EarlyStopping(patience=3),
        keras.callbacks.CSVLogger("vae_keras_pipeline.csv"),
    ],
    verbose=0,
)

# %% [markdown]
# ## Look
#
# The checkpoint of the best epoch is a Keras model with methods of its own: `encode`,
# `decode`, `sample` and `log_prob`. To draw digits we take codes from the prior, a
# standard normal, and decode them. The result is the probability of ink at each pixel.
# (`best.sample(36)` also draws the pixels, each by itself, which makes them noisy.)

# %% alt="Test digits, their reconstructions, and drawn codes, decoded"
best = keras.saving.load_model("vae_keras_pipeline.keras")
images = next(iter(test))
reconstructed = best.decode(best.encode(images[:36]))
drawn = best.decode(keras.random.normal((36, latent_dim), seed=0))
figure, axes = plt.subplots(1, 3, figsize=(9, 3.4), layout="constrained")
kgen.plots.image_grid(images[:36], title="test digits", ax=axes[0])
kgen.plots.image_grid(reconstructed, title="reconstructed", ax=axes[1])
kgen.plots.image_grid(drawn, title="drawn codes, decoded", ax=axes[2])
figure.savefig("vae_keras_pipeline.png", dpi=120)

# %% tags=["folded"] alt="Bound by epoch, in training and on test digits"
figure, ax = plt.subplots(figsize=(6, 3.6), layout="constrained")
for name, label in (("loss", "training"), ("val_loss", "test")):
    curve = fitted.history[name]
    ax.plot(range(1, len(curve) + 1), curve, label=label)
ax.set(xlabel="epoch", ylabel="loss, nats per image")
ax.legend()
figure.savefig("vae_keras_pipeline_loss.png", dpi=120)

# %% [markdown]
# The bound says that the log-probability is at least this. More draws of the code for
# each image make it tighter.

# %%
print(best.evaluate(test, verbose=0, return_dict=True))
nats = best.log_prob(images, n_importance=n_importance)
print(f"log p(x), importance weighted: {float(tf.reduce_mean(nats)):.1f} nats")
