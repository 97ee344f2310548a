# %% [markdown]
# # VQ-VAE: images as a few integers
#
# Write an image as a handful of integers, and draw new images by drawing integers. A
# VQ-VAE is an autoencoder whose codes are small maps of integers. A GatedPixelCNN, the
# prior, learns which integers go together. Here 784 pixels of MNIST become 7x7
# integers. (For clothes instead of digits, load `keras.datasets.fashion_mnist`.)

# %% tags=["test"]
import os

# %%
import keras
import matplotlib.pyplot as plt
import numpy as np

import kgen

(x_train, _), (x_test, _) = keras.datasets.mnist.load_data()
x_train, x_test = x_train[:20_000], x_test[:200]
vq = kgen.VQVAE(
    codebook_size=64,
    architecture=kgen.networks.Spatial(width=32, halvings=2),  # 28x28 to 7x7
    prior=kgen.GatedPixelCNN(filters=32, layers=6, dilations=(1, 2), epochs=8),
    epochs=3,
    random_state=0,
)

# %% tags=["test"]
if os.environ.get("KGEN_FAST"):  # a short run, as a test
    import tensorflow as tf

    tf.config.run_functions_eagerly(run_eagerly=True)  # quicker than tracing
    x_train, x_test = x_train[:64, ::2, ::2], x_test[:16, ::2, ::2]
    vq.set_params(epochs=1, codebook_size=8)
    vq.set_params(architecture=kgen.networks.Spatial(width=8, halvings=1))
    vq.set_params(prior__filters=8, prior__layers=2, prior__epochs=1)

# %%
vq = vq.fit(x_train)

# %% [markdown]
# ## Codes
#
# The code of an image is a map of integers. They have no order: each is a place in the
# codebook. `perplexity` says how much of the codebook is in use. It would equal the
# size of the codebook if all entries were equally frequent.

# %%
codes = vq.encode(x_test)
print(codes[0])
print(f"perplexity {vq.history_['perplexity'][-1]:.1f} of {vq.codebook_size}")

# %% tags=["folded"] alt="Six digits, their maps of integers, and their reconstructions"
figure, axes = plt.subplots(3, 6, figsize=(8, 4.2), layout="constrained")
rebuilt = vq.reconstruct(x_test[:6])
for k, (top, middle, bottom) in enumerate(axes.T):
    top.imshow(x_test[k], cmap="gray")
    middle.imshow(codes[k], cmap="Pastel1", vmin=0, vmax=vq.codebook_size - 1)
    for (row, column), code in np.ndenumerate(codes[k]):
        middle.text(column, row, code, ha="center", va="center", fontsize=5)
    bottom.imshow(rebuilt[k], cmap="gray")
for ax, name in zip(axes[:, 0], ("image", "code", "decoded"), strict=True):
    ax.set_ylabel(name)
for ax in axes.flat:
    ax.set(xticks=[], yticks=[])
figure.savefig("codes.png", dpi=120)

# %% [markdown]
# ## A density of codes
#
# The prior is an estimator of its own, `prior_`. How many bits does it need for an
# integer, compared with codes that are all equally probable?

# %%
bits = vq.prior_.bits_per_dim(codes)
print(f"{bits:.2f} bits per integer, of {np.log2(vq.codebook_size):.2f}")

# %% [markdown]
# ## Draw
#
# The prior draws codes, and the decoder makes images of them. `vq.sample(40)` does both
# at once.

# %% alt="Four rows of ten digits that were drawn"
drawn = vq.decode(vq.prior_.sample(40, random_state=0))
figure, ax = plt.subplots(figsize=(8, 3.6), layout="constrained")
kgen.plots.image_grid(drawn, columns=10, title="samples", ax=ax)
figure.savefig("vqvae.png", dpi=120)

# %% [markdown]
# ## Save and load
#
# One file holds the autoencoder and its prior.

# %%
vq.save("vqvae.keras")
again = kgen.load("vqvae.keras")
same = np.array_equal(again.sample(4, random_state=1), vq.sample(4, random_state=1))
print("the same samples from the file:", same)
