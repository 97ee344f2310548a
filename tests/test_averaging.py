"""Averages of weights: what they are, when they are used, and that nothing is lost."""

import keras
import numpy as np
import pytest

import kgen
from kgen.data.toy import bars, mixture

X = bars(64, size=4, random_state=0)
SMALL = {"latent_dim": 2, "batch_size": 16, "random_state": 0}
NETWORK = kgen.networks.MLP(widths=(8,))


def vae(**settings):
    return kgen.VAE(**{**SMALL, "architecture": NETWORK, **settings})


class Weights(keras.callbacks.Callback):
    """The decoder's last bias after every step, and after every epoch."""

    def __init__(self):
        super().__init__()
        self.steps, self.epochs = [], []

    def _now(self):
        return np.array(self.model.decoder.weights[-1])

    def on_train_begin(self, logs=None):
        self.first = self._now()

    def on_train_batch_end(self, batch, logs=None):
        self.steps.append(self._now())

    def on_epoch_end(self, epoch, logs=None):
        self.epochs.append(self._now())


@pytest.mark.parametrize("momentum", [0.5, 0.999])
def test_averages_are_those_of_the_formula(momentum, eager):
    seen = Weights()
    fitted = vae(epochs=3, learning_rate=0.1, ema_momentum=momentum)
    fitted.fit(X, callbacks=seen)
    average, found = seen.first.astype("float64"), []
    for t, w in enumerate(seen.steps):
        m = min(momentum, t / (9 + t))
        average = m * average + (1 - m) * w
        found.append(average)
    wanted = np.array(found)[3::4]
    np.testing.assert_allclose(seen.epochs, wanted, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(
        fitted.model_.decoder.weights[-1], wanted[-1], rtol=1e-5, atol=1e-6
    )
    assert np.abs(wanted[-1] - seen.steps[-1]).max() > 1e-5


def test_training_itself_is_as_without(eager):
    plain, averaged = Weights(), Weights()
    vae(epochs=2, ema_momentum=None).fit(X, callbacks=plain)
    vae(epochs=2).fit(X, callbacks=averaged, validation_data=X[:8])
    np.testing.assert_array_equal(plain.steps, averaged.steps)


def test_validation_sees_the_averages(eager):
    fitted = vae(epochs=2).fit(X, validation_data=X)
    x = X[..., None].astype("float32")
    again = fitted.model_.evaluate(x, batch_size=16, verbose=0, return_dict=True)
    np.testing.assert_allclose(fitted.history_["val_loss"][-1], again["loss"], 1e-5)


def test_files_and_later_epochs_have_weights_and_averages(tmp_path, eager):
    whole = vae(epochs=4).fit(X)
    half = vae(epochs=2).fit(X)
    half.save(tmp_path / "vae.keras")
    loaded = kgen.load(tmp_path / "vae.keras")
    np.testing.assert_array_equal(loaded.score_samples(X), half.score_samples(X))
    loaded.set_params(warm_start=True).fit(X)
    for one, other in zip(loaded.model_.weights, whole.model_.weights, strict=True):
        np.testing.assert_array_equal(one, other)


def test_keras_models_average_without_an_estimator(eager):
    built = vae(epochs=1).fit(X).model_
    model = kgen.models.VAEModel(
        built.encoder, built.decoder, "bernoulli", seed=0, ema_momentum=0.9
    )
    model.compile("adam", run_eagerly=True)
    seen = Weights()
    model.fit(X[..., None].astype("float32"), None, 16, 2, 0, [seen])
    assert np.abs(seen.epochs[-1] - seen.steps[-1]).max() > 1e-6
    np.testing.assert_array_equal(model.decoder.weights[-1], seen.epochs[-1])


def test_early_stopping_restores_both(eager):
    stop = keras.callbacks.EarlyStopping(
        "loss", patience=1, mode="max", restore_best_weights=True
    )
    fitted = vae(epochs=5).fit(X, callbacks=stop)
    assert fitted.model_.averages.in_use.numpy() == 1
    once = vae(epochs=1).fit(X)
    np.testing.assert_array_equal(fitted.score_samples(X), once.score_samples(X))


def test_only_the_generator_of_a_gan_is_averaged(eager):
    table, _ = mixture(64, random_state=0)
    found = [
        kgen.GAN(epochs=2, ema_momentum=m, architecture=NETWORK, **SMALL).fit(table)
        for m in (None, 0.999)
    ]
    one, other = (gan.model_.discriminator.get_weights() for gan in found)
    for a, b in zip(one, other, strict=True):
        np.testing.assert_array_equal(a, b)
    one, other = (gan.sample(8, random_state=0) for gan in found)
    assert np.abs(one - other).max() > 0


@pytest.mark.parametrize("momentum", [-0.1, 1.0, "0.9"])
def test_a_wrong_momentum(momentum):
    with pytest.raises((ValueError, TypeError), match="ema_momentum"):
        vae(ema_momentum=momentum).fit(X)
