"""Chunks: sizes by what a row takes, and results that do not depend on them."""

import time

import keras
import numpy as np
import pytest

import kgen
from kgen.base import chunks
from kgen.core import sizes
from kgen.data.sources import ArraySource
from kgen.data.summary import summarise
from kgen.networks import MLP


@pytest.mark.parametrize("n", [1, 2, 16, 17, 33, 64, 500, 1024, 1500])
@pytest.mark.parametrize("largest", [1, 8, 64, 1024])
def test_pieces_cover_every_example_once(n, largest):
    pieces = list(chunks.chunks(n, largest))
    covered = [i for start, count, _ in pieces for i in range(start, start + count)]
    assert covered == list(range(n))
    assert all(count <= size for _, count, size in pieces)
    assert len({size for _, _, size in pieces}) <= 3
    assert sum(size for _, _, size in pieces) <= max(2 * n, n + 64)


def test_sizes_are_bounded_by_what_a_row_takes():
    for numbers in (1, 784, 10**5, 10**7):
        rows = sizes.rows_at_once(numbers)
        assert rows == 1 or rows * numbers <= sizes.NUMBERS
        assert rows == 2048 or 2 * rows * numbers > sizes.NUMBERS


def test_large_images_are_summarised_a_few_at_a_time():
    source = ArraySource(np.zeros((40, 224, 224, 3), "uint8"))
    assert max(len(part) for part in source.chunks()) == 1


def test_a_summary_for_a_check_is_that_of_fit_without_the_spread():
    x = np.random.default_rng(0).normal(size=(3000, 5)).astype("float32")
    whole = summarise(ArraySource(x).chunks(), "VAE")
    quick = summarise(ArraySource(x).chunks(), "VAE", spread=False)
    for name in ("low", "high", "integral", "count", "event_shape", "dtype"):
        assert getattr(quick, name) == getattr(whole, name)
    assert (whole.low, whole.high) == (x.min(), x.max())
    assert summarise(ArraySource(np.rint(x)).chunks(), "VAE").integral


def test_batches_of_a_network_are_large_for_small_rows():
    narrow = keras.Sequential([keras.Input((10,)), keras.layers.Dense(20)])
    wide = keras.Sequential(
        [keras.Input((8, 8, 1)), narrow_block(), keras.layers.Flatten()]
    )
    assert chunks.largest_layer(narrow) == 20
    assert chunks.largest_layer(wide) == 8 * 8 * 7


def narrow_block():
    """A network inside a network."""
    layers = [keras.Input((8, 8, 1)), keras.layers.Conv2D(7, 3, padding="same")]
    return keras.Sequential([*layers, keras.layers.Conv2D(2, 1)])


def test_a_long_sequence_is_scored_in_few_rows(eager):
    X = np.random.default_rng(0).normal(size=(4, 16))
    model = kgen.WaveNet(filters=8, layers=2, stacks=1, epochs=1, random_state=0)
    model.fit(X)
    seen = []
    score = model.model_.log_prob
    model.model_.log_prob = lambda x, *rest: seen.append(len(x)) or score(x, *rest)
    model.log_prob(X)
    model.log_prob(np.zeros((2, 40000)))
    assert seen[0] == 64
    assert max(seen[1:]) <= 2


@pytest.fixture(scope="module")
def vae():
    """A VAE of tables, whose chunks have 2,048 rows."""
    X = np.random.default_rng(0).normal(size=(1500, 3)).astype("float32")
    settings = {"latent_dim": 2, "architecture": MLP(widths=(16,)), "epochs": 1}
    return kgen.VAE(**settings, random_state=0).fit(X), X


def test_rows_are_equal_to_the_last_bit_wherever_they_stand(vae):
    model, X = vae
    assert model.model_.rows == 2048
    codes = model.encode(X)
    values = model.decode(codes)
    for rows in (slice(0, 1), slice(1400, 1401), slice(700, 1300)):
        np.testing.assert_array_equal(model.encode(X[rows]), codes[rows])
        np.testing.assert_array_equal(model.decode(codes[rows]), values[rows])


