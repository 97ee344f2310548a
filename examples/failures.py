# %% [markdown]
# # When it fails
#
# Four ways in which training goes wrong, each with a picture, its cause, and the same
# model mended: mode collapse of a GAN, blur of a VAE, posterior collapse, and a loss
# that explodes.

# %%
import functools
import os
import textwrap
import warnings

import keras
import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf
from sklearn.datasets import load_digits, make_moons

import kgen
from kgen import metrics
from kgen.callbacks import SampleMetric
from kgen.data.toy import mixture
from kgen.heads import Normal
from kgen.networks import MLP

EPOCHS, ROWS, IMAGES = 30, 4000, 5000

# %% tags=["test"]
if os.environ.get("KGEN_FAST"):  # a short run, as a test
    tf.config.run_functions_eagerly(run_eagerly=True)
    EPOCHS, ROWS, IMAGES = 1, 300, 200

# %% [markdown]
# ## Mode collapse
#
# **What you see.** The samples of a GAN are all alike, and some kinds of examples never
# appear. Here the data are eight clusters on a ring, and the samples sit at one of
# them, or jump from one to the next.
#
# **Why.** The generator learns faster than the discriminator. It runs to the place that
# the discriminator takes for real, and moves on before the discriminator has seen the
# others.
#
# **What helps.** A faster discriminator, here with four times the learning rate of the
# generator. [Against mode collapse](../guide/adversarial.md#against-mode-collapse) has
# more.

# %%
ring, _ = mixture(ROWS, random_state=0)
angles = np.arange(8) * np.pi / 4
modes = 2 * np.stack([np.cos(angles), np.sin(angles)], axis=1)
count = functools.partial(
    metrics.mode_coverage, modes=modes, radius=0.6, min_count=40, n_resamples=0
)
shared = {
    "architecture": MLP((128, 128), activation="relu"),
    "latent_dim": 2,
    "batch_size": 128,
    "epochs": EPOCHS,
    "random_state": 0,
}
hasty = kgen.GAN(discriminator_learning_rate=1e-4, ema_momentum=None, **shared)
calm = kgen.GAN(discriminator_learning_rate=4e-3, **shared)
for gan in (hasty, calm):
    gan.fit(ring, callbacks=SampleMetric(count, ring, 1000))

# %% tags=["folded"] alt="Samples in one place, samples in eight; clusters by epoch"
figure, axes = plt.subplots(1, 3, figsize=(10, 3.2), layout="constrained")
names = {"collapsed: slow discriminator": hasty, "mended: fast discriminator": calm}
for ax, (name, gan) in zip(axes, names.items(), strict=False):
    ax.scatter(*modes.T, s=60, facecolors="none", edgecolors="tab:orange")
    ax.scatter(*gan.sample(1000, random_state=0).T, s=1)
    ax.set(title=name, xlim=(-3, 3), ylim=(-3, 3), aspect="equal")
    axes[2].plot(
        np.arange(1, EPOCHS + 1),
        8 * np.array(gan.history_["val_covered"]),
        label=name.split(":")[0],
    )
axes[2].set(title="clusters with their share", xlabel="epoch", ylim=(0, 8.5))
axes[2].legend()
figure.savefig("mode_collapse.png", dpi=120)

# %% [markdown]
# `kgen.callbacks.CollapseMonitor` watches for this while a GAN trains, and can stop the
# training.
#
# ## Blur
#
# **What you see.** Reconstructions and samples of a VAE look as if out of focus.
#
# **Why.** The loss is the squared error of pixels between 0 and 1. That is the
# log-density of a normal distribution with a fixed standard deviation of $\sqrt{1/2} =
# 0.71$, which is 180 of 255 grey levels. With so much noise allowed, details are not
# worth their price in nats, and the code leaves them out. The decoder then averages
# over what the code does not say.
#
# **What helps.** Let the model learn the standard deviation: `scale="shared"` ([Rybkin
# et al., 2021](https://arxiv.org/abs/2006.13202)). As it falls, details become worth
# more, and the code keeps more of them.

# %%
(train, _), (test, _) = keras.datasets.mnist.load_data()
train = train[:IMAGES]
settings = {"latent_dim": 16, "epochs": EPOCHS, "random_state": 0}
squared = kgen.VAE(head=Normal(scale=0.71 * 255), **settings).fit(train)
learned = kgen.VAE(head="normal", scale="shared", **settings).fit(train)
for name, vae in (("squared error", squared), ("learned scale", learned)):
    error = np.abs(vae.reconstruct(test[:500]).astype(float) - test[:500]).mean()
    kl = vae.history_["kl"][-1]
    print(f"{name}: {kl:5.1f} nats in the code, error {error:4.1f} of 255")

# %% tags=["folded"] alt="Digits, blurred reconstructions, and sharper ones"
rows = {
    "held-out digits": test[:12],
    "blurred: squared error": squared.reconstruct(test[:12]),
    "mended: learned scale": learned.reconstruct(test[:12]),
}
figure, axes = plt.subplots(3, 1, figsize=(9, 3.6), layout="constrained")
for ax, (name, images) in zip(axes, rows.items(), strict=True):
    kgen.plots.image_grid(images, columns=12, title=name, ax=ax)
figure.savefig("blur.png", dpi=120)

