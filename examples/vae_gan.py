# %% [markdown]
# # Autoencoders and discriminators: AAE and VAE/GAN
#
# Nobody tells the AAE what a digit is, and yet it sorts digits into clusters. It is an
# autoencoder with a discriminator that looks at the codes and makes them follow the
# prior. With categories in the code, the model finds clusters without labels. In a
# VAE/GAN the discriminator looks at images instead, and its features say how good a
# reconstruction is. We try both on scikit-learn's 8x8 digits.

# %% tags=["test"]
import os

# %%
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits

import kgen

digits = load_digits()
x, y = digits.images.astype("uint8"), digits.target  # (1797, 8, 8), 17 grey levels
x_train, x_test, y_test = x[:1500], x[1500:], y[1500:]

# %% [markdown]
# The head's scale is a quarter of the range of the pixels. Such a coarse scale does not
# reward details, so neither part of the code needs to carry them.

# %%
aae = kgen.AAE(
    latent_dim=2,
    categories=16,
    head=kgen.heads.Normal(scale=4.0),
    epochs=150,
    random_state=0,
)
vae_gan = kgen.VAEGAN(latent_dim=16, epochs=100, random_state=0)

# %% tags=["test"]
if os.environ.get("KGEN_FAST"):  # a short run, as a test
    import tensorflow as tf

    tf.config.run_functions_eagerly(run_eagerly=True)  # quicker than tracing
    x_train = x_train[:64]
    aae.set_params(epochs=1)
    vae_gan.set_params(epochs=1)

# %%
aae = aae.fit(x_train)
vae_gan = vae_gan.fit(x_train)

# %% [markdown]
# ## Clusters without labels
#
# A code of the AAE has two numbers of style and then the probabilities of sixteen
# categories. In the picture each column is a category and each row a style: the same
# two numbers all along the row. Most categories have become one kind of digit, such as
# zeros, or ones with a flag.

# %% alt="Sixteen columns of decoded digits: most show one kind of digit"
styles = np.random.default_rng(0).normal(size=(5, 2))
codes = np.concatenate(
    [np.repeat(styles, 16, axis=0), np.tile(np.eye(16), (5, 1))], axis=1
)
figure, ax = plt.subplots(figsize=(8, 2.9), layout="constrained")
title = "AAE: categories (columns) and styles (rows)"
kgen.plots.image_grid(aae.decode(codes), columns=16, title=title, ax=ax)
figure.savefig("aae.png", dpi=120)

# %% [markdown]
# We call every category by the digit that is most frequent in it. How many digits does
# this name correctly?

# %%
cluster = aae.encode(x_test)[:, 2:].argmax(axis=1)
counts = np.histogram2d(cluster, y_test, bins=(range(17), range(11)))[0]
print(f"named correctly: {counts.max(axis=1).sum() / len(y_test):.0%}")

# %% [markdown]
# ## Draw and reconstruct
#
# The VAE/GAN also has a generator that was trained against a discriminator. Here are
# its samples, and what both models make of test digits.

# %% tags=["folded"] alt="Samples of the VAE/GAN, and reconstructions by both models"
figure, axes = plt.subplots(3, 1, figsize=(8, 6.6), layout="constrained")
drawn = vae_gan.sample(48, random_state=0)
kgen.plots.image_grid(drawn, columns=16, title="VAE/GAN: samples", ax=axes[0])
for ax, name, model in ((axes[1], "VAE/GAN", vae_gan), (axes[2], "AAE", aae)):
    title = f"{name}: test digits, and below each its reconstruction"
    kgen.plots.reconstructions(model, x_test[:32], columns=16, title=title, ax=ax)
figure.savefig("vae_gan.png", dpi=120)
