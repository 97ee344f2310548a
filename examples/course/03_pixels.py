# %% [markdown]
# # Pixel by pixel
#
# **How do you model an image pixel by pixel?**
#
# By the [chain rule](02_chain_rule.md), a density of images is a product: each pixel
# has a distribution given all pixels before it. MADE can learn these distributions, but
# it does not know that pixels have neighbours, and has to learn a stroke anew in each
# place. Networks for images use convolutions. But an ordinary convolution looks ahead.
# In this lesson you see how to stop that, what can go wrong, and how to repair it.

# %% tags=["test"]
import os

# %%
import keras
import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf
from scipy.signal import correlate2d

import kgen

# %% [markdown]
# ## Masked convolutions
#
# Pixels come in raster order: row by row, from the left. A kernel of 3x3 around a pixel
# covers four pixels that come before it, the pixel itself, and four that come after it.
# So we multiply the kernel $K$, element by element, by a mask $M$ of zeros and ones:
#
# $$y_{i,j} = \sum_{a,b} (K \odot M)_{a,b} \; x_{i+a,\,j+b}, \qquad
# a, b \in \{-1, 0, 1\}$$
#
# ![Raster order, and the masks A and B of a kernel of 3x3](../figures/masks_ab.svg)
#
# The first layer has mask A, which hides the pixel itself: this is what we want to
# predict. All later layers have mask B, which shows the centre. That is safe, because
# what stands there has been through mask A.

# %%
mask_a = np.array([[1, 1, 1], [1, 0, 0], [0, 0, 0]])
random = np.random.default_rng(0)
kernel, image = random.normal(size=(3, 3)), random.normal(size=(5, 5))


def first_layer(x):
    """A convolution with mask A."""
    return correlate2d(x, kernel * mask_a, mode="same")


changed = image.copy()
changed[2, 2] += 1
print((first_layer(changed) != first_layer(image)).astype(int))

# %% [markdown]
# Changing the pixel in the middle changes four outputs, all of them later ones. The
# output in the middle has not moved: it does not see its own pixel.
#
# A stack of such layers is a PixelCNN (van den Oord et al., 2016). Its last layer gives
# the parameters of all conditionals at once. Here that is one logit per pixel: the
# probability of ink is its sigmoid. We train one on MNIST, which Keras downloads the
# first time (11 MB). To save time we halve the resolution: each of 14x14 pixels has ink
# if the mean of four pixels of the original is above 96.

# %%
(x_train, _), (x_test, _) = keras.datasets.mnist.load_data()
x_train, x_test = (
    (x.reshape(-1, 14, 2, 14, 2).mean(axis=(2, 4)) > 96).astype("uint8")
    for x in (x_train, x_test)
)
pixelcnn = kgen.PixelCNN(filters=32, blocks=4, epochs=4)
gated = kgen.GatedPixelCNN(filters=16, layers=5, epochs=4)  # for later

# %% tags=["test"]
if os.environ.get("KGEN_FAST"):  # a short run
    x_train, x_test = x_train[:64], x_test[:100]
    pixelcnn.set_params(filters=4, blocks=1)
    gated.set_params(filters=4, layers=2)

# %%
steps = pixelcnn.epochs * len(x_train) // 64
falling = keras.optimizers.schedules.CosineDecay(4e-3, steps)
settings = {"batch_size": 64, "learning_rate": falling, "random_state": 0}
pixelcnn.set_params(**settings).fit(x_train)

frequency = (x_train.sum(axis=0) + 1) / (len(x_train) + 2)
coins = np.log(np.where(x_test == 1, frequency, 1 - frequency)).sum(axis=(1, 2))
print(f"independent pixels {-coins.mean():.1f} nats")
print(f"PixelCNN           {-pixelcnn.score(x_test):.1f} nats")

# %% [markdown]
# ## Where the nats go
#
# The cost of an image is a sum over its pixels, so we can look at it pixel by pixel.
# Each one contributes its surprise, given the pixels before it. With a logit $l$ that
# is $\log(1 + e^{-l})$ for ink, and $\log(1 + e^{l})$ for blank paper.

# %% alt="Ten digits and maps of surprise, bright where strokes begin or end"
x = x_test[:10]
logits = np.array(pixelcnn.model_(x[..., np.newaxis].astype("float32")))[..., 0]
surprise = np.logaddexp(0, np.where(x == 1, -logits, logits))
print(f"the sum of a map {surprise[0].sum():.3f}", end=", ")
print(f"minus log_prob {-pixelcnn.log_prob(x[:1])[0]:.3f}")

