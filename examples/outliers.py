# %% [markdown]
# # Outliers, and the trap of the likelihood
#
# A density of clothes is asked about digits, which it has never seen. It finds them
# more probable than clothes (Nalisnick et al., 2019). What does better is to compare
# its likelihood with the length of the image as a PNG file, or with what it says of
# typical clothes. About three minutes on two cores.

# %%
import os

import keras
import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import IsolationForest
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import roc_auc_score
from sklearn.mixture import GaussianMixture
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import kgen
from kgen.tasks import OutlierDetector

FAST = bool(os.environ.get("KGEN_FAST"))  # a short run, as a test
if FAST:  # tracing graphs takes longer than so little training
    tf.config.run_functions_eagerly(run_eagerly=True)

# %%
(clothes, _), (clothes_test, _) = keras.datasets.fashion_mnist.load_data()
_, (digits, _) = keras.datasets.mnist.load_data()
if FAST:  # every fourth pixel of a few
    clothes, clothes_test, digits = (
        x[:64, ::4, ::4] for x in (clothes, clothes_test, digits)
    )

# %% [markdown]
# The density is fitted once, and frozen: every detector then uses it as it is. With
# `contamination="auto"` the threshold is set by clothes that the density has not seen,
# so that 5% of further clothes are taken for outliers.

# %%
density = kgen.PixelCNN(filters=32, head="mixture_of_logistics", random_state=0)
density.set_params(epochs=1, verbose=0 if FAST else 2).fit(clothes[:30_000])
held_out, unseen = clothes_test[:1000], clothes_test[1000:2000]
if FAST:
    held_out, unseen = clothes_test[:32], clothes_test[32:]
digits = digits[: len(unseen)]
judged, odd = np.concatenate([unseen, digits]), np.repeat([0, 1], len(unseen))

figure, axes = plt.subplots(1, 3, figsize=(13, 3.5), layout="constrained")
scores = ("likelihood", "typicality", "likelihood_ratio")
for ax, score in zip(axes, scores, strict=True):
    detector = OutlierDetector(FrozenEstimator(density), "auto", score).fit(held_out)
    found = detector.score_samples(judged)
    called = np.mean(found.reshape(2, -1) < detector.threshold_, axis=1)
    auroc = roc_auc_score(odd, -found)
    print(
        f"{score:17} AUROC {auroc:.3f}; called outliers: {called[0]:.0%} of the "
        f"clothes, {called[1]:.0%} of the digits"
    )
    bins = np.histogram_bin_edges(found, 60)
    for kind, name in enumerate(("clothes", "digits")):
        ax.hist(found[odd == kind], bins, alpha=0.6, label=name)
    ax.axvline(detector.threshold_, color="black", label="threshold")
    ax.set(title=f"{score}: AUROC {auroc:.2f}", xlabel="nats")
axes[0].legend()
figure.savefig("outliers.png", dpi=100)

# %% [markdown]
# ## Tables
#
# Here the likelihood is the score to begin with, and `contamination` the share of the
# training data that is to be called outliers: benign tumours, and one malignant among
# ten, all without labels. A pipeline puts the columns on one scale.

# %%
x, benign = load_breast_cancer(return_X_y=True)
rows = np.append(np.flatnonzero(benign == 1), np.flatnonzero(benign == 0)[:40])
x, malignant = x[rows], benign[rows] == 0
detectors = {
    "GaussianMixture": GaussianMixture(2, reg_covar=1e-3, random_state=0),
    "MADE": kgen.MADE(epochs=1 if FAST else 60, random_state=0),
}
for name, density in detectors.items():
    detector = OutlierDetector(make_pipeline(StandardScaler(), density)).fit(x)
    auroc = roc_auc_score(malignant, -detector.score_samples(x))
    hits = np.mean(malignant[detector.predict(x) == -1])
    print(f"{name:17} AUROC {auroc:.3f}; {hits:.0%} of the outliers are malignant")
forest = IsolationForest(random_state=0).fit(x)
print(
    f"IsolationForest   AUROC {roc_auc_score(malignant, -forest.score_samples(x)):.3f}"
)
