"""Randomness that depends only on its key, and leaves the caller's state untouched."""

import contextlib
import math
import random
import threading
from collections.abc import Iterable, Iterator

import numpy as np
from sklearn.utils import check_random_state


def new_seed(random_state=None) -> int:
    """An integer in [0, 2**31 - 1) from a `random_state` as in scikit-learn."""
    if isinstance(random_state, (bool, np.bool_)):
        raise ValueError(
            f"`random_state` must be None, an integer or a RandomState. Got "
            f"{random_state!r}."
        )
    return int(check_random_state(random_state).randint(2**31 - 1))


def as_seed(seed=None) -> int:
    """`seed` itself, or a fresh one from NumPy's global state if it is None.

    Raises:
        ValueError: if it is not an integer in [0, 2**63).
    """
    if seed is None:
        return new_seed()
    if isinstance(seed, (int, np.integer)) and 0 <= seed < 2**63:
        return int(seed)
    raise ValueError(f"`seed` must be an integer in [0, 2**63). Got {seed!r}.")


def words(seed: int) -> np.ndarray:
    """The two 32-bit words of a seed, the lower one first: arguments of graphs."""
    return np.array([seed & 0xFFFFFFFF, seed >> 32], "uint32")


@contextlib.contextmanager
def seed_scope(seed: int) -> Iterator[None]:
    """Seed Keras' initialisers, and restore the caller's state afterwards.

    Keras takes the seeds of its initialisers from Python's `random`, which all threads
    share: only one of them is in here at a time.
    """
    with _SEEDING:
        state = random.getstate()
        random.seed(seed)
        try:
            yield
        finally:
            random.setstate(state)


_SEEDING = threading.RLock()


def keyed_uniform(seed: int, first: int, count: int, shape: tuple) -> np.ndarray:
    """Uniform noise in the open interval (0, 1), keyed by seed, sample and position.

    Row i is the noise of sample `first + i`, whatever else is drawn with it: a sample
    does not depend on its batch.

    Args:
        seed: the stream, >= 0.
        first: index of the first sample, >= 0.
        count: number of samples.
        shape: shape of one sample's noise.

    Returns:
        float32, shape (count, *shape).
    """
    size = math.prod(shape)
    # Philox (Salmon et al., 2011) counts in blocks of four 64-bit numbers, and a
    # uniform double takes one of them: every sample gets whole blocks.
    blocks = -(-size // 4)
    bits = np.random.Philox(key=seed)
    bits.advance(first * blocks)
    noise = np.random.Generator(bits).random((count, 4 * blocks))[:, :size]
    return _open(noise).reshape(count, *shape)


def keyed_streams(seed: int, samples: Iterable[int], shape: tuple) -> np.ndarray:
    """Like `keyed_uniform`, but the noise does not depend on the first axis' length.

    Args:
        seed: the stream, >= 0.
        samples: indices of the samples, >= 0.
        shape: shape of one sample's noise.

    Returns:
        float32, shape (len(samples), *shape).
    """
    keys = [np.random.Philox(key=[seed, int(i)]) for i in samples]
    return _open(np.stack([np.random.Generator(key).random(shape) for key in keys]))


def _open(noise):
    # Rounding to float32 may give 0 or 1, where an inverse CDF may be infinite.
    return np.clip(noise, 2.0**-25, 1 - 2.0**-24).astype("float32")


def permutation(seed: int, epoch: int, n: int) -> np.ndarray:
    """Order of the examples in an epoch, a function of (seed, epoch)."""
    return np.random.Generator(np.random.Philox(key=[seed, epoch])).permutation(n)
