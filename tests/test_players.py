"""Models with several players: shared passes, reports, what comes after a step."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from kgen.base import Player, PlayersModel, register
from kgen.testing.models import check_loss_scaling, check_saving, check_training


@register
class Triangle(PlayersModel):
    """An encoder, a decoder and a discriminator, as in a VAE/GAN, all linear.

    The first two share a forward pass; two names begin with a d.
    """

    def __init__(self, encoder, decoder, discriminator, seed=None, **kwargs):
        super().__init__(seed=seed, **kwargs)
        self.encoder = encoder
        self.decoder = decoder
        self.discriminator = discriminator
        self.event_shape = tuple(encoder.input_shape[1:])
        self.passes = 0
        self.stepped = []
        self.set_players(
            Player("encoder", "encoder_loss", (encoder,)),
            Player("decoder", "decoder_loss", (decoder,)),
            Player("discriminator", "discriminator_loss", (discriminator,)),
            turns=(("encoder", "decoder"), ("discriminator",)),
            reports=("mean_code",),
        )

    def call(self, z, training=False):
        return ops.cast(self.decoder(z, training=training), "float32")

    def losses_of(self, turn, data, training):
        self.passes += 1
        z = self.encoder(data, training=training)
        again = ops.cast(self.decoder(z, training=training), "float32")
        error = ops.mean((again - data) ** 2)
        if turn == ("discriminator",):
            real, fake = self.discriminator(data), self.discriminator(again)
            real, fake = ops.cast(real, "float32"), ops.cast(fake, "float32")
            return {"discriminator": ops.mean((real - 1) ** 2) + ops.mean(fake**2)}
        code = ops.mean(ops.cast(z, "float32") ** 2)
        fooled = ops.mean(ops.cast(self.discriminator(again), "float32"))
        return {
            "encoder": error + 0.1 * code,
            "decoder": 2.0 * error - fooled,
            "mean_code": code,
        }

    def after_step(self, player):
        self.stepped.append(player)
        if player == "discriminator":
            for variable in self.variables_of(player):
                variable.assign(ops.clip(variable, -0.05, 0.05))

    def sample(self, n, seed=None):
        noise = np.random.default_rng(seed).normal(size=(n, 2)).astype("float32")
        return ops.convert_to_numpy(self(noise))


def linear(inputs, outputs, dtype="float32"):
    dense = keras.layers.Dense(outputs, dtype=dtype)
    return keras.Sequential([keras.Input((inputs,)), dense])


def triangle(dtype="float32"):
    keras.utils.set_random_seed(0)
    networks = (linear(3, 2, dtype), linear(2, 3, dtype), linear(3, 1, dtype))
    return Triangle(*networks, seed=0, dtype=dtype)


X = np.random.default_rng(0).normal(size=(12, 3)).astype("float32")


def test_players_of_a_turn_learn_from_one_pass_by_plain_gradients():
    model, plain = triangle(), triangle()
    rates = {"encoder": 0.1, "decoder": 0.2, "discriminator": 0.3}
    model.compile({p: keras.optimizers.SGD(r) for p, r in rates.items()})
    model.build_optimizers()
    logs = model.train_on_batch(X, return_dict=True)
    assert model.passes == 2  # traced once for every turn, not for every player
    assert model.stepped == ["encoder", "decoder", "discriminator"]

    with tf.GradientTape(persistent=True) as tape:
        losses = plain.losses_of(("encoder", "decoder"), X, training=True)
    for player in ("encoder", "decoder"):
        learned = plain.variables_of(player)
        gradients = tape.gradient(losses[player], [v.value for v in learned])
        for variable, gradient, found in zip(
            learned, gradients, model.variables_of(player), strict=True
        ):
            expected = variable - rates[player] * gradient
            np.testing.assert_allclose(found.numpy(), expected, rtol=1e-5, atol=1e-7)
    for name, log in (("encoder", "encoder_loss"), ("decoder", "decoder_loss")):
        assert logs[log] == pytest.approx(float(losses[name]), rel=1e-5)
    assert logs["mean_code"] == pytest.approx(float(losses["mean_code"]), rel=1e-5)
    names = {"encoder_loss", "decoder_loss", "discriminator_loss", "mean_code"}
    assert set(logs) == names


def test_something_happens_after_a_step_in_graphs_too():
    model = triangle()
    model.compile(keras.optimizers.SGD(0.5))
    model.fit(X, batch_size=4, epochs=2, verbose=0)
    weights = model.discriminator.get_weights()
    assert max(np.abs(w).max() for w in weights) <= 0.05
    before = [w.copy() for w in model.get_weights()]
    model.evaluate(X, verbose=0)
    for a, b in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_steps_count_for_the_turn():
    model = triangle()
    model.compile("sgd", steps={"discriminator": 3})
    model.fit(X, batch_size=12, epochs=1, verbose=0)
    taken = {p: int(o.iterations.value) for p, o in model.optimizers.items()}
    assert taken == {"encoder": 1, "decoder": 1, "discriminator": 3}


@pytest.mark.parametrize("dtype", ["float32", "mixed_float16"])
def test_three_players_keep_the_contract(dtype):
    model = triangle(dtype)
    model.compile(keras.optimizers.SGD(0.01))
    model.fit(X, epochs=1, verbose=0)
    check_loss_scaling(model)
    check_training(model, X)
    check_saving(model)


def test_names_that_would_hide_each_other_are_refused():
    model = triangle()
    one = Player("a", "d_loss", (model.encoder,))
    with pytest.raises(ValueError, match="one name"):
        model.set_players(one, Player("b", "d_loss", (model.decoder,)))
    with pytest.raises(ValueError, match="one name"):
        model.set_players(one, reports=("d_loss",))
    two = Player("b", "b_loss", (model.decoder,))
    for turns in ((("a",),), (("a",), ("b",), ("a",)), (("a", "c"),), ("ab", "a")):
        with pytest.raises(ValueError, match="Every player needs one turn"):
            model.set_players(one, two, turns=turns)
    with pytest.raises(ValueError, match="share a turn"):
        triangle().compile("sgd", steps={"encoder": 2, "decoder": 3})


def test_noise_differs_by_player_step_and_stream():
    model = triangle()
    model.compile("sgd")
    drawn = [
        model.noise(player, (4, 2), training=training, stream=stream).numpy()
        for player in model.players
        for training in (True, False)
        for stream in (0, 1)
    ]
    flat = np.stack(drawn).reshape(len(drawn), -1)
    assert len(np.unique(flat.round(5), axis=0)) == len(drawn)
    again = model.noise("encoder", (4, 2), training=False)
    np.testing.assert_array_equal(again, drawn[2])
