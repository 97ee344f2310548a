# %% [markdown]
# # Outliers, and the trap of the likelihood
#
# A density of clothes finds digits more probable than clothes, although it has never
# seen a digit. [Nalisnick et al. (2019)](https://arxiv.org/abs/1810.09136) found this
# in deep generative models of many kinds. So a high likelihood does not mean that an
# image is normal. Two other scores do better. One asks how far the likelihood is from
# that of typical clothes. The other compares it with the length of the image as a PNG
# file.

# %% tags=["test"]
import os

# %%
import keras
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import IsolationForest
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import roc_auc_score
from sklearn.mixture import GaussianMixture
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import kgen
from kgen.tasks import OutlierDetector

(clothes, _), (clothes_test, _) = keras.datasets.fashion_mnist.load_data()
_, (digits, _) = keras.datasets.mnist.load_data()
x_train = clothes[:30_000]
held_out, unseen, digits = clothes_test[:1000], clothes_test[1000:2000], digits[:1000]
density = kgen.PixelCNN(filters=32, head="mixture_of_logistics", epochs=1)

# %% tags=["test"]
FAST = bool(os.environ.get("KGEN_FAST"))  # a short run, as a test
if FAST:
    import tensorflow as tf

    tf.config.run_functions_eagerly(run_eagerly=True)  # quicker than tracing
    x_train, held_out, unseen, digits = (  # every fourth pixel of a few
        part[:32, ::4, ::4] for part in (x_train, held_out, unseen, digits)
    )

# %% [markdown]
# ## Three scores of one density
#
# We fit the density once and freeze it, so every detector uses it as it is. With
# `contamination="auto"` a detector sets its threshold on clothes that the density has
# not seen, so that it calls about 5% of further clothes outliers.

# %%
density.set_params(random_state=0).fit(x_train)
detectors = {}
for score in ("likelihood", "typicality", "likelihood_ratio"):
    detector = OutlierDetector(FrozenEstimator(density), "auto", score)
    detectors[score] = detector.fit(held_out)

# %% [markdown]
# Each detector now judges clothes and digits that it has not seen. An AUROC of 1 means
# that it puts every digit below every piece of clothing, 0.5 is chance, and less is
# worse than chance.

# %% alt="Histograms of three scores for clothes and digits, with thresholds"
odd = np.repeat([0, 1], len(unseen))
figure, axes = plt.subplots(1, 3, figsize=(9, 3.2), layout="constrained")
for ax, (score, detector) in zip(axes, detectors.items(), strict=True):
    found = detector.score_samples(np.concatenate([unseen, digits]))
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
    ax.set(title=f"{score}: AUROC {auroc:.2f}", xlabel="nats", yticks=[])
axes[0].legend()
figure.savefig("outliers.png", dpi=120)

# %% [markdown]
# ## Tables
#
# In a table the plain likelihood is a good score to begin with. Here `contamination` is
# the share of the training data that you expect to be outliers. We mix benign tumours
# with one malignant for about every nine of them, and use no labels. A pipeline brings
# the columns to one scale.

# %%
x, benign = load_breast_cancer(return_X_y=True)
rows = np.append(np.flatnonzero(benign == 1), np.flatnonzero(benign == 0)[:40])
x, malignant = x[rows], benign[rows] == 0
densities = {
    "GaussianMixture": GaussianMixture(2, reg_covar=1e-3, random_state=0),
    "MADE": kgen.MADE(epochs=60, random_state=0),
}

# %% tags=["test"]
if FAST:
    densities["MADE"].set_params(epochs=1)

# %%
for name, density in densities.items():
    detector = OutlierDetector(make_pipeline(StandardScaler(), density)).fit(x)
    auroc = roc_auc_score(malignant, -detector.score_samples(x))
    hits = np.mean(malignant[detector.predict(x) == -1])
    print(f"{name:17} AUROC {auroc:.3f}; {hits:.0%} of the outliers are malignant")
forest = IsolationForest(random_state=0).fit(x)
auroc = roc_auc_score(malignant, -forest.score_samples(x))
print(f"IsolationForest   AUROC {auroc:.3f}")
