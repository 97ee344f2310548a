"""Counter-based noise in graphs: `backend.keyed_uniform`."""

import math

import keras
import numpy as np
import pytest
from scipy import stats

from kgen.core import backend

WORD = 0xFFFFFFFF


def philox(key, counter, stream=0):
    """Four words of Philox4x32-10, in Python's integers."""
    low, high = key & WORD, key >> 32
    c = [counter & WORD, counter >> 32 & WORD, stream, 0]
    for _ in range(10):
        a, b = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [b >> 32 ^ c[1] ^ low, b & WORD, a >> 32 ^ c[3] ^ high, a & WORD]
        low, high = low + 0x9E3779B9 & WORD, high + 0xBB67AE85 & WORD
    return c


def uniform(*key):
    return keras.ops.convert_to_numpy(backend.keyed_uniform(*key))


@pytest.mark.parametrize(
    ("seed", "first", "stream"),
    [(0, 0, 0), (12345678901234567, 3, 0), (2**63 - 1, 2**31, 7)],
)
def test_noise_is_philox(seed, first, stream):
    blocks = range(first * 2, first * 2 + 6)
    words = np.array([philox(seed, block, stream) for block in blocks]).reshape(3, 8)[
        :, :6
    ]
    found = uniform(seed, first, 3, (3, 2), stream)
    np.testing.assert_array_equal(found.reshape(3, 6), ((words >> 9) + 0.5) / 2**23)
    assert found.dtype == "float32"
    as_words = np.array([seed & WORD, seed >> 32], "uint32")
    np.testing.assert_array_equal(uniform(as_words, first, 3, (3, 2), stream), found)


def test_noise_of_a_sample_does_not_depend_on_the_batch():
    whole = uniform(3, 0, 10, (5,))
    np.testing.assert_array_equal(uniform(3, 4, 3, (5,)), whole[4:7])
    assert not np.array_equal(uniform(4, 0, 10, (5,)), whole)


def test_noise_is_uniform_and_independent():
    noise = uniform(0, 0, 4000, (3,))
    assert 0 < noise.min() < noise.max() < 1
    assert stats.kstest(noise.ravel(), "uniform").pvalue > 1e-4
    both = np.concatenate([noise[1:], noise[:-1]], axis=1)  # neighbours, too
    assert np.abs(np.corrcoef(both.T) - np.eye(6)).max() < 0.08


@pytest.mark.skipif(backend.NAME != "tensorflow", reason="TensorFlow's graphs")
@pytest.mark.parametrize("make", [backend.keyed_uniform, backend.keyed_thresholds])
def test_noise_is_the_same_with_xla_and_for_tensors(make):
    import tensorflow as tf

    for jit in (False, True):
        count = 4 if jit else tf.constant(4)
        drawn = tf.function(
            lambda seed, first, count=count: make(seed, first, count, (5, 5), 1),
            jit_compile=jit,
        )(tf.constant(2**40, tf.int64), tf.constant(7, tf.int64))
        np.testing.assert_array_equal(drawn, make(2**40, 7, 4, (5, 5), 1))


def thresholds(*key):
    return keras.ops.convert_to_numpy(backend.keyed_thresholds(*key))


# Scalars of an example, and how many of them share their lower bits.
GROUPS = [((3,), 8), ((28, 28, 1), 56), ((13, 8), 8), ((3, 8, 8), 64), ((20,), 24)]


