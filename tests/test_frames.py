"""DataFrames: what goes in comes out, and what is missing is drawn."""

import numpy as np
import pytest

import kgen
from kgen.core import encoding
from kgen.data.frames import in_dtype
from kgen.data.toy import bars, mixture
from tests.conftest import drawn, is_conditional, tiny

pandas = pytest.importorskip("pandas", reason="pandas is not installed")

TABLES = [
    name
    for name in kgen.estimators
    if kgen.estimators[name]().__sklearn_tags__().input_tags.two_d_array
]
DTYPES = {
    "x": "float64", "single": "float32", "age": "int64", "small": "int8",
    "smoker": "bool", "maybe": "Int64", "perhaps": "boolean", "length": "Float64",
}  # fmt: skip


def table(n=40, dtypes=DTYPES):
    rng = np.random.default_rng(0)
    columns = {
        name: rng.integers(20, 90, n)
        if dtype in ("int64", "int8", "Int64")
        else rng.integers(2, size=n) == 1
        if dtype in ("bool", "boolean")
        else rng.normal(size=n)
        for name, dtype in dtypes.items()
    }
    return pandas.DataFrame(columns, index=np.arange(n) * 10).astype(dtypes)


def labels(name, n=40):
    return np.arange(n) % 2 if is_conditional(tiny(name)) else None


@pytest.mark.parametrize("name", TABLES)
def test_samples_have_the_columns_and_dtypes_of_fit(name, eager, tmp_path):
    X, y = table(), labels(name)
    fitted = tiny(name).fit(X, y)
    samples = [drawn(fitted, 60, random_state=0)]
    fitted.save(tmp_path / "it.keras")
    again = kgen.load(tmp_path / "it.keras")
    samples.append(drawn(again, 60, random_state=0))
    if hasattr(fitted, "latent_dim"):
        codes = np.random.default_rng(0).normal(size=(30, fitted.latent_dim))
        samples.append(fitted.decode(3 * codes, labels(name, 30)))
    if hasattr(fitted, "reconstruct"):
        samples.append(fitted.reconstruct(X, y))
        given = [] if y is None else [y]
        samples.append(fitted.inverse_transform(fitted.transform(X, *given), *given))
    pandas.testing.assert_frame_equal(*samples[:2])
    for frame in samples:
        assert frame.columns.tolist() == X.columns.tolist()
        assert frame.dtypes.astype(str).to_dict() == DTYPES
        for column in ("age", "small", "maybe"):
            assert frame[column].between(X[column].min(), X[column].max()).all()
    if hasattr(fitted, "log_prob"):
        assert fitted.log_prob(X, y).shape == (40,)


def test_tables_of_integers_are_modelled_as_integers(eager):
    X = table(dtypes={"a": "int8", "b": "bool", "c": "Int64"})
    fitted = tiny("MADE").fit(X)
    assert fitted.levels_ == 256
    drawn = fitted.sample(200, random_state=0)
    assert drawn.dtypes.astype(str).tolist() == ["int8", "bool", "Int64"]
    as_array = tiny("MADE").fit(X.to_numpy("int64"))
    assert (drawn["c"] == as_array.sample(200, random_state=0)[:, 2]).all()


def test_names_of_any_kind(eager):
    X = table(dtypes={"a": "float64", "b": "int64", "c": "bool"})
    X.columns = [0, 1, 3]
    assert tiny("VAE").fit(X).sample(2).columns.tolist() == [0, 1, 3]
    X.columns = pandas.MultiIndex.from_tuples([("a", 1), ("a", 2), ("b", 1)])
    assert tiny("VAE").fit(X).sample(2).columns.tolist() == X.columns.tolist()


def test_equal_names():
    X = table(dtypes={"a": "float64", "b": "int64", "c": "bool"})
    X.columns = ["a", "b", "a"]
    with pytest.raises(ValueError, match="Several are named 'a'"):
        tiny("VAE").fit(X)


def test_a_fit_on_an_array_forgets_the_columns(eager):
    vae = tiny("VAE").fit(table())
    assert vae.columns_.names == list(DTYPES)
    assert vae.feature_names_in_.tolist() == list(DTYPES)
    vae.fit(mixture(20, random_state=0)[0])
    assert not hasattr(vae, "columns_")
    assert isinstance(vae.sample(2), np.ndarray)


def test_without_pandas_samples_are_arrays(eager, monkeypatch):
    vae = tiny("VAE").fit(table())
    whole = vae.sample(3, random_state=0)

    def missing(name):
        raise ImportError(name)

    monkeypatch.setattr("kgen.data.frames.importlib.import_module", missing)
    found = vae.sample(3, random_state=0)
    np.testing.assert_array_equal(found, whole.astype("float64"))


def test_set_output_and_pipelines(eager):
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    X = table(dtypes={"a": "float64", "b": "int64"})
    vae = tiny("VAE").set_output(transform="pandas").fit(X)
    codes = vae.transform(X)
    assert codes.columns.tolist() == ["vae0", "vae1"]
    assert codes.index.tolist() == X.index.tolist()
    assert vae.inverse_transform(codes).columns.tolist() == ["a", "b"]
    scaled = make_pipeline(StandardScaler().set_output(transform="pandas"), tiny("VAE"))
    assert scaled.fit(X)[-1].sample(2).columns.tolist() == ["a", "b"]


