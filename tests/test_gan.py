"""What is special about the GANs: games, labels, inference mode."""

import pickle

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import stats
from sklearn.model_selection import GridSearchCV

import kgen
from kgen.core import backend
from kgen.core.backend import keyed_uniform
from kgen.data.toy import bars, mixture
from kgen.models import GANModel
from kgen.networks import Conv
from kgen.objectives import Minimax, NonSaturating, objectives
from tests.conftest import tiny


def small(**options):
    """A game on the plane, with a linear generator."""
    generator = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)])
    discriminator = keras.Sequential(
        [keras.Input((2,)), keras.layers.Dense(8, "relu"), keras.layers.Dense(1)]
    )
    return GANModel(generator, discriminator, seed=0, **options)


def test_objectives_against_the_paper():
    real, fake = np.array([0.3, -1.0, 2.0]), np.array([0.5, -2.0, 0.1])
    d = 1 / (1 + np.exp(-real))
    g = 1 / (1 + np.exp(-fake))
    value = np.mean(np.log(d)) + np.mean(np.log(1 - g))  # V(D, G), eq. 1
    minimax, heuristic = Minimax(), NonSaturating()
    for objective in (minimax, heuristic):
        assert float(objective.discriminator(real, fake)) == pytest.approx(-value)
    assert float(minimax.generator(fake)) == pytest.approx(np.mean(np.log(1 - g)))
    assert float(heuristic.generator(fake)) == pytest.approx(-np.mean(np.log(g)))


@pytest.mark.parametrize("objective", list(objectives))
def test_losses_are_finite_at_extreme_logits(objective):
    for logit in (-1e4, 1e4):
        logits = tf.Variable([logit])
        with tf.GradientTape(persistent=True) as tape:
            losses = [
                objectives.resolve(objective).discriminator(logits, logits),
                objectives.resolve(objective).generator(logits),
            ]
        for loss in losses:
            assert np.isfinite(loss)
            assert np.isfinite(tape.gradient(loss, logits)).all()


def test_the_discriminator_does_not_move_the_generator():
    model, x = small(objective="minimax"), np.ones((4, 2), "float32")
    model.compile("sgd")
    model.build_optimizers()
    with tf.GradientTape() as tape:
        losses = model.losses_of(("discriminator",), x, training=True)
    assert "generator" not in losses
    weights = [v.value for v in model.generator.trainable_variables]
    assert tape.gradient(losses["discriminator"], weights) == [None, None]


@kgen.base.register
class Shifted(kgen.objectives.Objective):
    """A hinge with a margin."""

    def __init__(self, margin=1.0):
        self.margin = margin

    def discriminator(self, real, fake):
        return keras.ops.mean(
            keras.ops.relu(self.margin - real) + keras.ops.relu(self.margin + fake)
        )

    def generator(self, fake):
        return -keras.ops.mean(fake)


def spread(estimator, X, y=None):
    return float(np.std(estimator.sample(20, random_state=0)))


def test_an_objective_of_your_own(tmp_path, eager):
    X, _ = mixture(30, random_state=0)
    gan = tiny("GAN", objective=Shifted(margin=2.0)).fit(X)
    assert gan.model_.objective == Shifted(2.0) != Shifted(1.0)
    assert gan.model_.objective.get_config() == {"margin": 2.0}
    gan.save(tmp_path / "a.keras")
    again = kgen.load(tmp_path / "a.keras")
    assert again.objective == again.model_.objective == Shifted(2.0)
    search = GridSearchCV(gan, {"objective__margin": [1.0, 3.0]}, cv=2, scoring=spread)
    assert search.fit(X).best_estimator_.model_.objective.margin in (1.0, 3.0)
    assert gan.objective.margin == 2.0
    with pytest.raises(ValueError, match="a name or an instance of Objective"):
        objectives.resolve(3)


