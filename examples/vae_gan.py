# %% [markdown]
# # Autoencoders and discriminators: AAE and VAE/GAN
#
# Two ways to put a discriminator to use, on scikit-learn's 8x8 digits (bundled, nothing
# is downloaded). In an AAE it looks at codes, and makes them follow the prior; with
# categories the digits are also sorted into clusters, without labels. In a VAE/GAN it
# looks at images, and its features say how far a reconstruction is off. About two
# minutes on two cores.

# %%
import os

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf
from sklearn.datasets import load_digits

import kgen

FAST = bool(os.environ.get("KGEN_FAST"))  # a short run, as a test
if FAST:  # tracing graphs takes longer than so little training
    tf.config.run_functions_eagerly(run_eagerly=True)

# %%
digits = load_digits()
x, y = digits.images.astype("uint8"), digits.target  # (1797, 8, 8), 17 grey levels
end = 64 if FAST else 1500
x_train, x_test, y_test = x[:end], x[1500:], y[1500:]

# A coarse scale, a quarter of the range: details are left to neither part of the code.
aae = kgen.AAE(
    latent_dim=2,
    categories=16,
    head=kgen.heads.Normal(scale=4.0),
    epochs=1 if FAST else 150,
    random_state=0,
).fit(x_train)
vae_gan = kgen.VAEGAN(latent_dim=16, epochs=1 if FAST else 100, random_state=0)
vae_gan.fit(x_train)

# %% [markdown]
# A code of the AAE is two numbers of style, and then the probabilities of sixteen
# categories. Nobody told it of ten digits. If every category is called by the digit
# that is most frequent in it, how many digits have the right name?

# %%
cluster = aae.encode(x_test)[:, 2:].argmax(axis=1)
counts = np.histogram2d(cluster, y_test, bins=(range(17), range(11)))[0]
print(f"named rightly: {counts.max(axis=1).sum() / len(y_test):.0%}")

# %% [markdown]
# The categories as images, one column each, in five styles. A style is the same two
# numbers in all of a row.

# %%
styles = np.random.default_rng(0).normal(size=(5, 2))
codes = np.concatenate(
    [np.repeat(styles, 16, axis=0), np.tile(np.eye(16), (5, 1))], axis=1
)

# %%
figure, axes = plt.subplots(2, 2, figsize=(13, 8), layout="constrained")
(top_left, top_right), (left, right) = axes
grid = kgen.plots.image_grid
grid(aae.decode(codes), columns=16, title="AAE: categories and styles", ax=top_left)
grid(vae_gan.sample(80, random_state=0), columns=16, title="VAE/GAN: drawn", ax=left)
for ax, model in ((top_right, aae), (right, vae_gan)):
    pairs = np.stack([x_test[:48], model.reconstruct(x_test[:48])], axis=1)
    title = "data, and its reconstruction to the right"
    grid(pairs.reshape(-1, 8, 8), columns=16, title=title, ax=ax)
figure.savefig("vae_gan.png", dpi=100)
