"""What metrics take: examples, features of them, how many; and what they refuse."""

import math
import pickle
import re

import keras
import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_digits

from kgen import metrics
from kgen.data.toy import mixture
from kgen.metrics import features as features_module
from kgen.metrics._samples import choose

METRICS = [
    metrics.frechet_distance,
    metrics.kernel_distance,
    metrics.mmd,
    metrics.sliced_wasserstein,
    metrics.prdc,
    metrics.classifier_two_sample,
    metrics.nearest_training,
]
X = np.random.default_rng(0).normal(size=(60, 4, 4)).astype("float32")
Y = np.random.default_rng(1).normal(size=(40, 4, 4)).astype("float32")


@pytest.fixture(scope="module")
def digits():
    found = load_digits()
    return found.images.astype("uint8"), found.target


def value(found):
    return found[0] if isinstance(found, tuple) else found


@pytest.fixture
def fresh(monkeypatch):
    """A memory that is empty."""
    monkeypatch.setattr(features_module, "_CACHE", features_module._Cache(2))


def test_an_estimate_is_a_float_where_one_is_wanted():
    estimate = metrics.Estimate(0.123456, 0.01, 0.1, 10, 20, p_value=0.5)
    assert float(estimate) == 0.123456
    assert f"{estimate:.2f}" == "0.12"
    assert f"{estimate}" == repr(estimate) == str(estimate)
    assert repr(estimate) == (
        "Estimate(0.1235 +- 0.01, floor=0.1, p_value=0.5, n_real=10, n_fake=20)"
    )
    assert estimate < 1 < metrics.Estimate(2, math.nan, math.nan, 1, 1)
    assert estimate <= estimate
    assert estimate >= 0.1
    assert 0.2 > estimate > 0.1
    assert math.isclose(np.float64(2) * float(estimate), 0.246912)
    assert np.asarray(estimate, "float32") == np.float32(0.123456)
    assert pickle.loads(pickle.dumps(estimate)) == estimate
    with pytest.raises(AttributeError):
        estimate.value = 1


@pytest.mark.parametrize("metric", METRICS)
def test_images_are_flattened_and_may_be_of_any_kind(metric):
    def of(real, fake):
        # Not a NaN equals itself.
        return repr(metric(real=real, fake=fake, floor=False, random_state=0))

    flat = of(X.reshape(60, -1), Y.reshape(40, -1))
    assert of(X, Y) == flat
    assert of(X.astype("float64"), Y) == flat
    assert of(pd.DataFrame(X.reshape(60, -1)), Y.reshape(40, -1)) == flat
    assert "n_fake=40" in of(X > 0, (Y > 0).astype("uint8"))


@pytest.mark.parametrize("metric", METRICS)
def test_features_are_a_model_or_a_function(metric):
    network = keras.Sequential([keras.Input((4, 4)), keras.layers.Flatten()])
    network.add(keras.layers.Dense(3))

    def by_hand(x):
        kernel, bias = network.layers[-1].get_weights()
        return x.reshape(len(x), -1) @ kernel + bias

    one = metric(real=X, fake=Y, features=network, random_state=0)
    other = metric(real=X, fake=Y, features=by_hand, random_state=0)
    np.testing.assert_allclose(float(value(one)), float(value(other)), rtol=1e-4)
    for wrong, words in [
        ("inception", "must be None, a keras.Model"),
        (lambda x: 3.0, "one array with a row"),
        (lambda x: x[:-1], "one array with a row"),
        (lambda x: x + np.nan, r"features\(X\) contains NaN"),
    ]:
        with pytest.raises(ValueError, match=words):
            metric(real=X, fake=Y, features=wrong)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"real": X[:, 0, 0]}, r"`real` must be an array of examples.*\(60,\)"),
        ({"fake": Y[:, 0, 0]}, r"`fake` must be.*reshape\(-1, 1\)"),
        ({"real": X[:0]}, "n >= 1"),
        ({"fake": Y[:, :3]}, r"`fake` have shape \(3, 4\), those of `real` \(4, 4\)"),
        ({"held_out": Y[:, :3]}, "`held_out` have shape"),
        ({"fake": Y * np.float32(np.inf)}, "fake contains infinity"),
        ({"real": np.where(X > 2, np.nan, X)}, "real contains NaN"),
        ({"fake": [["a"]]}, "fake must be an array of numbers"),
        ({"fake": [[1], [1, 2]]}, "fake must be an array of numbers"),
        ({"real": X[:1]}, "`real` has 1 examples; at least"),
        ({"max_samples": 0}, "max_samples=0"),
        ({"max_samples": 2.5}, "max_samples=2.5"),
        ({"random_state": "x"}, "random"),
    ],
)
def test_bad_input(metric, change, words):
    with pytest.raises(ValueError, match=words) as error:
        metric(**{"real": X, "fake": Y, "random_state": 0, **change})
    if "random_state" not in change:
        assert re.search(metric.__name__, str(error.value))


