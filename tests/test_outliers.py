"""Outliers: scores and thresholds that are known, and the trap of the likelihood."""

import pickle

import numpy as np
import pytest
import tensorflow as tf
from scipy.stats import multivariate_normal
from sklearn.base import BaseEstimator, clone
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import roc_auc_score
from sklearn.mixture import GaussianMixture
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KernelDensity
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator

import kgen
from kgen.data.toy import bars
from kgen.tasks import Background, Complexity, OutlierDetector
from tests.conftest import tiny

GAUSSIAN = GaussianMixture(random_state=0)
PIPELINE = make_pipeline(StandardScaler(), GAUSSIAN)
CHECKED = {
    "likelihood": OutlierDetector(GAUSSIAN),
    "auto": OutlierDetector(GAUSSIAN, "auto"),
    "typicality": OutlierDetector(KernelDensity(), score="typicality"),
    "background": OutlierDetector(
        GAUSSIAN,
        "auto",
        score="likelihood_ratio",
        background=Background(PIPELINE, random_state=0),
    ),
    "complexity": OutlierDetector(PIPELINE, score="likelihood_ratio"),
}
SLOW = [
    pytest.param(name, marks=pytest.mark.slow) for name in CHECKED if name != "auto"
]


@pytest.mark.parametrize("name", ["auto", *SLOW])
def test_scikit_learn_s_checks(name):
    check_estimator(CHECKED[name], on_skip=None)


class Normal(BaseEstimator):
    """A normal density that is known: nothing is learnt."""

    def __init__(self, mean=0.0, spread=1.0):
        self.mean, self.spread = mean, spread

    def fit(self, X, y=None):
        self.fitted_ = True
        return self

    def score_samples(self, X):
        d = np.shape(X)[1]
        law = multivariate_normal(np.full(d, self.mean), self.spread**2 * np.eye(d))
        return law.logpdf(X).reshape(len(X))


class Given(BaseEstimator):
    """A density whose logarithm is the only feature."""

    def fit(self, X, y=None):
        self.n_rows_ = len(X)
        return self

    def score_samples(self, X):
        return np.asarray(X, "float64")[:, 0]


def test_ratio_of_two_normals():
    X = np.random.default_rng(0).normal(size=(50, 3))
    background = FrozenEstimator(Normal(0.5, 2.0).fit(X))
    detector = OutlierDetector(
        Normal(), score="likelihood_ratio", background=background
    ).fit(X)
    square = (X**2).sum(axis=1) / 2 - ((X - 0.5) ** 2).sum(axis=1) / 8
    np.testing.assert_allclose(detector.score_samples(X), 3 * np.log(2) - square)


def test_typicality_of_a_standard_normal():
    """Its mode is the least typical of all: a typical |x|^2 is d, not 0."""
    X = np.random.default_rng(0).normal(size=(500, 100))
    detector = OutlierDetector(Normal(), 0.01, "typicality").fit(X)
    mean = (X**2).sum(axis=1).mean() / 2
    again = np.random.default_rng(1).normal(size=(9, 100))
    known = -np.abs((again**2).sum(axis=1) / 2 - mean)
    np.testing.assert_allclose(detector.score_samples(again), known, atol=1e-9)
    origin = np.zeros((1, 100))
    assert detector.predict(origin) == -1
    detector.set_params(score="likelihood").fit(X)
    assert detector.predict(origin) == 1


@pytest.mark.parametrize("n", [10, 37, 1000])
@pytest.mark.parametrize("contamination", [0.01, 0.1, 0.25, 0.5])
def test_contamination_is_the_share_below_the_threshold(n, contamination):
    X = np.random.default_rng(0).normal(size=(n, 1))
    detector = OutlierDetector(Given(), contamination).fit(X)
    below = int((X[:, 0] < detector.threshold_).sum())
    assert below == round(contamination * n)
    assert int((detector.predict(X) == -1).sum()) == below
    assert detector.threshold_ == detector.offset_


def test_what_is_equal_is_not_split_by_rounding():
    X = np.repeat([[1.0], [2.0], [3.0]], [5, 90, 5], axis=0)
    X *= 1 + 1e-15 * np.random.default_rng(0).normal(size=X.shape)
    predicted = OutlierDetector(Given(), 0.2).fit_predict(X)
    assert (predicted == np.repeat([-1, 1], [5, 95])).all()
    assert (OutlierDetector(Given(), 0.01).fit_predict(X) == 1).all()


