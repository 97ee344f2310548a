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
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

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
# A logistic regression on each, whose penalty cross-validation chooses, over five draws
# of the labels.

# %%
print("test accuracy     " + "".join(f"{n:>8} labels" for n in (100, 1000)))
for name, (train, test) in features.items():
    shares = []
    for labels in (60, 100) if FAST else (100, 1000):
        found = []
        for draw in range(1 if FAST else 5):
            rows = np.random.default_rng(draw).permutation(len(train))[:labels]
            model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000))
            grid = {"logisticregression__C": [0.3] if FAST else np.logspace(-4, 1, 6)}
            model = GridSearchCV(model, grid, cv=2)
            found.append(model.fit(train[rows], y_train[rows]).score(test, y_test))
        shares.append(f"{np.mean(found):9.3f} ({np.std(found):.3f})")
    print(f"{name:12}" + "".join(shares))