def test_bad_settings():
    both = {"real": X, "fake": Y}
    for metric, options, words in [
        (metrics.frechet_distance, {"n_resamples": 1}, "n_resamples=1"),
        (metrics.kernel_distance, {"subsets": 1}, "subsets=1"),
        (metrics.kernel_distance, {"subsets": 3, "subset_size": 2}, "subset_size=2"),
        (metrics.mmd, {"bandwidth": 0.0}, "bandwidth=0.0"),
        (metrics.mmd, {"n_permutations": -1}, "n_permutations=-1"),
        (metrics.sliced_wasserstein, {"order": 0}, "order=0"),
        (metrics.sliced_wasserstein, {"n_projections": 0}, "n_projections=0"),
        (metrics.prdc, {"n_neighbors": 0}, "n_neighbors=0"),
        (metrics.prdc, {"n_neighbors": 40}, r"`real` has 60.*at least 82.*is split"),
        (metrics.classifier_two_sample, {"classifier": "tree"}, "scikit-learn class"),
        (metrics.mode_coverage, {"radius": 1.0}, "radius=1.0.*None without"),
        (metrics.mode_coverage, {}, r"`real` must hold the label.*\(60, 4, 4\)"),
        (metrics.mode_coverage, {"modes": X, "radius": 1}, r"shape \(k, 16\)"),
        (metrics.mode_coverage, {"modes": X[:, 0], "radius": -1}, "number > 0"),
        (metrics.mode_coverage, {"min_count": 0}, "min_count=0"),
    ]:
        with pytest.raises(ValueError, match=words):
            metric(**both, **options)
    wide = np.zeros((4, 5000))
    with pytest.raises(ValueError, match="5000 features.*4096.*default_features"):
        metrics.frechet_distance(real=wide, fake=wide)
    with pytest.raises(ValueError, match="log_prob"):
        metrics.bits_per_dim([np.nan], (2,))
    with pytest.raises(ValueError, match="event_shape"):
        metrics.bits_per_dim([0.0], (2, 0))


def chosen(real, fake, **options):
    settings = {"held_out": None, "features": None, "floor": True}
    settings |= {"max_samples": 1000, "random_state": 0}
    return choose("metric", real, fake, **{**settings, **options})


@pytest.mark.parametrize(
    ("n", "m", "held", "options", "wanted"),
    [
        (100, 30, None, {}, (70, 30, 30)),
        (100, 80, None, {}, (50, 50, 50)),
        (100, 80, 40, {}, (100, 40, 40)),
        (100, 80, 90, {}, (100, 80, 80)),
        (100, 80, 90, {"max_samples": 20}, (20, 20, 20)),
        (100, 80, None, {"max_samples": 20}, (20, 20, 20)),
        (100, 80, None, {"floor": False}, (100, 80, None)),
        (100, 80, 90, {"floor": False, "max_samples": 50}, (50, 50, None)),
    ],
)
def test_value_and_floor_are_of_the_same_numbers(n, m, held, options, wanted):
    real, fake = np.arange(n)[:, None], 1000 + np.arange(m)[:, None]
    held_out = None if held is None else 5000 + np.arange(held)[:, None]
    found = chosen(real, fake, held_out=held_out, **options)
    parts = (found.real, found.fake, found.held_out)
    assert tuple(None if x is None else len(x) for x in parts) == wanted
    for part in parts:
        assert part is None or len(np.unique(part)) == len(part)
    if found.held_out is not None:  # nothing is compared with itself
        assert not set(found.real[:, 0]) & set(found.held_out[:, 0])