figure, axes = plt.subplots(2, 1, figsize=(9, 2.2), layout="constrained")
kgen.plots.image_grid(x, columns=10, ax=axes[0])
kgen.plots.image_grid(np.minimum(surprise, 2), columns=10, ax=axes[1])  # 2: white
figure.savefig("surprise.png", dpi=120)

# %% [markdown]
# Ink is white, and so is high surprise. Inside a stroke and on blank paper hardly
# anything is surprising. The nats are spent where a stroke begins, turns or ends,
# because the pixels before do not tell.
#
# ## The blind spot
#
# A stack of masked layers has a flaw. A layer looks to the right only in the rows
# above, so with kernels of 3x3 each step to the right is also a step up. A pixel that
# is further to the right than it is up is never seen, however many layers there are.
#
# ![Left: the pixels to the upper right of the current one are a blind spot. Right: a
# vertical stack sees all rows above, a horizontal one the row
# itself](../figures/blind_spot.svg)
#
# What does that cost? We make images for which we know the answer. The first row is 12
# fair coins; the second row is the same, moved by 6 pixels. Each image costs
# $12 \log 2 = 8.32$ nats if you see all that came before. But the first six pixels of
# the second row have their twins one row up and six columns to the right, in the blind
# spot. (kgen's first kernel is 7x7, but it only reaches three columns to the right.)


# %% alt="Eight images of two rows; the second is the first, moved by half its width"
def twins(n, seed):
    """A row of coins, and the same row moved by half its width."""
    coins = np.random.default_rng(seed).integers(2, size=(n, 12))
    return np.stack([coins, np.roll(coins, 6, axis=1)], axis=1).astype("uint8")


ax = kgen.plots.image_grid(twins(8, seed=0), columns=4)
ax.figure.set_size_inches(7, 1.3)
ax.figure.savefig("twins.png", dpi=120)

# %%
blind = kgen.PixelCNN(filters=32, blocks=3, epochs=10, learning_rate=3e-3)
whole = kgen.GatedPixelCNN(filters=16, layers=4, epochs=10, learning_rate=3e-3)

# %% tags=["test"]
if os.environ.get("KGEN_FAST"):
    blind.set_params(filters=4, blocks=1, epochs=1)
    whole.set_params(filters=4, layers=2, epochs=1)

# %%
for model in (blind, whole):
    model.set_params(random_state=0).fit(twins(4000, seed=1))
    print(f"{type(model).__name__:14}", end="")
    print(f"{-model.score(twins(1000, seed=2)):5.2f} nats")
print(f"twelve coins  {12 * np.log(2):5.2f}, eighteen coins {18 * np.log(2):.2f}")

# %% [markdown]
# PixelCNN pays for six coins a second time, those whose twins it cannot see. It is
# still a density that sums to one: the blind spot costs likelihood, not exactness.
#
# ## Two stacks
#
# `GatedPixelCNN` (van den Oord et al., 2016b) has no blind spot. It has two stacks of
# convolutions. The *vertical* one sees the rows above, as far to the right as to the
# left. The *horizontal* one sees its own row to the left, and is told in each layer
# what the vertical one has found. The link goes one way only: otherwise the vertical
# stack would learn about pixels that it must not see.
#
# ![A layer of the gated PixelCNN: the vertical stack feeds the horizontal stack by a
# 1x1 convolution; both have gates](../figures/gated_layer.svg)
#
# Its units are gated. Of two convolutions ($*$), with kernels $W_f$ and $W_g$, one
# decides what to say, and the other how much of it gets through:
#
# $$y = \tanh(W_f * x) \odot \sigma(W_g * x)$$
#
# Now the digits again, with the same training as before:

# %%
gated.set_params(**settings).fit(x_train)
print(f"PixelCNN      {-pixelcnn.score(x_test):.1f} nats")
print(f"GatedPixelCNN {-gated.score(x_test):.1f} nats")

# %% [markdown]
# ## What does a pixel see?
#
# Do not believe the drawing: measure. The gradient of one output with respect to all
# inputs shows what that output depends on, and how much.

# %% tags=["folded"] alt="PixelCNN does not see the upper right, GatedPixelCNN does"
row, column = 9, 4
x = tf.constant(x_test[:64, ..., np.newaxis], "float32")
figure, axes = plt.subplots(1, 2, figsize=(8, 3.8), layout="constrained")
for ax, model in zip(axes, (pixelcnn, gated), strict=True):
    with tf.GradientTape() as tape:
        tape.watch(x)
        output = tf.reduce_sum(model.model_(x)[:, row, column])
    slope = np.abs(tape.gradient(output, x)).mean(axis=0)[..., 0]
    shown = np.where(slope > 0, np.log10(np.maximum(slope, 1e-9)), np.nan)
    picture = ax.imshow(shown, cmap="viridis", vmin=-1.5, vmax=0.5)
    ax.plot(column, row, "rx", markersize=10, markeredgewidth=3)
    ax.set(title=type(model).__name__, xticks=[], yticks=[])
