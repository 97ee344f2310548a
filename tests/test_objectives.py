"""Objectives of games against their formulas, and penalties against other gradients."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import kgen
from kgen.core import backend
from kgen.data.toy import bars, mixture
from kgen.models import GANModel
from kgen.objectives import (
    R1,
    Hinge,
    LeastSquares,
    Minimax,
    NonSaturating,
    Wasserstein,
    discriminator_loss,
)

REAL = np.array([0.3, -1.0, 2.0], "float32")
FAKE = np.array([0.5, -2.0, 0.1], "float32")
MLP = kgen.networks.MLP(widths=(8,))
TABLE, _ = mixture(64, random_state=0)


def value(loss):
    return float(keras.ops.convert_to_numpy(loss))


def test_losses_against_the_papers():
    least, hinge, critic = LeastSquares(), Hinge(), Wasserstein()
    expected = np.mean((REAL - 1) ** 2) / 2 + np.mean(FAKE**2) / 2  # Mao et al., eq. 9
    assert value(least.discriminator(REAL, FAKE)) == pytest.approx(expected)
    assert value(least.generator(FAKE)) == pytest.approx(np.mean((FAKE - 1) ** 2) / 2)
    # Miyato et al., eq. 16 and 17.
    expected = -np.mean(np.minimum(0, REAL - 1)) - np.mean(np.minimum(0, -FAKE - 1))
    assert value(hinge.discriminator(REAL, FAKE)) == pytest.approx(expected)
    assert value(hinge.generator(FAKE)) == pytest.approx(-FAKE.mean())
    apart = REAL.mean() - FAKE.mean()  # Arjovsky et al., eq. 2
    assert value(critic.discriminator(REAL, FAKE)) == pytest.approx(-apart)
    assert value(critic.report(REAL, FAKE)["d_distance"]) == pytest.approx(apart)


@pytest.mark.parametrize("kind", [Minimax, NonSaturating])
def test_smoothing_is_a_target_of_real_examples_alone(kind):
    p, q = (1 / (1 + np.exp(-logits)) for logits in (REAL, FAKE))
    expected = -np.mean(0.8 * np.log(p) + 0.2 * np.log(1 - p)) - np.mean(np.log(1 - q))
    found = kind(smoothing=0.2).discriminator(REAL, FAKE)
    assert value(found) == pytest.approx(expected)
    assert value(kind(0.2).generator(FAKE)) == value(kind().generator(FAKE))
    least = LeastSquares(smoothing=0.2).discriminator(REAL, FAKE)
    expected = np.mean((REAL - 0.8) ** 2) / 2 + np.mean(FAKE**2) / 2
    assert value(least) == pytest.approx(expected)


def test_accuracies_are_shares_on_the_right_side():
    for objective, real, fake in (
        (NonSaturating(), 2 / 3, 1 / 3),
        (LeastSquares(), 1 / 3, 2 / 3),  # 0.5 is not below 0.5
        (R1(objective=LeastSquares()), 1 / 3, 2 / 3),
    ):
        found = [value(share) for share in objective.report(REAL, FAKE).values()]
        assert found == pytest.approx([real, fake])


def points(n=6, seed=0):
    random = np.random.default_rng(seed)
    return (random.normal(size=(n, 2)).astype("float32") for _ in range(2))


@pytest.mark.parametrize("unit", [1.0, 3.0, [0.5, 2.0]])
def test_penalties_of_a_linear_critic(unit):
    """Its slope is the length of its weights, in units of half the data's range."""
    w = np.array([[0.6], [-1.1]], "float32")
    length = np.linalg.norm(w[:, 0] * unit)
    real, fake = points()
    for objective, expected in (
        (Wasserstein(), 10 * (length - 1) ** 2),
        (Wasserstein(penalty=2.0), 2 * (length - 1) ** 2),
        (R1(gamma=3.0), 1.5 * length**2),
    ):
        loss, *logits = discriminator_loss(
            objective, lambda x: x @ w, real, fake, lambda: 0.5, unit
        )
        plain = objective.discriminator(*logits)
        assert value(loss - plain) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("objective", [Wasserstein(), R1(), R1(objective="hinge")])
