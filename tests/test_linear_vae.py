"""Linear VAEs, whose density is that of probabilistic PCA: a normal, in closed form.

Tipping and Bishop, Probabilistic Principal Component Analysis, 1999, eq. 4 and 15.
"""

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

import kgen
from kgen.models import VAEModel
from kgen.networks import Architecture
from kgen.testing.spaces import scatter

SCALE = 0.5  # of p(x|z), fixed
FEATURES, LATENT = 5, 2


def linear(inputs, outputs, *, dtype=None):
    return keras.Sequential(
        [keras.Input(inputs), keras.layers.Dense(outputs, dtype=dtype)]
    )


LINEAR = Architecture(
    lambda shape, units, *, dtype=None: linear(shape, units, dtype=dtype),
    lambda units, shape, *, dtype=None: linear((units,), *shape, dtype=dtype),
)


def data(n):
    random = np.random.default_rng(0)
    loadings = random.normal(size=(LATENT, FEATURES))
    noise = SCALE * random.normal(size=(n, FEATURES))
    return 3.0 + random.normal(size=(n, LATENT)) @ loadings + noise


def best_density(X):
    """The likeliest normal of X with that scale and so many dimensions (eq. 15)."""
    values, vectors = np.linalg.eigh(np.cov(X.T, bias=True))
    spread = np.maximum(values[-LATENT:] - SCALE**2, 0)
    covariance = (vectors[:, -LATENT:] * spread) @ vectors[:, -LATENT:].T
    covariance += SCALE**2 * np.eye(FEATURES)
    return stats.multivariate_normal(X.mean(axis=0), covariance)


def exact(model):
    """The density of a linear model: x ~ Normal(W^T 0 + b, W^T W + scale^2)."""
    weights, bias = (w.astype("float64") for w in model.decoder.get_weights())
    head = model.head
    loc, unit = (1.0 if v is None else np.asarray(v) for v in (head.loc, head.unit))
    weights, bias = weights * unit, (0.0 if head.loc is None else loc) + bias * unit
    covariance = weights.T @ weights + SCALE**2 * np.eye(FEATURES)
    return stats.multivariate_normal(bias, covariance)


def model(seed=0):
    made = VAEModel(
        linear((FEATURES,), 2 * LATENT),
        linear((LATENT,), FEATURES),
        kgen.heads.Normal(scale=SCALE),
        seed=seed,
    )
    scatter(made, seed)
    return made


def test_bounds_rise_to_the_exact_density():
    """ELBO <= IWAE-8 <= IWAE-64 <= IWAE-512 <= log p(x), and the last is near it."""
    vae, x = model(), data(3000).astype("float32")
    true = exact(vae).logpdf(x).mean()
    bounds = [vae.log_prob(x, n_importance=k).numpy().mean() for k in (1, 8, 64, 512)]
    assert (np.diff([*bounds, true + 1e-3]) > 0).all(), (bounds, true)
    assert bounds[0] < true - 1
    assert bounds[-1] > bounds[0] + 0.5 * (true - bounds[0])


@pytest.mark.slow
def test_training_reaches_probabilistic_pca():
    X = data(2000)
    head = kgen.heads.Normal(scale=SCALE)
    settings = {"learning_rate": 0.01, "epochs": 150, "random_state": 0}
    vae = kgen.VAE(latent_dim=LATENT, architecture=LINEAR, head=head, **settings)
    vae.fit(X)
    best = best_density(X).logpdf(X).mean()
    bounds = [vae.log_prob(X, n_importance=k).mean() for k in (1, 8, 64, 512)]
    assert abs(bounds[-1] - best) < 0.02 * FEATURES
    assert bounds[0] > best - 0.02 * FEATURES  # the posterior is a normal, too
    true = exact(vae.model_).logpdf(X).mean()
    assert bounds[-1] < true + 1e-3
    assert vae.active_units(X) == LATENT
    drawn = np.cov(vae.sample(20000, random_state=0).T)
    np.testing.assert_allclose(drawn, exact(vae.model_).cov, atol=0.25)


def test_the_reparametrised_gradient_is_that_of_finite_differences():
    """With the same noise: that of evaluation is fixed by the rows."""
    vae, x = model(), data(50).astype("float32")

    def loss():
        y_pred = vae(x, training=False)
        return vae.compute_loss(x=x, y_pred=y_pred, training=False)

    with tf.GradientTape() as tape:
        value = loss()
    found = tape.gradient(value, vae.trainable_variables)
    step = 1e-2
    for variable, gradient in zip(vae.trainable_variables, found, strict=True):
        before, flat = variable.numpy(), gradient.numpy().ravel()
        for index in range(min(4, before.size)):
            moved = np.zeros(before.size, "float32")
            moved[index] = step
            moved = moved.reshape(before.shape)
            losses = []
            for sign in (1, -1):
                variable.assign(before + sign * moved)
                losses.append(float(loss()))
            variable.assign(before)
            slope = (losses[0] - losses[1]) / (2 * step)
            assert flat[index] == pytest.approx(slope, rel=0.02, abs=0.02)


@pytest.mark.slow
def test_one_scale_for_each_feature_is_learned():
    """Factor analysis of independent features: their spreads."""
    spread = np.array([0.1, 1.0, 3.0, 10.0, 0.5])
    X = np.random.default_rng(0).normal(5.0, spread, (2000, FEATURES))
    vae = kgen.VAE(
        latent_dim=1, architecture=LINEAR, scale="shared", learning_rate=0.01,
        epochs=40, random_state=0,
    )  # fmt: skip
    vae.fit(X)
    shared = vae.model_.decoder.layers[-1].scale.numpy()
    learned = np.asarray(vae.head_.unit) * (1e-3 + np.log1p(np.exp(shared)))
    np.testing.assert_allclose(learned, spread, rtol=0.1)
    entropy = stats.norm(0, spread).entropy().sum()
    assert -vae.score(X) == pytest.approx(entropy, abs=0.1)
