# %% [markdown]
# # VQ-VAE: images as a few dozen integers
#
# An autoencoder whose codes are small maps of integers, and a GatedPixelCNN that learns
# how they go together. With Fashion-MNIST, if the environment variable KGEN_DATA names
# a folder that has it, about 20 minutes on two cores; else with scikit-learn's 8x8
# digits, a minute or two.

# %%
import gzip
import os
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import numpy as np
import tensorflow as tf
from sklearn.datasets import load_digits

import kgen

FAST = bool(os.environ.get("KGEN_FAST"))  # a short run, as a test
if FAST:  # tracing graphs takes longer than so little training
    tf.config.run_functions_eagerly(run_eagerly=True)

# %%
file = Path(
    os.environ.get("KGEN_DATA", ""), "fashion-mnist", "train-images-idx3-ubyte.gz"
)
if file.exists():
    with gzip.open(file) as stream:
        x = np.frombuffer(stream.read(), np.uint8, offset=16).reshape(-1, 28, 28)
    settings = {"epochs": 5}
    networks = kgen.networks.Spatial(width=64, halvings=2)  # 28x28 to 7x7
    prior = kgen.GatedPixelCNN(filters=64, dilations=(1, 2), epochs=6)
else:
    x = load_digits().images.astype("uint8")  # (1797, 8, 8), 17 grey levels
    settings = {"epochs": 60, "codebook_size": 32}
    networks = kgen.networks.Spatial(width=32, halvings=1)  # 8x8 to 4x4
    prior = kgen.GatedPixelCNN(filters=32, layers=4, dilations=(1,), epochs=60)
x_train, x_test = x[:-200], x[-200:]
if FAST:
    x_train, x_test = x_train[:64], x_test[:16]
    settings = {"epochs": 1, "codebook_size": 8}
    networks = kgen.networks.Spatial(width=8, halvings=2)
    prior = kgen.GatedPixelCNN(filters=8, layers=2, epochs=1, jit_compile=False)

vq = kgen.VQVAE(
    architecture=networks, prior=prior, random_state=0, verbose=2, **settings
)
vq.fit(x_train)

# %% [markdown]
# The code of an image: integers without an order, each a place in the codebook.
# `perplexity` says how many of them are as good as used.

# %%
codes = vq.encode(x_test)
print(codes[0])
print(f"perplexity {vq.history_['perplexity'][-1]:.1f} of {vq.codebook_size}")

# %% [markdown]
# The prior is an estimator of its own: `prior_`. Bits per code, beside those of codes
# that are all equally likely:

# %%
bits = vq.prior_.bits_per_dim(codes)
print(f"{bits:.2f} bits per code, of {np.log2(vq.codebook_size):.2f}")

# %% [markdown]
# Images and their reconstructions in the upper rows; below, codes from the prior,
# decoded.

# %%
drawn = vq.decode(vq.prior_.sample(16, random_state=0))
images = np.concatenate([x_test[:16], vq.reconstruct(x_test[:16]), drawn])
kgen.plots.image_grid(images, columns=16).figure.savefig("vqvae.png", dpi=100)

# %% [markdown]
# One file holds the autoencoder and its prior.

# %%
vq.save("vqvae.keras")
again = kgen.load("vqvae.keras")
same = np.array_equal(again.sample(4, random_state=1), vq.sample(4, random_state=1))
print("the same samples from the file:", same)