def test_gradients_of_penalties_against_finite_differences(objective):
    """Second derivatives: the slope itself depends on the weights."""
    critic = keras.Sequential(
        [keras.Input((2,)), keras.layers.Dense(5, "tanh"), keras.layers.Dense(1)]
    )
    real, fake = points()
    mix = np.random.default_rng(1).random((6, 1)).astype("float32")

    def penalty():
        def slopes(x):
            return backend.gradient(critic, x)

        return objective.slope_penalty(slopes, real, fake, mix)

    kernel = critic.layers[0].kernel
    with tf.GradientTape() as tape:
        found = penalty()
    gradient = tape.gradient(found, kernel.value).numpy()
    for index in np.ndindex(gradient.shape):
        ends = []
        for step in (1e-2, -1e-2):
            moved = kernel.numpy()
            moved[index] += step
            former = kernel.numpy()
            kernel.assign(moved)
            ends.append(value(penalty()))
            kernel.assign(former)
        assert gradient[index] == pytest.approx((ends[0] - ends[1]) / 2e-2, rel=0.05,
                                                abs=2e-3)  # fmt: skip


def test_points_of_the_gradient_penalty_lie_between():
    seen = []

    def slopes(x):
        seen.append(x)
        return tf.ones_like(x)

    real, fake = points()
    mix = np.linspace(0, 1, 6, dtype="float32")[:, None]
    Wasserstein().slope_penalty(slopes, real, fake, mix)
    np.testing.assert_allclose(seen[0], mix * real + (1 - mix) * fake)
    R1().slope_penalty(slopes, real, fake, mix)
    np.testing.assert_array_equal(seen[1], real)


def test_clipped_weights_stay_within_bounds(eager):
    objective = Wasserstein(clip=0.02)
    gan = kgen.WGAN(objective=objective, latent_dim=2, architecture=MLP, epochs=1)
    gan.set_params(discriminator_steps=1, random_state=0).fit(TABLE)
    for weights in gan.model_.discriminator.get_weights():
        assert np.abs(weights).max() <= np.float32(0.02)
    largest = max(np.abs(w).max() for w in gan.model_.generator.get_weights())
    assert largest > 0.02


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Wasserstein(penalty=None), "slope"),
        (lambda: Wasserstein(penalty=-1), "penalty"),
        (lambda: Wasserstein(clip=0), "clip"),
        (lambda: R1(gamma=0), "gamma"),
        (lambda: R1(objective="wasserstein"), "non_saturating"),
        (lambda: NonSaturating(smoothing=1.0), "smoothing"),
    ],
)
def test_wrong_settings_of_objectives(make, words):
    with pytest.raises(ValueError, match=words):
        make()


def game(**options):
    generator = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)])
    critic = keras.Sequential(
        [keras.Input((2,)), keras.layers.Dense(8, "tanh"), keras.layers.Dense(1)]
    )
    rng = np.random.default_rng(0)
    for network in (generator, critic):
        network.set_weights([rng.normal(size=w.shape) for w in network.get_weights()])
    return GANModel(generator, critic, seed=0, **options)


def test_simultaneous_players_learn_from_one_pass():
    """Both against plain gradients, at the weights before the step."""
    model, plain = game(simultaneous=True), game()
    rates = {"discriminator": 0.1, "generator": 0.2}
    model.compile(
        {player: keras.optimizers.SGD(rate) for player, rate in rates.items()},
        gradient_norms=True,
    )
    x = TABLE[:16].astype("float32")
    logs = model.train_on_batch(x, return_dict=True)
    z = backend.stateless_normal((16, 2), (0, 0))
    with tf.GradientTape(persistent=True) as tape:
        fake = plain.discriminator(plain.generator(z))
        d_loss = NonSaturating().discriminator(plain.discriminator(x), fake)
        g_loss = NonSaturating().generator(fake)
    moved = {}
    for player, loss in (("discriminator", d_loss), ("generator", g_loss)):
        learned = getattr(plain, player).trainable_variables
        moved[player] = tape.gradient(loss, [v.value for v in learned])
        norm = np.sqrt(sum(np.sum(np.square(g)) for g in moved[player]))
        name = f"{player[0]}_gradient_norm"
        assert logs[name] == pytest.approx(norm, rel=1e-4)
    for player, gradients in moved.items():
        learned = getattr(plain, player).trainable_variables
        for variable, gradient in zip(learned, gradients, strict=True):
            variable.assign(variable - rates[player] * gradient)
    for mine, its in zip(model.get_weights(), plain.get_weights(), strict=True):
        np.testing.assert_allclose(mine, its, rtol=1e-4, atol=1e-6)


