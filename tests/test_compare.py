"""Densities side by side: the numbers of `compare`, and what its plot shows."""

import importlib

import matplotlib.pyplot as plt
import numpy as np
import pytest
from scipy.stats import norm
from sklearn.base import BaseEstimator, DensityMixin
from sklearn.ensemble import IsolationForest
from sklearn.mixture import GaussianMixture
from sklearn.model_selection import (
    KFold,
    PredefinedSplit,
    RepeatedKFold,
    StratifiedKFold,
    cross_val_score,
)
from sklearn.neighbors import KernelDensity
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import kgen
from kgen.data.toy import bars, mixture
from kgen.tasks import BayesClassifier, compare
from tests.conftest import tiny

pandas = pytest.importorskip("pandas")

X, Y = mixture(120, random_state=0)


class Fixed(DensityMixin, BaseEstimator):
    """A normal density that learns nothing, so that every fold has the same one."""

    def __init__(self, mean=0.0):
        self.mean = mean

    def fit(self, X, y=None):
        self.fitted_ = True
        return self

    def score_samples(self, X):
        return norm.logpdf(np.asarray(X) - self.mean).sum(axis=1)


@pytest.mark.parametrize("unit", ["nats", "bits_per_dim"])
def test_means_and_errors(unit):
    """Closed forms of densities that do not depend on the fold."""
    densities = {"worse": Fixed(1.0), "best": Fixed(), "worst": Fixed(3.0)}
    found = compare(densities, X, unit=unit)
    assert list(found.index) == ["best", "worse", "worst"]
    factor = 1 if unit == "nats" else -1 / (2 * np.log(2))
    best = Fixed().score_samples(X)
    for name, row in found.iterrows():
        scores = densities[name].score_samples(X)
        error, paired = (s.std(ddof=1) / np.sqrt(120) for s in (scores, scores - best))
        assert row[unit] == pytest.approx(factor * scores.mean())
        assert row.stderr == pytest.approx(abs(factor) * error)
        assert row.difference == pytest.approx(factor * (scores - best).mean())
        assert row.difference_stderr == pytest.approx(abs(factor) * paired)
        assert row.fit_seconds >= 0
        assert row.score_seconds >= 0


def test_means_are_those_of_cross_val_score():
    densities = {"one": GaussianMixture(), "kernels": KernelDensity(bandwidth=0.3)}
    for cv in (4, KFold(3, shuffle=True, random_state=0)):
        found = compare(densities, X, cv=cv)
        one = cross_val_score(GaussianMixture(), X, cv=cv).mean()
        assert found.nats["one"] == pytest.approx(one)
        folds = cross_val_score(KernelDensity(bandwidth=0.3), X, cv=cv)
        assert found.nats["kernels"] == pytest.approx(folds.mean() / (120 / len(folds)))


def test_an_example_counts_once():
    """However often it is tested, and only if it is."""
    densities = {"a": Fixed(), "b": Fixed(1.0)}
    once = compare(densities, X).iloc[:, :4]
    cv = RepeatedKFold(n_splits=3, n_repeats=4, random_state=0)
    pandas.testing.assert_frame_equal(compare(densities, X, cv=cv).iloc[:, :4], once)
    cv = PredefinedSplit(np.where(np.arange(120) < 50, 0, -1))
    half = compare(densities, X, cv=cv).iloc[:, :4]
    pandas.testing.assert_frame_equal(half, compare(densities, X[:50]).iloc[:, :4])


def test_the_paired_error_covers():
    """Over 300 data sets the difference is within two errors in 95%."""
    random = np.random.default_rng(0)
    inside = []
    for _ in range(300):
        data = random.normal(size=(100, 2))
        found = compare({"a": Fixed(), "b": Fixed(0.4)}, data, cv=2).loc["b"]
        if found.difference:  # -0.16, unless the other one is best
            off = abs(found.difference + 0.16)
            inside.append(off < 2 * found.difference_stderr)
    assert len(inside) > 290
    assert np.mean(inside) == pytest.approx(0.954, abs=0.04)


def test_integers_get_noise_for_densities_of_reals():
    """A density of reals would pile up on them; with noise it is a lower bound."""
    coins = np.random.default_rng(0).integers(2, size=(400, 1))
    mixtures = {"mixture": GaussianMixture(2, reg_covar=1e-9, random_state=0)}
    assert compare(mixtures, coins, cv=2, dequantize=False).nats["mixture"] > 5
    found = compare(mixtures, coins, cv=2)
    assert -1.5 < found.nats["mixture"] < -np.log(2) + 0.02


