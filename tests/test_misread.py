"""What was once accepted and misread, or refused with words that do not help."""

import re

import ml_dtypes
import numpy as np
import pytest
import tensorflow as tf

import kgen
from kgen import heads
from kgen.core.random import new_seed
from kgen.data.conditions import Conditions, _checked, read_conditions
from kgen.data.sources import ArraySource
from kgen.data.summary import summarise
from kgen.heads import auto
from tests.conftest import tiny

RANDOM = np.random.default_rng(0)
X = (RANDOM.random((24, 6)) < 0.4).astype("uint8")


@pytest.fixture(scope="module")
def fitted():
    return tiny("MADE").fit(X)


@pytest.mark.parametrize("values", [[3.0, 16.0], [0.0, 255.0], [2.0, 2.0]])
def test_integers_stored_as_floats_are_warned_of(values):
    summary = summarise([np.array([values])], "test")
    with pytest.warns(UserWarning, match=r"stored as floats.*astype\('uint8'\)"):
        auto.for_data("auto", summary, heads.Categorical)
    auto.for_data("normal", summary, heads.Categorical)
    beyond = summarise([np.array([[-1.0, 500.0]])], "test")
    auto.for_data("auto", beyond, heads.Categorical)


def test_soft_pixels_with_a_bernoulli_head():
    summary = summarise([RANDOM.random((4, 2))], "test")
    with pytest.raises(ValueError, match=r"\(X > 0.5\).astype\('uint8'\)"):
        auto.for_data("bernoulli", summary, heads.Categorical)


def test_masked_arrays_do_not_lose_their_mask(fitted):
    masked = np.ma.masked_array(X, X == 1)
    for call in (tiny("MADE").fit, fitted.log_prob):
        with pytest.raises(ValueError, match=r"masked array.*filled"):
            call(masked)
    assert fitted.log_prob(np.ma.masked_array(X, False)).shape == (24,)


@pytest.mark.parametrize(
    "convert",
    [
        lambda x: x.astype(ml_dtypes.bfloat16),
        lambda x: tf.cast(x, tf.bfloat16),
        lambda x: x.astype("longdouble"),
        lambda x: x.astype("float16"),
    ],
)
def test_floats_of_all_sizes(convert, fitted, eager):
    expected = fitted.log_prob(X)
    np.testing.assert_array_equal(fitted.log_prob(convert(X)), expected)
    again = tiny("MADE", head="normal").fit(convert(X))
    assert again.sample(1).dtype.kind == "f"


@pytest.mark.parametrize(
    ("y", "words"),
    [
        ([1, "1", 2], "numbers and strings"),
        ([True, 1, 2], "booleans and numbers"),
        ([1, None, 2], "None or NaN"),
        (np.array([1, None, float("nan")], object), "None or NaN"),
        (np.array([b"a", b"\xff"]), "bytes that are no text"),
        (np.array([b"a", b"\xff"], object), "bytes that are no text"),
    ],
)
def test_labels_that_are_none(y, words):
    with pytest.raises(ValueError, match=words):
        _checked("test", y)


def test_missing_labels_of_pandas():
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    for y in (pandas.array([1, None, 2], "Int64"), [pandas.NA, 1, 2]):
        with pytest.raises(ValueError, match="NaN"):
            _checked("test", y)


def test_a_class_per_row_is_warned_of_and_takes_little_memory():
    y = np.arange(50_000)
    source = ArraySource(np.zeros((50_000, 1), "float32"))
    batches = read_conditions("test", source, y)
    with pytest.warns(UserWarning, match="50000 different labels.*row numbers"):
        conditions = Conditions.learn("test", batches)
    conditions.attach(source, batches)
    assert source.condition.nbytes <= 200_000
    batch = next(iter(source.batches(4, 0)))
    assert batch["condition"].shape == (4, 50_000)
    vectors = conditions.of(None, [7, 49_999], "sample")
    assert vectors.argmax(axis=1).tolist() == [7, 49_999]
    assert vectors.sum() == 2
    first = source.first_rows(3)["condition"]
    np.testing.assert_array_equal(first.argmax(axis=1), [0, 1, 2])


