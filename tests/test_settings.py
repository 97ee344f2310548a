"""Hyper-parameters in the forms that people write them."""

from fractions import Fraction

import keras
import numpy as np
import pytest
from sklearn.base import clone

import kgen
from kgen.core import progress
from kgen.data.toy import bars, mixture
from kgen.networks import MLP
from tests.conftest import FAMILIES, is_conditional, tiny

X = bars(16, size=3, random_state=0)
Y = X[:, 0, 0]

SEVERAL = [
    ("MADE", "hidden", {"hidden": 9}),
    ("PixelCNN", "dilations", {"dilations": 2}),
    ("GatedPixelCNN", "dilations", {"dilations": 2}),
]


def fit(estimator):
    return estimator.fit(X, Y if is_conditional(estimator) else None)


def weights_of(fitted):
    return np.concatenate([w.ravel() for w in fitted.model_.get_weights()])


@pytest.mark.parametrize(("name", "setting", "one"), SEVERAL)
def test_one_number_a_list_and_an_array_are_as_good_as_a_tuple(
    name, setting, one, eager, tmp_path
):
    (number,) = one.values()
    wanted = weights_of(fit(tiny(name, **{setting: (number,)})))
    for value in (number, [number], np.array([number])):
        made = tiny(name, **{setting: value})
        assert made.get_params()[setting] is value
        fitted = fit(clone(made))
        np.testing.assert_array_equal(weights_of(fitted), wanted)
        assert getattr(fitted.model_, setting) == (number,)
    fitted.set_params(**{setting: np.array([number])}).save(tmp_path / "it.keras")
    np.testing.assert_array_equal(
        kgen.load(tmp_path / "it.keras").get_params()[setting], [number]
    )


def test_widths_of_an_architecture_too():
    for widths in (7, [7], np.array([7])):
        assert MLP(widths=widths) == MLP(widths=(7,))
        assert clone(kgen.VAE(architecture=MLP(widths=widths))).architecture.widths


@pytest.mark.parametrize(("name", "setting", "_"), SEVERAL)
@pytest.mark.parametrize("value", ["ab", (2.5,), [], {3: 1}, [[2]], None, 0, [4, 0]])
def test_what_is_no_sequence_of_numbers(name, setting, _, value):
    with pytest.raises(ValueError, match=f"{setting}.*must be.*integer"):
        fit(tiny(name, **{setting: value}))


@pytest.mark.parametrize("value", [Fraction(1, 1000), 10**400, 1j, np.ones(2), "1e-3"])
def test_numbers_of_wrong_kinds_in_few_words(value):
    with pytest.raises((TypeError, ValueError)) as error:
        fit(tiny("VAE", learning_rate=value))
    said = str(error.value)
    assert "`learning_rate` must be a finite number > 0 or a LearningRateSch" in said
    assert "ufunc" not in said
    with pytest.raises(ValueError, match="`weight` must be a finite number >= 0"):
        kgen.penalties.KL(weight=value)


@pytest.mark.parametrize(
    ("verbose", "level"), [(False, 0), (True, 1), ("auto", 1), (2, 2), (np.int64(1), 1)]
)
def test_verbose_as_in_keras(verbose, level, eager, monkeypatch, capsys):
    monkeypatch.setattr(progress, "is_watched", lambda: True)
    assert progress.of_fit(verbose) == level
    fitted = fit(tiny("PixelCNN", verbose=verbose))
    capsys.readouterr()
    fitted.sample(2)
    assert ("part" in capsys.readouterr().out) == (level == 1)
    monkeypatch.setattr(progress, "is_watched", lambda: False)
    assert progress.of_fit(verbose) == (2 if level == 1 else level)


def schedule(last=0.0, first=0.1):
    return keras.optimizers.schedules.PolynomialDecay(first, 2, last)


@pytest.mark.parametrize("name", ["MADE", "PixelCNN", "GAN"])
def test_a_schedule_counts_training_steps(name, eager):
    # Two steps, and then none: the learning rate is zero.
    settings = {"batch_size": 8, "optimizer": "sgd", "weight_decay": 0.01}
    if name == "GAN":  # averages go on
        settings["ema_momentum"] = None
    two, four = (
        weights_of(fit(tiny(name, learning_rate=schedule(), epochs=e, **settings)))
        for e in (1, 2)
    )
    moved = two != four
    # Counts, statistics and what else is no weight may differ.
    assert moved.mean() < 0.02


