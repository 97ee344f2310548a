"""What is special about AAE: phases, codes that follow the prior, and clusters."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

import kgen
from kgen.core import backend
from kgen.models import AAEModel
from kgen.networks import MLP
from kgen.variational import CategoricalPosterior
from tests.conftest import tiny

MLP8 = MLP(widths=8)


def model_of(categories, seed=0):
    keras.utils.set_random_seed(seed)
    options = {"posterior": "point"}
    if categories:
        critic = MLP8.down((categories,), 1)
        posterior = CategoricalPosterior(categories)
        options = {"posterior": posterior, "category_discriminator": critic}
    encoder = MLP8.down((3,), 2 + categories)
    decoder = MLP8.up(2 + categories, (3,))
    head = kgen.heads.Normal(scale=0.5)
    return AAEModel(encoder, decoder, MLP8.down((2,), 1), head=head, seed=7, **options)


X = np.random.default_rng(0).normal(size=(12, 3)).astype("float32")


def code_of(model, categories):
    """The encoder's code, and its parts, which the discriminators look at."""
    outputs = model.encoder(X)
    if not categories:
        return outputs, [outputs]
    numbers, category = outputs[:, :2], tf.nn.softmax(outputs[:, 2:])
    return tf.concat([numbers, category], axis=1), [numbers, category]


def critics_of(model):
    found = [model.discriminator, model.category_discriminator]
    return [critic for critic in found if critic is not None]


def paper_loss(model, player, categories):
    """Sec. 2: what a player minimises, written without the model's own functions."""
    z, parts = code_of(model, categories)
    if player == "autoencoder":
        apart = (X - model.decoder(z)) / 0.5
        nats = 0.5 * apart**2 + np.log(0.5) + 0.5 * np.log(2 * np.pi)
        return tf.reduce_mean(tf.reduce_sum(nats, axis=1))
    pairs = list(zip(critics_of(model), parts, strict=True))
    if player == "encoder":  # - log D(z)
        return sum(
            -tf.reduce_mean(tf.math.log_sigmoid(critic(part))) for critic, part in pairs
        )
    noise = backend.stateless_normal((12, 2 + categories), (7 + 1, 0)).numpy()
    real = [noise[:, :2]]
    if categories:
        real.append(np.eye(categories)[noise[:, 2:].argmax(axis=1)])
    loss = 0.0
    for (critic, fake), true in zip(pairs, real, strict=True):
        loss -= tf.reduce_mean(tf.math.log_sigmoid(critic(true)))
        loss -= tf.reduce_mean(tf.math.log(1 - tf.sigmoid(critic(fake))))
    return loss


@pytest.mark.parametrize("categories", [0, 4])
def test_one_training_step_against_plain_gradients(categories):
    """Reconstruction first; then the discriminator learns, and last the encoder."""
    model, plain = model_of(categories), model_of(categories)
    rates = {"autoencoder": 0.1, "discriminator": 0.2, "encoder": 0.3}
    model.compile({p: keras.optimizers.SGD(r) for p, r in rates.items()})
    logs = model.train_on_batch(X, return_dict=True)
    learners = {
        "autoencoder": [plain.encoder, plain.decoder],
        "discriminator": critics_of(plain),
        "encoder": [plain.encoder],
    }
    names = {"autoencoder": "reconstruction", "discriminator": "d_loss"}
    for player, rate in rates.items():
        learned = [v for part in learners[player] for v in part.trainable_variables]
        with tf.GradientTape() as tape:
            loss = paper_loss(plain, player, categories)
        for variable, gradient in zip(
            learned, tape.gradient(loss, [v.value for v in learned]), strict=True
        ):
            variable.assign(variable - rate * gradient)
        assert logs[names.get(player, "g_loss")] == pytest.approx(float(loss), rel=1e-4)
    for mine, its in zip(model.get_weights(), plain.get_weights(), strict=True):
        np.testing.assert_allclose(mine, its, rtol=1e-4, atol=1e-6)


