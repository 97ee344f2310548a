# %% [markdown]
# # Few labels: what helps, and what does not
#
# You have a hundred labelled digits: how do you get the most out of them? A generative
# model could draw more training data. A VAE could learn codes from 10,000 digits that
# nobody has labelled. We try both, and report means over five draws of the labels with
# their standard errors.

# %% tags=["test"]
import os

# %%
import keras
import matplotlib.pyplot as plt
import numpy as np
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.semi_supervised import LabelSpreading

import kgen

(x, y), (x_test, y_test) = keras.datasets.mnist.load_data()
x, y = (x[:10_000] > 127).astype("uint8"), y[:10_000]
x_test = (x_test > 127).astype("uint8")
DRAWS, EACH, MORE = 5, 10, 100  # labelled and synthetic digits of each class
epochs = {"all": 30, "VAE": 600, "GAN": 150}

# %% [markdown]
# Two classifiers learn from the labels. We do not tune them, because none of a hundred
# labels can be spared for validation.

# %%
CLASSIFIERS = {
    "logistic": LogisticRegression(max_iter=1000),
    "network": MLPClassifier((100,), max_iter=1000, random_state=0),
}

# %% tags=["test"]
if os.environ.get("KGEN_FAST"):  # a short run, as a test
    import tensorflow as tf

    tf.config.run_functions_eagerly(run_eagerly=True)  # quicker than tracing
    x, x_test = x[:300, ::2, ::2], x_test[:300, ::2, ::2]
    y, y_test = y[:300], y_test[:300]
    DRAWS, EACH, MORE = 1, 5, 3
    epochs = dict.fromkeys(epochs, 1)
    CLASSIFIERS["network"].set_params(max_iter=20)

# %%
found = {}


def flat(images):
    """Images as vectors, of 0 and 1."""
    return images.reshape(len(images), -1).astype("float32")


def judge(name, features, labels, test):
    """Add the test accuracy of every classifier to `found`."""
    for kind, classifier in CLASSIFIERS.items():
        share = classifier.fit(features, labels).score(test, y_test)
        found.setdefault(name, {}).setdefault(kind, []).append(share)


# %% [markdown]
# ## What needs no labels
#
# Principal components and a VAE may look at all 10,000 images, but at no label. For
# comparison we also train one model that cheats: it sees all 10,000 labels.

# %%
vae = kgen.VAE(latent_dim=16, epochs=epochs["all"], random_state=0).fit(x)
pca = PCA(16, random_state=0).fit(flat(x))
features = {
    "principal components": (pca.transform(flat(x)), pca.transform(flat(x_test))),
    "codes of a VAE": (vae.transform(x), vae.transform(x_test)),
}
informed = kgen.ConditionalVAE(latent_dim=16, epochs=epochs["all"], random_state=0)
informed = informed.fit(x, y)

# %% [markdown]
# ## Five draws of a hundred labels
#
# For every draw the classifiers learn from
#
# - the labelled digits alone;
# - these and copies of them, shifted by two pixels;
# - these and 1,000 samples of a model that was trained on the labelled digits only (or,
#   for the one that cheats, on all);
# - features of the labelled digits.
#
# `LabelSpreading` uses the digits without labels once more. A digit takes the label of
# the labelled ones that it is connected with, from neighbour to neighbour.

# %%
asked = np.repeat(np.arange(10), MORE)  # labels of synthetic digits
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

    settings = {"batch_size": 50, "random_state": draw}
    models = {
        "+ ConditionalVAE": kgen.ConditionalVAE(
            latent_dim=8, epochs=epochs["VAE"], **settings
        ).fit(few, labels),
        "+ ConditionalGAN": kgen.ConditionalGAN(epochs=epochs["GAN"], **settings).fit(
            few, labels
        ),
        "+ ConditionalVAE of 10,000 labels": informed,
    }
    for name, model in models.items():
        more = np.concatenate([few, model.sample(y=asked, random_state=draw)])
        judge(name, flat(more), np.r_[labels, asked], flat(x_test))

    for name, (train, test) in features.items():
        judge(name, train[rows], labels, test)
        known = np.full(len(x), -1)  # no label
        known[rows] = labels
        spreading = LabelSpreading(kernel="knn", n_neighbors=10, max_iter=100)
        share = spreading.fit(train, known).score(test, y_test)
        found[name].setdefault("label spreading", []).append(share)

# %% [markdown]
# ## What helps?

# %%
kinds = [*CLASSIFIERS, "label spreading"]
print(" " * 34 + "".join(f"{kind:>17}" for kind in kinds))
means, errors = {}, {}
for name, shares in found.items():
    cells = []
    for kind in kinds:
        draws = shares.get(kind, [np.nan])
        means[name, kind] = np.mean(draws)
        errors[name, kind] = np.std(draws, ddof=min(1, len(draws) - 1))
        errors[name, kind] /= np.sqrt(len(draws))
        text = f"{means[name, kind]:.3f} ({errors[name, kind]:.3f})"
        cells.append(f"{text if kind in shares else '':>17}")
    print(f"{name:34}" + "".join(cells))

# %% tags=["folded"] alt="Test accuracies with standard errors, by what was added"
figure, ax = plt.subplots(figsize=(8, 4.4), layout="constrained")
names = list(found)[::-1]
for k, kind in enumerate(kinds):
    centres, spread = ([of[name, kind] for name in names] for of in (means, errors))
    places = np.arange(len(names)) + 0.15 * (1 - k)
    ax.errorbar(centres, places, xerr=spread, fmt="o", label=kind)
ax.axvline(means["labelled digits", "network"], color="0.7", zorder=0)
ax.set_yticks(range(len(names)), names)
ax.set(xlabel="test accuracy")
ax.legend(loc="lower left")
figure.savefig("few_labels.png", dpi=120)