@pytest.mark.parametrize("value", [1e-38, 1e20, float("nan")])
def test_temperatures_that_float32_cannot_hold(value, fitted):
    with pytest.raises(ValueError, match="from 1e-20 to 1e10"):
        fitted.sample(1, temperature=value)
    with pytest.raises(ValueError, match="from 1e-20 to 1e10"):
        fitted.model_.sample(1, seed=0, temperature=value)


@pytest.mark.parametrize("head", ["normal", "categorical", "mixture_of_logistics"])
def test_the_coldest_sample_is_the_mode(head):
    head = auto.for_data(head, summarise([3 * X], "test"), heads.Categorical)
    params = np.repeat(RANDOM.normal(size=(1, head.params_size(6))), 9, axis=0)
    noise = RANDOM.random((9, *head.noise_shape((6,)))).astype("float32")
    drawn = np.asarray(head.draw(params.astype("float32"), noise, 1e-20))
    np.testing.assert_allclose(drawn, drawn[:1].repeat(9, axis=0), atol=1e-5)


@pytest.mark.parametrize(
    "make",
    [
        lambda: heads.Normal(scale=float("nan")),
        lambda: heads.Normal(scale=np.inf),
        lambda: heads.Normal(loc=float("nan")),
        lambda: heads.Normal(loc="here"),
        lambda: heads.MixtureOfNormals(unit=[1.0, np.nan]),
        lambda: heads.Normal(loc=np.zeros((2, 2))),
    ],
)
def test_numbers_of_heads(make):
    with pytest.raises(ValueError, match="must be a finite number"):
        make()


def test_heads_take_arrays_for_units(eager):
    head = heads.Normal(loc=np.zeros(6), unit=np.ones(6))
    assert head.loc == [0.0] * 6
    assert tiny("VAE", head=head).fit(X.astype("float32")).sample(2).shape == (2, 6)


def test_random_states_are_no_booleans():
    with pytest.raises(ValueError, match="`random_state` must be.*True"):
        new_seed(random_state=True)


def test_codes_and_callbacks(eager):
    vae = tiny("VAE").fit(X)
    with pytest.raises(ValueError, match=r"n >= 1. Got shape \(0, 2\)"):
        vae.decode(np.zeros((0, 2)))
    with pytest.raises(TypeError, match="`callbacks` must be.*'abc'"):
        vae.fit(X, callbacks="abc")
    for name in ("VAE", "GAN"):
        model = vae if name == "VAE" else tiny(name).fit(X)
        for n in (10**12, 10**30):
            with pytest.raises(MemoryError, match=f"`n_samples`={n}.*in parts"):
                model.sample(n)


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("MADE", {"orders": 2**63}),
        ("MADE", {"hidden": (10**39,)}),
        ("PixelRNN", {"layers": 2**63}),
        ("PixelRNN", {"layers": 10**6}),
        ("PixelCNN", {"filters": 10**39}),
        ("PixelCNN", {"dilations": (10**6,)}),
        ("PixelCNN", {"dilations": (1.9, True)}),
        ("GatedPixelCNN", {"dilations": (1, True)}),
        ("VAE", {"latent_dim": 10**9}),
        ("WaveNet", {"layers": 10**6}),
        ("GAN", {"epochs": 2**63}),
    ],
)
def test_absurd_sizes_are_named(name, params):
    (setting,) = params
    with pytest.raises(ValueError, match=rf"{name}\({setting}=.*(<=?|integer) "):
        tiny(name, **params).fit(X.reshape(24, 2, 3))
    with pytest.raises(ValueError, match=re.escape("`depth` must be an integer")):
        kgen.models.PixelRNNModel("bernoulli", depth=2**63)


def test_adafactor_trains_masked_layers(eager):
    model = tiny("MADE", optimizer="adafactor", epochs=3).fit(X)
    assert np.isfinite(model.score(X))
