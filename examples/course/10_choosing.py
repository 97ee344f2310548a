# %% [markdown]
# # Which model, how large, and is it really better?
#
# **You have two models and two numbers. How do you know that the better number is a
# better model?**
#
# By now you know four families of models. The first choice between them is not a matter
# of scores. It is the question of what you want to do.
#
# ![Five needs and the models that meet them: a probability, fast new examples, codes,
# examples of a class, and gaps filled in.](../figures/choosing.svg)
#
# (For sequences, `WaveNet` and `SequenceRNN` stand where the picture says PixelCNN.)
# Once only a few candidates are left, scores decide. This lesson is about reading them
# without fooling yourself. We use small data, so that every fit takes a few seconds:
# scikit-learn's digits in black and white, 64 pixels each. (To run the lesson, you need
# two more packages: see [Run a lesson](index.md#run-a-lesson).)

# %%
import os
import time

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.model_selection import ShuffleSplit

import kgen
from kgen.tasks import compare
from kgen.tuning import search

x = (load_digits().images > 8).astype("uint8")  # (1797, 8, 8)
x = np.random.default_rng(0).permutation(x)
x_train, x_test = x[:1200], x[1200:]
epochs, half, n_seeds, n_trials = 40, 20, 10, 12
sizes = [75, 150, 300, 600, 1200]
# %% tags=["test"]
if os.environ.get("KGEN_FAST"):  # a short run, as a test
    epochs, half, n_seeds, n_trials, sizes = 1, 1, 2, 1, [1200]

# %% [markdown]
# ## Begin with a baseline
#
# A number alone says nothing. How good is a model that only knows how often each pixel
# has ink?

# %%
on = (x_train.sum(axis=0) + 1) / (len(x_train) + 2)
coins = np.where(x_test == 1, np.log(on), np.log(1 - on)).sum(axis=(1, 2))
print(f"independent pixels: {coins.mean():.2f} nats")

# %% [markdown]
# Now two candidates. Both are exact densities of the same numbers, both learn from the
# same digits, and both are judged on the same digits, which neither has seen. Without
# all that we could not compare them. (`direct=True` gives MADE weights from its inputs
# straight to its outputs, too.)

# %%
made = kgen.MADE(hidden=(256,), direct=True, epochs=epochs, random_state=0)
pixels = kgen.PixelCNN(
    filters=32, blocks=2, epochs=half, learning_rate=3e-3, random_state=0
)
log_made = made.fit(x_train).log_prob(x_test)  # (597,) nats
log_pixels = pixels.fit(x_train).log_prob(x_test)


# %%
def mean_and_error(values):
    """The mean and its standard error, as text."""
    return f"{values.mean():.2f} +- {values.std(ddof=1) / np.sqrt(len(values)):.2f}"


print("MADE:      ", mean_and_error(log_made))
print("PixelCNN:  ", mean_and_error(log_pixels))
print("difference:", mean_and_error(log_pixels - log_made))

# %% [markdown]
# ## Take differences first, means afterwards
#
# The standard error says how far a mean would typically move if the test digits were
# others. Those of the two means are large, because some digits are easy and some are
# hard. But they are easy or hard *for both models*:

# %% tags=["folded"] alt="Log-likelihoods of digits under two models rise together"
figure, ax = plt.subplots(figsize=(4.2, 4), layout="constrained")
ax.plot(log_made, log_pixels, ".", markersize=4, alpha=0.6)
ends = [min(log_made.min(), log_pixels.min()), 0]
ax.plot(ends, ends, "--", color="grey", label="equally good")
ax.set(xlabel="log p(x) of MADE, nats", ylabel="log p(x) of PixelCNN, nats")
ax.legend()
figure.savefig("paired.png", dpi=120)

# %% [markdown]
# So we compare two models $A$ and $B$ digit by digit. With the differences $d_i = \log
# p_A(x_i) - \log p_B(x_i)$, their standard deviation $s$, and $n$ test examples, the
# mean difference and its standard error are
#
# $$\bar d = \frac{1}{n} \sum_i d_i, \qquad \mathrm{se} = \frac{s}{\sqrt n}.$$
#
# This is what `mean_and_error(log_pixels - log_made)` computed. The error is about half
# of what it would be if each model had been tested on digits of its own:

