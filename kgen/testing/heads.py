"""Checks of output heads."""

import itertools

import keras
import numpy as np

from kgen.core import backend
from kgen.data.toy import every_image
from kgen.heads import Head
from kgen.testing.statistics import check_frequencies

N = 20_000


def check_head(head: Head, seed: int = 0) -> None:
    """Verify that a head keeps its contract.

    Its density sums or integrates to one, `mean` is the mean of that density, and
    `draw` follows it, for one channel and for several. It is 0 outside the support,
    and `log_prob` and its gradient inside are those of the distribution. `log_masses`
    of integers are the log-probabilities of all levels.
    Channels depend on their own outputs only, unless the head orders them. Extreme
    parameters give finite log-densities and gradients, results are float32 for inputs
    of any dtype, and the configuration gives the same head again.

    Args:
        head: the head, without settings for single channels.
        seed: seed of the parameters.

    Raises:
        AssertionError: if any of this does not hold; the message says what.
    """
    random = np.random.default_rng(seed)
    params = random.normal(size=(1, head.params_size(1))).astype("float32")
    values, width = _grid(head, params)
    log_prob = _log_prob(head, params, values)
    probability = np.exp(log_prob.astype("float64")) * width
    total = probability.sum()
    assert np.isclose(total, 1, atol=1e-3), f"the density adds up to {total}, not 1"

    mean, expected = _numpy(head.mean(params))[0, 0], probability @ values
    spread = np.sqrt(probability @ (values - expected) ** 2)
    assert np.isclose(mean, expected, atol=1e-2 * spread), (
        f"mean() is {mean}, but the mean of the density is {expected}"
    )
    _check_outside(head, params)
    _check_draw(head, params, values, probability, random)
    if not head.orders_channels:
        _check_channels(head, random)
    _check_pixel(head, random)
    _check_masses(head, random)
    _check_distribution(head, params, values)
    _check_extremes(head)
    _check_precision(head, params, values[:1])
    again = type(head).from_config(head.get_config())
    assert np.array_equal(_log_prob(again, params, values), log_prob), (
        "from_config(get_config()) is a different head"
    )


def _numpy(tensor):
    return keras.ops.convert_to_numpy(tensor)


def _log_prob(head, params, values):
    params = np.repeat(params, len(values), axis=0)
    return _numpy(head.log_prob(params, values[:, np.newaxis].astype("float32")))


def _grid(head, params):
    """Values that cover the density, and the width of the interval around each."""
    if head.levels is not None:
        return np.arange(head.levels, dtype="float64"), 1.0
    noise = np.random.default_rng(0).uniform(size=(N, *head.noise_shape((1,))))
    drawn = _numpy(head.draw(np.repeat(params, N, axis=0), noise.astype("float32")))
    low, high = float(drawn.min()), float(drawn.max())  # in float64, so is the grid
    reach = high - low
    values = np.linspace(low - reach, high + reach, 50_001)
    return values, values[1] - values[0]


def _check_outside(head, params):
    if head.levels is None:
        return
    x = np.array([[-1.0], [0.0], [head.levels - 1.0], [head.levels]], "float32")
    log_prob = _numpy(head.log_prob(np.repeat(params, 4, axis=0), x))
    assert np.isneginf(log_prob).tolist() == [True, False, False, True], (
        f"log_prob of {x[:, 0]} is {log_prob}, but must be -inf outside the support"
    )


def _check_draw(head, params, values, probability, random):
    noise = random.uniform(1e-7, 1 - 1e-7, size=(N, *head.noise_shape((1,))))
    noise, params = noise.astype("float32"), np.repeat(params, N, axis=0)
    drawn = _numpy(head.draw(params, noise))
    assert drawn.shape == (N, 1), f"draw() gave the shape {drawn.shape}"
    assert np.array_equal(drawn, _numpy(head.draw(params, noise))), (
        "draw() is not a function of its noise"
    )
    # The largest distance of distribution functions (Kolmogorov-Smirnov): by chance it
    # exceeds 1.95 / sqrt(n) once in a thousand times, less often for discrete values.
    edge = 0.5 if head.levels is not None else 0.0
    share = np.searchsorted(np.sort(drawn[:, 0]), values + edge) / N
    apart = np.abs(share - np.cumsum(probability) / probability.sum()).max()
    assert apart < 1.95 / np.sqrt(N), f"draw() is {apart:.4f} away from the density"


