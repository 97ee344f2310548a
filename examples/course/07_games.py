# %% [markdown]
# # Games
#
# **Can you learn to draw without a density?**
#
# Almost every model so far gave each example a probability, or a bound on it, and
# learned by making it large. A generative adversarial network ([GAN](../api/GAN.md))
# has no such number. It plays a game, and wins if its samples are taken for real.

# %%
import os

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf
from scipy.special import expit, ndtri
from sklearn.datasets import load_digits

import kgen
from kgen import metrics
from kgen.callbacks import SampleMetric
from kgen.data.toy import mixture
from kgen.networks import MLP
from kgen.objectives import Wasserstein

EPOCHS, DIGIT_EPOCHS, ROWS, STEPS = 60, 150, 4000, 500

# %% tags=["test"]
if os.environ.get("KGEN_FAST"):  # a short run, as a test
    tf.config.run_functions_eagerly(run_eagerly=True)
    EPOCHS, DIGIT_EPOCHS, ROWS, STEPS = 2, 1, 500, 5

# %% [markdown]
# ## Two players
#
# ![Noise z goes into the generator G, whose samples G(z) and real data x go into the
# discriminator D, which says which is which; both learn from its
# answer](../figures/players.svg)
#
# The *generator* $G$ turns noise $z$ into a sample $G(z)$. The *discriminator* $D$ says
# how probable it is that an example is real. One number measures how well $D$ does,
#
# $$V(D, G) = \mathbb{E}_{x}\,\log D(x) + \mathbb{E}_{z}\,\log(1 - D(G(z))),$$
#
# and the two players want opposite things: $D$ wants it large, $G$ wants it small
# ([Goodfellow et al., 2014](https://arxiv.org/abs/1406.2661), eq. 1). They take turns.
# $G$ never sees real data. All it learns comes through $D$, from the gradient that says
# which way to move a sample so that it looks more real.
#
# In code, with $D(x) = \sigma(\mathrm{logit})$:

# %%
logit_real, logit_fake = np.array([2.0, 1.0]), np.array([-1.5, -0.5])
value = np.log(expit(logit_real)).mean() + np.log(1 - expit(logit_fake)).mean()
print(f"V = {value:.3f}; of a D that always says 1/2: {2 * np.log(0.5):.3f}")

# %% [markdown]
# Let $p$ be the density of the data, and $p_G$ that of the samples. For a fixed $G$ the
# best discriminator is $D(x) = p(x) / (p(x) + p_G(x))$, and against it $V$ is smallest
# when $p_G = p$. Then $D$ is $\frac12$ everywhere and $V$ is $-\log 4$. So the game has
# the right goal. But do the players get there?
#
# ### Two losses for the generator
#
# At first $G$ is bad, $D$ sees through it, and $D(G(z))$ is near 0. There the loss of
# the *minimax* game, $\log(1 - D(G(z)))$, is flat: $G$ gets no gradient when it needs
# it most. The *non-saturating* loss, $-\log D(G(z))$, has the same goal and is steep
# there. It is kgen's default; the other is `objective="minimax"`.
#
# ![The minimax loss is flat where the discriminator wins, the non-saturating one is
# steep](../figures/saturation.svg)
#
# ## Why the game goes round
#
# The smallest game has two numbers. The data are a single point, $x = 0$, the generator
# puts its only sample at $\theta$, and the discriminator is $D(x) = \sigma(\psi x)$:
#
# $$V = \log\tfrac12 + \log(1 - \sigma(\psi\theta)), \qquad
# \frac{\partial V}{\partial\psi} = -\sigma(\psi\theta)\,\theta, \qquad
# \frac{\partial V}{\partial\theta} = -\sigma(\psi\theta)\,\psi.$$
#
# The solution is $\theta = \psi = 0$. Let the players take turns, with two known
# remedies built in. *Instance noise* adds normal noise to all that $D$ sees, so that
# real data and samples overlap. A *penalty* $\frac{\gamma}{2}\psi^2$ on the slope of
# the logit keeps $D$ from becoming ever surer.

# %%
normal = ndtri((np.arange(99) + 0.5) / 99)  # 99 points that stand for a normal law


def play(turns, rate=0.2, noise=0.0, gamma=0.0):
    theta, psi, path = 1.0, 0.0, []
    real = noise * normal  # around x = 0
    for _ in range(turns):
        path.append((theta, psi))
        fake = theta + noise * normal
        up = np.mean(expit(-psi * real) * real) - np.mean(expit(psi * fake) * fake)
        psi += rate * (up - gamma * psi)  # D goes up
        theta += rate * psi * np.mean(expit(psi * fake))  # G goes down
    return np.array(path)


paths = {
    "as it is": play(300),
    "instance noise": play(300, noise=0.7),
    "slope penalty": play(300, gamma=0.3),
}
for name, path in paths.items():
    print(f"{name:15} distance from the solution: {np.hypot(*path[-1]):.3f}")

