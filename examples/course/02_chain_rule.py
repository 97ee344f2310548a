# %% [markdown]
# # The chain rule
#
# **How can a network give an exact probability of many variables at once?**
#
# There are $2^{16} = 65{,}536$ images of 4x4 pixels in black and white. A density gives
# each one a probability, and all of them sum to one. Of 28x28 pixels there are
# $2^{784}$, more than anybody could ever list. How can a network keep such a budget? It
# splits one large question into many small ones.

# %% tags=["test"]
import os

# %%
import keras
import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf
from scipy.special import expit as sigmoid

import kgen
from kgen.data.toy import bars, every_image
from kgen.layers import hidden_degrees, hidden_mask, output_mask

# %% [markdown]
# ## One variable at a time
#
# Write an image as $D$ variables, $x = (x_1, \dots, x_D)$, with $x_{<d}$ for those
# before $x_d$. Any joint probability is a product of conditional ones:
#
# $$p(x) = p(x_1)\, p(x_2 | x_1)\, p(x_3 | x_1, x_2) \cdots
#   = \prod_{d=1}^{D} p(x_d | x_{<d})$$
#
# ![Four variables with arrows from each to all later ones, and the factors of the
# probability below them](../figures/chain_rule.svg)
#
# This is the chain rule of probability. It is exact, and it holds for the variables in
# any order. A single binary variable is easy: its distribution is one number. And if
# each factor sums to one over its own variable, so does the product over all images.
#
# Let us count on the bars of the last lesson: one white row or column, all eight
# equally probable. What is the probability of the image with a white first row?

# %%
x_train = bars(2000, size=4, random_state=0).reshape(-1, 16)
x_test = bars(1000, size=4, random_state=1).reshape(-1, 16)

image = np.zeros(16)
image[:4] = 1
agree = np.ones(len(x_train), bool)  # with the image, so far
factors = []
for d in range(16):
    factors.append(np.mean(x_train[agree, d] == image[d]))  # p(x_d | x_<d)
    agree &= x_train[:, d] == image[d]
print(*np.round(factors, 2))
print(f"product {np.prod(factors):.3f}, wanted {1 / 8:.3f}")

# %% [markdown]
# The first pixel is white in a quarter of all images: in the first row and in the first
# column. The second pixel tells the two apart, and the rest is certain.
#
# With only eight images counting is enough. With real data it is not: after a few dozen
# pixels no training example agrees with a new one. A network can generalise.
#
# ## NADE: share the work
#
# We could train one network for each factor, with $x_{<d}$ as its input. NADE
# (Larochelle and Murray, 2011) lets all of them share their weights. It keeps a vector
# of sums $a$, and adds a vector of weights $W_d$ when one more variable becomes known:
#
# $$a_1 = c, \qquad h_d = \sigma(a_d), \qquad a_{d+1} = a_d + x_d W_d,$$
#
# $$p(x_d = 1 | x_{<d}) = \sigma(b_d + V_d h_d)$$
#
# Factor $d$ has the hidden units $h_d$, and $V_d$ and $b_d$ for its output; $c$ is a
# bias, $\sigma$ the sigmoid. We train kgen's NADE, take its weights, and write it down:

# %%
nade = kgen.NADE(hidden=50, epochs=15, learning_rate=1e-2, random_state=0)

# %% tags=["test"]
if os.environ.get("KGEN_FAST"):  # a short run
    nade.set_params(epochs=1)

# %%
nade.fit(x_train)
W, c, V, b = (getattr(nade.model_, name).numpy() for name in "WcVb")


def log_prob(x):
    """Log-probability of one image under NADE."""
    a, total = c, 0.0
    for d in range(len(x)):
        h = sigmoid(a)
        p = sigmoid(b[d] + h @ V[d])[0]  # p(x_d = 1 | x_<d)
        total += np.log(p if x[d] else 1 - p)
        a = a + x[d] * W[d]
    return total


print(f"by hand {log_prob(image):.4f} nats, NADE {nade.log_prob(image[None])[0]:.4f}")
print(f"held-out {-nade.score(x_test):.2f} nats, entropy {np.log(8):.2f}")