@pytest.mark.parametrize(("shape", "group"), GROUPS)
@pytest.mark.parametrize("first", [0, 2**31 + 5])
def test_thresholds_are_upper_halves_and_shared_bits(shape, group, first):
    seed, stream = 12345678901234567, 1
    size, blocks = math.prod(shape), -(-math.prod(shape) // 8)
    shared = -(-blocks * 8 // group // 4)  # blocks, of four words
    found = thresholds(seed, first, 2, shape, stream).reshape(2, size)
    assert found.dtype == "float32"
    for i, row in enumerate(found, first):
        words = [philox(seed, i * blocks + b, stream) for b in range(blocks)]
        words = np.array(words, "uint64").ravel()
        upper = np.stack([words & 0xFFFF, words >> 16], axis=1).ravel()[:size]
        words = [philox(seed, i * shared + b, 2**31 + stream) for b in range(shared)]
        lower = np.repeat(np.array(words, "uint64").ravel() >> 25, group)[:size]
        np.testing.assert_array_equal(row, (upper * 128 + lower + 0.5) / 2**23)


def test_the_lowest_and_the_highest_threshold_are_inside(monkeypatch):
    for bits, expected in ((0, 2.0**-24), (0xFFFFFFFF, 1 - 2.0**-24)):
        constant = np.full((1, 4), bits, "uint32")
        monkeypatch.setattr(backend._library, "counter_bits", lambda *_, c=constant: c)
        assert (thresholds(0, 0, 1, (8,)) == np.float32(expected)).all()


def test_thresholds_of_a_sample_do_not_depend_on_the_batch():
    whole = thresholds(3, 0, 10, (70,))
    np.testing.assert_array_equal(thresholds(3, 4, 3, (70,)), whole[4:7])
    assert not np.array_equal(thresholds(4, 0, 10, (70,)), whole)
    assert not np.array_equal(thresholds(3, 0, 10, (70,), 1), whole)


def test_thresholds_are_uniform_and_nearly_independent():
    noise = thresholds(0, 0, 4000, (64,))
    assert 0 < noise.min() < noise.max() < 1
    assert stats.kstest(noise.ravel(), "uniform").pvalue > 1e-4
    both = np.concatenate([noise[1:], noise[:-1]], axis=1)  # neighbours, too
    assert np.abs(np.corrcoef(both.T) - np.eye(128)).max() < 0.085
    shared = (noise[:, 0].astype("float64") * 2**16 % 1 * 128).astype(int)
    assert stats.chisquare(np.bincount(shared, minlength=128)).pvalue > 1e-4


@pytest.mark.parametrize("p", [1e-6, 2.0**-16, 1 - 1e-5])
def test_rare_values_are_as_rare_as_they_should_be(p):
    cells = 2**26
    rows = 2**14
    drawn = [thresholds(5, i, rows, (1024,)) < p for i in range(0, cells >> 10, rows)]
    seen = np.concatenate([row.sum(axis=1) for row in drawn])
    rare = np.abs(seen - 1024 * (p > 0.5)).sum()
    mean = cells * min(p, 1 - p)
    # Poisson, and p is rounded to a multiple of 2**-23.
    assert abs(rare - mean) < 4 * np.sqrt(mean) + cells * 2.0**-24
    if p < 0.5:
        twice = (seen > 1).sum()
        assert twice < 5 + 2 * len(seen) * (1024 * p) ** 2


def test_what_a_pair_that_shares_bits_loses():
    """Exactly: all values of the shared bits, against the bound of decision 8."""
    shared = (np.arange(128) + 0.5) / 128
    random = np.random.default_rng(0)
    for p in np.concatenate([random.random((200, 2)), np.full((1, 2), 2.0**-17)]):
        p = np.rint(p * 2**23) / 2**23
        # The share of the 2**16 upper values that are below p, given the shared bits.
        given = np.ceil(2**16 * p[:, None] - shared) / 2**16
        np.testing.assert_allclose(given.mean(axis=1), p, rtol=1e-12)
        covariance = (given[0] * given[1]).mean() - p[0] * p[1]
        assert abs(covariance) <= 2.0**-34
    assert covariance == 2.0**-34  # it is reached


def test_only_heads_that_compare_take_thresholds():
    from kgen.heads import Bernoulli, Categorical

    key = (7, 3, 2)
    for head, make in ((Bernoulli(), thresholds), (Categorical(2), uniform)):
        found = keras.ops.convert_to_numpy(head.keyed_noise(*key, (5, 5, 1), 1))
        np.testing.assert_array_equal(found, make(*key, (5, 5, 1), 1))
