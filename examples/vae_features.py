# %% [markdown]
# # Throw away the decoder, keep the encoder
#
# Images are cheap and labels are expensive, so learn features from images alone. A VAE
# learns codes of 60,000 digits without labels. Then a classifier learns from the codes
# of 100 or 1,000 digits with labels. We compare the codes with the pixels themselves
# and with as many principal components.

# %% tags=["test"]
import os

# %%
import keras
import matplotlib.pyplot as plt
import numpy as np
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.svm import SVC

import kgen

(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
LATENT_DIM = 16
vae = kgen.VAE(latent_dim=LATENT_DIM, epochs=20, random_state=0)
numbers, draws = (100, 1000), 5

# %% [markdown]
# ## Classifiers
#
# We take two classifiers, and cross-validation chooses their penalty. Logistic
# regression cuts the space of features by planes. A support vector machine is not bound
# to planes, and this suits codes: the digits of a class lie close together there, but
# not on one side of a plane.

# %%
classifiers = {
    "logistic regression": (
        LogisticRegression(max_iter=2000),
        {"C": np.logspace(-3, 2, 6)},
    ),
    "support vectors": (SVC(), {"C": [1.0, 10.0]}),
}

# %% tags=["test"]
if os.environ.get("KGEN_FAST"):  # a short run, as a test
    import tensorflow as tf

    tf.config.run_functions_eagerly(run_eagerly=True)  # quicker than tracing
    x_train, y_train, x_test, y_test = (
        part[:300] for part in (x_train, y_train, x_test, y_test)
    )
    vae.set_params(epochs=1)
    numbers, draws = (60, 100), 1
    classifiers = {
        name: (classifier, {"C": [1.0]})
        for name, (classifier, _) in classifiers.items()
    }

# %% [markdown]
# ## Features
#
# Each of them may look at all training images, but at no label.

# %%
ink, ink_test = ((part > 127).astype("uint8") for part in (x_train, x_test))
vae.fit(ink)
flat, flat_test = ink.reshape(len(ink), -1), ink_test.reshape(len(ink_test), -1)
pca = PCA(LATENT_DIM, random_state=0).fit(flat)
features = {
    "pixels": (flat, flat_test),
    "PCA": (pca.transform(flat), pca.transform(flat_test)),
    "VAE": (vae.transform(ink), vae.transform(ink_test)),
}

# %% [markdown]
# ## What they are worth
#
# We draw the labelled digits five times. The table has the mean test accuracy and its
# standard deviation over the draws.

# %%
found = {}
print("test accuracy              " + "".join(f"{n:>9} labels" for n in numbers))
for kind, (classifier, grid) in classifiers.items():
    for name, (train, test) in features.items():
        for labels in numbers:
            shares = found.setdefault((kind, labels, name), [])
            for draw in range(draws):
                rows = np.random.default_rng(draw).permutation(len(train))[:labels]
                classifier = GridSearchCV(classifiers[kind][0], grid, cv=2)
                classifier.fit(train[rows], y_train[rows])
                shares.append(classifier.score(test, y_test))
        cells = (found[kind, labels, name] for labels in numbers)
        cells = "".join(f"{np.mean(c):9.3f} ({np.std(c):.3f})" for c in cells)
        print(f"{kind:20} {name:6}" + cells)

# %% tags=["folded"] alt="Bars of test accuracy; with 1,000 labels codes are the best"
figure, axes = plt.subplots(1, 2, figsize=(8, 3.6), sharey=True, layout="constrained")
for ax, labels in zip(axes, numbers, strict=True):
    for k, kind in enumerate(classifiers):
        bars = [found[kind, labels, name] for name in features]
        places = np.arange(len(features)) + 0.4 * k - 0.2
        means, spread = np.mean(bars, axis=1), np.std(bars, axis=1)
        drawn = ax.bar(places, means, 0.38, yerr=spread, label=kind)
        ax.bar_label(drawn, fmt="%.2f", padding=2, fontsize=8)
    ax.set_xticks(range(len(features)), features)
    ax.set(title=f"{labels} labels", ylim=(0.6, 1))
axes[0].set_ylabel("test accuracy")
axes[0].legend(loc="upper left")
figure.savefig("vae_features.png", dpi=120)
