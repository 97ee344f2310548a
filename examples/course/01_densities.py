# %% [markdown]
# # Densities, and how to judge them
#
# **What is a density, and how do you judge one?**
#
# A generative model learns from examples what such examples look like. If it can also
# say how probable any example $x$ is, $p(x)$, we call it a *density*.
#
# Over all possible examples these numbers sum to one. Think of a budget: a model that
# gives more probability to one example has less left for the others. This is what makes
# densities easy to judge, as you will see in this lesson.

# %% tags=["test"]
import os

# %%
import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from scipy.stats import norm
from sklearn.datasets import load_digits
from sklearn.neighbors import KernelDensity

import kgen
from kgen.data.toy import bars, mixture

# %% [markdown]
# ## Surprise
#
# We begin with data whose law, that is, whose true distribution, we know. `bars` draws
# images of 4x4 pixels. Each has one white row or one white column, and all eight such
# images are equally probable.

# %% alt="Sixteen images of 4x4 pixels, each with one white row or column"
x_train = bars(2000, size=4, random_state=0)
x_test = bars(1000, size=4, random_state=1)
print(x_train.shape, len(np.unique(x_train, axis=0)), "different images")
ax = kgen.plots.image_grid(x_train[:16], columns=8)
ax.figure.set_size_inches(6, 1.7)
ax.figure.savefig("bars.png", dpi=120)

# %% [markdown]
# Before you see an image you can only guess. How surprised are you when you see $x$?
# The standard measure is
#
# $$\text{surprise}(x) = -\log p(x).$$
#
# What is certain has surprise zero, and the rarer an example is, the more it surprises.
# The surprises of independent events add up, because their probabilities multiply. With
# the natural logarithm, $\log$, the unit is the **nat**; with the logarithm to base 2
# it is the **bit**. One nat is $1 / \log 2 = 1.44$ bits.
#
# Each bar has a surprise of $\log 8 = 2.08$ nats, or 3 bits: three yes-or-no questions.
# Is it a row? Is it in the first half? Is it the first of the two? So surprise is also
# a length: with a good code you can [compress](../guide/tasks.md#lossless-compression)
# data to very nearly that many bits.
#
# The mean surprise of data under their own law is the **entropy** $H(p)$, here 2.08.
#
# ## The score of a model
#
# In practice we do not know the law $p$ of the data. We have a model $q$, and $N$
# examples that it has not been trained on: *held-out* data. Its score is how much they
# surprise it on average:
#
# $$\frac{1}{N} \sum_{n=1}^{N} -\log q(x_n) \;\approx\; H(p, q)
#   = \underbrace{H(p)}_{\text{entropy}} + \underbrace{KL(p \,\|\, q)}_{\ge\, 0}$$
#
# It is called negative log-likelihood, cross-entropy, or just "nats". Lower is better.
#
# ![Probabilities of four outcomes, for the data and for a model, which pays 2.50 bits:
# the entropy of 1.75, and 0.75 for being wrong](../figures/cross_entropy.svg)
#
# The figure shows why this number is a fair judge. Each outcome comes as often as $p$
# says, but you pay what $q$ asks for. The first part of the bill, the entropy, is the
# same for every model. The second part, $KL$, the Kullback-Leibler divergence, is the
# price of being wrong. It is zero only if $q = p$. So, on average, **no model can beat
# the entropy of the data**, and you gain nothing by stating what you do not believe.
#
# Let us pay some bills. Our first model treats each pixel as a coin, with the frequency
# of that pixel in the training data.

# %%
frequency = x_train.mean(axis=0)  # (4, 4), close to 1/4 everywhere


def independent(x):
    """Log-probability of images whose pixels are independent coins."""
    return np.log(np.where(x == 1, frequency, 1 - frequency)).sum(axis=(1, 2))


print(f"coins:   {-independent(x_test).mean():.2f} nats")  # the equation above
print(f"entropy: {np.log(8):.2f} nats")

# %% [markdown]
# Each coin is right, but the model as a whole is bad: it does not know that the pixels
# of a row go together. It costs about 7 nats too many. Since $e^{7} \approx 1000$, a
# bar gets about one thousandth of the probability that it deserves. The rest of the
# budget is wasted on images that never occur.
#
# Now a model that can learn how pixels depend on each other. `MADE` is a neural network
# that you will meet in the [next lesson](02_chain_rule.md). All densities in kgen have
# `fit`, `log_prob` (one number for each example), and `score` (the mean of them).

# %%
made = kgen.MADE(
    hidden=(200,), batch_size=32, epochs=40, learning_rate=1e-2, random_state=0
)
made.fit(x_train)
print(f"MADE:    {-made.log_prob(x_test).mean():.2f} nats")  # or -made.score(x_test)