# %% [markdown]
# A VAE still draws its pixels independently given the code. If you need samples that
# are sharp everywhere, take another model: `VQVAE`, `VAEGAN`, or a density of pixels
# such as `PixelCNN`.
#
# ## Posterior collapse
#
# **What you see.** Every reconstruction is the same average image. `active_units` is 0,
# and the KL divergence of each dimension of the code is nearly 0 nats: the posterior
# $q(z \mid x)$ is the prior, whatever $x$ is.
#
# **Why.** The divergence weighs too much. A common accident is a reconstruction loss
# that is a *mean* over the pixels, with a divergence that is a *sum* over the code. For
# 64 pixels this is the same as a `beta` of 64.
#
# **What helps.** Sum both, as `VAE` does. If some dimensions stay unused,
# `KL(warm_up=..., free_bits=...)` in a [`VAEModel`](../guide/variational.md#penalty)
# helps.

# %%
digits = load_digits().images.astype("uint8")
x_train, x_test = digits[:1500], digits[1500:]
short = {"latent_dim": 8, "head": "mixture_of_logistics", "random_state": 0}
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    collapsed = kgen.BetaVAE(beta=64, epochs=2 * EPOCHS, **short).fit(x_train)
for warning in caught[:1]:
    print(textwrap.fill(str(warning.message), 80))
mended = kgen.BetaVAE(beta=1, epochs=2 * EPOCHS, **short).fit(x_train)


def divergences(vae):
    """Return the mean KL(q(z|x) || p(z)) of each dimension, in nats."""
    outputs = np.asarray(vae.model_.encoder(x_test[..., None].astype("float32")))
    mean, log_scale = np.split(outputs, 2, axis=1)
    kl = (mean**2 + np.exp(2 * log_scale) - 1) / 2 - log_scale
    return kl.mean(axis=0)


for name, vae in (("beta = 64", collapsed), ("beta = 1", mended)):
    print(
        f"{name}: {vae.active_units(x_test)} of 8 active, {divergences(vae).round(3)}"
    )

# %% tags=["folded"] alt="Nats of each dimension; reconstructions all alike, or right"
figure, (left, *axes) = plt.subplots(
    1, 4, figsize=(12, 2.6), layout="constrained", width_ratios=[1.6, 1, 1, 1]
)
left.bar(np.arange(8) - 0.2, divergences(collapsed), 0.4, label="collapsed")
left.bar(np.arange(8) + 0.2, divergences(mended), 0.4, label="mended")
left.set(xlabel="dimension of the code", ylabel="nats")
left.set_ylim(0, 1.3 * divergences(mended).max())
left.legend(loc="upper right", ncols=2)
for ax, (name, images) in zip(
    axes,
    {
        "held-out digits": x_test[:16],
        "collapsed": collapsed.reconstruct(x_test[:16]),
        "mended": mended.reconstruct(x_test[:16]),
    }.items(),
    strict=True,
):
    kgen.plots.image_grid(images, columns=4, title=name, ax=ax)
figure.savefig("posterior_collapse.png", dpi=120)

# %% [markdown]
# ## A loss that explodes
#
# **What you see.** The loss jumps up by orders of magnitude, or is NaN. kgen stops at
# the first loss that is not finite, says so, and leaves the estimator as it was.
#
# **Why.** Most often the learning rate is too large. A step overshoots, the next
# gradient is larger still, and so on. Extreme values in the data or half precision can
# do the same.
#
# **What helps.** Try a tenth of the learning rate, and a tenth of that. Here a flow
# learns two moons with a learning rate of 1, and with one of 0.001.


# %%
class Losses(keras.callbacks.Callback):
    def on_train_begin(self, logs=None):
        self.losses = []

    def on_train_batch_end(self, batch, logs=None):
        self.losses.append(logs["loss"])


moons = make_moons(ROWS // 2, noise=0.05, random_state=0)[0].astype("float32")
flow = {
    "couplings": 6,
    "hidden": (64, 64),
    "epochs": EPOCHS // 2 + 1,
    "random_state": 0,
}
curves = {}
for rate in (1.0, 1e-3):
    watch = Losses()
    kgen.RealNVP(learning_rate=rate, **flow).fit(moons, callbacks=watch)
    curves[rate] = watch.losses
    print(f"learning rate {rate}: {watch.losses[0]:.2f} to {watch.losses[-1]:.4g} nats")

try:
    kgen.RealNVP(optimizer="sgd", learning_rate=1.0, **flow).fit(moons)
except FloatingPointError as error:
    print(textwrap.fill(str(error), 80))

# %% tags=["folded"] alt="A loss that jumps to enormous values; one that falls"
figure, axes = plt.subplots(1, 2, figsize=(9, 2.8), layout="constrained")
titles = ("exploded: learning rate 1", "mended: learning rate 0.001")
for ax, title, losses in zip(axes, titles, curves.values(), strict=True):
    ax.plot(losses)
    ax.set(title=title, xlabel="step", ylabel="loss, in nats")
axes[0].set_yscale("log")
figure.savefig("exploded.png", dpi=120)

# %% [markdown]
# Note the powers of ten on the left. (Keras reports the mean over the epoch so far,
# which is why the curves have steps.) Adam, the default, survives the jump, but stays
# stuck above 1,000 nats. Plain gradient descent (`"sgd"`) ends in NaN.
#
# For schedules that start high and fall, see [Getting
# started](../getting_started.md#the-optimizer).