@pytest.mark.parametrize("k", [1, 3])
def test_one_training_step_against_plain_gradients(k):
    """k discriminator steps, each on every k-th example, then one of the generator."""
    model, plain = small(), small()
    plain.set_weights(model.get_weights())
    model.compile(keras.optimizers.SGD(0.1), steps={"discriminator": k})
    model.build_optimizers()
    x = np.random.default_rng(0).normal(size=(12, 2)).astype("float32")
    logs = model.train_on_batch(x, return_dict=True)

    def noise(player, step, n):
        stream = model.seed + list(model.players).index(player)
        return backend.stateless_normal((n, 2), (stream, step))

    d_losses = []
    for step in range(k):
        part = x[step::k]
        with tf.GradientTape() as tape:
            fake = plain.generator(noise("discriminator", step, len(part)))
            real, fake = plain.discriminator(part), plain.discriminator(fake)
            loss = tf.reduce_mean(tf.nn.softplus(-real) + tf.nn.softplus(fake))
        variables = plain.discriminator.trainable_variables
        gradients = tape.gradient(loss, [v.value for v in variables])
        for variable, gradient in zip(variables, gradients, strict=True):
            variable.assign(variable - 0.1 * gradient)
        d_losses.append(float(loss))
    with tf.GradientTape() as tape:
        fake = plain.generator(noise("generator", 0, 12 // k))
        loss = tf.reduce_mean(tf.nn.softplus(-plain.discriminator(fake)))
    variables = plain.generator.trainable_variables
    gradients = tape.gradient(loss, [v.value for v in variables])
    for variable, gradient in zip(variables, gradients, strict=True):
        variable.assign(variable - 0.1 * gradient)

    for mine, its in zip(model.get_weights(), plain.get_weights(), strict=True):
        np.testing.assert_allclose(mine, its, rtol=1e-4, atol=1e-6)
    assert logs["d_loss"] == pytest.approx(np.mean(d_losses), rel=1e-4)
    assert logs["g_loss"] == pytest.approx(float(loss), rel=1e-4)


def test_a_batch_smaller_than_the_number_of_steps():
    model = small()
    model.compile("sgd", steps={"discriminator": 5})
    logs = model.train_on_batch(np.ones((2, 2), "float32"), return_dict=True)
    assert np.isfinite(list(logs.values())).all()


def test_an_epoch_uses_every_example_once_whatever_k(eager):
    X, _ = mixture(60, random_state=0)
    gan = tiny("GAN", batch_size=10, discriminator_steps=3).fit(X)
    steps = [int(gan.model_.optimizers[p].iterations.value) for p in gan.model_.players]
    assert steps == [6, 2]


def test_compile_names_players():
    model = small()
    with pytest.raises(ValueError, match=r"no player \['critic'\].*'discriminator'"):
        model.compile({"critic": "adam"})
    with pytest.raises(ValueError, match="steps"):
        model.compile(steps={"generator": 0})
    model.compile({"discriminator": keras.optimizers.SGD(0.5)})
    assert float(model.optimizers["discriminator"].learning_rate.value) == 0.5
    assert float(model.optimizers["generator"].learning_rate.value) == pytest.approx(
        1e-3
    )
    assert float(model.optimizers["generator"].beta_1) == 0.5
    with pytest.raises(ValueError, match="Did you mean 'minimax'"):
        small(objective="minmax")


def test_evaluate_on_the_keras_side():
    model = small()
    model.compile()
    x = np.random.default_rng(0).normal(size=(20, 2)).astype("float32")
    before = [w.copy() for w in model.get_weights()]
    first = model.evaluate(x, verbose=0, return_dict=True)
    again = model.evaluate(x, verbose=0, return_dict=True)
    assert first == again
    accuracies = {"d_accuracy_real", "d_accuracy_fake"}
    assert set(first) == {"d_loss", "g_loss", *accuracies}
    for a, b in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    history = model.fit(x, validation_data=x, epochs=2, verbose=0).history
    assert set(history) == {*first, *(f"val_{name}" for name in first)}


def test_codes_are_standard_normal_and_samples_are_generated_from_them():
    model = small()
    samples = model.sample(3000, seed=0)
    kernel, bias = model.generator.get_weights()
    codes = (samples - bias) @ np.linalg.inv(kernel)
    assert stats.kstest(codes.ravel(), "norm").pvalue > 1e-4
    assert abs(np.corrcoef(codes.T)[0, 1]) < 0.08
    expected = stats.norm.ppf(keyed_uniform(0, 0, 3000, (2,)).numpy())
    np.testing.assert_allclose(codes, expected, atol=1e-3)


def test_sampling_is_in_inference_mode(eager):
    X = bars(64, size=8, random_state=0)
    gan = tiny("GAN", epochs=2).fit(X)
    weights = [w.copy() for w in gan.model_.get_weights()]
    one = gan.sample(1, random_state=0)
    np.testing.assert_array_equal(one, gan.sample(30, random_state=0)[:1])
    for a, b in zip(weights, gan.model_.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)  # no statistics were updated
    assert any("moving_mean" in w.path for w in gan.model_.generator.weights)


def test_the_default_network_for_images_follows_the_dcgan_guidelines():
    conv = Conv()
    for network in (
        conv.down((28, 20, 3), 1, dtype=None),
        conv.up(9, (28, 20, 3), dtype=None),
    ):
        kinds = [type(layer).__name__ for layer in network.layers]
        assert "BatchNormalization" in kinds
        assert not any("Pool" in kind for kind in kinds)
        assert kinds.count("Dense") == 1  # from the code, or to the output
    down = conv.down((28, 20, 3), 1, dtype=None).layers
    assert all(c.strides == (2, 2) for c in down if isinstance(c, keras.layers.Conv2D))
    assert sum(isinstance(c, keras.layers.LeakyReLU) for c in down) >= 2
    first = next(i for i, c in enumerate(down) if isinstance(c, keras.layers.Conv2D))
    assert not isinstance(down[first + 1], keras.layers.BatchNormalization)
    up = conv.up(9, (28, 20, 3), dtype=None).layers
    assert sum(isinstance(c, keras.layers.Conv2DTranspose) for c in up) >= 2
    assert sum(isinstance(c, keras.layers.ReLU) for c in up) >= 2
    gan = tiny("GAN").fit(np.arange(12 * 20).reshape(12, 5, 4) % 256)
    *_, last, scaling = gan.model_.generator.layers
    assert last.activation is keras.activations.tanh
    assert isinstance(scaling, keras.layers.Rescaling)
    assert gan.sample(20).max() <= 239
    assert gan.sample(20).min() >= 0


@pytest.mark.slow
def test_learns_a_ring_of_eight():
    X, _ = mixture(4000, random_state=0)
    gan = kgen.GAN(latent_dim=8, epochs=20, learning_rate=1e-3, random_state=0).fit(X)
    samples = gan.sample(2000, random_state=0)
    angle = np.arange(8) * np.pi / 4
    centres = 2 * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    apart = np.linalg.norm(samples[:, None] - centres, axis=2)
    near = apart.min(axis=1) < 0.8  # four standard deviations
    assert near.mean() > 0.7  # uniform points in the square of the data: 0.6
    radius = np.linalg.norm(samples, axis=1)
    assert np.mean((radius > 1.2) & (radius < 2.8)) > 0.8


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 3])  # with 10 epochs 3 leaves out a cluster
def test_default_covers_every_cluster_of_a_ring(seed):
    X, _ = mixture(10_000, random_state=0)
    samples = kgen.GAN(random_state=seed).fit(X).sample(10_000, random_state=0)
    angle = np.arange(8) * np.pi / 4
    centres = 2 * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    apart = np.linalg.norm(samples[:, None] - centres, axis=2)
    near = apart.min(axis=1) < 0.8  # four standard deviations
    assert near.mean() > 0.8
    counts = np.bincount(apart.argmin(axis=1)[near], minlength=8)
    assert counts.min() >= 10_000 / 8 / 10  # a tenth of its share


