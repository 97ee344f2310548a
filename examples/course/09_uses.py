# %% [markdown]
# # What is a density good for?
#
# **A density gives every image a number, $\log p(x)$. What can you do with it?**
#
# Four things: compress data, find what does not belong, classify with the right to say
# "none of these", and fill in missing values. On the way we meet a famous trap: a
# density of clothes finds digits *more* probable than clothes. (To run the lesson, you
# need two more packages: see [Run a lesson](index.md#run-a-lesson).)

# %%
import lzma
import os

import keras
import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split

import kgen
from kgen.tasks import BayesClassifier, Compressor, Imputer, OutlierDetector

# %% [markdown]
# We train a small [PixelCNN](03_pixels.md) on the clothes of Fashion-MNIST. Keras
# downloads them and MNIST's digits the first time (40 MB).

# %%
step, n_train, n, epochs = 2, 10_000, 1000, 3  # every second pixel; small numbers

# %% tags=["test"]
if FAST := bool(os.environ.get("KGEN_FAST")):  # a short run, as a test
    step, n_train, n, epochs = 4, 64, 40, 1

# %%
(clothes, _), (clothes_test, _) = keras.datasets.fashion_mnist.load_data()
(digits, _), (digits_test, _) = keras.datasets.mnist.load_data()
clothes, clothes_test, digits, digits_test = (
    images[:, ::step, ::step]  # 14x14 pixels, 256 levels of grey
    for images in (clothes, clothes_test, digits, digits_test)
)
logistics = "mixture_of_logistics"  # the distribution of a pixel
density = kgen.PixelCNN(
    filters=32,
    blocks=2,
    head=logistics,
    epochs=epochs,
    learning_rate=3e-3,
    random_state=0,
).fit(clothes[:n_train])
held_out, unseen = clothes_test[:n], clothes_test[n : 2 * n]
foreign = digits_test[:n]
print(f"{density.bits_per_dim(unseen):.2f} bits per pixel of unseen clothes")

# %% [markdown]
# ## A probability is a length
#
# Shannon found that an outcome of probability $p(x)$ can be written in about
#
# $$L(x) = -\log_2 p(x) \text{ bits,}$$
#
# and that no code does better on average. `Compressor` writes these bits:

# %%
some = unseen[:400]
code = Compressor(density).compress(some)
restored = Compressor(density).decompress(code)
print("the same, bit for bit:", np.array_equal(restored, some))

bits = -density.log_prob(some) / np.log(2)  # L(x), bits per image
print(f"-log2 p(x):  {bits.sum() / 8:8.0f} bytes")
print(f"Compressor:  {len(code):8} bytes")
print(f"xz:          {len(lzma.compress(some.tobytes(), preset=9)):8} bytes")

# %% [markdown]
# The code is as long as the density said, to within one percent. A better density is a
# better compressor, and the other way round.
#
# ## What does not belong, and a trap
#
# Outliers should have a low $\log p(x)$. We show the density some digits.

# %%
print(f"clothes: {density.score(unseen):.0f} nats on average")
print(f"digits:  {density.score(foreign):.0f} nats on average")

# %% [markdown]
# The digits win by far ([Nalisnick et al., 2019](https://arxiv.org/abs/1810.09136)). Is
# the model broken? No. A shirt is full of small differences from pixel to pixel, and
# each of them costs bits. A digit is mostly black, with a few smooth strokes: *every*
# sensible code spends less on it. The likelihood measures two things at once: how well
# $x$ fits, and how simple it is.
#
# There is a second way to see it. In many dimensions, the most probable point (the
# *mode*) is not at all like a sample:
#
# ![Left: a ring of samples, with the mode in its empty middle. Right: in 100 dimensions
# the density falls with the distance from the mode, the volume of a shell grows, and
# their product is a narrow peak at the square root of 100.](../figures/typical_set.svg)
#
# Probability is density times volume. Far from the mode there is so much more volume
# that nearly all samples lie in a thin shell, the *typical set*:

# %%
normal = np.random.default_rng(0).normal(size=(10_000, 100))
distance = np.linalg.norm(normal, axis=1)
print(f"distance from the mode: {distance.mean():.1f} +- {distance.std():.1f}")
print(f"the smallest of 10,000: {distance.min():.1f}")

# %% [markdown]
# The mode has the highest density, and yet it would be the oddest sample of all. An
# example can be *too* probable.
#
# ## Out of the trap
#
# Each explanation suggests a remedy, and
# [`OutlierDetector`](../guide/tasks.md#outliers-and-the-trap-of-the-likelihood) has
# both. A low score means an outlier:
#
# - **typicality**: $-\left|\log p(x) - \overline{\log p}\right|$, where
#   $\overline{\log p}$ is the mean over normal examples, here clothes;
# - **the likelihood ratio**: $\log p(x) - \log p_0(x)$, where $p_0$ knows pictures in
#   general, but nothing about clothes. The length of a PNG file will do
#   ([Serra et al., 2020](https://arxiv.org/abs/1909.11480)):
#   $\log p_0(x) = -\log 2 \cdot L_\text{PNG}(x)$.
#
# `"auto"` sets the threshold on clothes that the density has not seen, so that about 5%
# of new ones are below it. The AUROC is the probability that a random digit has a lower
# score than a random piece of clothing: 1 is perfect, and 0.5 is chance.

