# %% [markdown]
# # A classifier that can say "none of these"
#
# Show a usual classifier pure noise, and it will still name a digit. A classifier made
# of densities can do better. It learns what the digits of each class look like. Bayes'
# rule then gives the class, and an image that no class explains is rejected. Any
# density will do, one of kgen or one of scikit-learn.

# %% tags=["test"]
import os

# %%
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.mixture import GaussianMixture
from sklearn.model_selection import KFold, train_test_split
from sklearn.neighbors import KernelDensity

import kgen
from kgen.tasks import BayesClassifier, compare

x, y = load_digits().images.astype("uint8"), load_digits().target
pixels = kgen.ConditionalPixelCNN(
    head="mixture_of_logistics", epochs=20, random_state=0
)
mixture = GaussianMixture(2, reg_covar=1.0, random_state=0)

# %% tags=["test"]
FAST = bool(os.environ.get("KGEN_FAST"))  # a short run, as a test
if FAST:
    import tensorflow as tf

    tf.config.run_functions_eagerly(run_eagerly=True)  # quicker than tracing
    x, y = x[:200, ::2, ::2], y[:200]
    pixels.set_params(epochs=1, filters=8, layers=2)

# %% [markdown]
# Besides the test digits we need images that are no digits: the same digits with their
# pixels shuffled, and noise.

# %%
x_train, x_test, y_train, y_test = train_test_split(
    x, y, stratify=y, test_size=0.25, random_state=0
)
random = np.random.default_rng(0)
noise = random.integers(0, 17, x_test.shape, "uint8")
shuffled = random.permuted(x_test.reshape(len(x_test), -1), axis=1)
shuffled = shuffled.reshape(x_test.shape)
tests = {"digits": x_test, "shuffled": shuffled, "noise": noise}

# %% [markdown]
# ## Classify and reject
#
# We compare a conditional PixelCNN with a mixture of normals for each class. With
# `reject=0.05` one digit in twenty may be rejected. The classifier holds a fifth of the
# training digits out of the fit and sets its threshold on them.

# %%
fitted = {}
for density in (pixels, mixture):
    model = BayesClassifier(density, reject=0.05, random_state=0).fit(x_train, y_train)
    name = type(density).__name__
    fitted[name] = model
    kept = model.predict(x_test) != -1
    best = model.classes_[model.predict_proba(x_test).argmax(axis=1)]
    print(f"\n{name}: {np.mean(best == y_test):.1%} right")
    print(f"of those that are not rejected {np.mean((best == y_test)[kept]):.1%}")
    for what, images in tests.items():
        print(f"rejected of {what}: {np.mean(model.predict(images) == -1):.1%}")

# %% [markdown]
# Here is what the PixelCNN says about a few images of each kind. The first row has the
# three digits that it finds least probable, and five others.

# %% tags=["folded"] alt="Images with answers; noise and shuffled digits are rejected"
model = fitted["ConditionalPixelCNN"]
oddest = np.argsort(model.score_samples(x_test))[:3]
rows = [np.r_[x_test[oddest], x_test[:5]], shuffled[:8], noise[:8]]
figure, axes = plt.subplots(3, 8, figsize=(8, 4), layout="constrained")
for row, images in zip(axes, rows, strict=True):
    for ax, image, label in zip(row, images, model.predict(images), strict=True):
        ax.imshow(image, cmap="gray", vmin=0, vmax=16)
        ax.set_axis_off()
        rejected = label == -1
        title = "rejected" if rejected else str(label)
        ax.set_title(title, fontsize=11, color="firebrick" if rejected else "black")
figure.savefig("rejected.png", dpi=120)

# %% [markdown]
# ## Which density explains digits best?
#
# `compare` fits each density on the same folds and tests all of them on the same
# digits. This makes the differences paired, and their standard errors small.

# %%
densities = {
    "PixelCNN": kgen.PixelCNN(head="mixture_of_logistics", random_state=0),
    "20 normals": GaussianMixture(20, reg_covar=1.0, random_state=0),
    "1 normal": GaussianMixture(reg_covar=1.0),
    "kernels": KernelDensity(bandwidth=2.0),
}

# %% tags=["test"]
if FAST:
    densities["PixelCNN"].set_params(epochs=1, filters=8, blocks=1)

# %% alt="Four densities in bits per pixel, the PixelCNN far ahead"
folds = KFold(3, shuffle=True, random_state=0)
table = compare(densities, x, cv=folds, unit="bits_per_dim")
print(table.round(3).to_string())
figure = kgen.plots.comparison(table, title="densities of digits").figure
figure.savefig("classify_and_reject.png", dpi=120)
