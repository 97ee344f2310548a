# %% [markdown]
# # Discrete codes: a picture as a sentence
#
# **Why not words instead of numbers?**
#
# The code of a VAE is a point, and its prior is a round cloud around zero. Much of the
# world is not like that: a stroke is there or it is not, a word is this one or another.
# Besides, a standard normal says little about how codes go together, while from [lesson
# 3](03_pixels.md) you already know strong models of *discrete* data.
#
# A [VQVAE](../api/VQVAE.md) puts the two together. It writes a picture as a small map
# of integers, and then an autoregressive model learns which maps make sense.

# %%
import os

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf
from sklearn.datasets import load_digits

import kgen

x = load_digits().images.astype("uint8")  # (1797, 8, 8), 17 grey levels
x_train, x_test = x[:1500], x[1500:]
EPOCHS, LONG = 40, 40

# %% tags=["test"]
if os.environ.get("KGEN_FAST"):  # a short run, as a test
    tf.config.run_functions_eagerly(run_eagerly=True)
    x_train, x_test, EPOCHS, LONG = x_train[:64], x_test[:20], 1, 1

# %% [markdown]
# ## Two steps
#
# ![Above: an image is encoded to a 4x4 map of integers, and decoded. Below: a prior
# draws such a map, for the decoder](../figures/words_of_a_picture.svg)
#
# First we train an autoencoder whose code is a map of integers, each between 0 and 15.
# Our digits have 8x8 pixels; `halvings=1` makes a 4x4 map of them. Then we freeze it,
# encode the training data, and fit a density to the maps: the *prior*. kgen does both
# in one `fit`. (Why the prior gets so much weight decay and few epochs is the
# exercise.)

# %%
prior = kgen.GatedPixelCNN(
    filters=48,
    layers=6,
    dilations=(1,),
    batch_size=32,
    weight_decay=1.0,
    epochs=12,
)
vq = kgen.VQVAE(
    codebook_size=16,
    architecture=kgen.networks.Spatial(width=32, halvings=1),
    epochs=EPOCHS,
    prior=prior,
    random_state=0,
)
vq.fit(x_train)
codes = vq.encode(x_test)
print(codes.shape, codes.dtype)
print(codes[0])

# %% [markdown]
# ## From a vector to an integer
#
# The encoder gives a vector $z$ for each of the 16 positions. The *codebook* holds $K =
# 16$ vectors $e_1, \ldots, e_K$, and the code is the number of the nearest one:
#
# $$\text{code}(z) = \arg\min_k \lVert z - e_k \rVert$$
#
# ![The plane is cut into cells around the vectors of a codebook, and a vector z goes to
# the nearest of them](../figures/nearest_code.svg)
#
# In NumPy that is two lines. (kgen counts from 0.)

# %%
images = x_test[..., np.newaxis].astype("float32")
z = np.asarray(vq.model_.encoder(images))  # (297, 4, 4, 32)
codebook = np.asarray(vq.model_.quantizer.codebook)  # (16, 32)
distance = np.linalg.norm(z[..., np.newaxis, :] - codebook, axis=-1)
nearest = np.argmin(distance, axis=-1)
print(z.shape, codebook.shape)
print("as encode says:", (nearest == codes).mean())

# %% [markdown]
# ## Learning through a step
#
# There is a difficulty. If $z$ moves a little, the nearest vector stays the same: the
# slope is zero nearly everywhere, and no gradient reaches the encoder. The remedy is
# simple and bold: on the way back, pretend that the step is not there. With
# $\mathrm{sg}$ ("stop gradient": no gradient passes through this), it is one line of
# code:
#
# $$z + \mathrm{sg}(e_{\text{code}} - z)$$
#
# ![Encoder, nearest code, decoder; the gradient jumps from the decoder back to the
# encoder](../figures/straight_through.svg)

# %%
layer = kgen.layers.VectorQuantizer(codebook_size=2)
layer.build((None, 1))
layer.codebook.assign([[0.0], [1.0]])
z_small = tf.constant([[0.4], [0.9]])
with tf.GradientTape(persistent=True) as tape:
    tape.watch(z_small)
    looked_up = layer.lookup(layer.codes(z_small))
    straight = z_small + tf.stop_gradient(looked_up - z_small)
    same = layer(z_small)  # what kgen does
for name, e in (("plain", looked_up), ("straight through", straight), ("kgen", same)):
    gradient = tape.gradient(e, z_small)
    slope = "none" if gradient is None else gradient.numpy().ravel()
    print(f"{name:16}: vectors {e.numpy().ravel()}, gradient {slope}")

# %% [markdown]
# All three have the same values. Only the last two tell the encoder which way to go.
# Two things are left. The codebook has to follow the encoder: $e_k$ is a moving average
# of the vectors that recently had the code $k$. And the encoder should stay near the
# codebook. For this the loss has a second term, the *commitment*, with a weight
# $\beta$:
#
# $$-\log p(x \mid e_{\text{code}}) \;+\; \beta \sum_{\text{positions}} \lVert z -
# \mathrm{sg}(e_{\text{code}}) \rVert^2$$
#
# ## Are all the words used?
#
# A codebook fails in its own way. A vector that is nearest to nothing gets no data,
# never moves, and stays unused; in the end few codes are left. So look at the
# **perplexity**, the exponential of the entropy of the codes. It is 16 if all codes are
# used equally often, and 1 if only one is used:

# %%
shares = np.bincount(codes.ravel(), minlength=16) / codes.size
used = shares[shares > 0]
print(f"perplexity {np.exp(-np.sum(used * np.log(used))):.1f} of 16")
print(f"in training {vq.history_['perplexity'][0]:.1f} at first, ", end="")
print(f"{vq.history_['perplexity'][-1]:.1f} at the end")

