"""Bayes' rule, the labels of conditional densities, and what `BayesClassifier` rejects.

The answers are scikit-learn's closed forms, and counts.
"""

import dataclasses

import numpy as np
import pytest
from scipy.stats import multivariate_normal
from sklearn.base import BaseEstimator, DensityMixin, clone
from sklearn.datasets import load_iris
from sklearn.discriminant_analysis import QuadraticDiscriminantAnalysis
from sklearn.ensemble import IsolationForest
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.mixture import GaussianMixture
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KernelDensity
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.utils.estimator_checks import (
    estimator_checks_generator,
    parametrize_with_checks,
)

import kgen
from kgen.base.bayes import bayes
from kgen.data.toy import bars
from kgen.tasks import BayesClassifier
from tests.conftest import eagerly, tiny

X, Y = load_iris(return_X_y=True)
NAMES = np.array(["setosa", "versicolor", "virginica"])[Y]
PRIORS = np.array([0.6, 0.3, 0.1])
BARS = bars(64, size=4, random_state=0)
KINDS = np.where(BARS.all(axis=2).any(axis=1), "row", "column")


class Normal(DensityMixin, BaseEstimator):
    """The normal density of a class, whose covariance divides by n - ddof."""

    def __init__(self, ddof=0):
        self.ddof = ddof

    def fit(self, X, y=None):
        covariance = np.cov(X.T, ddof=self.ddof)
        self.law_ = multivariate_normal(X.mean(axis=0), covariance)
        return self

    def score_samples(self, X):
        return np.atleast_1d(self.law_.logpdf(X))


@pytest.fixture(scope="module")
def conditional():
    with eagerly():
        return tiny("ConditionalPixelCNN", epochs=3).fit(BARS, KINDS)


# With full covariances, two classes of one of the checks are equally probable.
DENSITIES = (GaussianMixture(covariance_type="diag"), KernelDensity())


@parametrize_with_checks([BayesClassifier(density) for density in DENSITIES])
def test_scikit_learn_s_checks(estimator, check):
    check(estimator)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:X holds integers outside|.*stored as floats")
def test_scikit_learn_s_checks_with_a_density_of_kgen(eager):
    density = kgen.MAF(
        layers=1, hidden=(8,), epochs=10, learning_rate=0.02, random_state=0
    )
    names = {"classifiers_train", "estimators_pickle", "methods_subset_invariance"}
    names |= {"fit_idempotent", "classifiers_classes", "n_features_in_after_fitting"}
    for estimator, check in estimator_checks_generator(BayesClassifier(density)):
        if check.func.__name__.removeprefix("check_") in names:
            check(estimator)


def test_the_rule():
    """Written out, where nothing underflows."""
    random = np.random.default_rng(0)
    likelihood = random.uniform(size=(20, 3))
    found = bayes(np.log(likelihood), PRIORS)
    joint = likelihood * PRIORS
    np.testing.assert_allclose(np.exp(found.log_evidence), joint.sum(axis=1))
    expected = joint / joint.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(np.exp(found.log_proba), expected)


@pytest.mark.parametrize("shift", [-1e5, -800.0, 800.0, 1e5])
def test_the_rule_far_from_one(shift):
    """A factor that all labels share changes p(x) only."""
    scores = np.random.default_rng(0).normal(scale=20, size=(20, 3))
    plain, moved = bayes(scores, PRIORS), bayes(scores + shift, PRIORS)
    np.testing.assert_allclose(moved.log_proba, plain.log_proba, atol=1e-9)
    np.testing.assert_allclose(moved.log_evidence, plain.log_evidence + shift)


def test_the_rule_at_infinity():
    inf = np.inf
    scores = [[-inf, -inf, -inf], [-inf, 1, -inf], [inf, inf, 3], [inf, 0, -inf]]
    found = bayes(np.array(scores), PRIORS)
    expected = [PRIORS, [0, 1, 0], [2 / 3, 1 / 3, 0], [1, 0, 0]]
    np.testing.assert_allclose(np.exp(found.log_proba), expected)
    np.testing.assert_allclose(found.log_evidence, [-inf, 1 + np.log(0.3), inf, inf])
    never = bayes(np.array([[5.0, -inf], [inf, 3.0], [-inf, -inf]]), np.array([0, 1]))
    np.testing.assert_array_equal(np.exp(never.log_proba), [[0, 1]] * 3)
    np.testing.assert_array_equal(never.log_evidence, [-inf, 3, -inf])


