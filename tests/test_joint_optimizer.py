"""What Keras and its callbacks see as the optimizer of models with several players."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from kgen.base import Player, PlayersModel, register
from kgen.base.joint_optimizer import JointOptimizer
from kgen.data.toy import mixture
from kgen.models import GANModel
from tests.conftest import tiny


def small(**options):
    """A game on the plane, with a linear generator."""
    keras.utils.set_random_seed(0)
    generator = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)])
    discriminator = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    return GANModel(generator, discriminator, seed=0, **options)


X = np.random.default_rng(0).normal(size=(12, 2)).astype("float32")


def test_summary_of_a_fitted_gan(eager):
    gan = tiny("GAN").fit(mixture(20, random_state=0)[0])
    lines = []
    gan.model_.summary(print_fn=lines.append)
    weights = sum(np.size(v) for v in gan.model_.optimizer.variables)
    assert f"{weights:,}" in "".join(lines)


def test_fit_in_the_scope_of_a_strategy(eager):
    with tf.distribute.OneDeviceStrategy("cpu:0").scope():
        model = small()
        model.compile()
        model.fit(X, epochs=1, verbose=0)
    assert int(model.optimizer.iterations) == 1


def test_a_second_compile_under_float16(eager):
    generator = keras.Sequential(
        [keras.Input((2,)), keras.layers.Dense(2, dtype="mixed_float16")]
    )
    discriminator = keras.Sequential(
        [keras.Input((2,)), keras.layers.Dense(1, dtype="mixed_float16")]
    )
    model = GANModel(generator, discriminator, dtype="mixed_float16", seed=0)
    for _ in range(2):
        model.compile("sgd")
        model.fit(X, epochs=1, verbose=0)
    assert isinstance(model.optimizer, JointOptimizer)
    for optimizer in model.optimizer_list():
        assert isinstance(optimizer, keras.optimizers.LossScaleOptimizer)


def test_steps_per_second_on_tensorboard(tmp_path):
    pytest.importorskip("tensorboard")
    model = small()
    model.compile()
    board = keras.callbacks.TensorBoard(tmp_path, write_steps_per_second=True)
    model.fit(X, epochs=2, verbose=0, callbacks=[board])
    assert int(model.optimizer.iterations) == 2
    assert list(tmp_path.rglob("events.out.*"))


def test_an_interrupted_fit_is_restored_by_keras(tmp_path, eager):
    class Stop(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 2:
                raise RuntimeError("stop")

    def backup():
        return keras.callbacks.BackupAndRestore(tmp_path / "backup")

    whole, parts = small(), small()
    whole.compile()
    whole.fit(X, epochs=4, shuffle=False, verbose=0)
    parts.compile()
    with pytest.raises(RuntimeError, match="stop"):
        parts.fit(X, epochs=4, callbacks=[backup(), Stop()], shuffle=False, verbose=0)
    again = small()
    again.compile()
    again.fit(X, epochs=4, callbacks=[backup()], shuffle=False, verbose=0)
    assert int(again.optimizer.iterations) == 4
    for a, b in zip(whole.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_averages_of_weights_take_their_place_at_the_end(eager):
    plain, averaged = small(), small()
    plain.compile(keras.optimizers.SGD(0.1))
    optimizer = keras.optimizers.SGD(0.1, use_ema=True, ema_momentum=0.5)
    averaged.compile(
        {"generator": optimizer, "discriminator": plain.optimizers["discriminator"]}
    )
    expected = None
    for _ in range(3):
        plain.train_on_batch(X)
        weights = plain.generator.get_weights()
        if expected is None:
            expected = weights
        else:
            expected = [0.5 * (a + b) for a, b in zip(expected, weights, strict=True)]
    averaged.fit(X, epochs=3, batch_size=12, shuffle=False, verbose=0)
    for mine, its in zip(averaged.generator.get_weights(), expected, strict=True):
        np.testing.assert_allclose(mine, its, rtol=1e-5)
    # The other player has no averages.
    for mine, its in zip(
        averaged.discriminator.get_weights(),
        plain.discriminator.get_weights(),
        strict=True,
    ):
        np.testing.assert_allclose(mine, its, rtol=1e-5)


def test_evaluation_with_averaged_weights(eager):
    model = small()
    model.compile(keras.optimizers.SGD(0.1, use_ema=True))
    if not hasattr(keras.optimizers, "MultiOptimizer"):
        pytest.skip("Keras' callback knows one optimizer only")
    seen = []

    class Look(keras.callbacks.Callback):
        def on_test_batch_end(self, batch, logs=None):
            seen.append(model.generator.get_weights())

    swap = keras.callbacks.SwapEMAWeights()
    model.fit(X, validation_data=X, epochs=2, callbacks=[swap, Look()], verbose=0)
    for mine, its in zip(model.generator.get_weights(), seen[-1], strict=True):
        np.testing.assert_allclose(mine, its, rtol=1e-5)


def test_learning_rates_in_the_logs_have_the_players_names(eager):
    model = small()
    model.compile({"generator": keras.optimizers.SGD(0.2)})
    halve = keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2)
    history = model.fit(X, epochs=2, callbacks=[halve], verbose=0).history
    assert float(model.optimizers["generator"].learning_rate) == pytest.approx(0.05)
    if hasattr(keras.optimizers, "MultiOptimizer"):
        np.testing.assert_allclose(history["learning_rate_generator"], [0.1, 0.05])
        assert history["learning_rate_discriminator"][1] == pytest.approx(2.5e-4)


def test_checkpoints_hold_all_optimizers(tmp_path, eager):
    model = small()
    model.compile(steps={"discriminator": 2})
    path = tmp_path / "{epoch}.keras"
    checkpoint = keras.callbacks.ModelCheckpoint(path)
    model.fit(X, epochs=3, batch_size=6, callbacks=[checkpoint], verbose=0)
    again = keras.saving.load_model(tmp_path / "3.keras")
    assert int(again.optimizer.iterations) == 6
    assert [int(o.iterations) for o in again.optimizer_list()] == [12, 6]
    for a, b in zip(model.optimizer.variables, again.optimizer.variables, strict=True):
        np.testing.assert_array_equal(a, b)


@register
class Recorder(PlayersModel):
    """A player who writes down its noise."""

    def __init__(self, network, seed=None, **kwargs):
        super().__init__(seed=seed, **kwargs)
        self.network, self.drawn = network, []
        self.set_players(Player("only", "o_loss", (network,)))

    def call(self, x):
        return self.network(x)

    def losses_of(self, turn, data, training):
        z = self.noise("only", (4, 2), training=training)
        self.drawn.append(np.array(z))
        return {"only": keras.ops.mean(self.network(z) ** 2)}


def recorder(optimizer="sgd"):
    model = Recorder(keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)]))
    model.compile(optimizer, run_eagerly=True)
    return model


def distinct(drawn):
    return len(np.unique(np.reshape(drawn, (len(drawn), -1)), axis=0))


def test_codes_are_fresh_under_gradient_accumulation():
    model = recorder(keras.optimizers.SGD(0.1, gradient_accumulation_steps=4))
    model.fit(np.zeros((8, 1)), batch_size=1, verbose=0)
    assert distinct(model.drawn) == 8


def test_every_batch_of_an_evaluation_has_codes_of_its_own():
    model = recorder()
    for _ in range(2):
        model.evaluate(np.zeros((5, 1)), batch_size=1, verbose=0)
    assert distinct(model.drawn) == 5
    np.testing.assert_array_equal(model.drawn[:5], model.drawn[5:])


def test_a_few_values_outside_the_range_are_no_other_data(eager):
    X, _ = mixture(60, random_state=0)
    held_out = X[:20].copy()
    held_out[0, 0] = 3 * X.max()
    gan = tiny("GAN").fit(X, validation_data=held_out)
    assert np.isfinite(gan.history_["val_d_loss"]).all()
    for wrong in (255 * X, X + 100, X - 100):
        with pytest.raises(ValueError, match="fitted on"):
            tiny("GAN").fit(X, validation_data=wrong)
