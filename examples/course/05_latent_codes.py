# %% [markdown]
# # Latent codes: the variational autoencoder
#
# **What if a few hidden numbers explain the picture?**
#
# Somebody draws a seven. Before a single pixel is there, much has been decided: that it
# is a seven, how it leans, how thick the pen is. A latent variable model takes this
# literally. A few hidden numbers, the *code* $z$, come first, and the pixels follow
# from them.
#
# You fit a [VAE](../api/VAE.md) whose codes are points of a plane, write its objective
# yourself, check it against the exact density, and see what happens when codes become
# expensive.

# %%
import os

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from scipy.special import logsumexp
from scipy.stats import norm
from sklearn.datasets import load_digits

import kgen

x, y = load_digits().images.astype("uint8"), load_digits().target
x_train, x_test, y_test = x[:1500], x[1500:], y[1500:]
settings = {"architecture": "conv", "head": "mixture_of_logistics", "epochs": 60}
settings |= {"batch_size": 64, "random_state": 0}

# %% tags=["test"]
if os.environ.get("KGEN_FAST"):  # a short run, as a test
    import tensorflow as tf

    tf.config.run_functions_eagerly(run_eagerly=True)
    x_train, x_test, y_test = x_train[:64], x_test[:60], y_test[:60]
    settings["epochs"] = 1

# %% [markdown]
# ## Two networks
#
# The model itself is two lines. A code is drawn from a standard normal, the *prior*
# $p(z)$, and a network, the **decoder**, turns it into a distribution for every pixel:
#
# $$z \sim \mathcal{N}(0, I), \qquad x \sim p(x \mid z)$$
#
# The density of an image is an average over all codes, $p(x) = \int p(x \mid z)\,
# p(z)\, dz$. Nearly all codes explain a given image badly, so random guesses hardly
# help. We need a second network, the **encoder**, which looks at the image and says
# where its code may have been: around $\mu(x)$, give or take $\sigma(x)$. That is the
# distribution $q(z \mid x) = \mathcal{N}(\mu(x), \sigma(x)^2)$.
#
# ![An image goes into the encoder, which gives mu and sigma; with noise they make a
# code z; the decoder turns it into a distribution for every
# pixel](../figures/encoder_decoder.svg)

# %%
vae = kgen.VAE(latent_dim=2, **settings).fit(x_train)
encoder, decoder, head = vae.model_.encoder, vae.model_.decoder, vae.model_.head

# %% [markdown]
# ## The bound
#
# Both networks learn by one objective, the *evidence lower bound*, or ELBO:
#
# $$\log p(x) \;\ge\; \underbrace{\mathbb{E}_{q(z \mid x)} \log p(x \mid
# z)}_{\text{reconstruction}} \;-\; \underbrace{\mathrm{KL}\big(q(z \mid x) \,\|\,
# p(z)\big)}_{\text{what the code costs}}$$
#
# The first term asks for codes that explain the image. The second one asks for codes
# that look like draws from the prior. It has a closed form: for each dimension it is
# $\frac12 (\mu^2 + \sigma^2 - 1) - \log \sigma$. For the expectation we draw a code. A
# draw has no gradient with respect to $\mu$ and $\sigma$, but it has one if we write it
# as a function of noise. This is the *reparameterisation*:
#
# $$z = \mu + \sigma\,\epsilon, \qquad \epsilon \sim \mathcal{N}(0, I)$$
#
# With the parts of the fitted model, all of this is a few lines. The `head` is the
# family of $p(x \mid z)$, here a mixture of logistics for each pixel:


# %%
def terms(images, epsilon):
    images = images[..., np.newaxis].astype("float32")  # (n, 8, 8, 1)
    mu, log_sigma = np.split(np.asarray(encoder(images)), 2, axis=-1)
    z = mu + np.exp(log_sigma) * epsilon
    reconstruction = np.asarray(head.log_prob(decoder(z), images))
    kl = 0.5 * (mu**2 + np.exp(2 * log_sigma) - 1) - log_sigma  # (n, 2)
    return reconstruction, kl.sum(axis=-1)


random = np.random.default_rng(0)
reconstruction, kl = terms(x_test, random.normal(size=(len(x_test), 2)))
print(f"reconstruction {reconstruction.mean():6.1f} nats")
print(f"code           {kl.mean():6.1f} nats")
print(f"ELBO, by hand  {(reconstruction - kl).mean():6.1f} nats")
print(f"ELBO, by kgen  {vae.log_prob(x_test, n_importance=1).mean():6.1f} nats")