# %% [markdown]
# MADE is within two hundredths of a nat of the best possible score. For real data we do
# not know that score. But we can always compare two models on the same held-out data,
# and trivial ones such as the coins tell us what a network has to beat.
#
# ## Why held-out?
#
# Because a model can learn its examples by heart. Here are 200 points from eight
# clusters in the plane, with a known entropy of 1.70 nats. Our model puts a Gaussian
# bump on each training point. How wide should the bumps be?

# %%
points, _ = mixture(200, random_state=0)
unseen, _ = mixture(2000, random_state=1)
entropy = np.log(8) + np.log(2 * np.pi * np.e * 0.2**2)  # which cluster, and where

widths = np.geomspace(0.01, 1.5, 30)
fits = [KernelDensity(bandwidth=width).fit(points) for width in widths]
train = [-fit.score_samples(points).mean() for fit in fits]
test = [-fit.score_samples(unseen).mean() for fit in fits]
shown = [8, int(np.argmin(test)), 27]  # too narrow, the best, too wide
print(f"entropy: {entropy:.2f} nats")
for i in shown:
    print(f"width {widths[i]:.2f}: {train[i]:.2f} training, {test[i]:.2f} held-out")

# %% tags=["folded"] alt="Densities: spots, eight clusters, a blur; costs by width"
figure, axes = plt.subplots(
    1, 4, figsize=(10, 2.7), layout="constrained", width_ratios=[1, 1, 1, 1.7]
)
for ax, i in zip(axes, shown, strict=False):
    kgen.plots.density_2d(fits[i], limits=(-3, 3), colour_bar=False, ax=ax)
    ax.set(aspect="equal", title=f"width {widths[i]:.2f}")
    ax.set_axis_off()
axes[3].semilogx(widths, train, label="training points")
axes[3].semilogx(widths, test, label="held-out points")
axes[3].axhline(entropy, color="grey", linestyle=":", label="entropy")
axes[3].set(xlabel="width of the bumps", ylabel="nats per point", ylim=(-2, 6))
axes[3].legend(fontsize="small")
figure.savefig("overfitting.png", dpi=120)

# %% [markdown]
# The narrower the bumps, the better the score on the training points. It even falls
# below the entropy, because each training point sits on top of its own peak. Held-out
# points fall between the peaks, where the bill is high. With wide bumps the model no
# longer sees the clusters. Only held-out data find the best width in between.
#
# In a neural network, the number of epochs plays a similar part. Here a large network
# gets only 150 of scikit-learn's digits: 64 pixels each, with ink or without.

# %% alt="The training loss falls all the time, the held-out loss rises after a while"
digits = load_digits().images.astype("uint8")  # (1797, 8, 8), values 0 to 16
ink = (digits > 8).astype("uint8")
few = kgen.MADE(hidden=(500,), epochs=60, learning_rate=1e-2, random_state=0)
few.fit(ink[:150], validation_data=ink[1500:])
ax = kgen.plots.history(few)
ax.figure.set_size_inches(6, 3.5)
ax.figure.savefig("learning_curve.png", dpi=120)

# %% [markdown]
# The training loss alone says that all is well. Always give `fit` `validation_data`,
# and stop where `val_loss` is lowest:
# [`EarlyStopping`](../getting_started.md#watch-the-training) does it for you.
#
# ## Real numbers have units
#
# A probability is at most one. A density of real numbers need not be. Suppose that
# people's heights are normal, with a mean of 1.75 m and a standard deviation of 0.07 m:

# %%
m, cm = norm(1.75, 0.07), norm(175, 7)
print(f"at the mean: {m.pdf(1.75):.2f} per metre, {cm.pdf(175):.4f} per centimetre")
print(f"entropy: {m.entropy():.2f} nats in metres, {cm.entropy():.2f} in centimetres")

# %% [markdown]
# The density is 5.70 *per metre*. To get a probability you multiply it by a width:
# about $5.70 \times 0.01 = 5.7\%$ of all people are within half a centimetre of the
# mean. In centimetres the number is a hundred times smaller, and every log-density
# changes by $\log 100 = 4.61$ nats. Two things follow:
#
# - The nats of real numbers can be negative.
# - Compare two densities only in the same units. If you standardise the columns of a
#   table, you change all scores. In kgen `log_prob` is in the units of your data.
#
# ## Bits per dimension
#
# Large images cost more nats than small ones, because they have more pixels. So it is
# usual to divide by the number $D$ of scalars, here pixels, and to give bits:
#
# $$\text{bits per dimension} = \frac{\text{nats}}{D \log 2}$$
#
# Here are three models of the digits with all their 17 grey levels. One knows nothing,
# one has a histogram for each pixel, and one is a [PixelCNN](03_pixels.md), whose
# [`head`](../guide/data.md#heads-and-units) names the distribution of a pixel.

