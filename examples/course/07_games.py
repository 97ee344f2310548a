# %% [markdown]
# # Games
#
# **Can you learn to draw without a density?**
#
# Every model so far gave a probability to each example, or a bound of it, and learned
# by making that number large. A generative adversarial network (GAN) has no such
# number. It learns by playing a game, and its reward is that somebody cannot tell its
# samples from real data.
#
# You will see how the game works, why it can run in circles, what calms it, and how to
# know that samples are good when no loss tells you. The code takes about a minute.

# %%
import functools
import os

import keras
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
# The *generator* $G$ turns noise $z$ into a sample $G(z)$. The *discriminator* $D$
# looks at an example and says how probable it is that the example is real. One number
# measures how well $D$ does,
#
# $$V(D, G) = \mathbb{E}_{x}\,\log D(x) + \mathbb{E}_{z}\,\log(1 - D(G(z))),$$
#
# and the two players want opposite things: $D$ makes it large, $G$ makes it small
# ([Goodfellow et al., 2014](https://arxiv.org/abs/1406.2661), eq. 1). They take turns.
# $G$ never sees real data. All it learns comes through $D$, from the gradient that says
# which way to move a sample so that it looks more real.
#
# In code, with $D(x) = \sigma(\mathrm{logit})$, the two terms are the two losses of a
# classifier:

# %%
logit_real, logit_fake = np.array([2.0, 1.0]), np.array([-1.5, -0.5])
value = np.log(expit(logit_real)).mean() + np.log(1 - expit(logit_fake)).mean()
print(f"V = {value:.3f}; of a D that always says 1/2: {2 * np.log(0.5):.3f}")

# %% [markdown]
# For a fixed $G$ with density $p_G$ the best discriminator is
# $D(x) = p(x) / (p(x) + p_G(x))$, and against it $V$ is smallest when $p_G = p$. Then
# $D$ is $\frac12$ everywhere and $V$ is $-\log 4 = -1.386$. So the game has the right
# goal. The question is whether the players ever arrive.
#
# ### Two losses for the generator
#
# At first $G$ is bad and $D$ sees through it. There the loss of the *minimax* game,
# $\log(1 - D(G(z)))$, is flat: $G$ gets no gradient when it needs it most. The
# *non-saturating* loss, $-\log D(G(z))$, has the same goal and a steep slope there.
#
# ![The minimax loss is flat where the discriminator wins, the non-saturating one is
# steep](../figures/saturation.svg)
#
# You can compute both slopes with respect to the logit:

# %%
logit = np.array([-6.0, 0.0, 6.0])  # D wins, D cannot tell, D is fooled
print("slope of log(1 - D):", np.round(-expit(logit), 3))
print("slope of -log D:    ", np.round(-expit(-logit), 3))

# %% [markdown]
# In kgen these are `objective="minimax"` and `objective="non_saturating"`, the default.
#
# ## Why the game goes round
#
# The smallest game has two numbers. The data are a single point, $x = 0$. The generator
# puts its only sample at $\theta$, and the discriminator is $D(x) = \sigma(\psi x)$.
# Then
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
    ax.plot(*path.T, color="0.8", linewidth=1)
    ax.scatter(*path.T, c=np.arange(len(path)), cmap="viridis", s=7, zorder=2)
    ax.plot(0, 0, "+", color="tab:red", markersize=12)
    ax.set(title=name, xlabel=r"$\theta$", xlim=(-1.3, 1.3), ylim=(-1.3, 1.3))
axes[0].set_ylabel(r"$\psi$")
figure.savefig("paths.png", dpi=120)

# %% [markdown]
# (From dark to bright: 300 turns. The red cross is the solution.)
#
# Without a remedy the players chase each other for ever. When the sample is to the
# right of the data, $D$ learns that right is fake, and pushes the sample left. It
# overshoots, $D$ has to turn round, and so on. The distance from the solution does not
# shrink. This is not a matter of the learning rate: smaller steps follow the same ring
# more slowly. With noise, or with the penalty, the ring becomes a spiral into the
# solution ([Mescheder et al., 2018](https://arxiv.org/abs/1801.04406)). In kgen the two
# remedies are `instance_noise=` and `objective="r1"`.
#
# ## The same on a ring of clusters
#
# Now a real game: eight clusters in the plane. `SampleMetric` counts after every epoch
# how many of the eight have their share of 1,000 samples (at least 40 of them, where
# 125 would be fair), and how many samples are at a cluster at all. `Film` keeps the
# samples.

# %%
x, _ = mixture(ROWS, random_state=0)
angles = np.arange(8) * np.pi / 4
modes = 2 * np.stack([np.cos(angles), np.sin(angles)], axis=1)
count = functools.partial(
    metrics.mode_coverage, modes=modes, radius=0.6, min_count=40, n_resamples=0
)


