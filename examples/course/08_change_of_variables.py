# %% [markdown]
# # Change of variables
#
# **Can a bent plane be a density?**
#
# Take the simplest density there is, a normal distribution, and bend the space under
# it. If you know how much each place was stretched or squeezed, you know the new
# density exactly. A *normalizing flow* learns how to bend. It then has an exact
# density, like the models of the first lessons, and draws in a single pass, like a GAN.
#
# You will compute a bent density by hand, watch a flow bend a plane layer by layer, and
# check that the result is a density.

# %%
import os

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf
from sklearn.datasets import make_moons

import kgen
from kgen.data.toy import mixture

EPOCHS, ROWS, SIDE = 60, 4000, 300

# %% tags=["test"]
if os.environ.get("KGEN_FAST"):  # a short run, as a test
    tf.config.run_functions_eagerly(run_eagerly=True)
    EPOCHS, ROWS, SIDE = 1, 400, 50

# %% [markdown]
# ## One dimension
#
# Let $z$ be standard normal with density $p_z$, and let $x$ be given by $z = f(x)$ with
# an increasing function $f$. What is the density of $x$? A short strip $dx$ at $x$
# becomes a strip $dz$ at $z$, with the same probability in it: $p(x)\,dx = p_z(z)\,dz$.
# So
#
# $$p(x) = p_z(f(x)) \left|\frac{df}{dx}\right|.$$
#
# ![A curve z = f(x) with two strips: where it is steep the strip in z is wider, where
# it is flat it is narrower, and the areas below the densities stay the
# same](../figures/change_of_variables.svg)
#
# The two orange areas are equal, and so are the two blue ones. Where $f$ is steep, a
# strip of $x$ takes in a lot of $z$, so the density of $x$ is high. With $f(x) =
# \mathrm{arcsinh}(2x)$ the formula becomes this code:


# %%
def normal(z):
    return np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)


step = 0.001
x = np.arange(-100, 100, step)
slope = 2 / np.sqrt(1 + (2 * x) ** 2)  # df/dx
density = normal(np.arcsinh(2 * x)) * slope
print(f"integral with the slope:    {np.sum(density) * step:.4f}")
print(f"integral without the slope: {np.sum(density / slope) * step:.4f}")

# %% [markdown]
# Without the slope the integral is not 1, so the result is no density. To draw samples,
# go the other way. Take normal noise and apply the inverse, $x = f^{-1}(z) = \sinh(z) /
# 2$.

# %% alt="A histogram of samples that follows the curve of the computed density"
z = np.random.default_rng(0).normal(size=100_000)
samples = np.sinh(z) / 2
figure, ax = plt.subplots(figsize=(6, 2.6), layout="constrained")
ax.hist(samples, bins=np.linspace(-4, 4, 81), density=True, color="0.8")
near = np.abs(x) < 4
ax.plot(x[near], density[near])
ax.set(xlabel="x", ylabel="density", xlim=(-4, 4))
figure.savefig("one_dimension.png", dpi=120)

# %% [markdown]
# ## Many dimensions
#
# In $d$ dimensions the slope becomes the *Jacobian*, the matrix of all partial
# derivatives, and its determinant says how much $f$ changes a small volume:
#
# $$\log p(x) = \log \mathcal{N}(f(x);\, 0, I)
# + \log \left|\det \frac{\partial f}{\partial x}\right|$$
#
# A determinant of a general matrix takes about $d^3$ operations, and a general network
# has no inverse. So flows are built from layers that have an easy inverse and an easy
# determinant. The most common one is the *coupling* (Dinh et al., 2017):
#
# ![A coupling layer in both directions: one half stays and goes through a network that
# says how the other half is scaled and shifted](../figures/coupling.svg)
#
# $$z_a = x_a, \qquad z_b = x_b\, e^{s(x_a)} + t(x_a)$$
#
# Here $s$ and $t$ are the outputs of a network. One half of the features stays as it
# is, and tells the other half how to move. Since the first half is still there after
# the layer, the inverse can compute the same $s$ and $t$ again. The network itself
# never has to be inverted. The Jacobian is triangular, so its log-determinant is the
# sum of all $s$. The next layer exchanges the halves.
#
# We fit such a flow, [`RealNVP`](../api/RealNVP.md), to two moons.

