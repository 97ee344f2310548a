"""Counter-based noise in graphs: `backend.keyed_uniform`."""

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
def test_noise_is_the_same_with_xla_and_for_tensors():
    import tensorflow as tf

    for jit in (False, True):
        count = 4 if jit else tf.constant(4)
        drawn = tf.function(
            lambda seed, first, count=count: backend.keyed_uniform(
                seed, first, count, (5,)
            ),
            jit_compile=jit,
        )(tf.constant(2**40, tf.int64), tf.constant(7, tf.int64))
        np.testing.assert_array_equal(drawn, uniform(2**40, 7, 4, (5,)))
