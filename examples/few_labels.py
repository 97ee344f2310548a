# %% [markdown]
# # Few labels: what helps, and what does not
#
# A hundred labelled digits, ten of each, and a classifier. What makes it better:
# samples of a generative model as more training data, or a VAE's codes of 10,000 digits
# that nobody has labelled? Means over five draws of the labels, with standard errors.
# About nine minutes on one core.

# %%
import os

import keras
import numpy as np
import tensorflow as tf
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.semi_supervised import LabelSpreading

import kgen

FAST = bool(os.environ.get("KGEN_FAST"))  # a short run, as a test
if FAST:  # tracing graphs takes longer than so little training
    tf.config.run_functions_eagerly(run_eagerly=True)

# %%
(x, y), (x_test, y_test) = keras.datasets.mnist.load_data()
n = 300 if FAST else 10_000
x, y = (x[:n] > 127).astype("uint8"), y[:n]
x_test, y_test = (x_test[:n] > 127).astype("uint8"), y_test[:n]
if FAST:
    x, x_test = x[:, ::2, ::2], x_test[:, ::2, ::2]
DRAWS, EACH = (1, 5) if FAST else (5, 10)
ASKED = np.repeat(np.arange(10), 3 if FAST else 100)  # labels of synthetic digits


def flat(images):
    """Images as vectors, of 0 and 1."""
    return images.reshape(len(images), -1).astype("float32")


# %% [markdown]
# Two classifiers, not tuned: of 100 labels none can be spared for validation.

# %%
CLASSIFIERS = {
    "logistic": LogisticRegression(max_iter=1000),
    "network": MLPClassifier((100,), max_iter=20 if FAST else 1000, random_state=0),
}
found = {}


def judge(name, features, labels, test):
    """Test accuracy of every classifier; that of this draw is added to `found`."""
    for kind, classifier in CLASSIFIERS.items():
        share = classifier.fit(features, labels).score(test, y_test)
        found.setdefault(name, {}).setdefault(kind, []).append(share)


def cell(shares):
    """Mean and standard error over the draws."""
    if not shares:
        return "-"
    error = np.std(shares, ddof=1) / np.sqrt(len(shares)) if len(shares) > 1 else 0.0
    return f"{np.mean(shares):.3f} ({error:.3f})"


def report():
    """Print the table of what was found so far."""
    kinds = [*CLASSIFIERS, "label spreading"]
    print(" " * 34 + "".join(f"{kind:>18}" for kind in kinds))
    for name, shares in found.items():
        cells = (cell(shares.get(kind)) for kind in kinds)
        print(f"{name:34}" + "".join(f"{text:>18}" for text in cells), flush=True)


# %% [markdown]
# What may look at all 10,000 images, but at no label: principal components, and a VAE.
# For comparison one model that cheats: it has seen all 10,000 labels.

# %%
vae = kgen.VAE(latent_dim=16, epochs=1 if FAST else 30, random_state=0).fit(x)
pca = PCA(16, random_state=0).fit(flat(x))
features = {
    "principal components": (pca.transform(flat(x)), pca.transform(flat(x_test))),
    "codes of a VAE": (vae.transform(x), vae.transform(x_test)),
}
informed = kgen.ConditionalVAE(
    latent_dim=16, epochs=1 if FAST else 30, random_state=0
).fit(x, y)

# %% [markdown]
# For every draw of the labels: the labelled digits alone; with copies that are shifted
# by two pixels; with 1,000 samples of models that were trained on the labelled
# digits only; and features. `LabelSpreading` also uses what has no label: points take
# the label of the labelled ones that they are connected with, neighbour by neighbour.

# %%
for draw in range(DRAWS):
    random = np.random.default_rng(draw)
    rows = np.concatenate(
        [random.choice(np.flatnonzero(y == k), EACH, replace=False) for k in range(10)]
    )
    few, labels = x[rows], y[rows]
    judge("labelled digits", flat(few), labels, flat(x_test))

    moves = [(down, right) for down in (-2, 0, 2) for right in (-2, 0, 2)]
    shifted = np.concatenate([np.roll(few, move, axis=(1, 2)) for move in moves])
    judge("+ shifted copies", flat(shifted), np.tile(labels, 9), flat(x_test))

    epochs = (1, 1) if FAST else (600, 150)
    models = {
        "+ ConditionalVAE": kgen.ConditionalVAE(
            latent_dim=8, batch_size=50, epochs=epochs[0], random_state=draw
        ).fit(few, labels),
        "+ ConditionalGAN": kgen.ConditionalGAN(
            batch_size=50, epochs=epochs[1], random_state=draw
        ).fit(few, labels),
        "+ ConditionalVAE of 10,000 labels": informed,
    }
    for name, model in models.items():
        more = np.concatenate([few, model.sample(y=ASKED, random_state=draw)])
        judge(name, flat(more), np.r_[labels, ASKED], flat(x_test))

    for name, (train, test) in features.items():
        judge(name, train[rows], labels, test)
        known = np.full(n, -1)  # no label
        known[rows] = labels
        spreading = LabelSpreading(kernel="knn", n_neighbors=10, max_iter=100)
        share = spreading.fit(train, known).score(test, y_test)
        found[name].setdefault("label spreading", []).append(share)

    print(f"\nafter {draw + 1} of {DRAWS} draws of {10 * EACH} labels")
    report()