# %%
x_train = make_moons(ROWS, noise=0.05, random_state=0)[0].astype("float32")
x_test = make_moons(ROWS, noise=0.05, random_state=1)[0].astype("float32")
shared = {
    "hidden": (64, 64),
    "epochs": EPOCHS,
    "batch_size": 200,
    "learning_rate": 2e-3,
    "random_state": 0,
}
flow = kgen.RealNVP(couplings=8, **shared).fit(x_train)
print(f"held-out: {-flow.score(x_test):.3f} nats per point")

# %% [markdown]
# The model returns both terms of the formula: $z = f(x)$, and `log_det`. We put them
# together ourselves, and check the determinant against the Jacobian that TensorFlow
# computes by differentiating.

# %%
points = tf.constant(x_test[:5])
with tf.GradientTape() as tape:
    tape.watch(points)
    z = flow.model_(points)["z"]
jacobian = tape.batch_jacobian(z, points)  # (5, 2, 2)
log_det = np.linalg.slogdet(jacobian)[1]
log_normal = -0.5 * np.sum(np.square(z), axis=1) - np.log(2 * np.pi)
print("by hand: ", np.round(log_normal + log_det, 3))
print("log_prob:", np.round(flow.log_prob(x_test[:5]), 3))

# %% [markdown]
# ## Watch it bend
#
# A flow is a chain of bijections, that is, of invertible maps. Going backwards through
# the chain, from noise to data, we can look at the plane after every layer. We send a
# grid and some points, coloured by their direction from the centre of the noise.

# %%
noise = np.random.default_rng(0).normal(size=(1500, 2)).astype("float32")
line = np.linspace(-2.5, 2.5, 201)
lines = [np.stack(np.broadcast_arrays(line, c), 1) for c in np.linspace(-2.5, 2.5, 11)]
grid = np.concatenate([*lines, *(one[:, ::-1] for one in lines)]).astype("float32")

places = [(noise, grid)]
for layer in reversed(flow.model_.bijection.bijections):
    noise, grid = (np.asarray(layer.inverse(plane)) for plane in (noise, grid))
    if type(layer).__name__ == "Coupling":
        places.append((noise, grid))

# %% tags=["folded"] alt="Eight couplings bend a round cloud and its grid to two moons"
figure, axes = plt.subplots(3, 3, figsize=(8, 8), layout="constrained")
colour = np.arctan2(*places[0][0].T)
for k, (ax, (dots, net)) in enumerate(zip(axes.flat, places, strict=True)):
    for one in net.reshape(22, 201, 2):
        ax.plot(*one.T, color="0.3", linewidth=0.4)
    ax.scatter(*dots.T, s=2, c=colour, cmap="hsv", alpha=0.6)
    ax.set(xlim=(-3.2, 3.2), ylim=(-3.2, 3.2), xticks=[], yticks=[], aspect="equal")
    ax.set_title(f"after coupling {k}" if k else "noise", fontsize=10)
figure.savefig("bending.png", dpi=120)

# %% [markdown]
# Each coupling moves points along one axis only: in turn left or right, and up or down.
# A single one can do little. Eight in a row turn a round cloud into two moons. The grid
# is stretched, squeezed and bent, but never torn. (The plane is in standardised units.
# The last bijection, `Units`, goes back to those of the data.)
#
# ## Is it a density?
#
# If the formula is right, the integral over the plane is 1, whatever the network has
# learned. We sum over a fine grid.

# %%
across, up = np.linspace(-2, 3, SIDE), np.linspace(-1.5, 2, SIDE)
plane = np.stack(np.meshgrid(across, up), axis=-1).reshape(-1, 2).astype("float32")
log_density = flow.log_prob(plane).reshape(SIDE, SIDE)
area = (across[1] - across[0]) * (up[1] - up[0])
print(f"integral over the plane: {np.sum(np.exp(log_density)) * area:.3f}")

# %% tags=["folded"] alt="Test points, log-density and samples of two moons"
figure, axes = plt.subplots(1, 3, figsize=(9, 2.5), layout="constrained")
extent = (-2, 3, -1.5, 2)
axes[0].scatter(*x_test[:1500].T, s=1)
picture = axes[1].imshow(
    log_density, origin="lower", extent=extent, vmin=-12, cmap="magma"
)
figure.colorbar(picture, ax=axes[1], label="nats")
axes[2].scatter(*flow.sample(1500, random_state=0).T, s=1)
for ax, title in zip(axes, ("test points", "log p(x)", "samples"), strict=True):
    ax.set(title=title, xlim=extent[:2], ylim=extent[2:], aspect="equal")
figure.savefig("moons.png", dpi=120)