# %%
judged, is_outlier = np.concatenate([unseen, foreign]), np.repeat([0, 1], n)
scores, frozen = {}, FrozenEstimator(density)  # do not train it again
for name in ("likelihood", "typicality", "likelihood_ratio"):
    detector = OutlierDetector(frozen, contamination="auto", score=name)
    found = detector.fit(held_out).score_samples(judged)
    scores[name] = found, detector.threshold_
    auroc = roc_auc_score(is_outlier, -found)
    alarms = [np.mean(x < detector.threshold_) for x in np.split(found, 2)]
    print(f"{name:16} AUROC {auroc:.2f}, called outliers:", end=" ")
    print(f"{alarms[0]:.0%} of clothes, {alarms[1]:.0%} of digits")

# %% tags=["folded"] alt="Scores of clothes and digits; only the ratio parts them well"
figure, axes = plt.subplots(1, 3, figsize=(11, 3), layout="constrained")
for ax, (name, (found, threshold)) in zip(axes, scores.items(), strict=True):
    bins = np.histogram_bin_edges(found, 50)
    ax.hist(found[:n], bins, alpha=0.6, label="clothes")
    ax.hist(found[n:], bins, alpha=0.6, label="digits")
    ax.axvline(threshold, color="black", linestyle="--", label="threshold")
    ax.set(title=name, xlabel="nats", yticks=[])
axes[1].legend()
figure.savefig("outliers.png", dpi=120)

# %% [markdown]
# The likelihood is far *below* chance. Typicality helps, but it is blind to outliers as
# probable as clothes. The ratio works best. It catches two thirds of the digits here,
# and [99%](../guide/tasks.md#the-trap) with all pixels and more training.
#
# ## A classifier that may say "none of these"
#
# A density of $x$ for each class $y$ gives a classifier, by Bayes' rule:
#
# $$p(y\,|\,x) = \frac{p(x\,|\,y)\,p(y)}{p(x)},
# \qquad p(x) = \sum_{y'} p(x\,|\,y')\,p(y').$$
#
# Most classifiers learn $p(y\,|\,x)$ alone. It sums to 1 for every $x$, so even for a
# picture of a shoe they must name some digit. Bayes' rule also knows the denominator,
# and $p(x)$ tells whether any class explains $x$ at all.
#
# ![Two classes on a line. The posterior is certain far away from both; where p(x) is
# below a threshold, the answer is neither.](../figures/reject_region.svg)
#
# Here are scikit-learn's digits, 8x8 pixels, and a density of images given labels:

# %%
x, y = load_digits(return_X_y=True)
x = x.reshape(-1, 8, 8).astype("uint8")  # 17 levels
x_train, x_test, y_train, y_test = train_test_split(x, y, stratify=y, random_state=0)
_, (shoes, _) = keras.datasets.fashion_mnist.load_data()
shoes = shoes[:450, 2:26:3, 2:26:3] // 16  # all kinds of clothes, 8x8 pixels
noise = np.random.default_rng(0).integers(0, 17, (450, 8, 8)).astype("uint8")
pixels = kgen.ConditionalPixelCNN(head=logistics, epochs=15, random_state=0)

# %% tags=["test"]
if FAST:
    x_train, y_train = x_train[:400], y_train[:400]
    pixels.set_params(epochs=1, filters=8, layers=2)

# %% [markdown]
# `reject=0.05` says that we are ready to lose a twentieth of the real digits. The
# threshold of $\log p(x)$ is found on digits that are held out of the training.

# %%
classifier = BayesClassifier(pixels, reject=0.05, random_state=0)
answer = classifier.fit(x_train, y_train).predict(x_test)
accepted = answer != -1
print(f"accepted: {accepted.mean():.1%} of the digits")
print(f"right, of those accepted: {np.mean(answer[accepted] == y_test[accepted]):.1%}")
for name, images in (("clothes", shoes), ("noise", noise)):
    certain = classifier.predict_proba(images).max(axis=1).mean()
    rejected = np.mean(classifier.predict(images) == -1)
    print(f"{name}: p(y|x) = {certain:.2f} on average, but {rejected:.0%} are rejected")

