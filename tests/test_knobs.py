"""What callbacks and `compile` may change of a model, and what they may not."""

import keras
import numpy as np
import pytest

import kgen
from kgen.data.toy import bars
from kgen.penalties import KL
from tests.conftest import tiny
from tests.test_gan import small as small_gan
from tests.test_vae import small

X = np.random.default_rng(0).integers(2, size=(32, 6)).astype("float32")


class Anneal(keras.callbacks.Callback):
    """Weights 0, 1, 2 ... of the penalty, epoch by epoch."""

    def on_epoch_begin(self, epoch, logs=None):
        self.model.penalty.weight = float(epoch)


def test_a_penalty_is_annealed_by_a_callback():
    model = small(penalty=KL(4.0))
    model.compile("sgd")
    history = model.fit(X, batch_size=32, epochs=3, callbacks=[Anneal()], verbose=0)
    terms = {name: np.array(values) for name, values in history.history.items()}
    expected = terms["reconstruction"] + np.arange(3) * terms["kl"]
    np.testing.assert_allclose(terms["loss"], expected, rtol=1e-5)
    assert terms["kl"].min() > 0.01
    model.penalty.weight.assign(7.0)
    found = model.evaluate(X, verbose=0, return_dict=True)
    assert found["loss"] == pytest.approx(found["reconstruction"] + 7 * found["kl"])
    with pytest.raises(ValueError, match="weight=-1"):
        model.penalty.weight = -1


def test_the_weight_is_a_setting_as_before(tmp_path):
    mine = KL(0.1)
    first, second = small(penalty=mine), small(penalty=mine)
    first.penalty.weight = 0.3
    assert mine == second.penalty == KL(0.1)
    assert first.penalty == KL(0.3)
    assert repr(first.penalty) == "KL(weight=0.3)"
    assert first.penalty.weight.dtype == "float32"
    first.penalty.set_params(weight=0.6)
    assert first.penalty.weight is first.non_trainable_variables[1]
    first.compile("sgd")
    first.save(tmp_path / "a.keras")
    again = keras.saving.load_model(tmp_path / "a.keras")
    assert again.penalty == KL(0.6)
    again.penalty.weight = 0.9
    assert first.penalty == KL(0.6)
    assert small(penalty=again.penalty).penalty == KL(0.9)
    weights = small()
    again.save_weights(tmp_path / "a.weights.h5")
    weights.load_weights(tmp_path / "a.weights.h5")
    assert weights.penalty == KL(0.9)


def test_the_weight_stays_float32_in_half_precision(eager):
    model = tiny("BetaVAE", beta=0.3, precision="mixed_float16").fit(X).model_
    assert model.penalty.weight.dtype == "float32"
    assert model.penalty == KL(0.3)


@pytest.mark.parametrize("name", ["loss", "loss_weights", "metrics"])
def test_models_have_their_own_loss_and_no_targets(name):
    model = small()
    with pytest.raises(ValueError, match=rf"VAEModel.compile\({name}="):
        model.compile("adam", **{name: ["mae"]})
    with pytest.raises(ValueError, match="loss of its own"):
        model.compile("adam", "mse")
    with pytest.raises(TypeError, match="loss"):
        small_gan().compile(loss="mse")


def test_a_loss_in_a_former_file_is_no_error(tmp_path):
    model = small()
    model.compile("sgd")
    config = {**model.get_compile_config(), "loss": "mse"}
    model.compile_from_config(config)
    assert isinstance(model.optimizer, keras.optimizers.SGD)


def test_estimators_hand_callbacks_the_weight(eager):
    vae = tiny("BetaVAE", epochs=2).fit(
        bars(16, size=3, random_state=0), callbacks=[Anneal()]
    )
    assert vae.model_.penalty == KL(1.0)
    assert vae.beta == kgen.BetaVAE().beta