# %% [markdown]
# Look at the faint bridge between the moons. A flow is continuous, so it cannot tear
# one cloud into two pieces. It can only make the connection thin.
#
# ## When a line is not enough
#
# The coupling above is called *affine*: once $x_a$ is known, it treats $x_b$ by a
# straight line, a stretch and a shift. If $x_b$ then has several peaks, no straight
# line makes it normal. A *spline* can: it is an increasing curve of several pieces, and
# it also has an inverse and a slope in closed form ([Durkan et al.,
# 2019](https://arxiv.org/abs/1906.04032)).
#
# ![An affine coupling passes a number through a straight line, a spline through a curve
# with bends](../figures/transforms.svg)
#
# Eight clusters on a ring are a hard case. Their entropy is 1.70 nats, and no density
# can be better than that on average.

# %%
ring, _ = mixture(ROWS, random_state=0)
ring_test, _ = mixture(ROWS, random_state=1)
affine = kgen.RealNVP(couplings=8, **shared).fit(ring)
spline = kgen.NSF(couplings=4, **shared).fit(ring)
entropy = np.log(8) + np.log(2 * np.pi * np.e * 0.2**2)  # the clusters hardly overlap
print(f"best possible            {entropy:.3f} nats per point")
for name, model in (("8 affine couplings", affine), ("4 couplings by splines", spline)):
    print(f"{name:24} {-model.score(ring_test):.3f}")

# %% tags=["folded"] alt="Log-densities of the ring, by affine couplings and by splines"
ticks = np.linspace(-3, 3, SIDE)
plane = np.stack(np.meshgrid(ticks, ticks), axis=-1).reshape(-1, 2).astype("float32")
figure, axes = plt.subplots(1, 2, figsize=(8, 3.6), layout="constrained")
for ax, (name, model) in zip(
    axes, {"affine": affine, "splines": spline}.items(), strict=True
):
    values = model.log_prob(plane).reshape(SIDE, SIDE)
    picture = ax.imshow(
        values, origin="lower", extent=(-3, 3, -3, 3), vmin=-8, vmax=0, cmap="magma"
    )
    ax.set_title(name)
figure.colorbar(picture, ax=axes, label="nats")
figure.savefig("ring.png", dpi=120)

# %% [markdown]
# ## Remember
#
# - Bend normal noise by an invertible map, and keep track of the stretching: the
#   log-determinant of the Jacobian makes the result an exact density.
# - Couplings have an easy inverse and an easy determinant, whatever network is inside.
#   One half stays, and tells the other how to move.
# - A flow bends space and cannot tear it. Splines bend more than affine couplings do,
#   and are the better first choice for tables.
#
# ## Exercise
#
# `RealNVP(additive=True)` leaves out the scale: $z_b = x_b + t(x_a)$. What is the
# log-determinant of such a flow, at every point $x$? What follows for the highest
# density that it can reach? Check both on the moons. (`model_` returns `log_det`, as
# above. Mind that kgen standardises the data first.)

# %% tags=["answer"]
additive = kgen.RealNVP(couplings=8, additive=True, **shared).fit(x_train)
found = additive.model_(x_test)["log_det"]
print(f"log-determinants from {np.min(found):.4f} to {np.max(found):.4f}")
print(f"minus the logs of the scales: {-np.log(x_train.std(axis=0)).sum():.4f}")
print(f"held-out: {-additive.score(x_test):.3f} nats per point")
for name, model in (("additive", additive), ("affine", flow)):
    print(f"highest log p(x), {name:8} {model.log_prob(x_test).max():.2f}")
print(f"bound: {np.max(found) - np.log(2 * np.pi):.2f}")

# %% [markdown] tags=["answer"]
# The Jacobian of an additive coupling is triangular with ones on its diagonal, so its
# log-determinant is zero. Only the standardisation of the data changes volumes, by the
# same amount everywhere. Such a flow moves probability around without making it denser:
# $\log p(x)$ is nowhere above that constant plus the peak of the normal density,
# $-\log 2\pi$. That is too little for thin moons, and you see it in the held-out nats.

# %% [markdown]
# ## Read on
#
# - [Normalizing flows](../guide/flows.md): all four flows of kgen, integers, images,
#   and how to build a flow of your own from bijections.
# - [Gallery: flows](../gallery/flows.md) has clusters, a table and small digits.
# - Next lesson: [what densities are good for](09_uses.md).
# - Dinh et al., [Density Estimation Using Real NVP](https://arxiv.org/abs/1605.08803),
#   2017, sec. 3; Durkan et al., [Neural Spline
#   Flows](https://arxiv.org/abs/1906.04032), 2019.