@pytest.fixture(scope="module")
def ring_by_label():
    X, y = mixture(4000, random_state=0)
    labels = np.array(list("abcdefgh"))[y]
    gan = kgen.ConditionalGAN(
        latent_dim=4, epochs=30, learning_rate=1e-3, random_state=0
    )
    return gan.fit(X, labels), X, labels


@pytest.mark.slow
def test_a_label_chooses_what_is_drawn(ring_by_label):
    gan, X, labels = ring_by_label
    centres = np.stack([X[labels == label].mean(axis=0) for label in "abcdefgh"])
    for index, label in enumerate("abcdefgh"):
        mean = gan.sample(200, y=label, random_state=0).mean(axis=0)
        apart = np.linalg.norm(centres - mean, axis=1)
        assert apart.argmin() == index, f"{label}: {mean}"


@pytest.mark.slow
def test_counts_of_labels_are_exact(ring_by_label):
    gan, X, _ = ring_by_label
    y = np.repeat(["a", "e"], [3, 5])
    drawn = gan.sample(y=y, random_state=0)
    assert drawn.shape == (8, 2)
    assert (drawn[:3, 0] > 0).all()  # the centre of "a" is (2, 0), that of "e" (-2, 0)
    assert (drawn[3:, 0] < 0).all()
    np.testing.assert_array_equal(
        gan.sample(4, y="a", random_state=1), gan.sample(y=["a"] * 4, random_state=1)
    )
    assert gan.sample(y="a").shape == (1, 2)