@pytest.mark.parametrize("priors", [None, PRIORS])
@pytest.mark.parametrize("labels", [Y, NAMES, NAMES.astype(object), Y == 0])
def test_normal_classes_are_quadratic_discriminant_analysis(priors, labels):
    if priors is not None:
        priors = PRIORS[: len(np.unique(labels))] / PRIORS[: len(set(labels))].sum()
    closed = QuadraticDiscriminantAnalysis(
        priors=priors, store_covariance=True, tol=1e-12
    ).fit(X, labels)
    first = np.cov(X[labels == closed.classes_[0]].T, ddof=0)
    ddof = int(not np.allclose(closed.covariance_[0], first))  # before version 1.9: 1
    found = BayesClassifier(Normal(ddof), priors=priors).fit(X, labels)
    np.testing.assert_array_equal(found.classes_, closed.classes_)
    np.testing.assert_allclose(found.class_prior_, closed.priors_)
    np.testing.assert_allclose(
        found.predict_proba(X), closed.predict_proba(X), atol=1e-8
    )
    np.testing.assert_array_equal(found.predict(X), closed.predict(X))
    assert found.predict(X).dtype == labels.dtype
    assert found.score(X, labels) == closed.score(X, labels)


def test_one_normal_per_feature_is_naive_bayes():
    density = GaussianMixture(covariance_type="diag", reg_covar=0)
    found = BayesClassifier(density).fit(X, Y)
    closed = GaussianNB(var_smoothing=0).fit(X, Y)
    expected = closed.predict_joint_log_proba(X)
    evidence = np.logaddexp.reduce(expected, axis=1)
    np.testing.assert_allclose(found.score_samples(X), evidence, rtol=1e-6)
    expected = closed.predict_log_proba(X)
    np.testing.assert_allclose(
        found.predict_log_proba(X), expected, rtol=1e-5, atol=1e-12
    )


def test_labels_of_a_conditional_density(conditional):
    joint = [conditional.log_prob(BARS, kind) for kind in ("column", "row")]
    joint = np.exp(np.stack(joint, axis=1)) * conditional.class_prior_
    expected = joint / joint.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(conditional.predict_proba(BARS), expected, atol=1e-6)
    predicted = conditional.predict(BARS)
    assert predicted.dtype == KINDS.dtype
    np.testing.assert_array_equal(predicted == "row", expected[:, 1] > 0.5)
    found = BayesClassifier(clone(conditional)).fit(BARS, KINDS)
    assert len(found.densities_) == 1
    np.testing.assert_array_equal(
        found.predict_proba(BARS), conditional.predict_proba(BARS)
    )
    other = BayesClassifier(clone(conditional), priors=[0, 1]).fit(BARS, KINDS)
    assert set(other.predict(BARS)) == {"row"}


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("MAF", X[::5]),
        ("WaveNet", X[::5]),
        pytest.param("ConditionalVAE", X[::5], marks=pytest.mark.slow),
        pytest.param("RealNVP", X[::5], marks=pytest.mark.slow),
        pytest.param("NSF", X[::5], marks=pytest.mark.slow),
        pytest.param("Glow", X[::5].reshape(30, 2, 2, 1), marks=pytest.mark.slow),
    ],
)
def test_all_conditional_densities_classify(name, data, eager):
    given = {} if name == "ConditionalVAE" else {"conditional": True}
    fitted = tiny(name, **given).fit(data, NAMES[::5])
    scores = [fitted.log_prob(data, label) for label in fitted.classes_]
    expected = bayes(np.stack(scores, axis=1), fitted.class_prior_)
    np.testing.assert_allclose(
        fitted.predict_proba(data), np.exp(expected.log_proba), rtol=1e-6
    )
    assert set(fitted.predict(data)) <= set(NAMES)


def test_labels_survive_files(conditional, tmp_path):
    conditional.save(tmp_path / "a.keras")
    loaded = kgen.load(tmp_path / "a.keras")
    np.testing.assert_array_equal(loaded.predict(BARS), conditional.predict(BARS))


def test_without_frequencies_the_prior_is_uniform(conditional):
    """A file may lack them."""
    copy = clone(conditional)
    vars(copy).update(vars(conditional))
    copy.conditions_ = dataclasses.replace(conditional.conditions_, prior=None)
    scores = [conditional.log_prob(BARS, label) for label in conditional.classes_]
    expected = bayes(np.stack(scores, axis=1), np.array([0.5, 0.5]))
    np.testing.assert_allclose(copy.predict_proba(BARS), np.exp(expected.log_proba))


