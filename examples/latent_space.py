# %% [markdown]
# # Walks through codes: a smile for everybody
#
# Turn one face into another, step by step, and then make everybody smile. A VAE gives
# every image a code of a few numbers, and every code an image. This lets you mix, vary
# and add up images by their codes. `kgen.latent` and `kgen.plots` have the tools.
#
# The images are the Frey faces: 1,965 frames of a video of a face, 28x20 pixels, in
# order. Let the environment variable `KGEN_DATA` name a folder with `frey_faces.npz`.
# Without it the script takes scikit-learn's digits, and bold strokes take the place of
# the smile.

# %%
import os
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import kgen

# %% [markdown]
# ## Who smiles?
#
# Nobody has labelled the faces, but the video helps: he smiles in the middle third.
# Among the digits, we call those bold that have much more ink than others of their
# class.

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

# %% tags=["test"]
if os.environ.get("KGEN_FAST"):  # a short run, as a test
    import tensorflow as tf

    tf.config.run_functions_eagerly(run_eagerly=True)  # quicker than tracing
    settings["epochs"] = 1

# %%
held_out = np.arange(len(x)) % 10 == 5
vae = kgen.BetaVAE(random_state=0, **settings)
vae = vae.fit(x[~held_out], validation_data=x[held_out])

# %% [markdown]
# ## From one image to another
#
# We walk from the code of one image to that of another and decode every step. There is
# a straight way and a spherical one. With so few numbers in a code they differ little.

# %% alt="Two rows of nine faces: the first turns into the last, step by step"
ways = [
    kgen.latent.interpolate(vae, x[first], x[last], 9, spherical=spherical)
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
# the codes vary most. Its colours are the number of the frame (or the digit). A walk is
# only worth its pictures if images survive the way through the code. Look at held-out
# images and their reconstructions, in the rows below the map.

# %% tags=["folded"] alt="Map of codes, curves of losses, reconstructions of faces"
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
# that matter most come first. A large `beta` makes codes expensive, so the last rows of
# the faces do next to nothing.

# %% alt="Ten rows of nine faces: the upper rows change, the lower ones hardly"
figure, ax = plt.subplots(figsize=(6, 9), layout="constrained")
values = np.linspace(-3, 3, 9)
kgen.plots.traversal(vae, x[first], values=values, title="from -3 to 3", ax=ax)
figure.savefig("latent_traversal.png", dpi=120)

# %% [markdown]
# ## Add a smile
#
# Take the mean code of all images with a smile and subtract the mean code of all images
# without. The difference is a direction. We add it to the codes of faces without a
# smile, and subtract it from those of faces that have one.


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

# %% tags=["folded"] alt="Faces without a smile get one, and smiling faces lose it"
height = 8 if file.is_file() else 5
figure, axes = plt.subplots(2, 1, figsize=(8, 0.8 * height), layout="constrained")
for ax, title, before, after in (
    (axes[0], f"below: with {what}", x[without], given),
    (axes[1], f"below: without {what}", having_it, taken),
):
    kgen.plots.image_grid(np.r_[before, after], columns=n, title=title, ax=ax)
figure.savefig("latent_sums.png", dpi=120)

# %% [markdown]
# How far does the change go? Our judge is a classifier that has seen real images only.

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
