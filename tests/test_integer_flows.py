"""Flows of integers: noise, the bound on their probability, and their range."""

import keras
import numpy as np
import pytest

from kgen.data.toy import every_image
from kgen.layers import Chain, Coupling, Logit, Units
from kgen.models import FlowModel
from kgen.testing import check_model
from kgen.testing.spaces import scatter
from kgen.testing.statistics import check_frequencies
from tests.conftest import tiny


def numpy(tensor):
    return keras.ops.convert_to_numpy(tensor)


def integers(low, high, **options):
    parts = [Logit(0, high - low + 1), Coupling(hidden=(8,)), Coupling("spline", (8,))]
    model = FlowModel(Chain(parts), integers=(low, high), seed=1, **options)
    model.compile("adam")
    model.build((None, 2))
    scatter(model, spread=0.2)
    return model


@pytest.mark.parametrize("low", [-1, 15_000_000])
def test_the_bound_of_integers(low, eager):
    """Against quadrature over the noise: below it, near it, and drawn by it.

    Far from zero, where float32 has no room for the noise, it is the same.
    """
    model = integers(low, low + 3)
    space = every_image((2,), 4).astype("float32") + low
    steps = (np.arange(100) + 0.5) / 100
    noise = np.stack(np.meshgrid(steps, steps), axis=-1).reshape(-1, 2)
    exact = []
    for x in space:
        found = model._found((x - low + noise).astype("float32"), None)["log_prob"]
        exact.append(np.log(np.exp(numpy(found).astype("float64")).mean()))
    exact = np.array(exact)
    assert np.exp(exact).sum() == pytest.approx(1, abs=0.01)

    first, many = (numpy(model.log_prob(space, n_importance=k)) for k in (1, 150))
    draws = [
        numpy(model._log_prob(space, None, np.array(k, "int32"))) for k in range(150)
    ]
    np.testing.assert_array_equal(draws[0], first)
    means = np.log(np.exp(np.array(draws, "float64")).mean(axis=0))
    np.testing.assert_allclose(many, means, atol=1e-3)
    assert np.mean(draws) < many.mean() < exact.mean() + 0.05
    np.testing.assert_allclose(many, exact, atol=0.4)
    order = np.random.default_rng(0).permutation(16)
    again = numpy(model.log_prob(space[order], n_importance=1))
    np.testing.assert_allclose(again, first[order], rtol=1e-5)
    impossible = np.array([[1.0, 4.0], [-1.0, 1.0]], "float32") + low
    assert np.isneginf(model.log_prob(impossible)).all()

    samples = model.sample(5000, seed=0)
    assert set(np.unique(samples - low)) <= {0.0, 1.0, 2.0, 3.0}
    counts = np.bincount(((samples - low) @ [4, 1]).astype(int), minlength=16)
    check_frequencies(counts, np.exp(exact) / np.exp(exact).sum())


def test_models_of_integers_keep_the_contract():
    check_model(integers(0, 1), np.eye(2)[np.arange(32) % 2])


def test_training_draws_fresh_noise():
    model = integers(0, 3)
    x = np.ones((4, 2), "float32")
    first, second = (numpy(model(x, training=True)["z"]) for _ in range(2))
    assert not np.allclose(first, second)
    np.testing.assert_array_equal(model(x)["z"], model(x)["z"])


def test_logits_by_their_formula():
    layer = Logit(-2.0, 6.0, margin=0.01)
    layer.build((None, 3))
    x = np.array([[-2.0, 0.0, 6.0], [1.0, 5.9, 2.0]], "float32")
    z, log_det = (numpy(part) for part in layer.forward(x))
    p = 0.01 + 0.98 * (x.astype("float64") + 2) / 8
    np.testing.assert_allclose(z, np.log(p / (1 - p)), rtol=1e-4, atol=1e-5)
    slopes = np.log(0.98 / 8 / (p * (1 - p)))
    np.testing.assert_allclose(log_det, slopes.sum(axis=1), rtol=1e-5)
    np.testing.assert_allclose(layer.inverse(z), x, atol=1e-4)


def test_integers_outside_the_range_of_the_training_data(eager):
    X = np.random.default_rng(0).integers(3, size=(32, 2))
    fitted = tiny("RealNVP").fit(X)
    assert fitted.levels_ == 3
    with pytest.warns(UserWarning, match=r"outside 0\.\.2.* -inf"):
        assert np.isneginf(fitted.log_prob([[0, 3]]))
    pixels = tiny("RealNVP").fit(X * 100)  # of 0..255, as for the heads
    assert pixels.range_ == (0, 255)
    assert np.isfinite(pixels.log_prob([[255, 255]])).all()
    with pytest.warns(UserWarning, match="all of them stored as floats"):
        tiny("RealNVP").fit(X.astype("float32") + 1)
    with pytest.raises(ValueError, match=r"real numbers .* integers in 0\.\.2\."):
        fitted.log_prob([[0.5, 1.0]])
    with pytest.raises(ValueError, match="65,536 values"):
        tiny("RealNVP").fit(X * 100_000)
    with pytest.raises(ValueError, match="within 16,777,216 of zero"):
        tiny("RealNVP").fit(1000 * X + 2**24)
    for wrong in ((2, 1), (0.5, 2.0), (1, 2, 3), 3, (0, 2**25)):
        with pytest.raises(ValueError, match="smallest value and the largest"):
            FlowModel(Units(), integers=wrong)


@pytest.mark.parametrize("low", [-10, 3_000_000])
def test_probabilities_of_integers_add_up_far_from_zero(low):
    """Noise is added to the difference from the smallest value, which is exact."""
    X = low + 6 * np.random.default_rng(0).integers(10, size=(32, 1))
    one = tiny("RealNVP").fit(X)
    space = low + np.arange(X.max() - low + 1)[:, None]
    total = np.exp(one.log_prob(space, n_importance=300)).sum()
    assert total == pytest.approx(1, abs=0.02)
    samples = one.sample(500, random_state=0)
    assert samples.min() >= low
    assert samples.max() <= X.max()
    assert len(np.unique(samples % 4)) == 4


def test_averages_forget_what_was_before_actnorm_knew_the_data(eager):
    """After a step, integers in a narrow range are drawn there."""
    random = np.random.default_rng(0)
    X = np.stack([random.integers(3, size=50) + 500, random.integers(1000, size=50)], 1)
    fitted = tiny("RealNVP", epochs=1, batch_size=50).fit(X)
    assert fitted.sample(50, random_state=0)[:, 0].std() < 5
