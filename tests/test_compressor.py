"""Lossless compression: to the bit, as short as the density says, or an error."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.mixture import GaussianMixture

import kgen
from kgen import heads
from kgen.autoregressive.samplers import FullPass
from kgen.data.toy import bars
from kgen.tasks import _code_format, _coding
from tests.conftest import eagerly, tiny

pytest.importorskip("constriction")
Compressor = kgen.tasks.Compressor
HEADER = 50  # bytes, without the lengths of the axes

BARS = bars(300, size=4, random_state=0)
RANDOM = np.random.default_rng(0)
LEVELS = RANDOM.binomial(3, 0.3, size=(300, 5))  # int64
GREY = RANDOM.binomial(255, 0.3, size=(40, 3, 4)).astype("uint8")
COLOUR = RANDOM.binomial(255, 0.3, size=(40, 3, 4, 3)).astype("uint8")
STEPS = RANDOM.binomial(7, 0.5, size=(60, 12)).astype("int16")


class Couples(heads.LevelHead):
    """Orders the channels, and has no formula."""

    levels = 2
    orders_channels = True


def fitted(name, X, y=None, **params):
    with eagerly():  # quicker for a moment of training
        return tiny(name, **params).fit(X, y)


@pytest.fixture(scope="module")
def nade():
    return fitted("NADE", BARS, order=3)


CASES = {
    "MADE, 4 levels": ("MADE", LEVELS, {"orders": 1}),
    "PixelCNN, bits": ("PixelCNN", BARS.astype(bool), {}),
    "PixelCNN, colour": (
        "PixelCNN",
        COLOUR,
        {"head": heads.CoupledMixtureOfLogistics(2), "blocks": 0},
    ),
}
SLOW = {
    "NADE, logistics": ("NADE", GREY.astype(">i4"), {}),
    "MADE, direct": ("MADE", BARS, {"orders": 1, "direct": True, "hidden": (8, 8)}),
    "PixelCNN, grey": ("PixelCNN", GREY, {}),
    "PixelCNN, a softmax a channel": ("PixelCNN", COLOUR, {"blocks": 0}),
    "ConditionalPixelCNN": ("ConditionalPixelCNN", BARS, {}),
    "GatedPixelCNN": ("GatedPixelCNN", BARS.astype("float32"), {}),
    "PixelRNN, rows": ("PixelRNN", BARS, {"layer": "row_lstm"}),
    "PixelRNN, diagonals": ("PixelRNN", BARS, {"layer": "diagonal_bilstm"}),
    "WaveNet": ("WaveNet", STEPS, {}),
    "SequenceRNN": ("SequenceRNN", STEPS.astype("float64"), {"head": "categorical"}),
}
ALL = [
    *(pytest.param(*case, id=name) for name, case in CASES.items()),
    *(pytest.param(*c, id=k, marks=pytest.mark.slow) for k, c in SLOW.items()),
]


@pytest.mark.parametrize(("name", "X", "params"), ALL)
def test_round_trip_to_the_bit_in_as_many_bits_as_the_density_says(name, X, params):
    given = (X[:, 0, 0],) if name.startswith("Conditional") else ()
    density = fitted(name, X, *given, **params)
    compressor = Compressor(density)
    code = compressor.compress(X, *given)
    restored = compressor.decompress(code, *given)
    assert restored.dtype == X.dtype
    assert restored.shape == X.shape
    assert restored.tobytes() == X.tobytes()
    bits = density.bits_per_dim(X, *given) * X.size
    header = 8 * (HEADER + 4 * X.ndim)
    assert header - 0.002 * bits < 8 * len(code) - bits < header + 64 + 0.002 * bits


def test_rate_is_within_one_percent_of_that_of_a_trained_density():
    X = bars(4096, size=4, random_state=1)
    density = tiny("NADE", epochs=40, learning_rate=0.02).fit(bars(256, random_state=0))
    code = Compressor(density).compress(X)
    rate = 8 * (len(code) - HEADER - 4 * X.ndim) / X.size
    assert density.bits_per_dim(X) < 0.5
    assert rate == pytest.approx(density.bits_per_dim(X), rel=0.01)


def test_code_is_as_long_as_rounded_probabilities_say(nade, monkeypatch):
    """The coder's length, and the density's, against probabilities rounded by hand."""
    seen, code = [], _coding.Coder.__call__

    def watched(coder, probabilities, index):
        values = code(coder, probabilities, index)
        n = len(coder.part)
        seen.append(probabilities[np.arange(n), values[:n].astype(int)])
        return values

    monkeypatch.setattr(_coding.Coder, "__call__", watched)
    X = BARS[:200]
    words = _code_format.read(Compressor(nade).compress(X)).words
    found = np.concatenate(seen).astype("float64")
    assert len(found) == X.size
    total = 2**24
    quantised = (1 + np.floor(found * (total - 2))) / total
    bits = -np.log2(quantised).sum()
    expected = -nade.log_prob(X).sum(dtype="float64") / np.log(2)
    assert bits == pytest.approx(expected, rel=1e-4)
    assert bits - 1 < 32 * len(words) < bits + 64


@pytest.mark.parametrize("n", [1, 2, 17, 70, 300])
def test_any_number_of_examples(nade, n):
    compressor = Compressor(nade)
    code = compressor.compress(BARS[:n])
    assert (compressor.decompress(code) == BARS[:n]).all()
    assert 8 * len(code) < nade.bits_per_dim(BARS[:n]) * 16 * n * 1.002 + 8 * 62 + 64


def test_improbable_data_come_back_too():
    """Probabilities below what the coder can resolve."""
    density = fitted("NADE", BARS)
    density.model_.b.assign(np.full((16, 1), -40.0))
    assert density.log_prob(BARS).max() < -100
    compressor = Compressor(density)
    code = compressor.compress(BARS)
    assert (compressor.decompress(code) == BARS).all()
    assert 8 * len(code) < 24 * BARS.sum() + 8 * 62 + 64


def test_sequences_of_another_length_than_in_fit():
    compressor = Compressor(fitted("WaveNet", STEPS[:, :8]))
    code = compressor.compress(STEPS)
    assert (compressor.decompress(code) == STEPS).all()


def test_models_that_only_have_a_full_pass(eager):
    density = tiny("PixelCNN", blocks=0).fit(BARS)
    density.model_.sampler = FullPass()
    compressor = Compressor(density)
    code = compressor.compress(BARS[:20])
    assert (compressor.decompress(code) == BARS[:20]).all()


def test_two_threads_share_a_compressor(nade):
    compressor = Compressor(nade)
    parts = [BARS[:200], BARS[100:]]
    codes = [compressor.compress(part) for part in parts]
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(compressor.compress, parts)) == codes
        restored = list(pool.map(compressor.decompress, codes))
    for part, found in zip(parts, restored, strict=True):
        assert (part == found).all()
    assert _coding._open == {}


def test_a_frame_comes_back_as_a_frame():
    pandas = pytest.importorskip("pandas")
    X = pandas.DataFrame(LEVELS, columns=list("abcde")).astype({"b": "int8"})
    density = fitted("NADE", X)
    compressor = Compressor(density)
    pandas.testing.assert_frame_equal(compressor.decompress(compressor.compress(X)), X)
    with pytest.warns(UserWarning, match="valid feature names"):
        code = compressor.compress(X.to_numpy()[:1])
    assert isinstance(compressor.decompress(code), np.ndarray)


def test_the_same_density_from_a_file(nade, tmp_path):
    code = Compressor(nade).compress(BARS)
    nade.save(tmp_path / "nade.keras")
    loaded = kgen.load(tmp_path / "nade.keras")
    assert (Compressor(loaded).decompress(code) == BARS).all()


@pytest.mark.slow
def test_another_process_decompresses(tmp_path):
    density = fitted("PixelCNN", BARS)
    density.save(tmp_path / "density.keras")
    (tmp_path / "code").write_bytes(Compressor(density).compress(BARS))
    script = (
        "import kgen, numpy; from pathlib import Path;"
        "density = kgen.load('density.keras');"
        "code = Path('code').read_bytes();"
        "numpy.save('X.npy', kgen.tasks.Compressor(density).decompress(code))"
    )
    root = str(Path(__file__).parent.parent)
    subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script],
        cwd=tmp_path,
        check=True,
        env={**os.environ, "PYTHONPATH": root},
    )
    assert (np.load(tmp_path / "X.npy") == BARS).all()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda X: X[:0], "X is empty"),
        (lambda X: X[:, :2], "fitted on examples of shape"),
        (lambda X: X + 1, r"integers in 0..1, .* Got values in 1..2"),
        (lambda X: -X.astype("int8"), "Got values in -1..0"),
        (lambda X: -(X * 0.0), "no negative zeros"),
        (lambda X: X * 0.5, "X holds"),
        (lambda X: np.where(X > 0, np.nan, 0.0), "NaN"),
    ],
)
def test_values_without_a_code_are_named(nade, change, words):
    with pytest.raises(ValueError, match=words):
        Compressor(nade).compress(change(BARS))


def test_densities_that_cannot_code_say_so(eager, nade):
    with pytest.raises(TypeError, match="NADE, MADE.* Got GaussianMixture"):
        Compressor(GaussianMixture().fit(LEVELS))
    for name in ("VAE", "GAN", "RealNVP"):
        with pytest.raises(TypeError, match=f"Got {name}"):
            Compressor(tiny(name))
    with pytest.raises(NotFittedError):
        Compressor(tiny("NADE"))
    with pytest.raises(ValueError, match="MixtureOfNormals head, for real numbers"):
        Compressor(tiny("NADE").fit(RANDOM.normal(size=(20, 3))))
    for orders in (2, "any"):
        with pytest.raises(ValueError, match=f"orders={orders!r}.* with orders=1"):
            Compressor(tiny("MADE", orders=orders).fit(BARS))
    density = tiny("PixelCNN").fit(BARS)
    density.head_ = Couples()
    with pytest.raises(ValueError, match="Couples head does not say"):
        Compressor(density)
    assert repr(Compressor(nade)).startswith("Compressor(NADE(")


def test_a_density_that_gives_no_numbers(nade):
    weight = nade.model_.weights[0]
    value = np.array(weight)
    weight.assign(np.full(weight.shape, np.nan))
    with pytest.raises(FloatingPointError, match="not finite numbers"):
        Compressor(nade).compress(BARS[:2])
    weight.assign(value)


def test_draws_out_of_order_are_an_error():
    coder = _coding.Coder("NADE", np.zeros((1, 2), "int32"), None, np.array([1, 0]))
    coder.begin(0, 1)
    with pytest.raises(RuntimeError, match="in the order of its model"):
        coder(np.full((1, 2), 0.5, "float32"), 0)


def test_without_the_coder_it_says_what_to_install(nade, monkeypatch):
    monkeypatch.setitem(sys.modules, "constriction", None)
    with pytest.raises(ImportError, match=r"keras-kgen\[compression\]"):
        Compressor(nade)
