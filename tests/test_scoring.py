"""Integers that were not seen in fit: scores, codes, completion, the Keras door."""

import warnings

import numpy as np
import pytest
from sklearn.model_selection import GridSearchCV

import kgen
from kgen import heads
from kgen.data.toy import bars
from tests.conftest import tiny

RANDOM = np.random.default_rng(0)
COUNTS = RANDOM.poisson(2.0, size=(30, 3)).clip(max=6)
X = bars(16, size=3, random_state=0)


@pytest.mark.parametrize(
    ("name", "params", "data"),
    [
        ("MADE", {}, COUNTS),
        ("NADE", {"head": "mixture_of_logistics"}, COUNTS),
        ("VAE", {}, COUNTS),
        ("PixelCNN", {}, X),
        ("SequenceRNN", {}, COUNTS),
    ],
)
def test_integers_outside_of_the_support_have_no_probability(name, params, data, eager):
    fitted = tiny(name, **params).fit(data)
    options = {"n_importance": 1} if name == "VAE" else {}
    rows = data[:4].astype(int)
    expected = fitted.log_prob(rows, **options)
    rows[1].flat[0], rows[2].flat[-1] = 300, -1
    with pytest.warns(UserWarning, match=r"-inf.*Categorical\(levels=.*MixtureOfLogi"):
        found = fitted.log_prob(rows, **options)
    np.testing.assert_array_equal(found[[1, 2]], [-np.inf, -np.inf])
    np.testing.assert_allclose(found[[0, 3]], expected[[0, 3]], rtol=1e-5)
    with pytest.raises(ValueError, match="real numbers"):
        fitted.log_prob(rows / 2)
    if name == "VAE":
        assert np.isfinite(fitted.transform(rows)).all()
    else:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            mask = np.ones(rows.shape, bool)
            np.testing.assert_array_equal(fitted.complete(rows, mask), rows)
    with pytest.warns(UserWarning, match="-inf"):
        assert fitted.score(rows) == -np.inf


def test_grid_search_over_a_table_of_counts(eager):
    """No score is NaN, and the largest count may be in any fold."""
    rare = COUNTS.copy()
    rare[-1, 0] = 20
    grid = {"head": [heads.Categorical(21), heads.MixtureOfLogistics(levels=21)]}
    search = GridSearchCV(tiny("MADE"), grid, cv=2, error_score="raise").fit(rare)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    grid = {"head": ["auto", heads.Categorical(21)]}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # also of means of -inf
        search = GridSearchCV(tiny("MADE"), grid, cv=2, error_score="raise").fit(rare)
    assert search.cv_results_["mean_test_score"][0] == -np.inf
    assert search.best_params_ == {"head": heads.Categorical(21)}


@pytest.mark.parametrize("jit", [False, pytest.param(True, marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", ["PixelCNNModel", "VAEModel"])
def test_the_keras_door_shows_values_outside_of_the_support(name, jit):
    """The loss is infinite, not a number that looks like one; weights stay finite."""
    if name == "VAEModel":
        mlp = kgen.networks.MLP(widths=(4,))
        parts = mlp.down((3, 3, 1), 4), mlp.up(2, (3, 3, 1))
        model = kgen.models.VAEModel(*parts, seed=0)
    else:
        model = kgen.models.PixelCNNModel("bernoulli", filters=8, blocks=0)
    model.compile("adam", jit_compile=jit)
    x = X[..., np.newaxis].astype("float32")
    assert np.isfinite(model.fit(x, verbose=0).history["loss"]).all()
    assert np.isposinf(model.fit(x * 255, verbose=0).history["loss"]).all()
    assert np.isposinf(model.evaluate(x * 255, verbose=0, return_dict=True)["loss"])
    assert all(np.isfinite(np.asarray(w)).all() for w in model.weights)
    log_prob = np.asarray(model.log_prob(np.concatenate([x[:2], 255 * x[:2]])))
    assert np.isfinite(log_prob).tolist() == [True, True, False, False]


@pytest.mark.parametrize("value", [300, -5, 1.7])
def test_complete_keeps_what_it_is_given(value, eager):
    grey = RANDOM.integers(0, 256, size=(8, 3, 3)).astype("uint8")
    fitted = tiny("PixelCNN", head="normal", filters=8).fit(grey)
    x, mask = np.full((1, 3, 3), value), np.ones((3, 3), bool)
    np.testing.assert_array_equal(fitted.complete(x, mask), x)
    mask[2] = False
    completed = fitted.complete(x, mask, random_state=0)
    np.testing.assert_array_equal(completed[:, :2], x[:, :2])
    assert fitted.complete(grey[:1].astype(float), mask).dtype == np.uint8
