"""What is special about PixelCNN: known entropy, completion, any data."""

import numpy as np
import pytest

import kgen
from kgen.core.random import keyed_uniform
from kgen.data.toy import bars, every_image
from kgen.models import PixelCNNModel
from kgen.testing import check_model
from kgen.testing.autoregressive import check_incremental, check_order
from kgen.testing.spaces import scatter
from tests.conftest import tiny


@pytest.mark.slow
def test_learns_bars_to_their_entropy():
    X = bars(512, size=3, random_state=0)  # 6 equally likely images: log 6 nats
    model = kgen.PixelCNN(
        filters=32, blocks=2, epochs=60, learning_rate=3e-3, random_state=0
    ).fit(X)
    assert -model.score(X) == pytest.approx(np.log(6), abs=0.1)
    assert model.bits_per_dim(X) == pytest.approx(np.log2(6) / 9, abs=0.02)
    samples = model.sample(200, random_state=0)
    known = np.unique(X, axis=0)
    assert sum(any((s == k).all() for k in known) for s in samples) > 180


@pytest.mark.slow
def test_learns_reals_to_their_entropy():
    # Pixel (0, 1) is pixel (0, 0) plus noise: the sum of two normal entropies.
    random = np.random.default_rng(0)
    first = 5.0 + 3.0 * random.normal(size=(2000, 1))
    X = np.stack([first, first + 0.5 * random.normal(size=(2000, 1))], axis=2)
    model = kgen.PixelCNN(filters=16, blocks=1, epochs=40, learning_rate=1e-2,
                          random_state=0).fit(X)  # fmt: skip
    entropy = np.log(2 * np.pi * np.e) + np.log(3.0) + np.log(0.5)
    assert -model.score(X) == pytest.approx(entropy, abs=0.1)
    samples = model.sample(500, random_state=0)
    assert np.corrcoef(samples[:, 0].T)[0, 1] > 0.95
    assert samples.mean() == pytest.approx(5.0, abs=0.5)


@pytest.mark.parametrize(
    "shape", [(4, 5, 1), (5, 3, 2), (3, 3, 3), (1, 6, 1), (6, 1, 4)]
)
@pytest.mark.parametrize(
    "head",
    [
        "bernoulli",
        pytest.param("normal", marks=pytest.mark.slow),
        pytest.param(kgen.heads.Categorical(3), marks=pytest.mark.slow),
    ],
)
def test_raster_order_in_every_shape(shape, head):
    model = PixelCNNModel(head, filters=13, blocks=4)
    model.build((None, *shape))
    scatter(model)
    check_order(model, shape)


@pytest.mark.parametrize(
    ("shape", "levels"),
    [((2, 2, 2), 2), pytest.param((1, 2, 3), 3, marks=pytest.mark.slow)],
)
def test_a_head_that_orders_the_channels_of_a_pixel(shape, levels, jit):
    """PixelCNN++'s head: normalised, and followed by samples, over all images."""
    head = kgen.heads.CoupledMixtureOfLogistics(components=2, levels=levels)
    model = PixelCNNModel(head, filters=7, blocks=1)
    model.compile("adam")
    check_model(model, every_image(shape, levels)[-64:], xla=jit)
    mask = np.ones((1, *shape), bool)
    mask[..., -1] = False
    with pytest.raises(ValueError, match="all channels of a pixel"):
        model.complete(np.zeros(mask.shape, "float32"), mask)


def test_rgb_by_the_name_of_the_head(eager):
    X = np.random.default_rng(0).integers(256, size=(8, 3, 4, 3)).astype("uint8")
    model = tiny("PixelCNN", head="coupled_mixture_of_logistics").fit(X)
    assert model.head_.levels == 256
    assert model.sample(2).shape == (2, 3, 4, 3)
    assert np.isfinite(model.log_prob(X)).all()
    keep_rows = np.arange(3)[:, None, None] < 1
    done = model.complete(X, keep_rows)
    np.testing.assert_array_equal(done[:, 0], X[:, 0])


def test_the_keras_model_says_what_it_needs():
    model = PixelCNNModel()
    with pytest.raises(ValueError, match="build"):
        model.sample(2)
    with pytest.raises(ValueError, match=r"images.*\(None, 28, 28\)"):
        model.build((None, 28, 28))