# %%
separate = np.sqrt((log_made.var(ddof=1) + log_pixels.var(ddof=1)) / len(x_test))
print(f"standard error of the difference, on different digits: {separate:.2f}")

# %% [markdown]
# A rule of thumb: a difference of less than two standard errors is no difference yet.
# `kgen.tasks.compare` does all of this for any number of densities. It fits each of
# them on the same training part, and takes differences to the best one. (With `cv=5`
# every example is tested once, in cross-validation. To save time, we use a single
# random split.)

# %%
densities = {
    "MADE": made,
    "MADE, small": clone(made).set_params(hidden=(16,)),
    "PixelCNN": pixels,
    "NADE": kgen.NADE(hidden=64, epochs=epochs, random_state=0),
}
found = compare(densities, x, cv=ShuffleSplit(1, test_size=597, random_state=0))
print(found[["nats", "stderr", "difference", "difference_stderr"]].round(2))

# %% alt="Four densities with their errors, the best on top"
ax = kgen.plots.comparison(found)
ax.figure.savefig("comparison.png", dpi=120)

# %% [markdown]
# ## Would another seed have won?
#
# The standard error knows about *other test digits*. It does not know that training,
# too, depends on chance. We train the same model a few times:

# %%
seeds = [
    clone(made).set_params(random_state=seed).fit(x_train).log_prob(x_test)
    for seed in range(n_seeds)
]
seeds = np.array(seeds)  # (n_seeds, 597)
means = seeds.mean(axis=1)
print(f"from {means.min():.2f} to {means.max():.2f} nats", end=", ")
print(f"standard deviation {means.std(ddof=1):.2f}")

# %% [markdown]
# A gain of 0.1 nats with a single seed means nothing here. And beware of choosing the
# best of many. Suppose we pick the best of these seeds on a small validation set of 50
# digits. How good does the winner look there, and how good is it on all other digits?
# We repeat that with 1,000 random validation sets:

# %%
random, gains = np.random.default_rng(0), []
for _ in range(1000):
    chosen = random.permutation(len(x_test)) < 50
    winner = seeds[:, chosen].mean(axis=1).argmax()
    better = seeds[winner] - seeds.mean(axis=0)  # than the average seed
    gains.append((better[chosen].mean(), better[~chosen].mean()))
there, elsewhere = np.mean(gains, axis=0)
print(f"better on the digits that chose it: {there:.2f} nats")
print(f"better on all other digits:         {elsewhere:.2f} nats")

# %% [markdown]
# The best of many scores flatters: two thirds of the gain were luck. That is why the
# final comparison needs digits on which nothing was chosen.
#
# ## How large?
#
# How large a model should be depends on how many examples you have. A *learning curve*
# shows it. A small MADE and a large one learn from more and more digits, with the same
# amount of training: the fewer the digits, the more epochs.