def test_schedules_are_cloned_saved_and_compared(eager, tmp_path):
    settings = {"batch_size": 4, "optimizer": "sgd", "architecture": MLP(widths=8)}
    made = tiny("VAE", learning_rate=schedule(1e-3), **settings)
    config = made.learning_rate.get_config()
    assert clone(made).learning_rate.get_config() == config
    assert "PolynomialDecay" in repr(made)
    through = fit(clone(made).set_params(epochs=2))
    fitted = fit(made)
    fitted.save(tmp_path / "it.keras")
    again = kgen.load(tmp_path / "it.keras")
    assert again.learning_rate.get_config() == config
    fit(again.set_params(warm_start=True))
    np.testing.assert_allclose(weights_of(again), weights_of(through), rtol=1e-5)


def test_backups_know_the_schedule(eager, tmp_path):
    class Crash(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 1:
                raise ZeroDivisionError

    def run(rate, *callbacks):
        model = tiny("VAE", learning_rate=rate, epochs=2, architecture=MLP(widths=8))
        return model.fit(X, callbacks=[*callbacks], backup_dir=tmp_path)

    with pytest.raises(ZeroDivisionError):
        run(schedule(), Crash())
    with pytest.raises(ValueError, match="other hyper-parameters"):
        run(schedule(0.05))
    assert len(run(schedule()).history_["loss"]) == 2


@pytest.mark.parametrize("precision", ["float32", "mixed_float16"])
def test_a_schedule_goes_on_as_it_is(precision, eager):
    settings = {"precision": precision, "warm_start": True}
    settings["architecture"] = MLP(widths=8)
    vae = fit(tiny("VAE", learning_rate=schedule(first=1e-3), **settings))
    for other in (schedule(), 1e-3):
        with pytest.raises(ValueError, match="schedule goes on as it is"):
            fit(vae.set_params(learning_rate=other))
    fit(vae.set_params(learning_rate=schedule(first=1e-3)))
    vae = fit(tiny("VAE", **settings))
    with pytest.raises(ValueError, match="schedule goes on as it is"):
        fit(vae.set_params(learning_rate=schedule()))


@pytest.mark.parametrize("name", ["MADE", "GAN"])
@pytest.mark.parametrize("optimizer", ["adam", "SGD", "adamw"])
def test_weight_decay_is_that_of_keras(name, optimizer, eager):
    # A step without a gradient: what is left is the decay.
    fitted = tiny(name, optimizer=optimizer, weight_decay=0.5, learning_rate=0.1)
    found = fit(fitted).model_.optimizer_list()
    assert [o.weight_decay for o in found] == [0.5] * len(found)
    variable = found[0]._trainable_variables[0]
    variable.assign(np.ones(variable.shape))
    found[0]._apply_weight_decay([variable])
    np.testing.assert_allclose(variable.numpy(), 1 - 0.1 * 0.5, rtol=1e-6)


def test_without_weight_decay_optimizers_have_their_own(eager):
    decays = [
        fit(tiny("PixelCNN", optimizer=optimizer)).model_.optimizer.weight_decay
        for optimizer in ("adam", "adamw")
    ]
    assert decays == [None, 0.004]


def test_weight_decay_shrinks_weights(eager):
    X, _ = mixture(64, random_state=0)
    norms = [
        np.linalg.norm(
            np.concatenate([v.numpy().ravel() for v in model.trainable_variables])
        )
        for w in (None, 0.0, 30.0)
        for model in [
            tiny("MADE", weight_decay=w, epochs=4, batch_size=32).fit(X).model_
        ]
    ]
    assert norms[0] == norms[1] > 1.1 * norms[2]


@pytest.mark.parametrize("params", [{"weight_decay": -1.0}, {"weight_decay": "a"}])
def test_weight_decay_out_of_range(params):
    with pytest.raises((TypeError, ValueError), match="`weight_decay` must be.*>= 0"):
        fit(tiny("VAE", **params))


@pytest.mark.parametrize("name", FAMILIES)
@pytest.mark.parametrize("setting", ["learning_rate", "weight_decay"])
def test_settings_beside_an_instance_are_an_error(name, setting):
    made = tiny(name, optimizer=keras.optimizers.SGD(0.1), **{setting: 0.01})
    with pytest.raises(ValueError, match=f"`{setting}` would have no effect.*name"):
        fit(made)
    assert not hasattr(made, "model_")


@pytest.mark.parametrize("other", [[16], np.array([16])])
def test_a_list_is_the_setting_that_the_tuple_was(other, eager):
    made = fit(tiny("MADE", hidden=(16,), warm_start=True))
    assert len(fit(made.set_params(hidden=other)).history_["loss"]) == 2
    with pytest.raises(ValueError, match="was"):
        fit(made.set_params(hidden=(16, 16)))