figure.colorbar(picture, ax=axes, label="log10 of the slope")
figure.savefig("what_it_sees.png", dpi=120)

# %% [markdown]
# The cross is the pixel whose output we ask for; what is white has a slope of exactly
# zero. Neither model sees anything at the cross or after it. PixelCNN is blind to the
# upper right, as in the drawing; GatedPixelCNN sees all that came before. Neighbours
# count most, by far: the colours are logarithmic.
#
# ## Samples, and completions
#
# As in the last lesson, a sample is drawn pixel by pixel. To complete an image, keep
# the pixels that you know and draw the others. As long as everything that is missing
# comes last in raster order, this is an exact draw from
# $p(\text{missing} | \text{known})$.

# %%
samples = gated.sample(48, random_state=0)
keep = np.zeros((14, 14), bool)
keep[:7] = True  # the upper half
originals = x_test[[0, 1, 3, 4, 7, 8]]
drawn = [gated.complete(originals, keep, random_state=seed) for seed in range(5)]

# %% tags=["folded"] alt="Samples like digits; upper halves, each with five completions"
figure, axes = plt.subplots(1, 2, figsize=(12, 5), layout="constrained")
kgen.plots.image_grid(samples, columns=8, title="samples", ax=axes[0])
kgen.plots.completions(originals, keep, drawn, ax=axes[1])
figure.savefig("digits.png", dpi=120)

# %% [markdown]
# Most of the samples look like digits. In some, each stroke is right but the parts do
# not fit: what is far apart is hardest to learn, and takes longer training. Each
# completion continues the strokes that it was given, and different draws find different
# ways to do so.
#
# ??? note "And PixelRNN?"
#     The paper that introduced PixelCNN had another idea first: LSTMs that run over the
#     rows, or along the diagonals, of an image. With `layer="diagonal_bilstm"`, a
#     [`PixelRNN`](../guide/autoregressive.md#pixelrnn) sees all earlier pixels, however
#     far away. The price is that its steps have to wait for one another, even in
#     training. Dilation, which you meet in the next lesson, is another way to see far.
#
# ## What to remember
#
# - Masked convolutions make a network look back only: mask A in the first layer, mask B
#   in all others.
# - What a network cannot see costs nats. A single stack has a blind spot; a vertical
#   and a horizontal stack have none.
# - Measure what your network sees: one gradient is enough.
#
# ## Exercise
#
# `kgen.models.PixelCNNModel("bernoulli", filters=32, blocks=2, dilations=(1,))` is an
# untrained network. It begins with a kernel of 7x7, and each of its two blocks has one
# of 3x3. How many rows up does an output see? How many columns to the left in its own
# row? And how far to the right, one row up and five rows up? Think first, then measure
# it by a gradient, as above.

# %% [markdown] tags=["answer"]
# The first layer reaches three pixels up and to each side, and each block one more:
# five rows up, five columns to the left. To the right it is at most three columns in
# the row above, by the first layer alone, since blocks look to the right only in rows
# above. Five rows up, it is five.

# %% tags=["answer"]
keras.utils.set_random_seed(0)
model = kgen.models.PixelCNNModel("bernoulli", filters=32, blocks=2, dilations=(1,))
x = tf.constant(np.random.default_rng(0).integers(2, size=(64, 13, 13, 1)), "float32")
model(x)  # builds it
with tf.GradientTape() as tape:
    tape.watch(x)
    output = tf.reduce_sum(model(x)[:, 8, 6])
seen = np.abs(tape.gradient(output, x)).sum(axis=0)[..., 0] > 0
print(seen[3:9].astype(int))  # the last row is the pixel's, in the seventh column

# %% [markdown]
# ## Where to read on
#
# - [The guide of the models of pixels](../guide/autoregressive.md#pixelcnn), with
#   `ConditionalPixelCNN`, which draws the class that you ask for.
# - [PixelCNN on all of MNIST](../gallery/pixelcnn_mnist.md), in the gallery.
# - Van den Oord et al., *Pixel Recurrent Neural Networks*, 2016.
#   <https://arxiv.org/abs/1601.06759>
# - Van den Oord et al., *Conditional Image Generation with PixelCNN Decoders*, 2016b.
#   <https://arxiv.org/abs/1606.05328>
