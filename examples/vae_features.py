# %% [markdown]
# # Throw away the decoder, keep the encoder
#
# Labels are dear, images are cheap. A VAE learns from 60,000 digits without labels; its
# codes are then features for a classifier that sees 100 labels, or 1,000. Beside them:
# the pixels, and as many principal components. Three minutes on two cores.

# %%
import os

import keras
import numpy as np
import tensorflow as tf
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.svm import SVC

import kgen

FAST = bool(os.environ.get("KGEN_FAST"))  # a short run, as a test
if FAST:  # tracing graphs takes longer than so little training
    tf.config.run_functions_eagerly(run_eagerly=True)

# %%
(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
if FAST:
    x_train, y_train, x_test, y_test = (
        part[:300] for part in (x_train, y_train, x_test, y_test)
    )
ink, ink_test = ((part > 127).astype("uint8") for part in (x_train, x_test))

# %% [markdown]
# The features of three kinds. Each of them may look at all training images, but at no
# label.

# %%
LATENT_DIM = 16
vae = kgen.VAE(latent_dim=LATENT_DIM, epochs=1 if FAST else 20, random_state=0)
vae.fit(ink)
flat, flat_test = ink.reshape(len(ink), -1), ink_test.reshape(len(ink_test), -1)
pca = PCA(LATENT_DIM, random_state=0).fit(flat)
features = {
    "pixels": (flat, flat_test),
    "PCA": (pca.transform(flat), pca.transform(flat_test)),
    "VAE": (vae.transform(ink), vae.transform(ink_test)),
}

# %% [markdown]
# Two classifiers, whose penalty cross-validation chooses, over five draws of the
# labels. Logistic regression cuts the space of features by planes. A support vector
# machine need not, and that suits codes: the digits of a class lie together in them,
# but not on one side of a plane.

# %%
classifiers = {
    "logistic regression": (LogisticRegression(max_iter=2000), np.logspace(-3, 2, 6)),
    "support vectors": (SVC(), [1.0, 10.0]),
}
numbers = (60, 100) if FAST else (100, 1000)
print("test accuracy              " + "".join(f"{n:>9} labels" for n in numbers))
for kind, (classifier, penalties) in classifiers.items():
    for name, (train, test) in features.items():
        shares = []
        for labels in numbers:
            found = []
            for draw in range(1 if FAST else 5):
                rows = np.random.default_rng(draw).permutation(len(train))[:labels]
                grid = {"C": penalties[:1] if FAST else penalties}
                search = GridSearchCV(classifier, grid, cv=2)
                search.fit(train[rows], y_train[rows])
                found.append(search.score(test, y_test))
            shares.append(f"{np.mean(found):9.3f} ({np.std(found):.3f})")
        print(f"{kind:20} {name:6}" + "".join(shares))