def test_a_method_keeps_its_model():
    model = PixelCNNModel(filters=4, blocks=0)
    model.build((None, 2, 2, 1))
    x = np.zeros((3, 2, 2, 1), "float32")
    log_prob, before = model.log_prob, model.log_prob(x)
    del model
    np.testing.assert_array_equal(log_prob(x), before)


def test_no_noise_is_shared():
    model = PixelCNNModel("bernoulli", filters=4, blocks=1)
    model.build((None, 4, 3, 2))
    for variable in model.trainable_variables:
        variable.assign(0.0 * variable)
    x = model.sample(2000, seed=0, jit_compile=False).reshape(2000, -1)
    correlation = np.corrcoef(x.T) - np.eye(x.shape[1])
    assert np.abs(correlation).max() < 0.12
    assert np.abs(x.mean(axis=0) - 0.5).max() < 0.06


def test_sampling_is_drawing_from_each_conditional_in_turn():
    """The loop in the graph, against one in NumPy with the same noise."""
    model = PixelCNNModel(kgen.heads.Categorical(3), filters=9, blocks=1)
    model.build((None, 2, 3, 2))
    scatter(model)
    noise = keyed_uniform(5, 0, 4, (2, 3, 2))
    x = np.zeros((4, 2, 3, 2), "float32")
    for i, j, c in np.ndindex(2, 3, 2):
        params = model(x).numpy()[:, i, j].reshape(4, 2, 3)[:, c]
        p = np.exp(params - params.max(axis=1, keepdims=True))
        cdf = np.cumsum(p / p.sum(axis=1, keepdims=True), axis=1)
        x[:, i, j, c] = (noise[:, i, j, c, None] >= cdf[:, :-1]).sum(axis=1)
    np.testing.assert_array_equal(model.sample(4, seed=5), x)


@pytest.mark.slow
def test_completion_keeps_what_it_is_told_and_follows_the_conditional():
    X = bars(512, size=3, random_state=0)
    model = kgen.PixelCNN(filters=32, blocks=2, epochs=60, learning_rate=3e-3,
                          random_state=0).fit(X)  # fmt: skip
    mask = np.zeros((3, 3), bool)
    mask[0] = True
    row = np.zeros((300, 3, 3), "uint8")
    row[:, 0] = 1  # a full first row: the rest is empty
    done = model.complete(row, mask, random_state=0)
    assert (done[:, 0] == 1).all()
    assert (done[:, 1:] == 0).mean() > 0.97
    corner = np.zeros((300, 3, 3), "uint8")
    corner[:, 0, 0] = 1  # and two empty pixels: the first column is full
    done = model.complete(corner, mask, random_state=0)
    assert (done == corner | (np.arange(3) == 0)).mean() > 0.97
    reals = np.random.default_rng(0).normal(size=(5, 3, 3))  # not of float32
    smooth = tiny("PixelCNN").fit(reals)
    np.testing.assert_array_equal(smooth.complete(reals, mask)[:, 0], reals[:, 0])
    everything = model.complete(X[:5], np.ones((3, 3), bool))
    np.testing.assert_array_equal(everything, X[:5])


def test_a_low_temperature_draws_what_is_likely(eager):
    X = np.ones((64, 2, 2), "uint8")
    X[:16] = 0
    model = kgen.PixelCNN(filters=8, blocks=1, epochs=15, learning_rate=1e-2,
                          random_state=0).fit(X)  # fmt: skip
    cold = model.sample(50, temperature=0.05, random_state=0)
    hot = model.sample(50, temperature=50.0, random_state=0)
    assert cold.mean() == 1.0
    assert 0.3 < hot.mean() < 0.7


@pytest.mark.slow
def test_beats_independent_pixels_on_real_digits(binary_mnist):
    X = binary_mnist
    model = kgen.PixelCNN(filters=32, blocks=3, epochs=4, random_state=0).fit(X[:1500])
    assert -model.score(X[1500:]) < 150  # independent pixels: 205.8 nats
    samples = model.sample(64, random_state=0)
    assert samples.mean() == pytest.approx(X.mean(), abs=0.04)


def test_full_passes_over_chunks_of_two_sizes(jit):
    head = kgen.heads.CoupledMixtureOfLogistics()
    model = PixelCNNModel(head, filters=6, blocks=0)
    model.build((None, 2, 1, 3))
    check_incremental(model, n=65, jit_compile=jit)
