"""What is special about VAE/GAN: who learns from which loss, and features."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import kgen
from kgen.core import backend
from kgen.data.toy import bars
from kgen.models import VAEGANModel
from kgen.networks import MLP
from tests.conftest import tiny

MLP8 = MLP(widths=(8, 6))


def model_of(seed=0, gamma=0.3):
    keras.utils.set_random_seed(seed)
    networks = MLP8.down((3,), 4), MLP8.up(2, (3,)), MLP8.down((3,), 1)
    return VAEGANModel(*networks, gamma=gamma, seed=7)


X = np.random.default_rng(0).normal(size=(12, 3)).astype("float32")
PLAYERS = ("encoder", "decoder", "discriminator")
LOGS = {"encoder": "e_loss", "decoder": "g_loss", "discriminator": "d_loss"}


def features(discriminator, x):
    """Inputs of the last layer, layer by layer."""
    for layer in discriminator.layers[:-1]:
        x = layer(x)
    return x


def paper_losses(model, gamma):
    """Algorithm 1, with the noise of the first step."""
    noise, z_prior = (backend.stateless_normal((12, 2), (7 + p, 0)) for p in (0, 1))
    encoder, decoder, dis = model.encoder, model.decoder, model.discriminator
    mean, log_scale = tf.split(encoder(X), 2, axis=1)
    again = decoder(mean + tf.exp(log_scale) * noise)
    kl = 0.5 * (tf.exp(2 * log_scale) + mean**2 - 1 - 2 * log_scale)
    prior = tf.reduce_mean(tf.reduce_sum(kl, axis=1))  # eq. 5
    apart = features(dis, X) - features(dis, again)
    likelihood = tf.reduce_mean(tf.reduce_sum(0.5 * apart**2, axis=1))  # eq. 8
    p_real, p_again, p_fake = (tf.sigmoid(dis(x)) for x in (X, again, decoder(z_prior)))
    gan = tf.math.log(p_real) + tf.math.log(1 - p_again) + tf.math.log(1 - p_fake)
    deceived = tf.math.log(p_again) + tf.math.log(p_fake)
    return {
        "encoder": prior + likelihood,
        "decoder": gamma * likelihood - tf.reduce_mean(deceived),
        "discriminator": -tf.reduce_mean(gan),
    }, {"kl": prior, "reconstruction": likelihood}


def test_one_training_step_against_plain_gradients():
    """All three learn from one pass, before any of them has moved."""
    model, plain = model_of(), model_of()
    rates = dict(zip(PLAYERS, (0.1, 0.2, 0.3), strict=True))
    model.compile({p: keras.optimizers.SGD(r) for p, r in rates.items()})
    logs = model.train_on_batch(X, return_dict=True)
    with tf.GradientTape(persistent=True) as tape:
        losses, reports = paper_losses(plain, 0.3)
    found = {}
    for player in PLAYERS:
        learned = getattr(plain, player).trainable_variables
        found[player] = tape.gradient(losses[player], [v.value for v in learned])
        assert logs[LOGS[player]] == pytest.approx(float(losses[player]), rel=1e-4)
    for player in PLAYERS:
        learned = getattr(plain, player).trainable_variables
        for variable, gradient in zip(learned, found[player], strict=True):
            variable.assign(variable - rates[player] * gradient)
    for mine, its in zip(model.get_weights(), plain.get_weights(), strict=True):
        np.testing.assert_allclose(mine, its, rtol=1e-4, atol=1e-6)
    for name, value in reports.items():
        assert logs[name] == pytest.approx(float(value), rel=1e-4)


def test_who_does_not_learn_from_what():
    """The encoder has nothing of the game, the discriminator nothing of features."""
    model = model_of()
    model.compile("sgd")
    model.build_optimizers()
    with tf.GradientTape(persistent=True) as tape:
        losses = model.losses_of(PLAYERS, X, training=True)
    last = model.discriminator.layers[-1].trainable_variables
    # The logits' layer is not among those that make features.
    weights = [v.value for v in last]
    assert tape.gradient(losses["encoder"], weights) == [None, None]
    assert all(g is not None for g in tape.gradient(losses["decoder"], weights))
    # The discriminator gains nothing by features that agree: with equal logits for
    # everything, its first layers have no gradient.
    for variable in last:
        variable.assign(tf.zeros_like(variable))
    with tf.GradientTape() as tape:
        losses = model.losses_of(PLAYERS, X, training=True)
    first = [v.value for v in model.discriminator.layers[1].trainable_variables]
    for gradient in tape.gradient(losses["discriminator"], first):
        np.testing.assert_array_equal(gradient, 0.0)
    assert float(losses["reconstruction"]) > 0


def test_gamma_is_of_the_decoder_alone():
    losses = []
    for gamma in (0.0, 2.0):
        model = model_of(gamma=gamma)
        model.compile("sgd")
        losses.append(model.evaluate(X, verbose=0, return_dict=True))
    none, much = losses
    for name in ("e_loss", "d_loss", "kl", "reconstruction"):
        assert none[name] == much[name]
    apart = much["g_loss"] - none["g_loss"]
    assert apart == pytest.approx(2 * much["reconstruction"], rel=1e-4)
    with pytest.raises(ValueError, match="gamma"):
        model_of(gamma=-1.0)


def test_networks_that_do_not_fit():
    encoder, decoder, discriminator = (getattr(model_of(), p) for p in PLAYERS)
    for wrong in (
        (MLP8.down((3,), 2), decoder, discriminator),
        (MLP8.down((4,), 4), decoder, discriminator),
        (encoder, decoder, MLP8.down((4,), 1)),
    ):
        with pytest.raises(ValueError, match="2 latent dimensions"):
            VAEGANModel(*wrong)


def test_samples_and_codes_are_in_inference_mode(eager):
    """And nothing but the three networks is in the model, or in its files."""
    X = bars(64, size=8, random_state=0)
    model = tiny("VAEGAN", epochs=2).fit(X)
    weights = [w.copy() for w in model.model_.get_weights()]
    assert model.encode(X).shape == (64, 2)
    assert model.reconstruct(X).shape == model.sample(64).shape == X.shape
    for a, b in zip(weights, model.model_.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)  # no statistics were updated
    assert any("moving_mean" in w.path for w in model.model_.discriminator.weights)
    assert len(model.model_.layers) == 4  # and the averages


@pytest.mark.slow
def test_learns_to_reconstruct():
    """Codes that nobody has seen, far better than the mean; and samples are bars."""
    random = np.random.default_rng(0)
    factors, mixing = random.normal(size=(2000, 2)), random.normal(size=(2, 6))
    X = np.tanh(factors) @ mixing + 0.05 * random.normal(size=(2000, 6))
    model = kgen.VAEGAN(latent_dim=2, epochs=40, random_state=0).fit(X[:1500])
    new = X[1500:]
    apart = np.mean((model.reconstruct(new) - new) ** 2) / new.var(axis=0).mean()
    assert apart < 0.2

    X = bars(2000, size=4, random_state=0)
    model = kgen.VAEGAN(latent_dim=4, epochs=20, architecture="mlp", random_state=0)
    model.fit(X)
    apart = np.mean(model.reconstruct(X) != X) / np.mean(X != X.mean().round())
    assert apart < 0.05
    drawn = model.sample(500, random_state=0).reshape(500, -1)
    every = np.unique(X.reshape(2000, -1), axis=0)
    valid = (drawn[:, None] == every).all(axis=2).any(axis=1).mean()
    assert valid > 0.8
