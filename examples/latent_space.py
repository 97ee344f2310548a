# %% [markdown]
# # Walks through codes: bold strokes for every digit
#
# Turn one digit into another, step by step, and then make every digit bold. A VAE gives
# every image a code of a few numbers, and every code an image. This lets you mix, vary
# and add up images by their codes. `kgen.latent` and `kgen.plots` have the tools.

# %%
import os

import keras
import matplotlib.pyplot as plt
import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import kgen

# %% [markdown]
# ## Which digits are bold?
#
# MNIST does not say. But we can count ink: we call a digit bold if it has more ink than
# nine out of ten digits of its class, and thin if it has less.

# %%
(x, y), _ = keras.datasets.mnist.load_data()
x, y = x[:10_000], y[:10_000]  # (10000, 28, 28), 0 to 255

# %% tags=["test"]
FAST = bool(os.environ.get("KGEN_FAST"))  # a short run, as a test
if FAST:
    import tensorflow as tf

    tf.config.run_functions_eagerly(run_eagerly=True)  # quicker than tracing
    x, y = x[:600, ::2, ::2], y[:600]

# %%
ink = x.mean(axis=(1, 2))
bold, thin = np.zeros((2, len(x)), bool)
for digit in range(10):
    low, high = np.quantile(ink[y == digit], [0.1, 0.9])
    bold |= (y == digit) & (ink > high)
    thin |= (y == digit) & (ink < low)

vae = kgen.BetaVAE(
    beta=8.0, latent_dim=10, head="normal", scale="shared", epochs=40, random_state=0
)

# %% tags=["test"]
if FAST:
    vae.set_params(epochs=1)

# %%
held_out = np.arange(len(x)) % 10 == 5
vae = vae.fit(x[~held_out], validation_data=x[held_out])

# %% [markdown]
# ## From one image to another
#
# We walk from the code of one image to that of another and decode every step. There is
# a straight way and a spherical one. With so few numbers in a code they differ little.

# %% alt="Two rows of nine digits: a five turns into a one, step by step"
start, end = x[0], x[3]
ways = [
    kgen.latent.interpolate(vae, start, end, 9, spherical=spherical)
    for spherical in (False, True)
]
figure, ax = plt.subplots(figsize=(8, 2.8), layout="constrained")
title = "above: straight, below: spherical"
kgen.plots.image_grid(np.concatenate(ways), columns=9, title=title, ax=ax)
figure.savefig("latent_walks.png", dpi=120)

# %% [markdown]
# ## Where the images are
#
# A code of ten numbers does not fit on paper. The map shows the two directions in which
# the codes vary most. Its colours are the digits. A walk is only worth its pictures if
# images survive the way through the code. Look at held-out images and their
# reconstructions, in the rows below the map.

# %% tags=["folded"] alt="Map of codes, curves of losses, reconstructions of digits"
figure, axes = plt.subplot_mosaic(
    [["map", "history"], ["pairs", "pairs"]],
    figsize=(9, 6), height_ratios=(2, 1), layout="constrained",
)  # fmt: skip
kgen.plots.latent_map(vae, x, y, title="codes", ax=axes["map"])
terms = ["loss", "reconstruction"]
kgen.plots.history(vae, terms, title="training", ax=axes["history"])
pairs = x[held_out][:: held_out.sum() // 16][:16]
kgen.plots.reconstructions(
    vae,
    pairs,
    columns=16,
    title="held-out images, and their reconstructions",
    ax=axes["pairs"],
)
figure.savefig("latent_map.png", dpi=120)

# %% [markdown]
# ## One number at a time
#
# Each row changes one number of the code of the first image, from -3 to 3. The rows
# that matter most come first.

# %% alt="Ten rows of nine digits: each row changes the five in its own way"
figure, ax = plt.subplots(figsize=(6, 9), layout="constrained")
values = np.linspace(-3, 3, 9)
kgen.plots.traversal(vae, start, values=values, title="from -3 to 3", ax=ax)
figure.savefig("latent_traversal.png", dpi=120)

# %% [markdown]
# ## Add ink
#
# Take the mean code of all bold digits and subtract the mean code of all thin ones. The
# difference is a direction. We add it to the codes of thin digits, and subtract it from
# those of bold ones.

# %%
rows_thin, rows_bold = (
    [np.flatnonzero(kind & (y == digit))[0] for digit in range(10)]
    for kind in (thin, bold)
)


def changed(images, plus, minus):
    """Every image with a difference of mean codes added to its code."""
    return np.concatenate(
        [
            kgen.latent.arithmetic(vae, [image[np.newaxis], plus], [minus])
            for image in images
        ]
    )


given = changed(x[rows_thin], x[bold], x[thin])
taken = changed(x[rows_bold], x[thin], x[bold])

# %% tags=["folded"] alt="Thin digits become bold, and bold digits thin"
figure, axes = plt.subplots(2, 1, figsize=(8, 4), layout="constrained")
for ax, title, before, after in (
    (axes[0], "below: with more ink", x[rows_thin], given),
    (axes[1], "below: with less ink", x[rows_bold], taken),
):
    kgen.plots.image_grid(np.r_[before, after], columns=10, title=title, ax=ax)
figure.savefig("latent_sums.png", dpi=120)

# %% [markdown]
# Most digits stay themselves and only change their weight. The one and the five do not:
# the step leads them out of the region of their class. How far does the change go? Our
# judge is a classifier that has seen real images only.

# %%
known = bold | thin
judge = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000))
judge.fit(x[known].reshape(known.sum(), -1), bold[known])
for title, images in (
    ("thin digits", x[rows_thin]),
    ("with more ink", given),
    ("bold digits", x[rows_bold]),
    ("with less ink", taken),
):
    share = judge.predict(images.reshape(10, -1)).mean()
    print(f"{title:13}: {share:4.0%} are bold")
