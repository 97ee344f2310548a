# %% [markdown]
# # Classification that rejects what no class explains
#
# A density of every digit makes a classifier, by Bayes' rule, and one that knows what
# digits look like: other pictures are rejected, and not read as the nearest digit. Any
# density will do, kgen's or scikit-learn's. A few minutes on two cores.

# %%
import os

import matplotlib

matplotlib.use("Agg")
import numpy as np
import tensorflow as tf
from sklearn.datasets import load_digits
from sklearn.mixture import GaussianMixture
from sklearn.model_selection import KFold, train_test_split
from sklearn.neighbors import KernelDensity

import kgen
from kgen.tasks import BayesClassifier, compare

FAST = bool(os.environ.get("KGEN_FAST"))  # a short run, as a test
if FAST:  # tracing graphs takes longer than so little training
    tf.config.run_functions_eagerly(run_eagerly=True)

# %%
digits = load_digits()
x, y = digits.images.astype("uint8"), digits.target
if FAST:
    x, y = x[:200, ::2, ::2], y[:200]
x_train, x_test, y_train, y_test = train_test_split(
    x, y, stratify=y, test_size=0.25, random_state=0
)
random = np.random.default_rng(0)
noise = random.integers(0, 17, x_test.shape, "uint8")
shuffled = random.permuted(x_test.reshape(len(x_test), -1), axis=1)
shuffled = shuffled.reshape(x_test.shape)

# %% [markdown]
# A conditional density, and a mixture of normals per class. A twentieth of the digits
# may be rejected; the threshold is found on a fifth of the training digits, which the
# densities do not see.

# %%
pixels = kgen.ConditionalPixelCNN(
    head="mixture_of_logistics", epochs=20, random_state=0
)
if FAST:
    pixels.set_params(epochs=1, filters=8, layers=2)
mixture = GaussianMixture(2, reg_covar=1.0, random_state=0)
for density in (pixels, mixture):
    model = BayesClassifier(density, reject=0.05, random_state=0).fit(x_train, y_train)
    kept = model.predict(x_test) != -1
    best = model.classes_[model.predict_proba(x_test).argmax(axis=1)]
    print(f"\n{type(density).__name__}: {np.mean(best == y_test):.1%} right")
    print(f"of those that are not rejected {np.mean((best == y_test)[kept]):.1%}")
    for name, images in (("digits", x_test), ("shuffled", shuffled), ("noise", noise)):
        print(f"rejected of {name}: {np.mean(model.predict(images) == -1):.1%}")

# %% [markdown]
# Which density explains digits best? Differences are paired: all densities are tested
# on the same digits.

# %%
densities = {
    "PixelCNN": kgen.PixelCNN(head="mixture_of_logistics", random_state=0),
    "20 normals": GaussianMixture(20, reg_covar=1.0, random_state=0),
    "1 normal": GaussianMixture(reg_covar=1.0),
    "kernels": KernelDensity(bandwidth=2.0),
}
if FAST:
    densities["PixelCNN"].set_params(epochs=1, filters=8, blocks=1)
folds = KFold(3, shuffle=True, random_state=0)
table = compare(densities, x, cv=folds, unit="bits_per_dim")
print(table.round(3).to_string())
figure = kgen.plots.comparison(table, title="densities of digits").figure
figure.savefig("classify_and_reject.png", dpi=100)