@pytest.fixture(scope="module")
def flow():
    """A flow of tables, whose density is computed in pieces of 512 rows."""
    X = np.random.default_rng(0).normal(size=(3000, 6)).astype("float32")
    return kgen.RealNVP(couplings=2, hidden=(128,), epochs=1, random_state=0).fit(X), X


def test_densities_of_pieces_are_those_of_one_graph(flow):
    estimator, X = flow
    model = estimator.model_
    assert model.density_rows == 512
    found = estimator.log_prob(X)
    whole = keras.ops.convert_to_numpy(model.log_prob(X))  # 3,000 are no whole pieces
    np.testing.assert_allclose(found, whole, rtol=1e-5, atol=1e-5)
    for rows in (slice(0, 1), slice(600, 1112), slice(700, 2300)):
        np.testing.assert_array_equal(estimator.log_prob(X[rows]), found[rows])


def test_pieces_of_conditional_flows_have_their_own_conditions():
    X = np.random.default_rng(0).normal(size=(1024, 2))
    y = X[:, :1] > 0
    model = kgen.RealNVP(
        couplings=2, hidden=(128,), conditional=True, epochs=5, random_state=0
    ).fit(X, y[:, 0])
    found = model.log_prob(X, y[:, 0])
    backwards = model.log_prob(X[::-1], y[::-1, 0])[::-1]
    np.testing.assert_array_equal(found, backwards)
    assert not np.allclose(found, model.log_prob(X, ~y[:, 0]), atol=1e-3)


def test_chunks_are_computed_in_threads_and_an_error_reaches_the_caller():
    def fails(x):
        if x[0, 0] > 10:
            raise KeyError("row 10")
        return x

    x = np.arange(64.0).reshape(32, 2)
    np.testing.assert_array_equal(chunks.in_chunks(np.copy, x, rows=4), x)
    with pytest.raises(KeyError, match="row 10"):
        chunks.in_chunks(fails, x, rows=4)


def test_nobody_waits_for_chunks_that_are_no_longer_wanted():
    """So that Ctrl-C is heard while a long chunk is computed."""
    found = chunks.in_threads(lambda piece: time.sleep(piece) or piece, [0, 2, 2, 2])
    assert next(found) == 0
    start = time.perf_counter()
    found.close()
    assert time.perf_counter() - start < 1


def test_chunks_are_computed_where_threads_no_longer_start(monkeypatch):
    def refused(*args):
        raise RuntimeError("cannot schedule new futures after interpreter shutdown")

    monkeypatch.setattr(chunks.ThreadPoolExecutor, "map", refused)
    assert list(chunks.in_threads(abs, [-1, -2])) == [1, 2]


def test_samples_of_all_chunk_sizes_are_the_same(vae):
    model, _ = vae
    many = model.sample(2100, random_state=3)  # chunks of 2,048 and of 128
    np.testing.assert_allclose(model.sample(70, random_state=3), many[:70], atol=1e-4)
    np.testing.assert_allclose(model.sample(1, random_state=3), many[:1], atol=1e-4)
    assert not np.array_equal(many[:52], many[2048:2100])


def test_a_bound_of_many_codes_can_be_interrupted(eager, monkeypatch):
    X = np.random.default_rng(0).normal(size=(2, 3)).astype("float32")
    settings = {"latent_dim": 2, "architecture": MLP(widths=(4,)), "epochs": 1}
    model = kgen.VAE(**settings, random_state=0).fit(X).model_
    whole = model.log_prob(X, n_importance=200)
    monkeypatch.setattr("kgen.variational.model.GROUPS", 1)
    np.testing.assert_allclose(model.log_prob(X, n_importance=200), whole, rtol=1e-5)
    calls = []

    def interrupted(*args, **kwargs):
        calls.append(args)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return whole

    monkeypatch.setattr(model, "_log_sum", interrupted)
    with pytest.raises(KeyboardInterrupt):
        model.log_prob(X, n_importance=10**6)
    assert len(calls) == 2