# %% [markdown]
# The loop computes a hidden layer in each of its $D$ turns. That makes training slow.
#
# ## MADE: all factors in one pass
#
# MADE (Germain et al., 2015) gets all $D$ factors out of one pass through an ordinary
# network. It takes an autoencoder, whose outputs are to copy its inputs, and cuts all
# connections through which output $d$ could see $x_d$ or later variables. So output $d$
# has to predict $x_d$ from $x_{<d}$.
#
# ![A network of four inputs, six hidden units and four outputs with its remaining
# connections, and the two masks](../figures/made_masks.svg)
#
# Each hidden unit $k$ gets a number $m(k)$ from 1 to $D - 1$, its degree. It may see
# inputs up to its degree, and an output may see hidden units with a degree below its
# own place. Where that is so, the masks that multiply the weights are 1, and else 0:
#
# $$M^W_{k,d} = 1_{m(k) \ge d}, \qquad M^V_{d,k} = 1_{d > m(k)}$$

# %%
places = np.arange(1, 5)
degrees = 1 + hidden_degrees(4, 6)  # kgen counts from 0
M_W = np.array(hidden_mask(places, degrees), int)  # transposed: (inputs, hidden)
M_V = np.array(output_mask(degrees, places), int)  # transposed: (hidden, outputs)
print("degrees", degrees)
print(M_W @ M_V)

# %% [markdown]
# The product of the masks counts the paths from each input (rows) to each output
# (columns). On the diagonal and below it there are none, so no output sees its own
# variable or a later one. The first output sees nothing, as it should.
#
# Now we train one, and ask how much each output changes with each input.

# %%
made = kgen.MADE(
    hidden=(200,), batch_size=32, epochs=40, learning_rate=1e-2, random_state=0
)
made.fit(x_train)
print(f"held-out {-made.score(x_test):.2f} nats, entropy {np.log(8):.2f}")

# %% tags=["folded"] alt="A grid of slopes: zero on the diagonal and above it"
x = tf.constant(x_test[:64], "float32")
with tf.GradientTape() as tape:
    tape.watch(x)
    logits = made.model_(x)
slopes = np.abs(tape.batch_jacobian(logits, x)).mean(axis=0)
ax = plt.figure(figsize=(4, 3.6), layout="constrained").add_subplot()
ax.imshow(np.where(slopes > 0, slopes, np.nan), cmap="viridis")
ax.set(xlabel="input", ylabel="output", xticks=[0, 4, 8, 12], yticks=[0, 4, 8, 12])
ax.figure.savefig("slopes.png", dpi=120)

# %% [markdown]
# Each row is an output, and bright squares are large slopes. What is white has a slope
# of exactly zero: there is no path.
#
# ## Does it sum to one?
#
# For 16 binary pixels we can check: we ask for the probability of every image there is.

# %%
everything = every_image((4, 4)).reshape(-1, 16)
probability = np.exp(made.log_prob(everything).astype("float64"))
print(f"sum over {len(everything):,} images: {probability.sum():.5f}")
top = np.argsort(-probability)[:10]
print("the ten most probable:", probability[top].round(3))

# %% tags=["folded"] alt="The ten most probable images: the eight bars come first"
ax = kgen.plots.image_grid(everything[top].reshape(-1, 4, 4), columns=10)
ax.figure.set_size_inches(7.5, 1.1)
ax.figure.savefig("most_probable.png", dpi=120)

# %% [markdown]
# It does, and it did before training. Training only pushed up the probability of what
# it saw. The chain rule took care of the budget.
#
# ## Drawing a sample
#
# The chain rule also tells you how to draw: $x_1$ from $p(x_1)$, then $x_2$ from
# $p(x_2 | x_1)$, and so on. All factors of a *known* image come out of one pass. But to
# draw $x_d$ you need $x_{<d}$ first, so **a sample takes $D$ steps**:

# %%
random = np.random.default_rng(3)
x = np.zeros((5, 16), "float32")
steps = [np.full_like(x, 0.5)]  # grey is not known yet
for d in range(16):
    p = sigmoid(np.array(made.model_(x))[:, d])  # p(x_d = 1 | x_<d)
    x[:, d] = random.uniform(size=5) < p
    steps.append(np.where(np.arange(16) <= d, x, 0.5))

# %% tags=["folded"] alt="Five images are drawn pixel by pixel, and end as bars"
shown = np.stack([steps[d] for d in (0, 1, 2, 3, 4, 5, 8, 12, 16)], axis=1)
ax = kgen.plots.image_grid(shown.reshape(-1, 4, 4), columns=9)
ax.figure.set_size_inches(6.5, 3.8)
ax.figure.savefig("drawing.png", dpi=120)

