# %% [markdown]
# # An encoder becomes a classifier
#
# A fitted VAE's encoder is a `keras.Model`. Here it goes on in a plain Keras pipeline:
# a layer on top, `compile`, `fit` with 1,000 labels. Beside it the same network that
# starts from nothing. Two minutes on two cores.

# %%
import os

import keras
import numpy as np
import tensorflow as tf

import kgen

FAST = bool(os.environ.get("KGEN_FAST"))  # a short run, as a test
if FAST:  # tracing graphs takes longer than so little training
    tf.config.run_functions_eagerly(run_eagerly=True)

# %%
(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
if FAST:
    x_train, x_test, y_test = x_train[:256], x_test[:64], y_test[:64]
ink, ink_test = ((part > 127).astype("uint8") for part in (x_train, x_test))
rows = np.random.default_rng(0).permutation(len(ink))[: 64 if FAST else 1000]
labelled, labels = ink[rows][..., np.newaxis], y_train[rows]

vae = kgen.VAE(latent_dim=16, epochs=1 if FAST else 10, random_state=0).fit(ink)
vae.save("digits.keras")

# %% [markdown]
# The encoder takes images in their own units, and puts out means and log-scales of the
# code: 32 numbers, from which one more layer tells the digit. All of it is trained.


# %%
def classifier(encoder):
    model = keras.Sequential([encoder, keras.layers.Dense(10, "softmax")])
    model.compile(
        keras.optimizers.Adam(3e-4),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    return model


def accuracy(encoder):
    model = classifier(encoder)
    epochs = 1 if FAST else 30
    model.fit(labelled, labels, batch_size=32, epochs=epochs, verbose=0)
    _, found = model.evaluate(ink_test[..., np.newaxis], y_test, verbose=0)
    return found


# %%
encoder = keras.saving.load_model("digits.keras").encoder  # without the estimator
fresh = keras.models.clone_model(encoder)
print(f"accuracy with {len(labels)} labels")
print(f"  from new weights:   {accuracy(fresh):.3f}")
print(f"  from the VAE's:     {accuracy(encoder):.3f}")