def test_who_has_predict(conditional, eager):
    for name in ("PixelCNN", "MAF", "WaveNet", "VAE", "GAN", "ConditionalGAN"):
        assert not hasattr(tiny(name), "predict"), name
        assert not hasattr(tiny(name), "predict_proba"), name
    assert hasattr(tiny("MAF", conditional=True), "predict")
    with pytest.raises(NotFittedError):
        tiny("ConditionalPixelCNN").predict(BARS)
    vectors = np.eye(2)[(KINDS == "row").astype(int)]
    fitted = tiny("ConditionalPixelCNN").fit(BARS, vectors)
    with pytest.raises(ValueError, match=r"predict_proba.*vectors of shape \(n, 2\)"):
        fitted.predict_proba(BARS)


def test_the_rate_of_rejection_is_that_of_new_examples():
    """Over many draws; the threshold's rank gives 10 / 101 to the last digit."""
    random = np.random.default_rng(0)
    shares = []
    for seed in range(60):
        X, new = random.normal(size=(500, 2)), random.normal(size=(2000, 2))
        model = BayesClassifier(KernelDensity(bandwidth=0.05), 0.1, random_state=seed)
        model.fit(X, X[:, 0] > 0)
        shares.append(np.mean(model.predict(new) == -1))
    # Beta(10, 91), of standard deviation 0.03.
    assert np.mean(shares) == pytest.approx(10 / 101, abs=3 * 0.03 / np.sqrt(60))


def test_what_is_rejected():
    model = BayesClassifier(Normal(), reject=0.1, random_state=0).fit(X, Y)
    sure, far = model.predict(X), np.full((1, 4), 99.0)
    evidence = model.score_samples(X)
    np.testing.assert_array_equal(sure == -1, evidence < model.threshold_)
    assert model.predict(far) == [-1]
    assert model.predict_proba(far).sum() == pytest.approx(1)
    kept = sure != -1
    np.testing.assert_array_equal(
        sure[kept], model.predict_proba(X).argmax(axis=1)[kept]
    )
    same = BayesClassifier(Normal(), threshold=-3).fit(X, Y)
    np.testing.assert_array_equal(same.predict(X) == -1, same.score_samples(X) < -3)
    assert same.threshold_ == -3
    plain = BayesClassifier(Normal()).fit(X, Y)
    assert plain.threshold_ is None
    assert -1 not in plain.predict(far)
    plain.threshold_ = -3.0
    np.testing.assert_array_equal(plain.predict(X), same.predict(X))


def test_where_no_class_has_a_density():
    boxes = KernelDensity(kernel="tophat", bandwidth=0.5)
    far = np.full((1, 4), 99.0)
    model = BayesClassifier(boxes, priors=PRIORS).fit(X, Y)
    np.testing.assert_allclose(model.predict_proba(far), [PRIORS])
    assert model.predict(far) == [0]
    model = BayesClassifier(boxes, threshold=-1e300, priors=PRIORS).fit(X, Y)
    assert model.predict(far) == [-1]
    model.threshold_ = -np.inf  # as that of held-out examples may be
    assert model.predict(far) == [-1]
    assert -1 not in model.predict(X)


def test_a_fitted_density_is_used_as_it_is(conditional):
    frozen = FrozenEstimator(conditional)
    model = BayesClassifier(frozen, 0.2, "?", random_state=0).fit(BARS, KINDS)
    expected = conditional.predict_proba(BARS)
    np.testing.assert_array_equal(model.predict_proba(BARS), expected)
    assert model.threshold_ in model.score_samples(BARS)


