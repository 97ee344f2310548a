# %% [markdown]
# # Quickstart: three models, one page of digits
#
# PixelCNN, VAE and GAN learn scikit-learn's 8x8 digits (bundled, nothing is
# downloaded) and draw digits of their own.

# %%
import os
import time

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from sklearn.datasets import load_digits

import kgen

FAST = bool(os.environ.get("KGEN_FAST"))

# %% [markdown]
# 1,797 images of 8x8 pixels with 17 grey levels. They go in as they are: kgen reads from
# the data that a pixel is one of 17 values.

# %%
x = load_digits().images.astype("uint8")
x_train, x_test = x[:1500], x[1500:]

# %% [markdown]
# Every model has `fit` and `sample`; those with a density have `log_prob`,
# `bits_per_dim` and so on, too.

# %%
models = {
    "PixelCNN": kgen.PixelCNN(epochs=60, random_state=0, verbose=1),
    "VAE": kgen.VAE(latent_dim=16, epochs=100, random_state=0, verbose=1),
    "GAN": kgen.GAN(epochs=200, random_state=0, verbose=1),
}

pictures = {"real digits": x_test[:64]}
report = []
for name, model in models.items():
    if FAST:
        model.set_params(epochs=1)
    print(f"\n{name}")
    start = time.perf_counter()
    model.fit(x_train[:256] if FAST else x_train)
    pictures[name] = model.sample(4 if FAST else 64, random_state=0)
    minutes = (time.perf_counter() - start) / 60
    bits = "no density"
    if hasattr(model, "bits_per_dim"):
        bits = f"{model.bits_per_dim(x_test):.2f} bits per dimension"
    report.append(f"{name:9} {bits:28} {minutes:.1f} minutes")

# %%
print("\n" + "\n".join(report))
figure, axes = plt.subplots(1, 4, figsize=(16, 4.4), layout="constrained")
for ax, (title, images) in zip(axes, pictures.items(), strict=True):
    kgen.plots.image_grid(images, title=title, ax=ax)
figure.savefig("quickstart.png", dpi=100)
print("\nReal digits and samples, side by side: quickstart.png")