def _check_channels(head, random):
    size = head.params_size(2)
    params = random.normal(size=(1, size)).astype("float32")
    moved = params.copy()
    moved[:, : size // 2] += random.normal(size=size // 2)
    changed = _numpy(head.mean(moved))[0] != _numpy(head.mean(params))[0]
    assert changed.tolist() == [True, False], (
        "the first half of the outputs must belong to the first of two channels, and "
        f"to no other; moving them moved the means {changed.tolist()}"
    )


def _check_pixel(head, random):
    """Several channels: the mean and, if enumerable, the sum and the frequencies."""
    channels = 3 if (head.levels or 2) <= 10 else 2
    params = random.normal(size=(1, head.params_size(channels))).astype("float32")
    noise = random.uniform(1e-7, 1 - 1e-7, size=(N, *head.noise_shape((channels,))))
    drawn = _numpy(head.draw(np.repeat(params, N, axis=0), noise.astype("float32")))
    mean, average = _numpy(head.mean(params))[0], drawn.mean(axis=0)
    error = drawn.std(axis=0) / np.sqrt(N)
    assert (np.abs(mean - average) < 5 * error + 1e-4).all(), (
        f"mean() of {channels} channels is {mean}, draws average to {average}"
    )
    if head.levels is None or head.levels**channels > 1000:
        return
    every = every_image((channels,), head.levels).astype("float32")
    log_prob = head(np.repeat(params, len(every), axis=0)).log_prob(every)
    probability = np.exp(_numpy(log_prob).astype("float64"))
    total = probability.sum()
    assert np.isclose(total, 1, atol=1e-3), f"{channels} channels add up to {total}"
    base = head.levels ** np.arange(channels)[::-1]
    counts = np.bincount((drawn @ base).astype(int), minlength=len(every))
    order = (every @ base).astype(int)
    check_frequencies(counts[order], probability)


def _check_masses(head, random):
    """`log_masses`: of a pixel's channels in turn if the head orders them."""
    formula = getattr(head, "_log_masses", None)
    if head.levels is None or (head.orders_channels and formula is None):
        return
    channels = 3 if head.orders_channels else 1
    x = random.integers(0, head.levels, size=(4, channels)).astype("float32")
    params = random.normal(size=(4, head.params_size(channels))).astype("float32")
    total = np.zeros(4)
    for c in range(channels):
        masses = _numpy(head.log_masses(params, [*x.T[:c]])).astype("float64")
        sums = np.exp(masses).sum(axis=1)
        assert masses.shape == (4, head.levels), f"log_masses have shape {masses.shape}"
        assert np.allclose(sums, 1, atol=1e-3), f"log_masses add up to {sums}, not 1"
        total += masses[np.arange(4), x[:, c].astype(int)]
    expected = _numpy(head.log_prob(params, x))
    assert np.allclose(total, expected, rtol=1e-4, atol=1e-3), (
        f"log_masses of {x} add up to {total}, but log_prob is {expected}"
    )


def _check_distribution(head, params, values):
    """`log_prob` and its gradient, in which some heads take a short cut."""
    values = values[:: -(-len(values) // 8), np.newaxis].astype("float32")
    zeros = np.zeros_like(params[:1])
    for outputs in (params, zeros):
        outputs = np.repeat(outputs, len(values), axis=0)
        for name, of in (
            ("log_prob", lambda function, p: _numpy(function(p))),
            ("the gradient of log_prob", backend.gradient),
        ):
            found = of(lambda p: head.log_prob(p, values), outputs)
            expected = of(lambda p: head(p).log_prob(values), outputs)
            # Of mixtures of integers TFP takes differences that keep four digits.
            rough = head.levels is not None and head.choices
            tolerance = {"rtol": 1e-3, "atol": 5e-4} if rough else {"rtol": 1e-5}
            assert np.allclose(found, expected, **{"atol": 1e-5, **tolerance}), (
                f"{name} is {found}, but {expected} by the distribution"
            )


def _check_extremes(head):
    discrete = head.levels is not None
    lowest, *others = (0.0, head.levels - 1.0) if discrete else (-3.0, 0.0, 3.0)
    for channels, x in itertools.product((1, 3), (lowest, *others)):
        size = head.params_size(channels)
        value = np.full((1, channels), x, "float32")
        value[0, 1:] = lowest
        for pattern in (np.ones(size), -np.ones(size), np.resize([1, -1], size)):
            params = 1e4 * pattern[np.newaxis].astype("float32")
            log_prob = _numpy(head.log_prob(params, value))
            gradient = backend.gradient(lambda p, v=value: head.log_prob(p, v), params)
            where = f"at {value[0]} for outputs {1e4 * pattern[:4]}"
            assert np.isfinite(log_prob).all(), f"log_prob is {log_prob} {where}"
            assert np.isfinite(gradient).all(), f"its gradient is {gradient} {where}"


def _check_precision(head, params, values):
    for dtype in ("float16", "bfloat16"):
        half = keras.ops.cast(params, dtype)
        log_prob = head(half).log_prob(values[:, np.newaxis].astype("float32"))
        for name, tensor in (("log_prob", log_prob), ("mean", head.mean(half))):
            got = keras.backend.standardize_dtype(tensor.dtype)
            assert got == "float32", f"{name} of {dtype} parameters is {got}"