# %% [markdown]
# (kgen restarts an unused code at a vector of the batch.) And what do the words mean?
# Take the map of a zero, replace one of its integers, the one in row 2 and column 1, by
# each of the 16 words in turn, and decode:

# %% alt="A zero with sixteen different middles: some are an eight"
zero = vq.encode(x_test[16:17])
swapped = np.repeat(zero, 16, axis=0)
swapped[:, 2, 1] = np.arange(16)
ax = kgen.plots.image_grid(vq.decode(swapped), columns=16)
ax.figure.set_size_inches(9, 0.9)
ax.figure.savefig("swapped.png", dpi=120)

# %% [markdown]
# The change is local: a word says what the stroke does in its place, and the decoder
# joins it to its neighbours. With some words the zero gets a bar and becomes an eight.
#
# ## The prior: which sentences make sense?
#
# Words in random order are no sentence. The prior is a
# [GatedPixelCNN](../api/GatedPixelCNN.md), which sees a map of codes as an image with
# $K$ unordered levels:
#
# $$p(\text{code}) = \prod_i p(\text{code}_i \mid \text{code}_1, \ldots,
# \text{code}_{i-1})$$
#
# It is a density, so you can judge it as one: in bits per code, on codes of held-out
# images. We compare it with two simpler ideas: all codes equally likely, and every
# position by itself.

# %%
counts = np.stack([(vq.encode(x_train) == k).sum(axis=0) for k in range(16)], axis=-1)
by_position = (counts + 0.5) / (counts + 0.5).sum(axis=-1, keepdims=True)  # (4, 4, 16)
rows, columns = np.indices((4, 4))
alone = -np.log2(by_position[rows, columns, codes]).mean()
print(f"all equally likely    {np.log2(16):.2f} bits per code")
print(f"position by position  {alone:.2f}")
print(f"the prior             {vq.prior_.bits_per_dim(codes):.2f}")

# %% [markdown]
# Draw maps of codes from each of the three, and decode them:

# %% tags=["folded"] alt="Four grids: muddles, smears, rough digits, real digits"
random = np.random.default_rng(0)
uniform = random.integers(16, size=(30, 4, 4))
below = random.uniform(size=(30, 4, 4, 1)) > by_position.cumsum(axis=-1)
single = np.minimum(below.sum(axis=-1), 15)
figure, axes = plt.subplots(1, 4, figsize=(11, 3.7), layout="constrained")
for ax, title, shown in zip(
    axes,
    ("equally likely", "position by position", "from the prior", "real digits"),
    (
        *(vq.decode(c) for c in (uniform, single)),
        vq.decode(vq.prior_.sample(30, random_state=0)),
        x_test[:30],
    ),
    strict=True,
):
    kgen.plots.image_grid(shown, columns=5, title=title, ax=ax)
figure.savefig("priors.png", dpi=120)

# %% [markdown]
# The decoder is the same in all of them. It knows how to draw words; the prior makes
# digits of them. `vq.sample(30)` does both steps. The prior is not perfect, since 1,500
# digits are few to learn from. For what it does with more data, see the clothes in [the
# guide](../guide/variational.md#clothes).
#
# How much is lost when an image becomes 16 integers? Rather little:

# %% alt="Held-out digits, and their reconstructions below each"
ax = kgen.plots.reconstructions(vq, x_test[:20], columns=20)
ax.figure.set_size_inches(9, 1.3)
ax.figure.savefig("reconstructions.png", dpi=120)

# %% [markdown]
# ## Remember
#
# - A VQ-VAE replaces each vector of the encoder with the nearest one in a codebook. The
#   gradient passes as if nothing had happened.
# - Watch the perplexity: it says how many codes are in use.
# - The autoencoder knows what words look like, and the prior knows which go together.
#   Any density of integers can be a prior; compare them by bits per code.
#
# ## Exercise
#
# The prior above had a strong weight decay and 12 epochs. Fit a smaller one to the
# codes, without weight decay and for 40 epochs, with the codes of held-out digits as
# `validation_data`. (Its head should be `kgen.heads.Categorical(16, one_hot=True)`: 16
# levels without an order.) When should its training have ended?

# %% tags=["answer"] alt="Training loss falls; held-out loss turns early, and rises"
long = kgen.GatedPixelCNN(
    filters=32,
    layers=4,
    dilations=(1,),
    head=kgen.heads.Categorical(16, one_hot=True),
    epochs=LONG,
    random_state=0,
)
long.fit(vq.encode(x_train), validation_data=codes)
bits = np.array(long.history_["val_loss"]) / 16 / np.log(2)
print(f"best after {bits.argmin() + 1} epochs: {bits.min():.2f} bits per code")
print(f"after the last: {bits[-1]:.2f}")
ax = kgen.plots.history(long, title="nats per map of codes")
ax.figure.set_size_inches(6, 3)
ax.figure.savefig("long_prior.png", dpi=120)

# %% [markdown] tags=["answer"]
# After 7 epochs. From then on the prior learns the codes of the training digits by
# heart: their cost keeps falling, while held-out codes cost 6 bits each in the end, two
# more than if all were equally likely. Samples would not tell you, since a model that
# repeats its training data draws fine digits. So judge a prior as you judge any
# density: on examples that it has not seen.

# %% [markdown]
# ## Read on
#
# - The guide to the [VQVAE](../guide/variational.md#vqvae), with clothes from a longer
#   run, and [its example](../gallery/vqvae.md).
# - Next lesson: [games](07_games.md).
# - Van den Oord, Vinyals and Kavukcuoglu, [Neural Discrete Representation
#   Learning](https://arxiv.org/abs/1711.00937), 2017: sec. 3, and appendix A.1 for the
#   codebook.
