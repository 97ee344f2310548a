# %% [markdown]
# # A conditional PixelCNN: digits on request, and a classifier
#
# p(x|y) of scikit-learn's 8x8 digits (bundled, nothing is downloaded), exact. It draws
# every digit on request. With Bayes' rule it also tells which digit an image is, and
# how sure that is. About a minute on two cores.

# %%
import os

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf
from sklearn.datasets import load_digits

import kgen

FAST = bool(os.environ.get("KGEN_FAST"))  # a short run, as a test
if FAST:  # tracing graphs takes longer than so little training
    tf.config.run_functions_eagerly(run_eagerly=True)

# %% [markdown]
# Grey levels are ordered, which a mixture of logistics knows.

# %%
digits = load_digits()
x, y = digits.images.astype("uint8"), digits.target
x_train, y_train, x_test, y_test = x[:1400], y[:1400], x[1400:], y[1400:]
if FAST:
    x_train, y_train, x_test, y_test = (
        x[:64, ::2, ::2],
        y[:64],
        x[64:80, ::2, ::2],
        y[64:80],
    )

model = kgen.ConditionalPixelCNN(
    head="mixture_of_logistics", epochs=20, random_state=0, verbose=1
)
if FAST:
    model.set_params(epochs=1, filters=8, layers=2)
model.fit(x_train, y_train, validation_data=(x_test, y_test))
print(f"p(x|y): {model.bits_per_dim(x_test, y_test):.2f} bits per pixel")

# %% [markdown]
# `y` says what is drawn: one label for all samples, or a label for each.

# %%
labels = np.tile(model.classes_, 2 if FAST else 6)
samples = model.sample(y=labels, random_state=0)
figure, ax = plt.subplots(figsize=(7, 4.6), layout="constrained")
kgen.plots.image_grid(samples, columns=10, title="zero to nine, asked for", ax=ax)
figure.savefig("conditional_pixelcnn.png", dpi=100)

# %% [markdown]
# Bayes' rule: p(y|x) is p(x|y) p(y), divided by its sum over the labels, which is p(x).

# %%
posterior = model.predict_proba(x_test)  # (n, 10)
found = model.classes_[posterior.argmax(axis=1)]  # as model.predict(x_test)
sure = posterior.max(axis=1) > 0.99
print(f"right: {np.mean(found == y_test):.1%} of {len(y_test)} test images")
if sure.any():
    print(
        f"right where p(y|x) > 0.99: {np.mean((found == y_test)[sure]):.1%}, ", end=""
    )
    print(f"which are {sure.mean():.0%} of them")