TEXT = {
    "text": lambda n: ["a", "b"] * (n // 2),
    "str": lambda n: pandas.array(["1", "2"] * (n // 2), dtype="string"),
    "category": lambda n: pandas.Categorical([1, 2] * (n // 2)),
    "dates": lambda n: pandas.date_range("2020", periods=n),
    "things": lambda n: [object()] * n,
    "complex": lambda n: np.full(n, 1j),
}


@pytest.mark.parametrize("kind", TEXT)
def test_columns_that_are_no_numbers_are_named(kind, eager):
    good = table(dtypes={"a": "float64", "b": "float64"})
    bad = good.assign(b=TEXT[kind](40))
    model = tiny("MADE")
    match = r"Got column 'b' \(.*\)\. Leave it out.*get_dummies.*OrdinalEncoder"
    with pytest.raises(ValueError, match=match):
        model.fit(bad)
    assert not hasattr(model, "model_")
    model.fit(good)
    for method in (model.log_prob, model.complete):
        with pytest.raises(ValueError, match=match):
            method(bad)
    with pytest.raises(
        ValueError, match=r"columns 'a' \(.*\), 'b' \(.*\)\. Leave them"
    ):
        model.fit(bad.assign(a=bad["b"]))


def test_other_columns_than_in_fit_and_missing_values_in_fit(eager):
    X = table(dtypes={"a": "float64", "b": "Int64"})
    model = tiny("MADE").fit(X)
    with pytest.raises(ValueError, match="feature names"):
        model.log_prob(X[["b", "a"]])
    X.iloc[0, 1] = pandas.NA
    for method in (model.fit, model.log_prob):
        with pytest.raises(ValueError, match="NaN"):
            method(X)


def test_objects_that_are_numbers(eager):
    X = table(dtypes={"a": "float64", "b": "int64"}).astype(object)
    model = tiny("MADE").fit(X)
    assert model.dtype_ == "float64"
    assert model.sample(3).dtypes.tolist() == [object, object]
    X.iloc[0, 0] = None
    assert model.complete(X).iloc[0, 0] is not None


def test_what_is_missing_is_drawn(eager):
    whole = table()
    model = tiny("MADE").fit(whole)
    holes = whole.copy()
    holes = holes.astype({name: "object" for name in ("age", "small", "smoker")})
    holes = holes.mask(np.random.default_rng(1).random(whole.shape) < 0.3)
    full = model.complete(holes, random_state=0)
    assert full.dtypes.astype(str).to_dict() == DTYPES
    assert full.index.tolist() == whole.index.tolist()
    kept = holes.notna().to_numpy()
    same = (full.astype("float64") == whole.astype("float64")).to_numpy()
    assert same[kept].all()
    assert not same[~kept].all()
    by_mask = model.complete(holes, kept, random_state=0)
    pandas.testing.assert_frame_equal(by_mask, full)
    # The values that are redrawn do not count.
    pandas.testing.assert_frame_equal(
        model.complete(whole, holes.notna(), random_state=0), full
    )
    pandas.testing.assert_frame_equal(model.complete(whole), whole)


def test_kept_values_that_the_column_cannot_hold(eager):
    X = table(dtypes={"a": "float64", "b": "int64"})
    model = tiny("MADE").fit(X)
    other = X.astype({"b": "float64"})
    other.iloc[0, 1] = 33.25
    keep = np.array([False, True])
    full = model.complete(other, keep, random_state=0)
    assert full["b"].tolist() == other["b"].tolist()


@pytest.mark.parametrize("name", ["PixelCNN", "NADE", "WaveNet"])
def test_missing_values_of_arrays(name, eager):
    X = bars(12, size=3, random_state=0)
    model = tiny(name).fit(X)
    holes = np.where(np.random.default_rng(1).random(X.shape) < 0.3, np.nan, X)
    full = model.complete(holes, random_state=0)
    assert full.dtype == X.dtype
    kept = ~np.isnan(holes)
    assert (full == X)[kept].all()
    # As ever: with a mask, what is not kept may hold anything.
    for x in (holes, X, np.where(kept, X, np.inf), np.where(kept, X, 99)):
        np.testing.assert_array_equal(model.complete(x, kept, random_state=0), full)
    with pytest.raises(ValueError, match="NaN"):
        model.complete(holes, np.ones((3, 3), bool))
    np.testing.assert_array_equal(model.complete(X), X)


def test_columns_are_written_without_pickle(eager):
    columns = tiny("VAE").fit(table()).columns_
    again = encoding.decode(encoding.encode("columns_", columns))
    assert again.names == columns.names
    assert again.dtypes == columns.dtypes
    np.testing.assert_array_equal(again.low, columns.low)


@pytest.mark.parametrize("kind", ["float32", "float64"])
@pytest.mark.parametrize("name", ["uint8", "int16", "int32", "int64", "uint64"])
def test_integers_end_where_their_dtype_does(kind, name):
    """Means beyond the largest integer become it, and do not begin again at zero."""
    limits, dtype = np.iinfo(name), np.dtype(name)
    high = float(limits.max)
    x = np.array([2.4, 2.6, high + 0.4, high + 0.6, high + 1, 2 * high, 1e30], kind)
    found = in_dtype(x, dtype)
    assert found.dtype == dtype
    assert found[:2].tolist() == [2, 3]
    # The largest that both dtypes have.
    largest = limits.max if int(x.dtype.type(high)) <= limits.max else None
    largest = largest or int(np.nextafter(x.dtype.type(high), x.dtype.type(0)))
    assert found[2:].tolist() == [largest] * 5
    assert in_dtype(np.array([-1e30], kind), dtype).tolist() == [limits.min]
