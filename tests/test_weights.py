"""Weights of examples, and the share of them that is held out."""

import numpy as np
import pytest
import tensorflow as tf

import kgen
from kgen.base import PlayersModel
from kgen.data.toy import bars
from tests.conftest import FAMILIES, is_conditional, tiny

X = bars(12, size=3, random_state=0)
Y = X[:, 0, 0]
W = np.arange(12.0)

WEIGHTED = [name for name in FAMILIES if name != "GAN"]
WITHOUT = [name for name in kgen.estimators if "GAN" in name or name == "AAE"]


def labels(name, y=Y):
    return y if is_conditional(tiny(name)) else None


@pytest.mark.parametrize("name", WEIGHTED)
def test_models_weigh_the_losses_of_examples(name, eager):
    fitted = tiny(name).fit(X, labels(name))
    model = fitted.model_
    assert not isinstance(model, PlayersModel)
    x = fitted._inputs(X)
    if is_conditional(fitted):
        x = {"x": x, "condition": fitted.conditions_.of(12, Y, "fit")}
    if name == "VAE":
        losses = -np.asarray(model.log_prob(x, n_importance=1))
    else:
        losses = -fitted.log_prob(X, labels(name))
    for dtype in ("float32", "float64", "int64"):
        for weights in (W.astype(dtype), W.astype(dtype)[:, None]):
            data = tf.data.Dataset.from_tensors((x, W, weights))
            found = model.evaluate(data, verbose=0, return_dict=True)["loss"]
            assert found == pytest.approx(np.mean(losses * W), rel=1e-4)
    with pytest.raises(ValueError, match=r"`sample_weight` must have one number.*3"):
        model.evaluate(tf.data.Dataset.from_tensors((x, W, np.ones((12, 3)))))


@pytest.mark.parametrize("name", ["PixelCNN", "ConditionalPixelCNN", "WaveNet"])
def test_a_weight_is_as_good_as_repetition(name, eager):
    def first_step(rows, **weights):
        # Of the gradient itself: plain steps on all examples at once.
        settings = {"batch_size": 99, "optimizer": "sgd", "learning_rate": 0.1}
        fitted = tiny(name, **settings)
        fitted.fit(X[rows], labels(name, Y[rows]), **weights)
        return fitted.history_["loss"][0], fitted.log_prob(X, labels(name))

    counts = np.arange(12) % 3 + 1
    all_rows = np.arange(12)
    loss, repeated = first_step(np.repeat(all_rows, counts))
    found, weighted = first_step(all_rows, sample_weight=counts)
    assert found == pytest.approx(loss, rel=1e-5)
    np.testing.assert_allclose(weighted, repeated, rtol=1e-4)
    assert not np.allclose(first_step(all_rows)[1], repeated, rtol=1e-3)
    tenth, _ = first_step(all_rows, sample_weight=(counts / 10).tolist())
    assert tenth == pytest.approx(loss, rel=1e-5)


def test_weights_follow_their_examples_through_the_shuffle(eager):
    kept = np.arange(12) < 6
    dull = np.where(kept[:, None, None], X, 1 - X)
    fits = [
        tiny("VAE", batch_size=4, epochs=2).fit(data, sample_weight=kept)
        for data in (X, dull)
    ]
    losses = [fit.history_["loss"] for fit in fits]
    np.testing.assert_array_equal(*losses)


def test_validation_data_have_weights_too(eager):
    weights = W[:5]
    fitted = tiny("PixelCNN").fit(X, validation_data=(X[:5], None, weights))
    wanted = -np.average(fitted.log_prob(X[:5]), weights=weights)
    assert fitted.history_["val_loss"][0] == pytest.approx(wanted, rel=1e-4)


@pytest.mark.parametrize(
    "name",
    [
        "ConditionalPixelCNN",
        "GAN",
        pytest.param("PixelCNN", marks=pytest.mark.slow),
        pytest.param("VAE", marks=pytest.mark.slow),
    ],
)
def test_the_last_share_is_held_out(name, eager):
    weights = {} if name == "GAN" else {"sample_weight": W}
    first, last = (
        (X[rows], labels(name, Y[rows]), *(w[rows] for w in weights.values()))
        for rows in (slice(9), slice(9, None))
    )
    split = tiny(name, epochs=2).fit(
        X.tolist(), labels(name), validation_split=0.25, **weights
    )
    by_hand = tiny(name, epochs=2).fit(
        *first[:2], sample_weight=dict(enumerate(first)).get(2), validation_data=last
    )
    assert any(key.startswith("val_") for key in split.history_)
    assert split.history_ == by_hand.history_


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"sample_weight": np.ones(5)}, r"shape \(12,\).*Got shape \(5,\)"),
        ({"sample_weight": np.ones((12, 2))}, r"Got shape \(12, 2\)"),
        ({"sample_weight": -np.ones(12)}, ">= 0.*Got -1"),
        ({"sample_weight": np.zeros(12)}, "zero for every example"),
        ({"sample_weight": np.full(12, np.nan)}, "Got NaN"),
        ({"sample_weight": ["a"] * 12}, "sample_weight must be an array of numbers"),
        ({"validation_split": 1.0}, "`validation_split`=1.0.*< 1"),
        ({"validation_split": -0.1}, "`validation_split`=-0.1.*>= 0"),
        ({"validation_split": "a"}, "`validation_split`='a'"),
        ({"validation_split": 0.99}, "0 of 12 examples would be kept"),
        ({"validation_split": 0.1, "validation_data": X}, "is given as well"),
    ],
)
def test_weights_and_shares_that_are_none(options, words):
    model = tiny("VAE")
    with pytest.raises(ValueError, match=words):
        model.fit(X, **options)
    assert not hasattr(model, "model_")


def test_datasets_are_not_split_and_have_their_own_weights():
    dataset = tf.data.Dataset.from_tensor_slices(X).batch(4)
    with pytest.raises(ValueError, match="not split: pass validation_data"):
        tiny("VAE").fit(dataset, validation_split=0.5)
    with pytest.raises(ValueError, match=r"triples \(x, y, sample_weight\)"):
        tiny("VAE").fit(dataset, sample_weight=W)


@pytest.mark.parametrize("name", WITHOUT)
def test_no_likelihood_no_weights(name):
    with pytest.raises(ValueError, match=f"{name} takes no `sample_weight`.*Repeat"):
        tiny(name).fit(X, Y, sample_weight=W)