# %% [markdown]
# Each row is one image, after 0, 1, 2, 3, 4, 5, 8, 12 and 16 pixels. `made.sample(5)`
# does the same, but keeps what it has already computed: see [incremental
# sampling](../guide/autoregressive.md#incremental-sampling).
#
# ## Which order?
#
# Any order is right, but the order decides which questions are easy. Keep the last row
# of an image and let the model draw the rest. Row by row (*raster order*) the last row
# comes last, so it has no influence on the other rows. `MADE(orders="any")` is trained
# on a new random order at each step, and can put everything that is known first.

# %%
any_order = kgen.MADE(
    hidden=(200, 200), orders="any", epochs=300, learning_rate=3e-3, random_state=0
)

# %% tags=["test"]
if os.environ.get("KGEN_FAST"):
    any_order.set_params(epochs=1)

# %%
any_order.fit(x_train)
last_row = np.arange(16) >= 12
models = {"raster order": made, "any order": any_order}
for name, model in models.items():
    nats = -model.completion_log_prob(x_test, last_row).mean()
    print(f"{name}: the rest costs {nats:.2f} nats, given the last row")
print(f"the best possible: {3 / 8 * np.log(3):.2f}")

# %% tags=["folded"] alt="Given the last row, only the model of any order draws bars"
originals = np.unique(x_test, axis=0)[::2]
figure, axes = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
for ax, (name, model) in zip(axes, models.items(), strict=True):
    drawn = [model.complete(originals, last_row, random_state=i) for i in range(4)]
    kgen.plots.completions(
        originals.reshape(-1, 4, 4),
        last_row.reshape(4, 4),
        np.reshape(drawn, (4, -1, 4, 4)),
        title=name,
        ax=ax,
    )
figure.savefig("orders.png", dpi=120)

# %% [markdown]
# If the last row is white, or shows the foot of a column, the rest is certain. If it is
# black, one of three rows is white. That makes $\frac38 \log 3 = 0.41$ nats on average.
# This freedom has a price: one network has to know very many conditionals, and needs
# more training to be as good at each of them.
#
# ## What to remember
#
# - The chain rule turns one hard question into $D$ easy ones, without approximation.
# - The network must not look ahead. Masks make sure of it, and then all factors of a
#   known example come out of one pass.
# - Drawing a sample takes $D$ steps. The order decides what you can ask.
#
# ## Exercise
#
# Take the masks away: with Keras, train a plain autoencoder of 16 inputs, 200 hidden
# units and 16 outputs, by the binary cross-entropy. What loss do you expect, and why
# can it not be the negative log-likelihood of a density? To check, sum over all images.

# %% [markdown] tags=["answer"]
# The network can copy its inputs, so the loss goes to zero. No density costs less than
# the entropy, 2.08 nats. The outputs are not the factors of a chain rule, and what they
# give to all images together is far more than one:

# %% tags=["answer"]
keras.utils.set_random_seed(0)
hidden = keras.layers.Dense(200, "relu")
copier = keras.Sequential([hidden, keras.layers.Dense(16, "sigmoid")])
copier.compile(keras.optimizers.Adam(1e-2), "binary_crossentropy")
copier.fit(x_train, x_train, epochs=20, verbose=0)


def nats(x):
    """What the autoencoder would pay for images if it were a density."""
    p = copier.predict(x, batch_size=4096, verbose=0).astype("float64")
    return -np.log(np.where(x == 1, p, 1 - p)).sum(axis=1)


print(f"held-out: {nats(x_test).mean():.4f} nats")
print(f"sum over all images: {np.exp(-nats(everything)).sum():.1f}")

# %% [markdown]
# ## Where to read on
#
# - [The next lesson](03_pixels.md): images, pixel by pixel.
# - [NADE](../guide/autoregressive.md#nade) and [MADE](../guide/autoregressive.md#made)
#   in the guide, and [both on tables](../gallery/nade_table.md) in the gallery.
# - Larochelle and Murray, *The Neural Autoregressive Distribution Estimator*, 2011.
#   <https://proceedings.mlr.press/v15/larochelle11a.html>
# - Germain et al., *MADE: Masked Autoencoder for Distribution Estimation*, 2015.
#   <https://arxiv.org/abs/1502.03509>
# - Uria, Murray and Larochelle, *A Deep and Tractable Density Estimator*, 2014 (any
#   order). <https://arxiv.org/abs/1310.1757>