class Film(keras.callbacks.Callback):
    def on_train_begin(self, logs=None):
        self.frames = []

    def on_epoch_end(self, epoch, logs=None):
        self.frames.append(self.model.sample(1000, seed=0))


def watch(gan):
    film = Film()
    gan.fit(x, callbacks=[film, SampleMetric(count, x, 1000)])
    gan.film = film.frames
    return gan


# %% [markdown]
# We let three games play. In the first, the generator learns ten times as fast as the
# discriminator. In the second, it is the discriminator that is faster, by a factor of
# four. The third is a *Wasserstein GAN with a gradient penalty* (WGAN-GP): its
# discriminator, now called critic, gives a score $f(x)$ in place of a probability. It
# takes five steps for each one of the generator, and its slope is kept near 1:
#
# $$\min_G \max_f\; \mathbb{E}_x f(x) - \mathbb{E}_z f(G(z))
# - \lambda\,\mathbb{E}_{\hat x}\big(\lVert\nabla f(\hat x)\rVert - 1\big)^2$$
#
# with $\hat x$ between real data and samples ([Gulrajani et al.,
# 2017](https://arxiv.org/abs/1704.00028), eq. 3). In kgen $\lambda$ is `penalty`; for a
# small table it should be small.

# %%
shared = {
    "architecture": MLP((128, 128), activation="relu"),
    "latent_dim": 2,
    "batch_size": 128,
    "epochs": EPOCHS,
    "random_state": 0,
}
hasty = kgen.GAN(discriminator_learning_rate=1e-4, ema_momentum=None, **shared)
two_speeds = kgen.GAN(discriminator_learning_rate=4e-3, ema_momentum=None, **shared)
critic = kgen.WGAN(objective=Wasserstein(penalty=0.1), learning_rate=2e-3, **shared)
games = {"hasty G": hasty, "fast D": two_speeds, "WGAN-GP": critic}
for gan in games.values():
    watch(gan)

# %% [markdown]
# Here are samples of all three while they train, and the clusters that they reach.

# %% tags=["folded"] alt="Samples of three games jump about or settle on the ring"
shown = np.unique([0, 1, 5, 11, 23, EPOCHS - 1]).clip(0, EPOCHS - 1)
figure, axes = plt.subplots(3, len(shown), figsize=(9, 4.8), layout="constrained")
for row, (name, gan) in zip(axes, games.items(), strict=True):
    for ax, epoch in zip(row, shown, strict=True):
        ax.scatter(*modes.T, s=30, facecolors="none", edgecolors="tab:orange")
        ax.scatter(*np.transpose(gan.film[epoch]), s=1)
        ax.set(xlim=(-3, 3), ylim=(-3, 3), xticks=[], yticks=[], aspect="equal")
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
# generator moves to the next one before the discriminator has seen the others. This is
# *mode collapse*, and patience does not cure it. The other two games settle.
#
# What do their losses say?

# %%
for name, gan in games.items():
    history, last = gan.history_, slice(-20, None)
    good = np.array(history["val_good"][last])
    print(
        f"{name:8}  d_loss {history['d_loss'][-1]:6.2f}  g_loss "
        f"{history['g_loss'][-1]:6.2f}  at a cluster {good.mean():.2f} "
        f"+- {good.std():.2f}"
    )
distance = np.array(critic.history_["d_distance"])
print("WGAN-GP: distance in epochs", shown + 1, "is", distance[shown].round(3))

# %% [markdown]
# (The last column is the share of samples at a cluster, its mean and spread over the
# last 20 epochs.) The two losses of the hasty game are nearly $\log 4 = 1.39$ and
# $\log 2 = 0.69$, as if the discriminator could not tell at all, and so are those of
# the good game. A loss of a GAN is relative to the other player, so it does not tell
# how good the samples are. A critic's distance, the difference between its mean scores
# of real data and samples, says more, but only once the critic knows its job: 0.03 in
# epoch 2 means that it had learned nothing yet, 0.02 in epoch 60 that the samples are
# near.
#
# `WGAN`, like all GANs of kgen by default, draws with an average of the generator's
# weights over many steps (`ema_momentum`); we switched this off in the other two to see
# the moves. The averages calm a game that already circles near its solution.
#
# ## How do you know that samples are good?
#
# We let a GAN draw the digits of scikit-learn, 8x8 pixels. It learns from 1,200 of
# them, chosen by chance, and the other 597 are held out.

# %%
digits = load_digits()
order = np.random.default_rng(0).permutation(len(digits.images))
images, labels = digits.images.astype("uint8")[order], digits.target[order]
train, unseen = images[:1200], images[1200:]
gan = kgen.GAN(architecture="conv", epochs=DIGIT_EPOCHS, random_state=0).fit(train)
samples = gan.sample(len(unseen), random_state=0)