def test_what_is_impossible_is_an_outlier():
    X = np.array([-np.inf, -np.inf, -np.inf, 1, 2, 3])[:, np.newaxis]
    for contamination in (0.1, 0.5, "auto"):
        frozen = FrozenEstimator(Given().fit(X))
        detector = OutlierDetector(frozen, contamination).fit(X)
        assert (detector.predict(X) == [-1, -1, -1, 1, 1, 1]).all()
    ratio = OutlierDetector(
        Given(), score="likelihood_ratio", background=FrozenEstimator(Given().fit(X))
    ).fit(X)
    assert (ratio.score_samples(X)[:3] == -np.inf).all()
    assert OutlierDetector(Given(), score="typicality").fit(X).mean_log_prob_ == 2
    with pytest.raises(ValueError, match="none of the 3 examples"):
        OutlierDetector(Given()).fit(X[:3])


def test_auto_keeps_its_promise_where_the_density_overfits():
    """A kernel density with a tiny bandwidth knows its training data by heart."""
    random = np.random.default_rng(0)
    alarms = {0.05: [], "auto": []}
    for _ in range(40):
        X, new = random.normal(size=(500, 2)), random.normal(size=(500, 2))
        for contamination, found in alarms.items():
            detector = OutlierDetector(KernelDensity(bandwidth=0.02), contamination)
            found.append((detector.fit(X).predict(new) == -1).mean())
    assert np.mean(alarms[0.05]) > 0.5
    # 100 are held out: floor(0.05 * 101) / 101 in the mean.
    error = np.std(alarms["auto"]) / np.sqrt(40)
    assert abs(np.mean(alarms["auto"]) - 5 / 101) < 3 * error < 0.02


def test_auto_holds_out_a_fifth_unless_all_is_frozen():
    X = np.random.default_rng(0).permutation(np.arange(100.0))[:, np.newaxis]
    fitted = Given().fit(X[:7])
    assert OutlierDetector(Given(), "auto").fit(X).density_.n_rows_ == 80
    detector = OutlierDetector(FrozenEstimator(fitted), "auto").fit(X)
    assert detector.density_.n_rows_ == 7
    # The fifth of 100: floor(0.05 * 101) = 5, of which four are below.
    assert (detector.predict(X) == np.where(X[:, 0] < 4, -1, 1)).all()
    detector = OutlierDetector(Given(), "auto", "typicality").fit(X)
    (train, _), (judged, _) = detector._split(X, None)
    assert detector.mean_log_prob_ == train.mean() != judged.mean()
    assert sorted(np.concatenate([train, judged])[:, 0]) == [*range(100)]
    with pytest.raises(ValueError, match="more than one example"):
        OutlierDetector(Given(), "auto").fit(X[:1])


def test_the_trap():
    """Pixels near grey: a plain grey image is the most probable of all."""
    random = np.random.default_rng(0)
    own = np.clip(random.normal(128, 40, size=(300, 8, 8)), 0, 255).astype("uint8")
    plain = np.repeat(random.integers(100, 156, size=100), 64).reshape(-1, 8, 8)
    X, other, new = own[:200], plain.astype("uint8"), own[200:]
    flat = np.concatenate([new, other])
    odd = np.repeat([0, 1], 100)
    found = {
        score: roc_auc_score(
            odd, -OutlierDetector(Pixels(), score=score).fit(X).score_samples(flat)
        )
        for score in ("likelihood", "typicality", "likelihood_ratio")
    }
    assert found["likelihood"] < 0.01
    assert found["typicality"] > 0.99
    assert found["likelihood_ratio"] > 0.99


class Pixels(BaseEstimator):
    """Independent normal pixels, all of one law."""

    def fit(self, X, y=None):
        self.mean_, self.std_ = X.mean(), X.std()
        return self

    def score_samples(self, X):
        return -((X - self.mean_) ** 2 / (2 * self.std_**2)).sum(axis=(1, 2))


@pytest.mark.parametrize(
    "name", ["PixelCNN", pytest.param("VAE", marks=pytest.mark.slow)]
)
def test_densities_of_images(name, eager):
    X = bars(24, size=4, random_state=0)
    detector = OutlierDetector(tiny(name), score="likelihood_ratio")
    known = detector.fit(X).density_.log_prob(X) + bits(X) * np.log(2)
    np.testing.assert_allclose(detector.score_samples(X), known, rtol=1e-5)
    detector.set_params(background=tiny(name), contamination="auto").fit(X)
    assert isinstance(detector.background_, Background)
    assert set(detector.predict(X)) <= {-1, 1}
    again = pickle.loads(pickle.dumps(detector))
    np.testing.assert_array_equal(again.score_samples(X), detector.score_samples(X))


