# %% [markdown]
# # Walks through codes: from one face to another, and a smile for everybody
#
# A VAE gives every image a code of a few numbers, and every code an image. So images
# can be mixed, varied and added up by their codes: what `kgen.latent` and `kgen.plots`
# are for. About a minute on two cores.
#
# `KGEN_DATA` names a folder with `frey_faces.npz` (the Frey faces: 1,965 frames of a
# video of a face, 28x20 pixels, in order). Without it the images are scikit-learn's
# digits, and bold strokes take the place of the smile.
#
# `KGEN_FAST=1` makes it short, as a test.

# %%
import os
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import kgen

FAST = os.environ.get("KGEN_FAST") == "1"
if FAST:
    import tensorflow as tf

    tf.config.run_functions_eagerly(run_eagerly=True)

# %% [markdown]
# ## Images, and which of them have it
#
# Nobody has labelled the faces, but the video helps: in the middle third he smiles. Of
# the digits those are bold that have more ink than most of their kind.

# %%
file = Path(os.environ.get("KGEN_DATA", ""), "frey_faces.npz")
if file.is_file():
    x = np.load(file)["images"]  # (1965, 28, 20) uint8
    y = np.arange(len(x))  # the frame
    what, having = "a smile", (y >= 640) & (y < 1260)
    lacking = ~having
    without, first, last = [56, 238, 469, 1477, 1540, 1660, 1827, 1932], 1660, 1148
    settings = {"beta": 20.0, "latent_dim": 10, "head": "normal", "epochs": 200}
else:
    digits = load_digits()
    x, y = digits.images.astype("uint8"), digits.target  # (1797, 8, 8), 0 to 16
    ink = x.mean(axis=(1, 2))
    ink = ink - np.array([ink[y == digit].mean() for digit in range(10)])[y]
    what, having = "bold strokes", ink > np.quantile(ink, 0.9)
    lacking = ink < np.quantile(ink, 0.1)
    without = [np.flatnonzero(lacking & (y == digit))[2] for digit in range(10)]
    first, last = 0, 6
    settings = {"beta": 1.0, "latent_dim": 10, "epochs": 30}

vae = kgen.BetaVAE(random_state=0, **settings)
if FAST:
    vae.set_params(epochs=1)
held_out = np.arange(len(x)) % 10 == 5
vae.fit(x[~held_out], validation_data=x[held_out])

# %% [markdown]
# ## Where the images are
#
# Codes of more than two numbers are drawn along the two directions in which they vary
# most. (The colours are the number of the frame, or the digit.) Codes are good for
# walks if images survive them, also those that were held out of the training: their
# reconstructions are below.

# %%
figure, axes = plt.subplot_mosaic(
    [["map", "history"], ["pairs", "pairs"]],
    figsize=(12, 7), height_ratios=(2, 1), layout="constrained",
)  # fmt: skip
kgen.plots.latent_map(vae, x, y, title="codes", ax=axes["map"])
terms = ["loss", "reconstruction"]
kgen.plots.history(vae, terms, title="training", ax=axes["history"])
pairs = x[held_out][:: held_out.sum() // 20][:20]
kgen.plots.reconstructions(
    vae,
    pairs,
    columns=20,
    title="held-out images, and their reconstructions",
    ax=axes["pairs"],
)
figure.savefig("latent_map.png", dpi=100)

# %% [markdown]
# ## From one to another, and one dimension at a time
#
# The straight way and the spherical one: with so few numbers they differ little. Below,
# every row changes one number of the code of the first image, those that carry the most
# first. `beta` makes codes expensive, so the last rows of the faces do next to nothing.

# %%
figure, axes = plt.subplot_mosaic(
    [["ways"], ["dims"]],
    figsize=(8, 14), height_ratios=(2, 9), layout="constrained",
)  # fmt: skip
ways = [
    kgen.latent.interpolate(vae, x[first], x[last], 9, spherical=spherical)
    for spherical in (False, True)
]
title = "straight, spherical"
kgen.plots.image_grid(np.concatenate(ways), columns=9, title=title, ax=axes["ways"])
values = np.linspace(-3, 3, 9)
kgen.plots.traversal(
    vae, x[first], values=values, title="from -3 to 3", ax=axes["dims"]
)
figure.savefig("latent_walks.png", dpi=100)

# %% [markdown]
# ## Addition
#
# The mean code of all that have it, minus that of all that lack it, is a direction. It
# is added to the codes of images without, and taken from those of images that have it.


# %%
def changed(images, plus, minus):
    """Every image with a difference of means added to its code."""
    return np.concatenate(
        [
            kgen.latent.arithmetic(vae, [image[np.newaxis], plus], [minus])
            for image in images
        ]
    )


n = len(without)
having_it = x[having][:: having.sum() // n][:n]
given = changed(x[without], x[having], x[lacking])
taken = changed(having_it, x[lacking], x[having])
figure, axes = plt.subplots(
    2, 1, figsize=(10, 8 if file.is_file() else 5), layout="constrained"
)
for ax, title, before, after in (
    (axes[0], f"below: with {what}", x[without], given),
    (axes[1], f"below: without {what}", having_it, taken),
):
    kgen.plots.image_grid(np.r_[before, after], columns=n, title=title, ax=ax)
figure.savefig("latent_sums.png", dpi=100)

# %% [markdown]
# How far does the change go? The judge is a classifier that has only seen real images.
# Most faces get a smile. Digits get bolder by degrees, and stay the digit they are.

# %%
known = having | lacking
judge = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000))
judge.fit(x[known].reshape(known.sum(), -1), having[known])
for title, images in (
    ("without it", x[without]),
    ("given it", given),
    ("with it", having_it),
    ("taken away", taken),
):
    share = judge.predict(images.reshape(n, -1)).mean()
    print(f"{title:10}: {share:4.0%} have {what}")
