# %% [markdown]
# # What is a density good for?
#
# **A model gives every image a number, log p(x). What can you do with that number?**
#
# Four things: compress data, find what does not belong, classify with the right to say
# "none of these", and fill in missing values. On the way we meet a famous trap: a
# density of clothes finds digits *more* probable than clothes.

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
# We train a small [PixelCNN](../guide/autoregressive.md#pixelcnn) on clothes.

# %%
step, n_train, n, epochs = 2, 10_000, 1000, 3

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
density = kgen.PixelCNN(
    filters=32,
    blocks=2,
    head="mixture_of_logistics",
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
# Shannon found that an outcome of probability $p(x)$ can be written in
#
# $$L(x) = -\log_2 p(x) \text{ bits,}$$
#
# and that no code does better on average. So "bits per dimension" is meant literally:
# `Compressor` writes these bits (`pip install "keras-kgen[compression]"`).

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
# Outliers should have a low $\log p(x)$. We show the density handwritten digits.

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
# There is a second way to see it. In many dimensions, the most probable point is not at
# all like a sample:
#
# ![Left: a ring of samples, with the mode in its empty middle. Right: in 100 dimensions
# the density falls with the distance from the mode, the volume of a shell grows, and
# their product is a narrow peak at the square root of 100.](../figures/typical_set.svg)
#
# Probability is density times volume, and far from the mode there is so much more
# volume that nearly all samples lie in a thin shell, the *typical set*:

# %%
normal = np.random.default_rng(0).normal(size=(10_000, 100))
distance = np.linalg.norm(normal, axis=1)
print(f"distance from the mode: {distance.mean():.1f} +- {distance.std():.1f}")
print(f"the smallest of 10,000: {distance.min():.1f}")

# %% [markdown]
# The mode, at distance 0, has the highest density, and yet it would be the oddest
# sample of the lot. An example can be *too* probable.
#
# ## Out of the trap
#
# Both explanations come with a remedy, and
# [`OutlierDetector`](../guide/tasks.md#outliers-and-the-trap-of-the-likelihood) knows
# them both. A low score means an outlier:
#
# - **typicality**: $-\left|\log p(x) - \overline{\log p}\right|$, where
#   $\overline{\log p}$ is the mean over the training data;
# - **the likelihood ratio**: $\log p(x) - \log p_0(x)$, where $p_0$ knows pictures in
#   general, and nothing of clothes. The length of a PNG file will do:
#   $\log p_0(x) = -\log 2 \cdot L_\text{PNG}(x)$
#   ([Serra et al., 2020](https://arxiv.org/abs/1909.11480)).
#
# `FrozenEstimator` says that the density is trained already. `"auto"` sets the
# threshold on clothes that it has not seen, such that about 5% of new ones are below.

# %%
judged, is_digit = np.concatenate([unseen, foreign]), np.repeat([0, 1], n)
scores = {}
for name in ("likelihood", "typicality", "likelihood_ratio"):
    detector = OutlierDetector(FrozenEstimator(density), "auto", score=name)
    found = detector.fit(held_out).score_samples(judged)
    scores[name] = found, detector.threshold_
    auroc = roc_auc_score(is_digit, -found)
    alarms = [np.mean(x < detector.threshold_) for x in np.split(found, 2)]
    print(f"{name:16} AUROC {auroc:.2f}, called outliers:", end=" ")
    print(f"{alarms[0]:.0%} of clothes, {alarms[1]:.0%} of digits")

# %% tags=["folded"] alt="Histograms of the scores of clothes and digits"
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
# An AUROC of 1 means that the score separates the two perfectly, 0.5 is chance, and the
# likelihood is far *below* chance. Typicality helps, but it is blind to outliers that
# are just as probable as clothes. The ratio works best. It catches two thirds of the
# digits here, and [99%](../guide/tasks.md#the-trap) with all pixels and more training.
#
# ## A classifier that may say "none of these"
#
# Densities of the classes give a classifier, by Bayes' rule:
#
# $$p(y\,|\,x) = \frac{p(x\,|\,y)\,p(y)}{p(x)},
# \qquad p(x) = \sum_{y'} p(x\,|\,y')\,p(y').$$
#
# Other classifiers learn $p(y\,|\,x)$ alone. It sums to 1 for every $x$, so even for a
# picture of a shoe it must name some digit. Bayes' rule also knows the denominator, and
# $p(x)$ tells whether any class explains $x$ at all.
#
# ![Two classes on a line. The posterior is certain far away from both; where p(x) is
# below a threshold, the answer is neither.](../figures/reject_region.svg)
#
# Here are scikit-learn's digits, 8x8 pixels, and a density with labels:

# %%
x, y = load_digits(return_X_y=True)
x = x.reshape(-1, 8, 8).astype("uint8")  # 17 levels
x_train, x_test, y_train, y_test = train_test_split(x, y, stratify=y, random_state=0)
_, (shoes, _) = keras.datasets.fashion_mnist.load_data()
shoes = shoes[:450, 2:26:3, 2:26:3] // 16  # all kinds of clothes, 8x8 pixels
noise = np.random.default_rng(0).integers(0, 17, (450, 8, 8)).astype("uint8")
logistics = "mixture_of_logistics"
pixels = kgen.ConditionalPixelCNN(head=logistics, epochs=15, random_state=0)

# %% tags=["test"]
if FAST:
    x_train, y_train = x_train[:400], y_train[:400]
    pixels.set_params(epochs=1, filters=8, layers=2)

# %% [markdown]
# `reject=0.05`: we are ready to lose a twentieth of the real digits. The threshold of
# $\log p(x)$ is found on digits that the density does not see.

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

# %% tags=["folded"] alt="Digits and clothes, each with its answer"
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
# Look at the noise: Bayes' rule is nearly certain of *some* digit, because one of ten
# bad explanations is always less bad than the others. The density knows better.
#
# ## Filling in, with honest doubt
#
# A joint density contains all conditional ones. `MADE(orders="any")` is trained in
# random orders of the columns. So it can draw whatever is missing from
# $p(x_\text{missing}\,|\,x_\text{known})$, and `Imputer` does that. We take a table of
# 30 measurements of cell nuclei, and hide 30% of the test values.

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
# The intervals keep what they promise, to within a few points. Now we hide the mean
# radius of all nuclei, once alone, and once with everything else that tells the size.

# %% alt="90% intervals of the imputed radius, and the truth"
sizes = [c for c in test if any(w in c for w in ("radius", "perimeter", "area"))]
truth = test["mean radius"].to_numpy()
figure, axes = plt.subplots(1, 2, figsize=(9, 3.2), sharey=True, layout="constrained")
for ax, hidden in zip(axes, (["mean radius"], sizes), strict=True):
    radius = imputer.draws(test.assign(**dict.fromkeys(hidden, np.nan)), 100)[..., 0]
    low, high = np.quantile(radius, [0.05, 0.95], axis=0)
    ax.vlines(np.arange(12), low[:12], high[:12], linewidth=5, alpha=0.5)
    ax.plot(truth[:12], "k.", label="the truth")
    title = (
        f"{len(hidden)} hidden: {np.mean((low <= truth) & (truth <= high)):.0%} inside"
    )
    ax.set(title=title, xlabel="row", xticks=[], ylabel="mean radius")
axes[0].legend(loc="upper left")
figure.savefig("imputed.png", dpi=120)

# %% [markdown]
# If the perimeter is known, the intervals are narrow and safe. Without any size they
# are wider, as they should be, but not wide enough: 400 rows teach little about so
# large a gap. Before you trust intervals, try them on gaps like yours, as we did.
#
# ## Remember
#
# - $-\log_2 p(x)$ is a length in bits: a good density is a good compressor.
# - The likelihood of an image is high if it fits *or is simple*. To find outliers,
#   compare it with what is typical, or with the complexity.
# - A classifier by Bayes' rule knows $p(x)$, and can reject. A joint density holds all
#   conditionals: it fills in what is missing, and says how sure it is.
#
# ## Exercise
#
# Turn the experiment around: train the same density on digits, and show it clothes. Is
# there a trap? Think first of what the complexity says.

# %% tags=["answer"]
turned = kgen.PixelCNN(**density.get_params()).fit(digits[:n_train])
own, odd = turned.log_prob(foreign), turned.log_prob(unseen)
auroc = roc_auc_score(is_digit, -np.concatenate([own, odd]))
print(f"digits {own.mean():.0f} nats, clothes {odd.mean():.0f}, AUROC {auroc:.2f}")

# %% [markdown] tags=["answer"]
# No trap: clothes are foreign *and* complex, so both halves of the likelihood point the
# same way. The likelihood is not wrong in general. It is unreliable, because you rarely
# know beforehand whether what will come is simpler than your data.

# %% [markdown]
# ## Read on
#
# - [What densities are for](../guide/tasks.md): all settings, and tables of results.
# - The next lesson: [which model, how large, and is it really better?](10_choosing.md)