# %%
curves = {}
for hidden in (16, 256):
    for n in sizes:
        model = clone(made).set_params(hidden=(hidden,), epochs=epochs * 1200 // n)
        model.fit(x_train[:n])
        curves[hidden, n] = -model.score(x_train[:n]), -model.score(x_test)

# %% tags=["folded"] alt="Nats on training and test digits by number of examples"
figure, ax = plt.subplots(figsize=(6, 3.6), layout="constrained")
for color, hidden in (("C0", 16), ("C1", 256)):
    train, test = np.transpose([curves[hidden, n] for n in sizes])
    ax.plot(sizes, test, "o-", color=color, label=f"{hidden} units, test")
    ax.plot(sizes, train, "o:", color=color, label=f"{hidden} units, training")
ax.set_xscale("log")
ax.set_xticks(sizes, sizes)
ax.minorticks_off()
ax.set(xlabel="training digits", ylabel="nats per digit, lower is better")
ax.legend()
figure.savefig("learning_curves.png", dpi=120)

# %% [markdown]
# With 75 digits the small model is better: the large one has learnt them by heart, as
# the wide gap between training and test shows. From 300 digits on, the large one wins,
# and its curve is still falling. The small one has stopped: more data would not help
# it, but a larger network would. So read the gap first, and then decide whether to get
# more data or more weights.
#
# ## Let a search turn the knobs
#
# Every estimator knows which of its settings are worth a try. `search` tries some at
# random, and chooses by the score on a random fifth of the training digits, which it
# holds out. The test digits are not involved. Only when it has chosen do we look at
# them, and take differences again:

# %%
result = search(made, x_train, max_trials=n_trials, tuner="random", random_state=0)
for setting, value in result.best_params_.items():
    print(f"{setting}: {value}")
tuned = clone(made).set_params(**result.best_params_).fit(x_train)
print("gain:", mean_and_error(tuned.log_prob(x_test) - log_made), "nats")

# %% [markdown]
# NADE was ahead of MADE by 1.3 nats. MADE has gained 1.8, and now it is ahead. Has it
# become the better method? No, it has become the tuned one. If you compare your new
# model with an old one, tune both, with equal effort.
#
# ## A bound is not a value
#
# The `log_prob` of a [VAE](05_latent_codes.md) is a lower bound. On average, it rises
# with the number of codes that are drawn from the encoder for every example
# (`n_importance`):

# %%
vae = kgen.VAE(latent_dim=8, epochs=epochs, learning_rate=2e-3, random_state=0)
vae.fit(x_train)
for n_codes in (1, 8, 64, 512):
    bound = vae.log_prob(x_test, n_importance=n_codes)
    print(f"codes: {n_codes:3}, bound: {bound.mean():.2f} nats")
print("512 codes, less NADE's exact value:", end=" ")
nade = densities["NADE"].fit(x_train)
print(mean_and_error(bound - nade.log_prob(x_test)), "nats")

# %% [markdown]
# The VAE's true log-likelihood is at least as high as its last bound. That bound is
# *above* the exact value of NADE, so the comparison is decided. Had it been below,
# nothing would follow.
#
# ## What does it cost?
#
# The best score is not the only thing that you may care about.

# %%
for model in (made, nade, pixels, vae):
    model.sample(256, random_state=0)  # the first call compiles
    start = time.process_time()
    model.sample(256, random_state=1)
    per_sample = (time.process_time() - start) / 256
    name, weights = type(model).__name__, model.model_.count_params()
    print(f"{name:9}{weights:8} parameters{1000 * per_sample:7.2f} ms per sample")

# %% [markdown]
# These digits are small. For larger images the gap in time widens: autoregressive
# models draw one scalar after the other, but a VAE or a GAN draws all of them at once.
#
# ## What to remember
#
# - Compare on the same held-out examples. Take differences first, then their mean and
#   its standard error. Below two standard errors there is no difference yet.
# - The standard error knows nothing about other seeds, and the best of many scores
#   flatters. Choose on validation data, and look at the test data once.
# - The gap between training and test tells you whether you need data or weights. A
#   bound that is above an exact value has won; if it is below, nothing follows.
#
# ## Exercise
#
# We found that PixelCNN is better than MADE by about 0.8 nats. How many test digits
# would we have needed to notice a difference of 0.1 nats, that is, to bring two
# standard errors down to 0.1? (`log_pixels - log_made` has all that you need.)

# %% tags=["answer"]
spread = (log_pixels - log_made).std(ddof=1)  # of single digits
print(f"s = {spread:.1f} nats, so that n = {(2 * spread / 0.1) ** 2:.0f} digits")

# %% [markdown] tags=["answer"]
# The standard error is $s / \sqrt n$, so $n = (2 s / 0.1)^2$. To see a difference half
# as large takes four times as many examples.

# %% [markdown]
# ## Where to read on
#
# - [Choosing a model](../choosing_a_model.md), and [what numbers
#   mean](../guide/numbers.md) and which of them you can compare.
# - [Search for hyper-parameters](../how_to/tuning.md), and
#   [Are the samples good?](../guide/metrics.md) for models without a density.
# - [Results](../results.md): what every model of kgen reaches, beside its paper.
# - Theis et al., [A Note on the Evaluation of Generative
#   Models](https://arxiv.org/abs/1511.01844), 2016.
