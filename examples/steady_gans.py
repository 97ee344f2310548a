# %% [markdown]
# # What keeps a GAN steady
#
# Four games for the same digits: which one draws best, and how would you know? The
# first is the game of the first paper on GANs. The others are a Wasserstein GAN, a
# hinge loss with spectral normalisation, and a GAN whose images grow from 2x2 pixels.
# The digits are scikit-learn's, 8x8 pixels.

# %% tags=["test"]
import os

# %%
import matplotlib.pyplot as plt
from sklearn.datasets import load_digits

import kgen
from kgen import metrics

digits = load_digits().images.astype("uint8")
x, unseen = digits[:1200], digits[1200:]

# %% [markdown]
# The critic of a Wasserstein GAN takes five steps for one of the generator, each on a
# new batch. In one epoch its generator therefore takes a fifth of the usual steps, and
# we give it more epochs and smaller batches. A discriminator with spectral
# normalisation can have a higher learning rate.

# %%
shared = {"architecture": "conv", "epochs": 200, "random_state": 0}
games = {
    "minimax": kgen.GAN(objective="minimax", **shared),
    "Wasserstein": kgen.WGAN(**{**shared, "epochs": 500}, batch_size=32),
    "hinge, spectral norm": kgen.GAN(
        objective="hinge",
        spectral_normalisation=True,
        discriminator_learning_rate=2e-3,
        **shared,
    ),
    "progressive": kgen.GAN(progressive=True, **shared),
}

# %% tags=["test"]
if os.environ.get("KGEN_FAST"):  # a short run, as a test
    import tensorflow as tf

    tf.config.run_functions_eagerly(run_eagerly=True)  # quicker than tracing
    x, unseen = x[:64], x[64:128]
    for gan in games.values():
        gan.set_params(epochs=1)

# %%
samples = {}
for name, gan in games.items():
    samples[name] = gan.fit(x).sample(len(unseen), random_state=0)

# %% alt="Four grids of digits, each drawn by a GAN that played another game"
figure, axes = plt.subplots(2, 2, figsize=(6.4, 7), layout="constrained")
for ax, (name, drawn) in zip(axes.flat, samples.items(), strict=True):
    kgen.plots.image_grid(drawn[:64], columns=8, title=name, ax=ax)
figure.savefig("steady_gans.png", dpi=120)

# %% [markdown]
# All of them look like digits. So we measure. `precision` is the share of samples near
# real digits, `recall` the share of real digits near samples. In brackets is the floor:
# what held-out digits get in place of samples.

# %%
for name, drawn in samples.items():
    data = {"real": x, "fake": drawn, "held_out": unseen, "random_state": 0}
    distance, near = metrics.sliced_wasserstein(**data), metrics.prdc(**data)
    print(
        f"{name:22} distance {distance:.3f} ({distance.floor:.3f}), "
        f"precision {near.precision:.2f} ({near.precision.floor:.2f}), "
        f"recall {near.recall:.2f} ({near.recall.floor:.2f})"
    )
