"""Fits that diverge where nobody looked: in the last step, or in held-out data."""

import keras
import numpy as np
import pytest

import kgen
from kgen.data.toy import bars
from tests.conftest import is_conditional, tiny, unless_slow

X = bars(24, size=3, random_state=0)


@pytest.mark.parametrize("name", unless_slow("MADE", "WaveNet", "VAE", "GAN"))
def test_a_last_step_that_diverges_is_an_error(name, eager):
    estimator = tiny(name, learning_rate=1e38, batch_size=24)
    y = X[:, 0, 0] if is_conditional(estimator) else None
    with pytest.raises(FloatingPointError, match="epoch 1"):
        estimator.fit(X, y)
    assert not hasattr(estimator, "model_")


def test_the_loss_is_looked_at_once_more_in_a_graph():
    with pytest.raises(FloatingPointError, match="`loss`"):
        tiny("VAE", learning_rate=1e10).fit(X)


def test_a_dataset_that_diverges_is_an_error(eager):
    import tensorflow as tf

    dataset = tf.data.Dataset.from_tensor_slices((X, X[:, 0, 0])).batch(24)
    with pytest.raises(FloatingPointError):
        tiny("ConditionalPixelCNN", learning_rate=1e30).fit(dataset)


class Infect(keras.callbacks.Callback):
    """Make a weight NaN at the end of an epoch, after the logs were taken."""

    def on_epoch_end(self, epoch, logs=None):
        if epoch == 1:
            variable = self.model.trainable_variables[0]
            variable.assign(np.full(variable.shape, np.nan))


@pytest.mark.parametrize("rate", [1e-3, 1e10])
def test_a_backup_is_never_of_a_diverged_model(rate, tmp_path, eager):
    vae = tiny("VAE", epochs=3, batch_size=24, learning_rate=rate)
    with pytest.raises(FloatingPointError):
        vae.fit(X, callbacks=[Infect()], backup_dir=tmp_path)
    if rate > 1:
        assert not list(tmp_path.glob("*.keras"))
    else:
        backup = kgen.load(tmp_path / "backup.keras")
        assert len(backup.history_["loss"]) == 1
        assert np.isfinite(backup.log_prob(X)).all()


def test_nan_in_held_out_data_is_an_error(eager, monkeypatch):
    vae = tiny("VAE")
    evaluate = keras.Model.evaluate

    def nan(model, *args, **kwargs):
        return {**evaluate(model, *args, **kwargs), "loss": np.nan}

    monkeypatch.setattr(kgen.models.VAEModel, "evaluate", nan)
    with pytest.raises(FloatingPointError, match="val_loss"):
        vae.fit(X, validation_data=X)


def test_samples_are_never_nan(eager):
    nade = kgen.NADE(hidden=4, epochs=1, jit_compile=False, random_state=0)
    nade.fit(np.random.default_rng(0).normal(size=(20, 3)))
    for variable in nade.model_.trainable_variables:
        variable.assign(np.full(variable.shape, np.nan))
    with pytest.raises(FloatingPointError, match="not finite"):
        nade.sample(2)


@pytest.mark.parametrize("name", ["MADE", "GAN"])
def test_the_last_look_is_not_a_step(name, eager):
    estimator = tiny(name, epochs=2, batch_size=24).fit(X)
    step = [int(o.iterations) for o in estimator.model_.optimizer_list()]
    assert step == [2] * len(step)