def test_those_of_kgen_get_integers_as_they_are(eager):
    """Inside of others, too."""
    coins = np.random.default_rng(0).integers(2, size=(30, 3))
    labels = coins[:, 0]
    density = tiny("MADE", batch_size=64)
    classifier = BayesClassifier(density)
    found = compare({"plain": density, "inside": classifier}, coins, labels, cv=2)
    folds = [*StratifiedKFold(2).split(coins, labels)]
    for name, model in (("plain", density), ("inside", classifier)):
        scores = [
            model.fit(coins[a], labels[a]).score_samples(coins[b]) for a, b in folds
        ]
        expected = np.mean(np.concatenate(scores))
        assert found.nats[name] == pytest.approx(expected, abs=1e-5)


def test_frames_images_and_labels(eager):
    frame = pandas.DataFrame(X, columns=["a", "b"])
    both = {"one": GaussianMixture()}
    same = compare(both, X).nats["one"]
    assert compare(both, frame).nats["one"] == pytest.approx(same, rel=1e-5)
    whole = pandas.DataFrame({"a": np.arange(40), "b": np.arange(40)[::-1]})
    assert compare(both, whole, cv=2).nats["one"] < 0
    images = bars(40, size=3, random_state=0)
    y = images[:, 0, 0]
    densities = {"kernels": KernelDensity(), "p(x|y)": tiny("ConditionalPixelCNN")}
    found = compare(densities, images, y, cv=2, unit="bits_per_dim")
    assert found.bits_per_dim.notna().all()
    bits = []
    for a, b in StratifiedKFold(2).split(images, y):
        fitted = tiny("ConditionalPixelCNN").fit(images[a], y[a])
        bits.append(fitted.bits_per_dim(images[b], y[b]))
    assert found.bits_per_dim["p(x|y)"] == pytest.approx(np.mean(bits), rel=1e-5)


def test_a_density_that_is_zero_somewhere():
    boxes = KernelDensity(kernel="tophat", bandwidth=1e-3)
    found = compare({"boxes": boxes, "a": Fixed()}, X)
    assert found.nats["boxes"] == -np.inf
    assert np.isnan(found.loc["boxes", ["stderr", "difference_stderr"]]).all()
    assert found.difference.tolist() == [0, -np.inf]
    ax = kgen.plots.comparison(found)
    assert [text.get_text() for text in ax.texts] == ["-inf"]
    plt.close("all")


@pytest.mark.parametrize(
    ("densities", "words"),
    [
        ({}, "must be a dictionary"),
        ([GaussianMixture()], "must be a dictionary"),
        ({"a": Fixed(), "b": GaussianMixture}, r"`densities\['b'\]` must be"),
        ({"a": IsolationForest()}, "no log-densities"),
        ({"a": kgen.WGAN()}, "Got WGAN"),
        ({"a": make_pipeline(StandardScaler(), Fixed())}, "change of the units"),
        ({"a": kgen.ConditionalPixelCNN()}, "ConditionalPixelCNN, which needs y"),
    ],
)
def test_errors(densities, words):
    with pytest.raises((TypeError, ValueError), match=words):
        compare(densities, X)


def test_other_errors(monkeypatch):
    class Broken(Fixed):
        def score_samples(self, X):
            return np.full(len(X), np.nan)

    with pytest.raises(ValueError, match="`score_samples` of 'a' must return"):
        compare({"a": Broken()}, X)
    with pytest.raises(ValueError, match="`unit` must be one of 'nats'"):
        compare({"a": Fixed()}, X, unit="bits")
    real = importlib.import_module

    def without_pandas(name):
        if name == "pandas":
            raise ImportError
        return real(name)

    monkeypatch.setattr(importlib, "import_module", without_pandas)
    with pytest.raises(ImportError, match="pip install pandas"):
        compare({"a": Fixed()}, X)


def test_plot():
    found = compare({"a": Fixed(), "b": Fixed(1.0), "c": Fixed(2.0)}, X)
    ax = kgen.plots.comparison(found, title="three")
    assert ax.get_title() == "three"
    assert ax.get_xlabel() == "nats per example"
    assert [label.get_text() for label in ax.get_yticklabels()] == ["a", "b", "c"]
    points = ax.lines[-2]
    np.testing.assert_allclose(points.get_xdata(), found.nats)
    np.testing.assert_array_equal(points.get_ydata(), [0, 1, 2])
    assert ax.yaxis_inverted()
    np.testing.assert_allclose(ax.lines[-1].get_xdata(), found.nats.iloc[0])
    for bars_, name in zip(
        ax.collections, ("stderr", "difference_stderr"), strict=True
    ):
        ends = np.stack([segment[:, 0] for segment in bars_.get_segments()])
        np.testing.assert_allclose(np.ptp(ends, axis=1), 4 * found[name])
    beside = [text.get_text() for text in ax.texts]
    row = found.loc["c"]
    assert beside[1] == f"{row.difference:+.3g} ± {row.difference_stderr:.2g}"
    _, own = plt.subplots()
    assert kgen.plots.comparison(found, ax=own) is own
    plt.close("all")
    for wrong in (X, {}, found[["stderr"]], found.iloc[:0]):
        with pytest.raises(ValueError, match="draws the DataFrame"):
            kgen.plots.comparison(wrong)