def test_two_players_have_moments_of_one_encoder(tmp_path):
    """Each its own; and a file keeps both."""
    model = model_of(0)
    model.compile("adam")
    model.fit(X, epochs=2, verbose=0)
    moments = {
        player: [v.numpy() for v in optimizer.variables if "momentum" in v.path]
        for player, optimizer in model.optimizers.items()
    }
    first, second = (moments[p][0] for p in ("autoencoder", "encoder"))
    assert first.shape == second.shape == model.encoder.weights[0].shape
    assert not np.allclose(first, second)
    model.save(tmp_path / "a.keras")
    again = keras.saving.load_model(tmp_path / "a.keras")
    for one in (model, again):
        one.fit(X, epochs=2, verbose=0)
    for a, b in zip(model.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_the_prior_is_normal_with_categories_that_are_equally_likely():
    model = model_of(4)
    uniform = backend.keyed_uniform(0, 0, 4000, (model.latent_dim,))
    noise = backend.normal_quantile(uniform)
    z = keras.ops.convert_to_numpy(model.prior_codes(noise, None))
    assert z.shape == (4000, 6)
    np.testing.assert_array_equal(np.sort(z[:, 2:], axis=1), [[0, 0, 0, 1]] * 4000)
    assert stats.chisquare(z[:, 2:].sum(axis=0)).pvalue > 1e-3
    assert stats.kstest(z[:, :2].ravel(), "norm").pvalue > 1e-3
    for row in np.eye(4):  # independent of the numbers
        inside = z[(z[:, 2:] == row).all(axis=1), :2]
        assert stats.kstest(inside.ravel(), "norm").pvalue > 1e-4


def test_codes_are_numbers_and_then_probabilities(eager):
    aae = tiny("AAE", categories=3).fit(X)
    z = aae.encode(X)
    assert z.shape == (12, 5)
    np.testing.assert_allclose(z[:, 2:].sum(axis=1), 1, rtol=1e-5)
    assert aae.decode(z).shape == aae.reconstruct(X).shape == (12, 3)
    assert list(aae.get_feature_names_out()) == [f"aae{i}" for i in range(5)]
    with pytest.raises(ValueError, match=r"shape \(n, 5\)"):
        aae.decode(z[:, :2])
    assert aae.model_.posterior == CategoricalPosterior(3) != CategoricalPosterior(4)


def test_networks_that_do_not_fit():
    model = model_of(0)
    networks = model.encoder, model.decoder
    with pytest.raises(ValueError, match="2 numbers and 0 categories"):
        AAEModel(*networks, MLP8.down((3,), 1), head=kgen.heads.Normal(1.0))
    normal = MLP8.down((3,), 4), MLP8.up(2, (3,))
    with pytest.raises(ValueError, match="no noise"):
        AAEModel(
            *normal, model.discriminator, head=kgen.heads.Normal(1.0),
            posterior="normal",
        )  # fmt: skip


def banana(n, seed):
    """A law on the plane: normal numbers, bent."""
    u, v = np.random.default_rng(seed).normal(size=(2, n))
    return np.stack([2 * u, u**2 + v], axis=1).astype("float32")


def distance_to_the_prior(z, directions=40):
    """Largest Kolmogorov-Smirnov distance of projections to the standard normal."""
    random = np.random.default_rng(0)
    found = random.normal(size=(directions, z.shape[1]))
    found /= np.linalg.norm(found, axis=1, keepdims=True)
    return max(stats.kstest(z @ way, "norm").statistic for way in found)


@pytest.mark.slow
def test_codes_follow_the_prior():
    """They pass a test that normal codes pass, and those of no game do not."""
    X, new = banana(4000, 0), banana(1000, 1)
    settings = {
        "latent_dim": 2, "head": kgen.heads.Normal(scale=0.1), "epochs": 60,
        "architecture": MLP(widths=(64, 64)), "batch_size": 256, "random_state": 0,
        "learning_rate": keras.optimizers.schedules.CosineDecay(2e-3, 60 * 16),
    }  # fmt: skip
    aae = kgen.AAE(**settings).fit(X)
    plain = kgen.Autoencoder(**settings).fit(X)
    random = np.random.default_rng(2)
    chance = [distance_to_the_prior(random.normal(size=new.shape)) for _ in range(200)]
    limit = np.quantile(chance, 0.99)
    assert distance_to_the_prior(aae.encode(new)) < limit
    assert distance_to_the_prior(plain.encode(new)) > 2 * limit
    for model in (aae, plain):
        apart = np.mean((model.reconstruct(new) - new) ** 2, axis=0)
        assert (apart < 0.05 * new.var(axis=0)).all()
    # Then samples follow the data.
    drawn = aae.sample(1000, random_state=0)
    for column in range(2):
        assert stats.ks_2samp(drawn[:, column], new[:, column]).statistic < 0.1


@pytest.mark.slow
def test_categories_are_clusters():
    """Mostly all four, and three at least: two may share a category, and stay there."""
    random = np.random.default_rng(0)
    centres = 4 * np.array([[0, 0, 1], [0, 1, -1], [1, -1, -1], [-1, -1, 0]])
    label = random.integers(4, size=2000)
    X = (centres[label] + random.normal(size=(2000, 3))).astype("float32")
    aae = kgen.AAE(
        latent_dim=1, categories=4, epochs=40, batch_size=64, random_state=0,
        architecture=MLP(widths=64), head=kgen.heads.Normal(scale=1.0),
    ).fit(X)  # fmt: skip
    probability = aae.encode(X)[:, 1:]

    def agreement(label):
        bins = np.arange(5)
        table = np.histogram2d(probability.argmax(axis=1), label, bins=(bins, bins))[0]
        return table.max(axis=1).sum() / len(label)

    assert agreement(label) > 0.7
    assert agreement(random.permutation(label)) < 0.4
    assert probability.max(axis=1).mean() > 0.9  # near one-hot, as in the prior