def test_without_labels_they_come_at_their_training_frequencies(eager):
    X = np.repeat([[0.0], [10.0]], [30, 90], axis=0)
    gan = tiny("ConditionalGAN").fit(X, np.repeat([False, True], [30, 90]))
    np.testing.assert_allclose(gan.class_prior_, [0.25, 0.75])
    n, condition = gan._conditions_to_draw(4000, None, 0)
    assert n == 4000
    assert condition[:, 1].mean() == pytest.approx(0.75, abs=0.03)
    np.testing.assert_array_equal(condition.sum(axis=1), 1)


def test_condition_vectors(eager):
    X, _ = mixture(50, random_state=0)
    gan = tiny("ConditionalGAN").fit(X, X[:, :1] * 0.5)
    assert gan.classes_ is None
    assert gan.sample(y=np.zeros((3, 1))).shape == (3, 2)
    assert gan.sample(7, y=np.zeros((1, 1))).shape == (7, 2)
    both = tiny("ConditionalGAN").fit(X, X)
    assert both.sample(7, y=[0.5, 0.5]).shape == (7, 2)
    with pytest.raises(ValueError, match="requires y"):
        gan.sample(3)
    with pytest.raises(ValueError, match=r"\(n, 1\)"):
        gan.sample(y=np.zeros((3, 2)))
    assert gan.decode(np.zeros((2, 4)), y=np.zeros((2, 1))).shape == (2, 2)


def test_the_conditional_model_wants_both(eager):
    X = bars(8, random_state=0)
    model = tiny("ConditionalGAN").fit(X, X[:, 0, 0]).model_
    assert isinstance(model, GANModel)
    assert model.condition_dim == 2
    with pytest.raises(ValueError, match="'condition'"):
        model.fit(X[..., None].astype("float32"), verbose=0)
    with pytest.raises(ValueError, match=r"needs a `condition` of shape \(3, 2\)"):
        model.sample(3)
    assert model.sample(3, condition=[[1, 0]]).shape == (3, 4, 4, 1)


def test_constants_stay_what_they_are(eager):
    X = np.c_[np.linspace(0, 1, 30), np.full(30, 3.0)]
    samples = tiny("GAN").fit(X).sample(50)
    np.testing.assert_array_equal(samples[:, 1], 3.0)
    assert 0 <= samples[:, 0].min() < samples[:, 0].max() <= 1


