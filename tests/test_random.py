"""Keyed noise: a function of seed, sample and position, and uniform."""

import random

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from kgen.core import backend
from kgen.core.random import as_seed, keyed_uniform, new_seed, permutation, seed_scope


def test_noise_of_a_sample_does_not_depend_on_the_batch():
    whole = keyed_uniform(3, 0, 10, (2, 3))
    parts = [keyed_uniform(3, 0, 4, (2, 3)), keyed_uniform(3, 4, 6, (2, 3))]
    np.testing.assert_array_equal(whole, np.concatenate(parts))
    assert whole.dtype == "float32"


@pytest.mark.parametrize("shape", [(1,), (5,), (4,), (2, 3, 1)])
def test_noise_is_uniform_and_independent(shape):
    noise = keyed_uniform(0, 0, 4000, shape).reshape(4000, -1)
    assert 0 < noise.min() < noise.max() < 1
    assert stats.kstest(noise.ravel(), "uniform").pvalue > 1e-4
    size = noise.shape[1]
    both = np.concatenate([noise[1:], noise[:-1]], axis=1)  # neighbours, too
    correlation = np.corrcoef(both.T) - np.eye(2 * size)
    assert np.abs(correlation).max() < 0.08


def test_seeds_give_different_noise():
    assert not np.array_equal(
        keyed_uniform(0, 0, 1, (4,)), keyed_uniform(1, 0, 1, (4,))
    )


def test_order_is_a_function_of_seed_and_epoch():
    first = permutation(0, 1, 50)
    np.testing.assert_array_equal(first, permutation(0, 1, 50))
    assert sorted(first) == list(range(50))
    assert not np.array_equal(first, permutation(0, 2, 50))
    assert not np.array_equal(first, permutation(1, 1, 50))


def test_no_bits_give_infinite_noise():
    bits = tf.constant([0, 1, 2**31, 2**32 - 2, 2**32 - 1], tf.uint32)
    uniform = backend.open_uniform(bits).numpy()
    assert 0 < uniform.min() < uniform.max() < 1
    np.testing.assert_allclose(uniform[[0, -1]], [2.0**-24, 1 - 2.0**-24], rtol=1e-7)
    assert np.isfinite(backend.normal_quantile(uniform)).all()


def test_row_noise_is_keyed_by_the_row():
    rows = np.random.default_rng(0).normal(size=(500, 3)).astype("float32")
    noise = backend.row_normal(rows, (4,), 7).numpy()
    order = np.random.default_rng(1).permutation(500)
    np.testing.assert_array_equal(
        backend.row_normal(rows[order], (4,), 7).numpy(), noise[order]
    )
    assert not np.array_equal(backend.row_normal(rows, (4,), 8).numpy(), noise)
    assert stats.kstest(noise.ravel(), "norm").pvalue > 1e-4
    assert np.abs(np.corrcoef(noise.T) - np.eye(4)).max() < 0.2


def test_rows_that_differ_in_one_bit_or_in_order_get_other_noise():
    rows = np.zeros((4, 8), "float32")
    rows[1, 3], rows[2, 4], rows[3, 3] = 1, 1, np.nextafter(np.float32(1), 2)
    noise = backend.row_normal(rows, (2,), 0).numpy()
    assert len(np.unique(noise[:, 0])) == 4
    minus = backend.row_normal(-np.zeros((1, 8), "float32"), (2,), 0).numpy()
    np.testing.assert_array_equal(minus, noise[:1])  # equal rows, equal noise


def test_seed_scope_seeds_keras_and_restores_python():
    state = random.getstate()
    weights = []
    for _ in range(2):
        with seed_scope(5):
            layer = keras.layers.Dense(3)
            layer.build((None, 2))
        weights.append(layer.get_weights()[0])
    np.testing.assert_array_equal(*weights)
    assert random.getstate() == state


def test_seeds_from_what_users_pass():
    assert new_seed(0) == new_seed(0)
    assert new_seed(np.random.RandomState(0)) == new_seed(0)
    assert as_seed(12) == 12
    np.random.seed(0)
    first = as_seed()
    np.random.seed(0)
    assert as_seed() == first
    for wrong in (-1, 1.5, "a", 2**63):
        with pytest.raises(ValueError, match="seed"):
            as_seed(wrong)


def test_uniform_noise_of_rows_is_uniform_and_independent():
    """Of rows that differ by one in one place, in nearby positions and streams."""
    rows = np.zeros((2000, 3), "float32")
    rows[:, 1] = np.arange(2000)
    first, second = (backend.row_uniform(rows, (5, 2), 7, k).numpy() for k in (0, 1))
    assert first.shape == (2000, 5, 2)
    assert 0 < first.min() < first.max() < 1
    scalars = np.concatenate([first.reshape(2000, 10), second.reshape(2000, 10)], 1)
    for column in scalars.T:
        assert stats.kstest(column, "uniform").pvalue > 1e-4
    for row in scalars[:50]:
        assert stats.kstest(row, "uniform").pvalue > 1e-4
    apart = np.corrcoef(scalars.T) - np.eye(20)
    assert np.abs(apart).max() < 5 / np.sqrt(2000)
    assert abs(np.corrcoef(scalars[:-1].ravel(), scalars[1:].ravel())[0, 1]) < 0.025

    order = np.random.default_rng(0).permutation(2000)
    again = backend.row_uniform(rows[order], (5, 2), 7).numpy()
    np.testing.assert_array_equal(again, first[order])
    other = backend.row_uniform(rows, (5, 2), 8).numpy()
    assert np.abs(np.corrcoef(first.ravel(), other.ravel())[0, 1]) < 0.035