def test_progress_is_shown_only_where_it_is_wanted(capsys, monkeypatch):
    monkeypatch.setattr("kgen.core.progress.is_watched", lambda: True)
    for metric in METRICS:
        metric(real=X, fake=Y, random_state=0)
        assert capsys.readouterr().out == ""
        metric(real=X, fake=Y, random_state=0, verbose=1)
        assert re.search(r"(\d+)/\1\b", capsys.readouterr().out), metric.__name__


@pytest.mark.slow
def test_features_of_a_classifier(digits, fresh, tmp_path):
    X, y = digits
    names = np.array(list("abcdefghij"))[y]
    features = metrics.default_features(X, names, steps=150, cache_dir=tmp_path)
    assert features.source == "classifier"
    assert features.accuracy > 0.9
    vectors = features(X)
    assert vectors.shape == (len(X), 64)
    np.testing.assert_allclose(vectors.mean(axis=0), 0, atol=0.05)
    assert vectors.var(axis=0).mean() == pytest.approx(1, abs=0.05)
    assert np.mean(features.predict(X) == y) > 0.9
    np.testing.assert_allclose(features(X[..., None]), vectors, atol=1e-5)

    # The same call gives the same features: from memory, from the file, trained again.
    again = metrics.default_features(X, names, steps=150, cache_dir=tmp_path)
    assert again is features
    (file,) = tmp_path.iterdir()
    features_module._CACHE = features_module._Cache(2)
    read = metrics.default_features(X, names, steps=150, cache_dir=tmp_path)
    assert read.accuracy == features.accuracy
    np.testing.assert_array_equal(read(X[:50]), features(X[:50]))
    assert metrics.default_features(X, y, steps=150) is read  # what labels are called
    assert metrics.default_features(X + 1, y, steps=1) is not read
    assert [file] == list(tmp_path.iterdir())

    with pytest.raises(ValueError, match=r"`X` have shape \(8, 7\)"):
        features(X[:, :, :7])
    # More noise is further away.
    noise = np.random.default_rng(0).normal(size=X.shape)
    distances = [
        metrics.frechet_distance(
            real=X, fake=X[::2] + scale * noise[::2], features=features, random_state=0
        )
        for scale in (0, 4, 8)
    ]
    assert distances[0] < distances[1] < distances[2]
    assert distances[2] > 3 * distances[2].floor
    classes = metrics.mode_coverage(real=y, fake=features.predict(X[y < 3]))
    assert float(classes.covered) < 0.6


def test_features_without_labels(digits, fresh):
    X, y = digits
    features = metrics.default_features(X, n_features=16)
    assert features.source == "random"
    assert math.isnan(features.accuracy)
    assert features(X).shape == (len(X), 16)
    # Images of one class are not those of all.
    found = metrics.frechet_distance(
        real=X, fake=X[y == 3], features=features, random_state=0
    )
    assert found > 3 * found.floor
    with pytest.raises(ValueError, match="name no classes"):
        features.predict(X)


def test_features_of_tables(fresh):
    X, centre = mixture(1000, random_state=0)
    columns = metrics.default_features(X)
    assert columns.source == "columns"
    np.testing.assert_allclose(
        columns(X), (X - X.mean(axis=0)) / X.std(axis=0), atol=1e-5
    )
    classifier = metrics.default_features(X, centre, steps=150, n_features=8)
    assert classifier(X).shape == (1000, 8)
    assert classifier.accuracy > 0.95


@pytest.mark.parametrize("y", [np.zeros(60), np.arange(59), np.zeros((60, 2))])
def test_labels_that_are_none(y):
    with pytest.raises(ValueError, match="at least two classes|label of each"):
        metrics.default_features(X, y)