# %% [markdown]
# First, look. Then look at the nearest training digit of each sample: if they were the
# same, the GAN would have learned the data by heart.

# %% tags=["folded"] alt="Real digits, drawn digits, and nearest training digits"
flat = train.reshape(len(train), -1).astype(float)
gaps = ((samples[:12].reshape(12, 1, -1) - flat) ** 2).sum(axis=-1)
pairs = np.concatenate([samples[:12], train[gaps.argmin(axis=1)]])
figure = plt.figure(figsize=(9, 6.3), layout="constrained")
above, below = figure.subfigures(2, 1, height_ratios=[3, 1])
left, right = above.subplots(1, 2)
kgen.plots.image_grid(train[:64], columns=8, title="real", ax=left)
kgen.plots.image_grid(samples[:64], columns=8, title="samples", ax=right)
title = "samples, and below each the nearest training digit"
kgen.plots.image_grid(pairs, columns=12, title=title, ax=below.subplots())
figure.savefig("digits.png", dpi=120)

# %% [markdown]
# Then measure. The *Frechet distance* compares means and covariances of features,
#
# $$d^2 = \lVert\mu - \mu_G\rVert^2
# + \mathrm{tr}\big(\Sigma + \Sigma_G - 2(\Sigma\Sigma_G)^{1/2}\big),$$
#
# where the features are those of a small classifier. *Precision* is the share of
# samples that lie among real data, *coverage* the share of real data that have a sample
# nearby. None of these numbers means anything alone. Each comes with its *floor*: what
# held-out real digits get.

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
for name, estimate in found.items():
    held_out = f"held-out digits {estimate.floor:5.2f}"
    print(f"{name:21} {estimate:5.2f} +- {estimate.stderr:.2f}   {held_out}")

# %% [markdown]
# One number hides what is wrong. By the Frechet distance the samples are as good as
# held-out digits. But only 73% of them lie among real digits, where 93% of the held-out
# ones do, and coverage falls short, too. You need both: a collapsed GAN can have a
# perfect precision. The last line is the distance from a sample to the nearest training
# digit. Samples are no nearer to the training data than unseen digits are, so the GAN
# does not copy.
#
# ## Remember
#
# - A GAN learns from a game. Its goal is right, but following gradients can lead round
#   the goal and not to it.
# - What helps is a discriminator that is nearer its optimum, noise or a penalty that
#   keeps it from being too sure, and averages of the generator's weights.
# - A GAN's loss does not tell how good its samples are. Look at them, and measure
#   fidelity and diversity, with held-out data as the yardstick.
#
# ## Exercise
#
# The hasty game drew with the last weights. By default kgen draws with an average of
# the generator's weights over many steps. Guess first: where in the plane will the
# samples of the hasty game be if you switch the average on? Then try it.

# %% tags=["answer"] alt="Samples between the clusters of a ring, in four epochs"
averaged = watch(kgen.GAN(discriminator_learning_rate=1e-4, **shared))
shares = [np.mean(g.history_["val_good"][-20:]) for g in (hasty, averaged)]
print(f"at a cluster: {shares[0]:.2f} without, {shares[1]:.2f} with averages")
figure, axes = plt.subplots(1, 4, figsize=(9, 2.4), layout="constrained")
for ax, frame in zip(axes, averaged.film[-1::-5][:4], strict=False):
    ax.scatter(*modes.T, s=30, facecolors="none", edgecolors="tab:orange")
    ax.scatter(*np.transpose(frame), s=1)
    ax.set(xlim=(-3, 3), ylim=(-3, 3), xticks=[], yticks=[], aspect="equal")
figure.savefig("averaged.png", dpi=120)

# %% [markdown] tags=["answer"]
# The average of a walk around a ring lies inside the ring: the samples spread over the
# middle, where there are no data at all, and even fewer of them are at a cluster. An
# average helps a game that circles closely around its solution. It cannot help one that
# wanders from cluster to cluster.

# %% [markdown]
# ## Read on
#
# - [Adversarial models](../guide/adversarial.md): all objectives and remedies, and a
#   [grid of 25 clusters](../guide/adversarial.md#a-grid-of-25) that needs several of
#   them at once.
# - [Are the samples good?](../guide/metrics.md): every metric, and its pitfalls.
# - [`GAN`](../api/GAN.md), [`WGAN`](../api/WGAN.md) and
#   [`ConditionalGAN`](../api/ConditionalGAN.md), which draws the digit that you ask
#   for.
# - Goodfellow et al., [Generative Adversarial Nets](https://arxiv.org/abs/1406.2661),
#   2014; Mescheder et al., [Which Training Methods for GANs do actually
#   Converge?](https://arxiv.org/abs/1801.04406), 2018.