# %% tags=["folded"] alt="One path stays on a ring, two spiral into the solution"
figure, axes = plt.subplots(1, 3, figsize=(9, 3.2), layout="constrained")
for ax, (name, path) in zip(axes, paths.items(), strict=True):
    ax.scatter(*path.T, c=np.arange(len(path)), cmap="viridis", s=7, zorder=2)
    ax.plot(0, 0, "+", color="tab:red", markersize=12)
    ax.set(title=name, xlabel=r"$\theta$", xlim=(-1.3, 1.3), ylim=(-1.3, 1.3))
figure.savefig("paths.png", dpi=120)

# %% [markdown]
# ($\theta$ runs to the right, $\psi$ upwards, and the 300 turns from dark to bright.
# The red cross is the solution.) Without a remedy the players chase each other for
# ever. When the sample is to the right of the data, $D$ learns that right is fake, and
# pushes the sample left. It overshoots, and $D$ has to turn round. Smaller steps only
# follow the same ring more slowly. With noise, or with the penalty, the ring becomes a
# spiral into the solution ([Mescheder et al., 2018](https://arxiv.org/abs/1801.04406)).
# In kgen they are `instance_noise=` and `objective="r1"`.
#
# ## The same on a ring of clusters
#
# Now a real game: eight clusters in the plane. After every epoch we draw 1,000 samples
# and count how many of the eight clusters have their share (at least 40, where 125
# would be fair), and how many samples are at a cluster at all.

# %%
x, _ = mixture(ROWS, random_state=0)
angles = np.arange(8) * np.pi / 4
modes = 2 * np.stack([np.cos(angles), np.sin(angles)], axis=1)


def watch(gan):
    def look(real, fake):
        gan.film.append(fake)
        found = {"real": real, "fake": fake, "modes": modes, "radius": 0.6}
        return metrics.mode_coverage(**found, min_count=40, n_resamples=0)

    gan.film = []
    return gan.fit(x, callbacks=SampleMetric(look, x, 1000))


def show(ax, points):
    ax.scatter(*modes.T, s=30, facecolors="none", edgecolors="tab:orange")
    ax.scatter(*points.T, s=1)
    ax.set(xlim=(-3, 3), ylim=(-3, 3), xticks=[], yticks=[], aspect="equal")


# %% [markdown]
# We let three games play. In the first, the generator learns ten times as fast as the
# discriminator. In the second, the discriminator is four times as fast. The third is a
# *Wasserstein GAN with a gradient penalty* (WGAN-GP): its discriminator, now called
# critic, gives a score $f(x)$ in place of a probability, takes five steps for each one
# of the generator, and has a slope that is kept near 1:
#
# $$\min_G \max_f\; \mathbb{E}_x f(x) - \mathbb{E}_z f(G(z))
# - \lambda\,\mathbb{E}_{\hat x}\big(\lVert\nabla f(\hat x)\rVert - 1\big)^2$$
#
# with $\hat x$ between real data and samples ([Gulrajani et al.,
# 2017](https://arxiv.org/abs/1704.00028), eq. 3). In kgen $\lambda$ is `penalty`; for a
# small table it should be small. (`ema_momentum` is for the exercise.)

# %%
shared = {"latent_dim": 2, "batch_size": 128, "epochs": EPOCHS, "random_state": 0}
shared["architecture"] = MLP((128, 128), activation="relu")
hasty = kgen.GAN(discriminator_learning_rate=1e-4, ema_momentum=None, **shared)
two_speeds = kgen.GAN(discriminator_learning_rate=4e-3, ema_momentum=None, **shared)
critic = kgen.WGAN(objective=Wasserstein(penalty=0.1), learning_rate=2e-3, **shared)
games = {"hasty G": hasty, "fast D": two_speeds, "WGAN-GP": critic}
for gan in games.values():
    watch(gan)

# %% tags=["folded"] alt="Samples of three games jump about or settle on the ring"
shown = np.unique([0, 1, 5, 11, 23, EPOCHS - 1]).clip(0, EPOCHS - 1)
figure, axes = plt.subplots(3, len(shown), figsize=(9, 4.8), layout="constrained")
for row, (name, gan) in zip(axes, games.items(), strict=True):
    for ax, epoch in zip(row, shown, strict=True):
        show(ax, gan.film[epoch])
        if gan is hasty:
            ax.set_title(f"epoch {epoch + 1}", fontsize=10)
    row[0].set_ylabel(name)
figure.savefig("film.png", dpi=120)

# %% tags=["folded"] alt="Clusters by epoch: few in one game, eight in the others"
figure, ax = plt.subplots(figsize=(7, 3), layout="constrained")
for name, gan in games.items():
    ax.plot(8 * np.array(gan.history_["val_covered"]), label=name)
ax.set(xlabel="epoch", ylabel="clusters with their share", ylim=(0, 8.5))
ax.legend(loc="center right")
figure.savefig("modes.png", dpi=120)