def test_other_values_than_in_fit(eager):
    X = bars(20, random_state=0)
    gan = tiny("GAN", warm_start=True).fit(X)
    for wrong in (X * 0.5, X + 7):
        with pytest.raises(ValueError, match=r"fitted on integers in \[0, 1\]"):
            gan.fit(wrong)
    with pytest.raises(ValueError, match="fitted on"):
        gan.set_params(warm_start=False).fit(X, validation_data=X * 100)


@pytest.mark.parametrize(
    ("y", "words"),
    [
        ([None, "a"] * 5, "None"),
        (np.array([1, "a"] * 5, object), "one type"),
        (np.array([np.nan, "a"] * 5, object), "NaN"),
        (np.linspace(0, 1, 10), r"\(n, k\)"),
    ],
)
def test_labels_that_are_none(y, words):
    with pytest.raises(ValueError, match=words):
        tiny("ConditionalGAN").fit(bars(10, random_state=0), y)


def test_bytes_are_strings(eager):
    X = bars(10, random_state=0)
    gan = tiny("ConditionalGAN").fit(X, np.array([b"a", "b"] * 5, object))
    assert gan.classes_.tolist() == ["a", "b"]


def test_callbacks_set_the_rate_of_both_players(eager):
    rate = keras.callbacks.LearningRateScheduler(lambda epoch: 0.5)
    plateau = keras.callbacks.ReduceLROnPlateau("g_loss", mode="min")
    stop = keras.callbacks.EarlyStopping("g_loss", mode="min", patience=5)
    gan = tiny("GAN", epochs=2).fit(bars(10, random_state=0),
                                    callbacks=[rate, plateau, stop])  # fmt: skip
    for optimizer in gan.model_.optimizer_list():
        assert float(optimizer.learning_rate.value) == 0.5
    assert gan.model_.metrics_names[:2] == ["d_loss", "g_loss"]
    with pytest.raises(AttributeError, match="compile"):
        gan.model_.optimizer = keras.optimizers.Adam()


def test_what_games_do_not_take():
    model = small()
    model.compile()
    x = np.ones((4, 2), "float32")
    with pytest.raises(ValueError, match="sample_weight"):
        model.fit(x, x, sample_weight=np.ones(4), verbose=0)
    with pytest.raises(TypeError, match="loss"):
        model.compile(loss="mse")
    with pytest.raises(ValueError, match="n_samples"):
        model.sample(0)


def test_regularisers_are_part_of_the_game():
    plain = small()
    discriminator = keras.Sequential(
        [keras.Input((2,)), keras.layers.Dense(8, "relu", kernel_regularizer="l2"),
         keras.layers.Dense(1)]
    )  # fmt: skip
    discriminator.set_weights(plain.discriminator.get_weights())
    losses = []
    for model in (plain, GANModel(plain.generator, discriminator, seed=0)):
        model.compile()
        losses.append(model.evaluate(np.ones((4, 2)), verbose=0, return_dict=True))
    penalty = 0.01 * np.sum(np.square(discriminator.get_weights()[0]))
    apart = losses[1]["d_loss"] - losses[0]["d_loss"]
    assert apart == pytest.approx(penalty, rel=1e-3)
    assert losses[1]["g_loss"] == losses[0]["g_loss"]


def test_errors_can_be_pickled(eager):
    gan = tiny("GAN").fit(bars(10, random_state=0))
    with pytest.raises(kgen.ImplicitDensityError) as error:
        gan.log_prob  # noqa: B018
    again = pickle.loads(pickle.dumps(error.value))
    assert str(again) == str(error.value)


def test_minimax_and_non_saturating_differ(eager):
    X, _ = mixture(64, random_state=0)
    losses = [tiny("GAN", objective=o).fit(X).history_["g_loss"][0] for o in objectives]
    assert losses[0] < 0 < losses[1]
