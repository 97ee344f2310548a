# %% [markdown]
# # A conditional GAN: ask for a seven
#
# Name a digit, and a generator draws it. A conditional GAN learns from images and their
# labels. Here we give it scikit-learn's 8x8 digits. Labels may be of any type; ours are
# words.

# %% tags=["test"]
import os

# %%
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits

import kgen

WORDS = np.array("zero one two three four five six seven eight nine".split())
digits = load_digits()
x, y = digits.images.astype("uint8"), WORDS[digits.target]
gan = kgen.ConditionalGAN(epochs=250, random_state=0)

# %% tags=["test"]
if os.environ.get("KGEN_FAST"):  # a short run, as a test
    import tensorflow as tf

    tf.config.run_functions_eagerly(run_eagerly=True)  # quicker than tracing
    x, y = x[:64], y[:64]
    gan.set_params(epochs=1)

# %% [markdown]
# After `fit`, `y` says what is drawn. Give one label for all samples or one label for
# each. Without `y` the labels have the frequencies of the training data.

# %%
gan.fit(x, y)
sevens = gan.sample(4, y="seven", random_state=0)
samples = gan.sample(y=np.tile(WORDS, 4), random_state=0)
print(sevens.shape, samples.shape, gan.sample(3).shape)

# %% alt="Real digits from zero to nine, and those that the GAN drew"
rows = np.stack([np.flatnonzero(y == word)[:4] for word in WORDS], axis=1).ravel()
figure, axes = plt.subplots(2, 1, figsize=(7, 6), layout="constrained")
kgen.plots.image_grid(x[rows], columns=10, title="real", ax=axes[0])
kgen.plots.image_grid(samples, columns=10, title="zero to nine, asked for", ax=axes[1])
figure.savefig("conditional_gan.png", dpi=120)

# %% [markdown]
# A GAN can draw, but it cannot tell you how probable an image is. It has no density,
# and says so.

# %%
print(hasattr(gan, "log_prob"))
try:
    gan.log_prob(x)
except kgen.ImplicitDensityError as error:
    print(error)