# %% [markdown]
# The hasty game is the ring of the two numbers again. Its samples crowd around one or
# two clusters. The discriminator learns that this place is full of fakes, and the
# generator moves on before the discriminator has seen the other clusters. This is *mode
# collapse*, and patience does not cure it. What do the losses say?

# %%
for name, gan in games.items():
    d_loss, g_loss = (gan.history_[key][-1] for key in ("d_loss", "g_loss"))
    good = np.mean(gan.history_["val_good"][-20:])
    print(f"{name:8} losses {d_loss:5.2f} {g_loss:5.2f}, at a cluster {good:.2f}")

# %% [markdown]
# (Losses of the discriminator and the generator, and the share of samples at a cluster
# in the last 20 epochs.) The losses of the hasty game are nearly $\log 4 = 1.39$ and
# $\log 2 = 0.69$, as if $D$ could not tell at all, and so are those of the good game
# "fast D". A GAN's loss is relative to the other player: it does not tell how good
# samples are.
#
# ## How do you know that samples are good?
#
# We let a GAN draw the digits of scikit-learn, 8x8 pixels. It learns from 1,200 of
# them, chosen at random, and the other 597 are held out. First, look, and compare each
# sample with its nearest training digit: a GAN could learn the data by heart.

# %%
digits = load_digits()
order = np.random.default_rng(0).permutation(len(digits.images))
images, labels = digits.images.astype("uint8")[order], digits.target[order]
train, unseen = images[:1200], images[1200:]
gan = kgen.GAN(architecture="conv", epochs=DIGIT_EPOCHS, random_state=0).fit(train)
samples = gan.sample(len(unseen), random_state=0)

# %% tags=["folded"] alt="Real digits, drawn digits, and nearest training digits"
flat = train.reshape(len(train), -1).astype(float)
gaps = ((samples[:64].reshape(64, 1, -1) - flat) ** 2).sum(axis=-1)
nearest = train[gaps.argmin(axis=1)]
figure, axes = plt.subplots(1, 3, figsize=(12, 4.4), layout="constrained")
titles = ("real", "samples", "nearest training digit of each sample")
for ax, title, shown in zip(axes, titles, (train, samples, nearest), strict=True):
    kgen.plots.image_grid(shown[:64], columns=8, title=title, ax=ax)
figure.savefig("digits.png", dpi=120)

# %% [markdown]
# Then measure, with features from a small classifier. The *Frechet distance* compares
# their means and covariances. *Precision* is the share of samples that lie among real
# data, *coverage* the share of real data that have a sample nearby. No such number
# means anything alone: each comes with its *floor*, what held-out real digits get.

# %%
features = metrics.default_features(train, labels[:1200], steps=STEPS)
data = {"real": train, "fake": samples, "held_out": unseen, "random_state": 0}
near = metrics.prdc(**data, features=features)
found = {
    "Frechet distance": metrics.frechet_distance(**data, features=features),
    "precision": near.precision,
    "coverage": near.coverage,
    "distance to training": metrics.nearest_training(**data),
}
for name, value in found.items():
    print(f"{name:21} {value:5.2f}, held-out digits {value.floor:5.2f}")

# %% [markdown]
# By the Frechet distance the samples are as good as held-out digits, but only 73% of
# them lie among real digits, against 93% of the held-out ones: one number can hide what
# is wrong. They are no copies: held-out digits are even nearer to the training data.
#
# ## Remember
#
# - A GAN learns from a game. Its goal is right, but gradients may lead round it.
# - What helps is a faster discriminator, noise, or a penalty on its slope.
# - Its loss does not tell how good samples are. Look, and compare with held-out data.
#
# ## Exercise
#
# By default kgen draws with a moving average of the generator's weights. In the first
# two games `ema_momentum=None` switched it off. Guess first: where will the samples of
# the hasty game be with the average? Then try it.

# %% tags=["answer"] alt="Samples of an average, between the clusters of the ring"
averaged = watch(kgen.GAN(discriminator_learning_rate=1e-4, **shared))
shares = [np.mean(g.history_["val_good"][-20:]) for g in (hasty, averaged)]
print(f"at a cluster: {shares[0]:.2f} without, {shares[1]:.2f} with averages")
figure, ax = plt.subplots(figsize=(3, 3), layout="constrained")
show(ax, averaged.film[-1])
figure.savefig("averaged.png", dpi=120)

# %% [markdown] tags=["answer"]
# The average of a walk around a ring lies inside the ring, where there are no data. An
# average helps a game that circles closely around its solution. It cannot help one that
# wanders from cluster to cluster.

# %% [markdown]
# ## Read on
#
# - [Adversarial models](../guide/adversarial.md): all objectives and remedies.
# - [Are the samples good?](../guide/metrics.md): every metric, and its pitfalls.
# - Next lesson: [change of variables](08_change_of_variables.md).
# - [Goodfellow et al., 2014](https://arxiv.org/abs/1406.2661), sec. 3 to 5.