@pytest.mark.parametrize(
    ("labels", "label", "dtype"),
    [
        (Y.astype("uint8"), -1, np.int64),
        (NAMES, "unknown", NAMES.dtype),
        (NAMES.astype(object), "?", object),
        (Y == 0, -1, np.int64),
        (Y.astype(float), np.nan, np.float64),
    ],
)
def test_labels_of_rejected_examples(labels, label, dtype):
    model = BayesClassifier(Normal(), threshold=-3, reject_label=label)
    found = model.fit(X, labels).predict(X)
    assert found.dtype == dtype
    plain = BayesClassifier(Normal()).fit(X, labels).predict(X)
    rejected = model.score_samples(X) < -3
    np.testing.assert_array_equal(found[rejected], [label] * rejected.sum())
    np.testing.assert_array_equal(found[~rejected], plain[~rejected])


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"reject": 0}, "`reject` must be a finite number > 0 and < 1"),
        ({"reject": 1.0}, "`reject` must be"),
        ({"reject": True}, "`reject` must be"),
        ({"reject": 0.1, "threshold": -3}, "either `reject`"),
        ({"threshold": np.nan}, "`threshold` must be a finite number"),
        ({"calibration": 1}, "`calibration` must be"),
        ({"reject": 0.01}, "30 training examples are held out.*at least 99"),
        ({"threshold": -3, "reject_label": "no"}, "another kind"),
        ({"threshold": -3, "reject_label": 2}, "is in y"),
        ({"threshold": -3, "reject_label": None}, "is no label"),
        ({"priors": [0.5, 0.5]}, "must be None, or 3 numbers"),
        ({"priors": [0.5, 0.6, -0.1]}, "numbers >= 0"),
        ({"priors": [0.5, 0.1, 0.1]}, "sum 1"),
        ({"priors": "uniform"}, "must be None, or 3 numbers"),
        ({"density": GaussianMixture}, "must be an estimator with `fit`"),
        ({"density": StandardScaler()}, "Got StandardScaler"),
        ({"density": IsolationForest()}, r"IsolationForest\(\), whose scores"),
        ({"density": kgen.GAN()}, "Got GAN"),
        (
            {"density": make_pipeline(StandardScaler(), GaussianMixture())},
            r"'standardscaler' learns.*make_pipeline\(StandardScaler\(\), Bayes",
        ),
    ],
)
def test_errors(settings, words):
    never = Never()
    with pytest.raises((TypeError, ValueError), match=words):
        BayesClassifier(**{"density": never, **settings}).fit(X, Y)


class Never(Normal):
    """A density that must not be fitted: bad settings are found before."""

    def fit(self, X, y=None):
        raise AssertionError("fitted")


def test_a_function_in_front_keeps_the_units():
    density = make_pipeline(FunctionTransformer(), GaussianMixture())
    found = BayesClassifier(density).fit(X, Y).predict_proba(X)
    plain = BayesClassifier(GaussianMixture()).fit(X, Y).predict_proba(X)
    np.testing.assert_allclose(found, plain)


def test_images(eager):
    """Those of kgen take them as they are, scikit-learn's as rows."""
    images = BARS.astype("uint8")
    own = BayesClassifier(tiny("MADE")).fit(images, KINDS)
    assert own.densities_[0].event_shape_ == (4, 4)
    assert own.predict(images).shape == (64,)
    rows = images.reshape(64, 16)
    flat = BayesClassifier(KernelDensity()).fit(images, KINDS)
    same = BayesClassifier(KernelDensity()).fit(rows, KINDS)
    np.testing.assert_array_equal(flat.predict_proba(images), same.predict_proba(rows))
    with pytest.raises(ValueError, match="16|25"):
        flat.predict(np.zeros((2, 5, 5)))


def test_small_integers_do_not_overflow():
    """scikit-learn's GaussianMixture would score them in their own dtype."""
    pixels = np.random.default_rng(0).integers(0, 17, (90, 4)) + 8 * Y[:90, np.newaxis]
    model = BayesClassifier(GaussianMixture()).fit(pixels.astype("uint8"), Y[:90])
    reals = BayesClassifier(GaussianMixture()).fit(pixels.astype(float), Y[:90])
    np.testing.assert_allclose(
        model.score_samples(pixels.astype("uint8")), reals.score_samples(pixels * 1.0)
    )
    frame = pytest.importorskip("pandas").DataFrame(pixels.astype("uint8"))
    whole = BayesClassifier(GaussianMixture()).fit(frame, Y[:90])
    np.testing.assert_allclose(
        whole.score_samples(frame), reals.score_samples(pixels * 1.0)
    )


def test_frames(eager):
    pandas = pytest.importorskip("pandas")
    part, labels = X[::5], Y[::5]
    frame = pandas.DataFrame(part, columns=list("abcd"))
    model = BayesClassifier(tiny("MADE"), reject=0.3, random_state=0)
    model.fit(frame, labels)
    assert list(model.feature_names_in_) == list("abcd")
    assert model.densities_[0].columns_.names == list("abcd")
    plain = clone(model).fit(part, labels)
    np.testing.assert_array_equal(model.predict(frame), plain.predict(part))
    with pytest.raises(ValueError, match="feature names"):
        model.predict(frame[list("bacd")])


def test_settings_of_the_density_can_be_searched():
    search = GridSearchCV(
        BayesClassifier(KernelDensity()), {"density__bandwidth": [1e-3, 0.3]}, cv=3
    )
    assert search.fit(X, Y).best_params_ == {"density__bandwidth": 0.3}
