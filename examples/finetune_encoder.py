# %% [markdown]
# # An encoder becomes a classifier
#
# Train an encoder without labels, then teach it ten classes with only 1,000 of them.
# The encoder of a fitted VAE is a plain `keras.Model`. We put one layer on top of it,
# call `compile` and `fit`, and compare it with the same network that starts from new
# weights.

# %% tags=["test"]
import os

# %%
import keras
import matplotlib.pyplot as plt
import numpy as np

import kgen

(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
n_labels, vae_epochs, epochs = 1000, 10, 30

# %% tags=["test"]
if os.environ.get("KGEN_FAST"):  # a short run, as a test
    import tensorflow as tf

    tf.config.run_functions_eagerly(run_eagerly=True)  # quicker than tracing
    x_train, x_test, y_test = x_train[:256], x_test[:64], y_test[:64]
    n_labels, vae_epochs, epochs = 64, 1, 1

# %% [markdown]
# ## All images, no labels
#
# The VAE sees the 60,000 digits of MNIST in black and white. One file holds it
# afterwards.

# %%
ink, ink_test = ((part > 127).astype("uint8") for part in (x_train, x_test))
vae = kgen.VAE(latent_dim=16, epochs=vae_epochs, random_state=0).fit(ink)
vae.save("digits.keras")

# %% [markdown]
# ## A few labels
#
# The encoder takes images in their own units. Its output is the mean and the log-scale
# of each number of the code, 32 numbers in all. One more layer tells the digit from
# them, and we train all the weights.

# %%
rows = np.random.default_rng(0).permutation(len(ink))[:n_labels]
labelled, labels = ink[rows][..., np.newaxis], y_train[rows]
test = (ink_test[..., np.newaxis], y_test)


def accuracies(encoder):
    """Test accuracy after every epoch."""
    model = keras.Sequential([encoder, keras.layers.Dense(10, "softmax")])
    model.compile(
        keras.optimizers.Adam(3e-4),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    model.fit(
        labelled,
        labels,
        batch_size=32,
        epochs=epochs,
        validation_data=test,
        validation_batch_size=1000,
        verbose=0,
    )
    return model.history.history["val_accuracy"]


encoder = keras.saving.load_model("digits.keras").encoder  # without the estimator
fresh = keras.models.clone_model(encoder)
curves = {"new weights": accuracies(fresh), "the VAE's weights": accuracies(encoder)}
print(f"test accuracy with {n_labels} labels")
for name, curve in curves.items():
    print(f"  from {name + ':':19} {curve[-1]:.3f}")

# %% alt="Test accuracy by epoch: the encoder of the VAE soon leads"
figure, ax = plt.subplots(figsize=(6, 4), layout="constrained")
for name, curve in curves.items():
    ax.plot(np.arange(1, epochs + 1), curve, label=f"from {name}")
ax.set(xlabel="epoch", ylabel="test accuracy", title=f"{n_labels} labels")
ax.legend()
figure.savefig("finetune_encoder.png", dpi=120)