# %% [markdown]
# (The two differ by the noise that was drawn.)
#
# ## How tight is it?
#
# The ELBO is a lower bound, and you may well ask how far below the truth it is. Several
# codes give a tighter one. Weigh each by how well it explains the image, relative to
# how likely the encoder was to draw it, and average *inside* the logarithm (Burda et
# al., 2016):
#
# $$\log p(x) \;\ge\; \mathbb{E} \log \frac{1}{k} \sum_{i=1}^{k} \frac{p(x \mid z_i)\,
# p(z_i)}{q(z_i \mid x)}, \qquad z_i \sim q(z \mid x)$$
#
# This is what `log_prob` does, with $k = 64$ unless you say otherwise. Since our codes
# live in a plane, we can also do what is impossible in 32 dimensions: compute the
# integral $p(x)$ itself, on a fine grid.

# %%
few = x_test[:20]
side = np.arange(-4.5, 4.5, 0.1)
grid = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)  # 8,100 codes


def log_likelihoods(image, parameters):
    """log p(x|z) of an image, for the decoder's parameters at many codes z."""
    copies = np.repeat(image[np.newaxis, ..., np.newaxis], len(parameters), axis=0)
    return np.asarray(head.log_prob(parameters, copies.astype("float32")))


on_grid = decoder.predict(grid, verbose=0)
log_prior = norm.logpdf(grid).sum(axis=-1) + 2 * np.log(0.1)  # times the cell's area
exact = [logsumexp(log_likelihoods(image, on_grid) + log_prior) for image in few]

blind = decoder.predict(random.normal(size=(64, 2)), verbose=0)
guesses = [logsumexp(log_likelihoods(image, blind)) - np.log(64) for image in few]

print(f"64 codes from the prior   {np.mean(guesses):7.2f} nats")
for k in (1, 64, 1024):
    bound = vae.log_prob(few, n_importance=k).mean()
    print(f"{k:4} codes of the encoder {bound:7.2f} nats")
print(f"the integral              {np.mean(exact):7.2f} nats")

# %% [markdown]
# One code of the encoder is worth more than 64 blind guesses, even in a plane. With
# more codes the bound comes within a tenth of a nat of the integral. The gap at $k = 1$
# is the price of an approximate posterior: on average it is $\mathrm{KL}(q(z \mid x)
# \,\|\, p(z \mid x))$.
#
# ## The plane of codes
#
# Where does the encoder put the digits, and what does the decoder make of each place?

# %% alt="Left: codes of digits, in clusters. Right: a plane of digits"
figure, (left, right) = plt.subplots(1, 2, figsize=(10, 5), layout="constrained")
kgen.plots.latent_map(vae, x, y, title="codes of all digits", ax=left)
left.set_xlim(-4.2)  # room for the legend
ticks = norm.ppf(np.linspace(0.02, 0.98, 16))  # equally likely under the prior
plane = np.stack(np.meshgrid(ticks, ticks[::-1]), axis=-1).reshape(-1, 2)
title = "what the decoder makes of the plane"
kgen.plots.image_grid(vae.decode(plane), columns=16, title=title, ax=right)
figure.savefig("plane.png", dpi=120)

# %% [markdown]
# Nobody told the model about ten digits. It found that digits of one kind are best
# explained by codes that lie close together. There are no holes: every place decodes to
# something, and neighbours look alike.
#
# ## What beta does
#
# The two terms of the bound have names of their own. **Distortion**, minus the first
# term, is what the pixels cost when the code is known; **rate**, the second, is what
# the code costs. A [BetaVAE](../api/BetaVAE.md) changes the price of a nat of code from
# 1 to $\beta$:
#
# $$\text{loss} = \text{distortion} + \beta \cdot \text{rate}$$
#
# ![Clouds of codes: small and far apart, touching, and all in one
# place](../figures/rate_and_distortion.svg)
#
# Now we take eight dimensions, and try four prices. A dimension is *active* if its mean
# $\mu$ changes from image to image:

# %%
models = {}
print("beta   rate  distortion  active  held-out bound")
for beta in (0.1, 1.0, 4.0, 20.0):
    model = kgen.BetaVAE(beta=beta, latent_dim=8, **settings).fit(x_train)
    models[beta] = model
    rate, distortion = (model.history_[k][-1] for k in ("kl", "reconstruction"))
    print(
        f"{beta:4}  {rate:5.1f}  {distortion:10.1f}  {model.active_units(x_test):6}"
        f"  {model.score(x_test):14.1f}"
    )

# %% [markdown]
# A cheap code says more, and the pixels cost less. The bound on held-out digits is best
# at $\beta = 1$, where the loss is minus the ELBO. At 20 the code says nothing at all,
# and `fit` warns you of it.
#
# That is **posterior collapse**: $q(z \mid x)$ is the prior, whatever $x$ is. You can
# see it dimension by dimension, since the divergence is a sum over them:


# %%
def nats_per_dimension(model):
    images = x_test[..., np.newaxis].astype("float32")
    mu, log_sigma = np.split(np.asarray(model.model_.encoder(images)), 2, axis=-1)
    kl = 0.5 * (mu**2 + np.exp(2 * log_sigma) - 1) - log_sigma
    return kl.mean(axis=0)


# %% tags=["folded"] alt="Bars: nats per dimension fall with beta. Below: samples"
figure, axes = plt.subplots(2, 4, figsize=(10, 5.2), layout="constrained")
for (upper, lower), (beta, model) in zip(axes.T, models.items(), strict=True):
    upper.bar(range(8), np.sort(nats_per_dimension(model))[::-1])
    upper.set(title=f"beta = {beta:g}", ylim=(0, 5), xticks=[], xlabel="dimension")
    samples = model.sample(25, random_state=0)
    kgen.plots.image_grid(samples, ax=lower, title="samples")
axes[0, 0].set_ylabel("nats")
figure.savefig("beta.png", dpi=120)

# %% [markdown]
# With $\beta = 4$ half of the dimensions have collapsed; the others carry what is worth
# its price. With 20 all have: whatever the code, the decoder draws from one and the
# same distribution, an average of all digits. At the other end, with 0.1, codes of the
# data lie far apart, and a code from the prior often falls between them: many of those
# samples are no digits either. (All samples are speckled, because each pixel is drawn
# by itself once the code is known.)
#
# ## Between two digits
#
# Codes let you mix images. Half of one image plus half of another is a double exposure,
# but halfway between their codes there is one image again.

# %% alt="A one becomes a zero: mixed by pixels, and by codes"
a, b = x_test[y_test == 1][1], x_test[y_test == 0][1]
share = np.linspace(0, 1, 9)[:, np.newaxis, np.newaxis]
by_pixels = np.round((1 - share) * a + share * b)
by_codes = kgen.latent.interpolate(models[1.0], a, b, 9)
figure, axes = plt.subplots(2, 1, figsize=(8, 2.6), layout="constrained")
for ax, images in zip(axes, (by_pixels, by_codes), strict=True):
    kgen.plots.image_grid(images, columns=9, ax=ax)
axes[0].set_title("mixed by pixels")
axes[1].set_title("mixed by codes")
figure.savefig("between.png", dpi=120)

# %% [markdown]
# ## Remember
#
# - The ELBO is the reconstruction minus what the code costs. It is a lower bound on the
#   log-density, and more codes per image make it tighter.
# - $\beta$ is the price of a nat of code. It trades rate for distortion; the density is
#   best at 1.
# - Look at the divergence of every dimension, or at `active_units`. If all are near
#   zero, the posterior has collapsed, and codes mean nothing.
#
# ## Exercise
#
# What if codes are free, $\beta = 0$? Guess first: are reconstructions better or worse
# than at $\beta = 1$? And samples? And the held-out bound?

# %% tags=["answer"] alt="Good reconstructions of digits, and samples that are none"
free = kgen.BetaVAE(beta=0.0, latent_dim=8, **settings).fit(x_train)
for beta, model in ((0, free), (1, models[1.0])):
    error = np.mean((model.reconstruct(x_test).astype(float) - x_test) ** 2)
    bound = model.score(x_test)
    print(f"beta = {beta}: squared error {error:.1f}, held-out bound {bound:.1f} nats")
figure, (left, right) = plt.subplots(1, 2, figsize=(9, 2.8), layout="constrained")
kgen.plots.reconstructions(free, x_test[:20], title="reconstructions", ax=left)
samples = free.sample(40, random_state=0)
kgen.plots.image_grid(samples, columns=10, title="samples", ax=right)
figure.savefig("free_codes.png", dpi=120)

# %% [markdown] tags=["answer"]
# With nothing to pay, the encoder puts every image at a place of its own, far from the
# others and from the prior, with hardly any noise. That is nearly a plain
# [autoencoder](../api/Autoencoder.md). Held-out digits are reconstructed only a little
# better (below each digit is its reconstruction), and codes from the prior are places
# that the decoder has never seen. The bound counts what such codes really cost, and is
# the worst of all.

# %% [markdown]
# ## Read on
#
# - The guide to [variational models](../guide/variational.md), with all relatives of
#   the VAE; [a traversal of every dimension](../gallery/beta_vae.md).
# - Next lesson: [discrete codes](06_discrete_codes.md).
# - Kingma and Welling, [Auto-Encoding Variational
#   Bayes](https://arxiv.org/abs/1312.6114), 2014: the bound is eq. 3, the
#   reparameterisation sec. 2.4.
# - Burda et al., [Importance Weighted Autoencoders](https://arxiv.org/abs/1509.00519),
#   2016, eq. 8. Higgins et al., [beta-VAE](https://openreview.net/forum?id=Sy2fzU9gl),
#   2017, eq. 4.