def bits(X):
    return -Complexity().fit(X).score_samples(X) / np.log(2)


def test_conditional_densities_take_y_everywhere(eager):
    X = bars(24, size=3, random_state=0)
    y = X.all(axis=2).any(axis=1)
    density = tiny("ConditionalPixelCNN")
    detector = OutlierDetector(density, "auto", "likelihood_ratio", clone(density)).fit(
        X, y
    )
    known = detector.density_.log_prob(X, y) - detector.background_.score_samples(X, y)
    np.testing.assert_allclose(detector.score_samples(X, y), known, rtol=1e-6)
    assert detector.predict(X, y).shape == detector.fit_predict(X, y).shape == (24,)
    with pytest.raises(ValueError, match="requires y"):
        detector.predict(X)


def test_frozen_densities_are_used_as_they_are():
    X = np.random.default_rng(0).normal(size=(100, 2))
    fitted = GaussianMixture(random_state=0).fit(X)
    frozen = FrozenEstimator(fitted)
    detector = OutlierDetector(
        frozen, score="likelihood_ratio", background=FrozenEstimator(fitted)
    ).fit(X + 3)
    assert detector.density_.estimator is fitted
    assert (detector.score_samples(X) == 0).all()


def test_frames_and_pipelines():
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(
        np.random.default_rng(0).normal(size=(99, 2)), columns=["a", "b"]
    )
    for contamination in (0.1, "auto"):
        detector = OutlierDetector(PIPELINE, contamination, background=GAUSSIAN)
        detector.set_params(score="likelihood_ratio").fit(frame)
        assert list(detector.feature_names_in_) == ["a", "b"]
        with pytest.raises(ValueError, match="feature names"):
            detector.predict(frame[["b", "a"]])


def test_score_is_a_setting_and_can_be_called():
    X = np.random.default_rng(0).normal(size=(90, 2))
    detector = OutlierDetector(GAUSSIAN, score="typicality")
    assert detector.score == "typicality"
    assert "score='typicality'" in repr(detector)
    assert clone(detector).get_params()["score"] == "typicality"
    assert type(pickle.loads(pickle.dumps(detector.score))) is str
    assert detector.fit(X).score(X) == detector.score_samples(X).mean()
    components = {"density__n_components": [1, 8]}
    search = GridSearchCV(OutlierDetector(GAUSSIAN), components, cv=3).fit(X)
    assert search.best_params_ == {"density__n_components": 1}


@pytest.mark.parametrize(
    ("settings", "error", "match"),
    [
        ({"density": kgen.GAN()}, TypeError, r"Got GAN\(\), which has no `score_sam"),
        (
            {"density": GaussianMixture},
            TypeError,
            "the class GaussianMixture, and must",
        ),
        ({"density": StandardScaler()}, TypeError, "`density` must be an estimator"),
        ({"contamination": 0.6}, ValueError, r"contamination=0.6\).* > 0 and <= 0.5"),
        ({"contamination": 0}, ValueError, "contamination"),
        ({"contamination": "all"}, ValueError, "contamination.* one of 'auto'"),
        ({"score": "ratio"}, ValueError, "one of 'likelihood', 'typicality', 'likel"),
        ({"score": None}, ValueError, "`score` must be one of"),
        (
            {"score": "likelihood_ratio", "background": "png"},
            TypeError,
            "`background` must be an estimator",
        ),
    ],
)
def test_settings_that_cannot_be(settings, error, match):
    X = np.random.default_rng(0).normal(size=(20, 2))
    with pytest.raises(error, match=match):
        OutlierDetector(**{"density": Given(), **settings}).fit(X)


def test_data_that_cannot_be():
    X = np.random.default_rng(0).normal(size=(20, 2))
    with pytest.raises(TypeError, match="X is a dataset"):
        OutlierDetector(Given()).fit(tf.data.Dataset.from_tensor_slices(X).batch(4))
    X[3, 0] = np.nan
    with pytest.raises(ValueError, match="the density gave NaN for 1 examples"):
        OutlierDetector(Given()).fit(X)
    with pytest.raises(ValueError, match="dim 3"):
        OutlierDetector(GAUSSIAN).fit(np.zeros((20, 3, 3)))
