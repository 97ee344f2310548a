# %% [markdown]
# # A conditional PixelCNN: draw digits and read them
#
# One model draws the digit you ask for, and reads the digits you show it. It learns
# $p(x | y)$, the exact density of images $x$ given their label $y$, from scikit-learn's
# 8x8 digits. Sampling from it draws a digit on request. Bayes' rule turns it around:
# which label explains this image best, and how sure can we be?

# %% tags=["test"]
import os

# %%
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits

import kgen

digits = load_digits()
x, y = digits.images.astype("uint8"), digits.target
x_train, y_train, x_test, y_test = x[:1400], y[:1400], x[1400:], y[1400:]

# %% [markdown]
# Grey levels have an order. The mixture of logistics knows it, so we choose that head.

# %%
model = kgen.ConditionalPixelCNN(head="mixture_of_logistics", epochs=20, random_state=0)

# %% tags=["test"]
if os.environ.get("KGEN_FAST"):  # a short run, as a test
    import tensorflow as tf

    tf.config.run_functions_eagerly(run_eagerly=True)  # quicker than tracing
    x_train, y_train = x_train[:64, ::2, ::2], y_train[:64]
    x_test, y_test = x_test[:16, ::2, ::2], y_test[:16]
    model.set_params(epochs=1, filters=8, layers=2)

# %%
model.fit(x_train, y_train, validation_data=(x_test, y_test))
print(f"p(x|y): {model.bits_per_dim(x_test, y_test):.2f} bits per pixel")

# %% [markdown]
# ## Draw
#
# `y` says what is drawn. Give one label for all samples or one label for each.

# %% alt="Sixty drawn digits, in ten columns from zero to nine"
labels = np.tile(model.classes_, 6)
samples = model.sample(y=labels, random_state=0)
figure, ax = plt.subplots(figsize=(7, 4.6), layout="constrained")
kgen.plots.image_grid(samples, columns=10, title="zero to nine, asked for", ax=ax)
figure.savefig("conditional_pixelcnn.png", dpi=120)

# %% [markdown]
# ## Read
#
# Bayes' rule: $p(y | x) = p(x | y)\, p(y) / p(x)$, where $p(x)$ is the sum of
# $p(x | y)\, p(y)$ over all labels.

# %%
posterior = model.predict_proba(x_test)  # (n, 10)
found = model.classes_[posterior.argmax(axis=1)]  # as model.predict(x_test)
sure = posterior.max(axis=1) > 0.99
print(f"right: {np.mean(found == y_test):.1%} of {len(y_test)} test images")
if sure.any():
    print(f"p(y|x) > 0.99 for {sure.mean():.0%} of the images")
    print(f"right among these: {np.mean((found == y_test)[sure]):.1%}")

# %% [markdown]
# When the model is in doubt, so are we. Here are the four images with the least certain
# answers, and the probabilities of their labels.

# %% tags=["folded"] alt="Four ambiguous digits and the probabilities of their labels"
doubtful = np.argsort(posterior.max(axis=1))[:4]
figure, axes = plt.subplots(2, 4, figsize=(8, 3.6), layout="constrained")
for (above, below), row in zip(axes.T, doubtful, strict=True):
    above.imshow(x_test[row], cmap="gray")
    above.set_title(f"label {y_test[row]}", fontsize=11)
    above.set_axis_off()
    colours = ["C1" if k == y_test[row] else "C0" for k in model.classes_]
    below.bar(model.classes_, posterior[row], color=colours)
    below.set(xticks=model.classes_, ylim=(0, 1))
figure.savefig("doubtful.png", dpi=120)
