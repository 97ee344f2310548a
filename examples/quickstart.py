# %% [markdown]
# # Quickstart: three models, one page of digits
#
# PixelCNN, VAE and GAN learn scikit-learn's 8x8 digits (bundled, nothing is
# downloaded) and draw digits of their own.

# %%
import os
import time

import keras
import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import tensorflow as tf
from sklearn.datasets import load_digits

import kgen

FAST = bool(os.environ.get("KGEN_FAST"))  # a short run, as a test
if FAST:  # tracing graphs takes longer than so little training
    tf.config.run_functions_eagerly(run_eagerly=True)

# %% [markdown]
# 1,797 images of 8x8 pixels with 17 grey levels. They go in as they are: kgen reads
# from the data that a pixel is one of 17 values.

# %%
x = load_digits().images.astype("uint8")
x_train, x_test = x[:1500], x[1500:]
if FAST:
    x_train, x_test = x_train[:64, ::2, ::2], x_test[:16, ::2, ::2]

# %% [markdown]
# Every model has `fit` and `sample`. Those with a density have `log_prob`,
# `bits_per_dim` and more. Grey levels are ordered, which a mixture of logistics knows
# and a categorical distribution, the default for so few levels, has to learn.


# %%
class FiveLines(keras.callbacks.Callback):
    """Prints five lines in all, where `verbose=2` would print one for every epoch."""

    def on_epoch_end(self, epoch, logs=None):
        if (epoch + 1) % max(1, self.params["epochs"] // 5) == 0:
            values = ", ".join(f"{name} {value:.2f}" for name, value in logs.items())
            print(f"epoch {epoch + 1}: {values}", flush=True)


common = {"random_state": 0}
models = {
    "PixelCNN": kgen.PixelCNN(epochs=20, **common),
    "VAE": kgen.VAE(
        latent_dim=16,
        architecture="conv",
        head="mixture_of_logistics",
        epochs=60,
        **common,
    ),
    "GAN": kgen.GAN(epochs=200, **common),
}

pictures = {"real digits": x_test[:64]}
report = []
for name, model in models.items():
    if FAST:
        model.set_params(epochs=1)
        if name == "PixelCNN":
            model.set_params(blocks=1)
    print(f"\n{name}")
    start = time.perf_counter()
    model.fit(x_train, callbacks=FiveLines())
    pictures[name] = model.sample(16 if FAST else 64, random_state=0)
    bits = "no density"
    if hasattr(model, "bits_per_dim"):
        bits = f"{model.bits_per_dim(x_test):.2f} bits per dimension"
    minutes = (time.perf_counter() - start) / 60
    report.append(f"{name:9} {bits:26} {minutes:.1f} minutes")

# %% [markdown]
# Bits per dimension: how many bits a pixel of an unseen digit costs under the model.
# With no model at all, a pixel of 17 levels costs log2(17) = 4.09.

# %%
print("\n" + "\n".join(report))
figure, axes = plt.subplots(1, 4, figsize=(16, 4.4), layout="constrained")
for ax, (title, images) in zip(axes, pictures.items(), strict=True):
    kgen.plots.image_grid(images, title=title, ax=ax)
figure.savefig("quickstart.png", dpi=100)
print("\nReal digits and samples, side by side: quickstart.png")
