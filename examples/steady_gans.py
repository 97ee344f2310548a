# %% [markdown]
# # What keeps a GAN steady
#
# The same digits, 8x8 pixels from scikit-learn, learned by four games: that of the
# first paper, a Wasserstein GAN, a hinge loss under spectral normalisation, and images
# that grow from 2x2 pixels. How near each comes to the data is measured, not guessed.
# Some five minutes on two cores.

# %%
import os

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import tensorflow as tf
from sklearn.datasets import load_digits

import kgen
from kgen import metrics

FAST = bool(os.environ.get("KGEN_FAST"))  # a short run, as a test
if FAST:  # tracing graphs takes longer than so little training
    tf.config.run_functions_eagerly(run_eagerly=True)

# %%
digits = load_digits().images.astype("uint8")
x, unseen = (digits[:64], digits[64:128]) if FAST else (digits[:1200], digits[1200:])
shared = {"architecture": "conv", "epochs": 1 if FAST else 200, "random_state": 0}

# %% [markdown]
# A Wasserstein GAN takes five steps of its critic, each on a batch of its own, for one
# of the generator: as many epochs are a fifth of the generator's steps, so it gets more
# of them. A discriminator under spectral normalisation may be the faster learner.

# %%
games = {
    "minimax": kgen.GAN(objective="minimax", **shared),
    "Wasserstein": kgen.WGAN(**{**shared, "epochs": 1 if FAST else 500}, batch_size=32),
    "hinge, spectral norm": kgen.GAN(
        objective="hinge",
        spectral_normalisation=True,
        discriminator_learning_rate=2e-3,
        **shared,
    ),
    "progressive": kgen.GAN(progressive=True, **shared),
}
samples = {}
for name, gan in games.items():
    samples[name] = gan.fit(x).sample(len(unseen), random_state=0)

# %% [markdown]
# Precision is the share of samples near real digits, recall the share of real digits
# near samples; and the floors are what held-out digits get.

# %%
for name, drawn in samples.items():
    data = {"real": x, "fake": drawn, "held_out": unseen, "random_state": 0}
    distance, near = metrics.sliced_wasserstein(**data), metrics.prdc(**data)
    print(
        f"{name:22} distance {distance:.3f} (floor {distance.floor:.3f}), "
        f"precision {near.precision:.2f} ({near.precision.floor:.2f}), "
        f"recall {near.recall:.2f} ({near.recall.floor:.2f})"
    )

# %%
figure, axes = plt.subplots(1, len(samples), figsize=(15, 4.5), layout="constrained")
for ax, (name, drawn) in zip(axes, samples.items(), strict=True):
    kgen.plots.image_grid(drawn[:64], columns=8, title=name, ax=ax)
figure.savefig("steady_gans.png", dpi=100)