# %% tags=["folded"] alt="Digits are named, the oddest and most clothes are rejected"
oddest = x_test[np.argsort(classifier.score_samples(x_test))[:9]]
rows = {"digits": x_test[:9], "oddest digits": oddest, "clothes": shoes[:9]}
figure, axes = plt.subplots(3, 9, figsize=(8, 3.4), layout="constrained")
for line, (title, images) in zip(axes, rows.items(), strict=True):
    line[0].set_ylabel(title)
    for ax, image, label in zip(line, images, classifier.predict(images), strict=True):
        ax.imshow(image, cmap="gray_r", vmin=0, vmax=16)
        ax.set(title="none" if label == -1 else label, xticks=[], yticks=[])
figure.savefig("reject.png", dpi=120)

# %% [markdown]
# Look at the numbers for noise: Bayes' rule is nearly certain of *some* digit, because
# one of ten bad explanations is always less bad than the others. The density knows
# better, though with so few pixels some trousers pass for a 7.
#
# ## Filling in, with honest doubt
#
# A joint density contains all conditional ones. `MADE(orders="any")` is trained on
# random orders of the columns. So it can draw whatever is missing from
# $p(x_\text{missing}\,|\,x_\text{known})$, and `Imputer` does that. We take a table of
# tumours, with 30 measurements of cell nuclei each, and hide 30% of the test values.

# %%
table = load_breast_cancer(as_frame=True).data.sample(frac=1, random_state=0)
train, test = table[:400], table[400:]
known = np.random.default_rng(0).random(test.shape) > 0.3
made = kgen.MADE(hidden=(256, 256), orders="any", epochs=200, random_state=0)

# %% tags=["test"]
if FAST:
    made.set_params(hidden=(16,), epochs=1)

# %%
imputer = Imputer(made, random_state=0).fit(train)
draws = imputer.draws(test.where(known), 100)  # (100, rows, columns)
low, high = np.quantile(draws, [0.05, 0.95], axis=0)
hit = (low <= test.to_numpy()) & (test.to_numpy() <= high)
print(f"{hit[~known].mean():.0%} of the hidden values are within their 90% intervals")

# %% [markdown]
# The intervals keep what they promise, to within a few points. Now we hide "mean
# radius", once alone, and once with every other column that tells the size.

# %% alt="Intervals with the true radius in them; without all sizes, some miss it"
sizes = [c for c in test if any(w in c for w in ("radius", "perimeter", "area"))]
truth = test["mean radius"].to_numpy()
figure, axes = plt.subplots(1, 2, figsize=(9, 3.2), sharey=True, layout="constrained")
columns = {"radius": ["mean radius"], "all sizes": sizes}
for ax, (name, hidden) in zip(axes, columns.items(), strict=True):
    radius = imputer.draws(test.assign(**dict.fromkeys(hidden, np.nan)), 100)[..., 0]
    low, high = np.quantile(radius, [0.05, 0.95], axis=0)
    ax.vlines(np.arange(12), low[:12], high[:12], linewidth=5, alpha=0.5)
    ax.plot(truth[:12], "k.", label="the truth")
    title = f"{name} hidden: {np.mean((low <= truth) & (truth <= high)):.0%} inside"
    ax.set(title=title, xlabel="row", xticks=[], ylabel="mean radius")
axes[0].legend(loc="upper left")
figure.savefig("imputed.png", dpi=120)

# %% [markdown]
# If the perimeter is known, the intervals are safe, and most of them narrow. Without
# any size they are wider, as they should be, but not wide enough: only 75% of them hold
# the truth. Before you trust intervals, try them on gaps like yours, as we did.
#
# ## What to remember
#
# - $-\log_2 p(x)$ is a length in bits: a good density is a good compressor.
# - The likelihood of an image is high if it fits *or is simple*. To find outliers,
#   compare it with what is typical, or with the complexity.
# - A classifier by Bayes' rule knows $p(x)$, and can reject. A joint density contains
#   all conditionals: it fills in what is missing, and says how sure it is.
#
# ## Exercise
#
# Turn the first experiment around: train the same density on digits, and show it
# clothes. Is there a trap? What do you expect from the complexity of clothes?

# %% tags=["answer"]
turned = kgen.PixelCNN(**density.get_params()).fit(digits[:n_train])
own, odd = turned.log_prob(foreign), turned.log_prob(unseen)
auroc = roc_auc_score(is_outlier, -np.concatenate([own, odd]))
print(f"digits {own.mean():.0f} nats, clothes {odd.mean():.0f}, AUROC {auroc:.2f}")

# %% [markdown] tags=["answer"]
# No trap: clothes are foreign *and* complex, so both parts of the likelihood agree. But
# you rarely know beforehand whether what will come is simpler than your data.

# %% [markdown]
# ## Where to read on
#
# - [What densities are for](../guide/tasks.md): all settings, and tables of results.
# - [The next lesson](10_choosing.md): which model, how large, and is it really better?