# %%
x_train, x_test = digits[:1500], digits[1500:]
pixels = kgen.PixelCNN(
    filters=48, blocks=3, head="mixture_of_logistics", epochs=25, random_state=0
)

# %% tags=["test"]
if os.environ.get("KGEN_FAST"):  # a short run
    x_train, x_test = x_train[:100, ::2, ::2], x_test[:, ::2, ::2]
    pixels.set_params(epochs=1, filters=8, blocks=1)

# %%
pixels.fit(x_train)
levels = np.arange(17).reshape(-1, 1, 1, 1)
counts = (x_train == levels).sum(axis=1) + 1  # (17, 8, 8); one more, so that none is 0
histograms = counts / counts.sum(axis=0)
rows, columns = np.indices(x_test.shape[1:])
histogram = np.log(histograms[x_test, rows, columns]).sum(axis=(1, 2))
bits = {
    "uniform": np.log2(17),
    "histograms": -histogram.mean() / (x_test[0].size * np.log(2)),  # the equation
    "PixelCNN": pixels.bits_per_dim(x_test),
}
for name, value in bits.items():
    print(f"{name:10} {value:.2f} bits per dimension")

# %% tags=["folded"] alt="Digits and samples of models: only PixelCNN's look right"
random = np.random.default_rng(0)
shape = (36, *x_test.shape[1:])
noise = random.uniform(size=(1, *shape))
grids = {
    "real digits": x_test[:36],
    "uniform": random.integers(17, size=shape),
    "histograms": (histograms.cumsum(axis=0)[:, None] < noise).sum(axis=0),
    "PixelCNN": pixels.sample(36, random_state=0),
}
figure, axes = plt.subplots(1, 4, figsize=(9, 2.7), layout="constrained")
for ax, (name, images) in zip(axes, grids.items(), strict=True):
    title = f"{name}: {bits[name]:.2f}" if name in bits else name
    kgen.plots.image_grid(images, title=title, ax=ax)
figure.savefig("three_models.png", dpi=120)

# %% [markdown]
# The last two models differ by half a bit per pixel. Over 64 pixels that is more than
# 30 bits, a factor of more than a billion in probability. The samples show it.
#
# ??? note "Does a better score mean better samples?"
#     Not always. Mix 1% of a good model with 99% of noise: held-out data cost at most
#     $\log 100 = 4.6$ nats more, but nearly all samples are noise (Theis et al., 2016).
#     So look at samples as well. [Are the samples good?](../guide/metrics.md) has
#     numbers for them.
#
# ## What to remember
#
# - A density is judged by its mean $-\log q(x)$ on **held-out** data. Lower is better.
# - It is the entropy of the data plus the price of being wrong. No density beats the
#   entropy. If one seems to, it has seen the data before, or does not sum to one.
# - Compare models on the same data, in the same units, and begin with a trivial model.
#
# ## Exercise
#
# A model of the bars believes that nine out of ten are rows. To this model all rows are
# equally probable, and so are all columns. How many nats does it cost, and how much of
# that is the price of being wrong? What would a model cost that gives columns no
# probability? Work it out on paper, then check it on `bars(1000, random_state=2)`.

# %% [markdown] tags=["answer"]
# A row has probability $0.9 / 4$, a column $0.1 / 4$, and half of the data are rows:
#
# $$H(p, q) = -\tfrac12 \log\tfrac{0.9}{4} - \tfrac12 \log\tfrac{0.1}{4} = 2.59$$
#
# nats, of which $2.59 - 2.08 = 0.51$ are the price of being wrong. If columns have no
# probability, each of them costs $-\log 0 = \infty$, and the mean is infinite, too: a
# density must not exclude what can happen. (That is why the histograms above begin to
# count at one.) A thousand images cost only nearly 2.59 nats, because not exactly half
# of them are rows:

# %% tags=["answer"]
x = bars(1000, random_state=2)
is_row = x.all(axis=2).any(axis=1)
q = np.where(is_row, 0.9 / 4, 0.1 / 4)
print(f"{-np.log(q).mean():.2f} nats, {is_row.mean():.1%} rows")

# %% [markdown]
# ## Where to read on
#
# - [The next lesson](02_chain_rule.md): how a network gives an exact probability of
#   many variables.
# - [What densities are good for](09_uses.md): compression, outliers, missing values.
# - MacKay, *Information Theory, Inference, and Learning Algorithms*, 2003, chapters 2
#   and 4. <https://www.inference.org.uk/mackay/itila/>
# - Theis, van den Oord and Bethge, *A Note on the Evaluation of Generative Models*
#   (2016). <https://arxiv.org/abs/1511.01844>