def test_instance_noise_fades_and_is_in_units_of_the_data():
    model = game(instance_noise=0.5, noise_steps=4, unit=[1.0, 10.0])
    model.compile("sgd")
    model.build_optimizers()
    x = np.zeros((20_000, 2), "float32")
    assert model._seen(x, "discriminator", 2, training=False) is x
    for step, left in ((0, 1.0), (1, 0.75), (4, 0.0), (9, 0.0)):
        optimizer = model.optimizers["generator"]
        next(v for v in optimizer.variables if v.name == "iteration").assign(step)
        seen = [
            np.array(model._seen(x, player, stream, training=True))
            for player in ("discriminator", "generator")
            for stream in (1, 2)
        ]
        for noise in seen:
            spread = 0.5 * left * np.array([1.0, 10.0])
            np.testing.assert_allclose(noise.std(axis=0), spread, rtol=0.03)
        if left:
            joint = np.corrcoef([noise[:, 0] for noise in seen])
            assert np.abs(joint - np.eye(4)).max() < 0.03


def test_players_have_learning_rates_of_their_own(tmp_path, eager):
    rates = {"learning_rate": 1e-3, "discriminator_learning_rate": 4e-3}
    gan = kgen.GAN(latent_dim=2, architecture=MLP, epochs=1, **rates).fit(TABLE)

    def found(gan):
        return {
            name: round(float(optimizer.learning_rate), 6)
            for name, optimizer in gan.model_.optimizers.items()
        }

    assert found(gan) == {"generator": 1e-3, "discriminator": 4e-3}
    gan.save(tmp_path / "gan.keras")
    gan = kgen.load(tmp_path / "gan.keras").set_params(warm_start=True)
    gan.set_params(learning_rate=5e-4).fit(TABLE)
    assert found(gan) == {"generator": 5e-4, "discriminator": 4e-3}
    optimizer = keras.optimizers.Adam()
    with pytest.raises(ValueError, match="discriminator_learning_rate"):
        gan.set_params(optimizer=optimizer, learning_rate=2e-4).fit(TABLE)


def test_what_cannot_go_together():
    images = bars(32, size=8, random_state=0)
    settings = {"latent_dim": 2, "epochs": 1}
    with pytest.raises(ValueError, match="simultaneous"):
        kgen.GAN(simultaneous=True, discriminator_steps=2, **settings).fit(TABLE)
    batch = kgen.networks.Conv(width=4)
    with pytest.raises(ValueError, match="batch normalisation"):
        kgen.WGAN(architecture=batch, **settings).fit(images)
    with pytest.raises(ValueError, match="images"):
        kgen.GAN(augmentation="color", **settings).fit(TABLE)
    with pytest.raises(ValueError, match="cutout"):
        kgen.GAN(augmentation="color, flip", **settings).fit(images)


@pytest.mark.parametrize("kind", ["mlp", "conv", "resnet"])
@pytest.mark.parametrize("objective", ["wasserstein", "r1"])
def test_critics_under_a_penalty_judge_examples_by_themselves(kind, objective, eager):
    images = bars(16, size=8, random_state=0)
    gan = kgen.GAN(architecture=kind, objective=objective, latent_dim=2, epochs=1)
    critic = gan.fit(images).model_.discriminator
    x = images[..., None].astype("float32")
    together = np.array(critic(x, training=True))
    alone = np.concatenate([critic(row[None], training=True) for row in x])
    np.testing.assert_allclose(together, alone, rtol=1e-3, atol=1e-5)
    assert any("batch" in w.path for w in gan.model_.generator.weights) == (
        kind != "mlp"
    )
