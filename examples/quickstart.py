# %% [markdown]
# # Quickstart: three models, one page of digits
#
# Three models look at 1,500 digits and then draw digits of their own. They are a
# PixelCNN, a VAE and a GAN. The digits are scikit-learn's, which come with it, so
# nothing has to be downloaded.

# %% tags=["test"]
import os

# %%
import time

import keras
import matplotlib.pyplot as plt
from sklearn.datasets import load_digits

import kgen

# %% [markdown]
# The images have 8x8 pixels with 17 grey levels. They go in as they are: kgen sees in
# the data that a pixel is one of 17 values.

# %%
x = load_digits().images.astype("uint8")  # (1797, 8, 8)
x_train, x_test = x[:1500], x[1500:]

# %% [markdown]
# Every model has `fit` and `sample`. Those with a density also have `log_prob`,
# `bits_per_dim` and more. For so few levels the default head is categorical, which has
# to learn that grey levels have an order. A mixture of logistics knows it, so we give
# it to the VAE.

# %%
models = {
    "PixelCNN": kgen.PixelCNN(epochs=20, random_state=0),
    "VAE": kgen.VAE(
        latent_dim=16,
        architecture="conv",
        head="mixture_of_logistics",
        epochs=60,
        random_state=0,
    ),
    "GAN": kgen.GAN(epochs=200, random_state=0),
}

# %% tags=["test"]
if os.environ.get("KGEN_FAST"):  # a short run, as a test
    import tensorflow as tf

    tf.config.run_functions_eagerly(run_eagerly=True)  # quicker than tracing
    x_train, x_test = x_train[:64, ::2, ::2], x_test[:16, ::2, ::2]
    for model in models.values():
        model.set_params(epochs=1)
    models["PixelCNN"].set_params(blocks=1)

# %% [markdown]
# Keras callbacks work as they do in Keras. This one prints five lines for each model,
# where `verbose=2` would print one for every epoch.


# %%
class FiveLines(keras.callbacks.Callback):
    """Prints the losses five times in all."""

    def on_epoch_end(self, epoch, logs=None):
        if (epoch + 1) % max(1, self.params["epochs"] // 5) == 0:
            values = ", ".join(f"{name} {value:.2f}" for name, value in logs.items())
            print(f"epoch {epoch + 1}: {values}", flush=True)


pictures = {"real digits": x_test[:64]}
report = []
for name, model in models.items():
    print(f"\n{name}")
    start = time.process_time()
    model.fit(x_train, callbacks=FiveLines())
    pictures[name] = model.sample(64, random_state=0)
    bits = "no density"
    if hasattr(model, "bits_per_dim"):
        bits = f"{model.bits_per_dim(x_test):.2f} bits per dimension"
    minutes = (time.process_time() - start) / 60
    report.append(f"{name:9} {bits:26} {minutes:.1f} CPU minutes")

# %% [markdown]
# ## What they draw

# %% alt="Four grids: real digits, and samples of a PixelCNN, a VAE and a GAN"
figure, axes = plt.subplots(1, 4, figsize=(16, 4.4), layout="constrained")
for ax, (title, images) in zip(axes, pictures.items(), strict=True):
    kgen.plots.image_grid(images, title=title, ax=ax)
figure.savefig("quickstart.png", dpi=100)
print("Real digits and samples, side by side: quickstart.png")

# %% [markdown]
# ## What they know
#
# Bits per dimension say how many bits a pixel of an unseen digit costs under the model.
# With no model at all, a pixel of 17 levels costs log2(17) = 4.09 bits.

# %%
print("\n".join(report))
