"""Imputation: what is missing, drawn given what is known."""

import numpy as np
import pytest
from sklearn.mixture import GaussianMixture
from sklearn.utils.estimator_checks import parametrize_with_checks

import kgen
from kgen.tasks import Imputer
from kgen.tasks.imputer import _of_the_nearest

TINY = kgen.MADE(hidden=(8,), orders="any", epochs=1, random_state=0)


@pytest.mark.slow
@parametrize_with_checks([Imputer(TINY, n_rounds=1, random_state=0)])
def test_scikit_learns_checks(estimator, check):
    check(estimator)


def with_gaps(X, share, seed=0):
    gaps = np.random.default_rng(seed).random(X.shape) < share
    return np.where(gaps, np.nan, X)


@pytest.fixture(scope="module")
def gaussian():
    """Three features of a Gaussian, with gaps of 30%, and an imputer fitted to them."""
    random = np.random.default_rng(0)
    a, noise = random.normal(size=(2000, 1)), random.normal(size=(2000, 2))
    X = np.hstack([a, np.array([1, -1]) * a + 0.5 * noise]) * [1, 10, 0.1] + [0, 5, 0]
    gappy = with_gaps(X, 0.3)
    density = kgen.MADE(hidden=(32, 32), orders="any", epochs=10, random_state=0)
    density.set_params(learning_rate=3e-3)
    return X, gappy, Imputer(density, n_rounds=4, random_state=0).fit(gappy)


def test_known_values_stay_and_draws_repeat(gaussian):
    _, gappy, imputer = gaussian
    filled = imputer.transform(gappy)
    known = ~np.isnan(gappy)
    assert np.isfinite(filled).all()
    np.testing.assert_array_equal(filled[known], gappy[known])
    np.testing.assert_array_equal(filled, imputer.transform(gappy))
    draws = imputer.draws(gappy, 3)
    np.testing.assert_array_equal(draws[:, known], np.stack([gappy[known]] * 3))
    assert (np.ptp(draws, axis=0)[~known] > 0).all()
    whole = np.ones((2, 3))
    np.testing.assert_array_equal(imputer.transform(whole), whole)
    assert imputer.density_.warm_start is False


@pytest.mark.slow
def test_imputed_values_have_the_law_of_the_missing(gaussian):
    """Against the regression of every feature on those that are known."""
    X, gappy, imputer = gaussian
    draws, missing = imputer.draws(gappy, 20), np.isnan(gappy)
    mean, cov = X.mean(axis=0), np.cov(X.T)
    error, spread = [], []
    for k in range(3):
        rest = [i for i in range(3) if i != k]
        rows = missing[:, k] & ~missing[:, rest].any(axis=1)
        weights = np.linalg.solve(cov[np.ix_(rest, rest)], cov[rest, k])
        expected = mean[k] + (X[rows][:, rest] - mean[rest]) @ weights
        sigma = np.sqrt(cov[k, k] - weights @ cov[rest, k])
        error.append((draws[:, rows, k].mean(axis=0) - expected).std() / sigma)
        spread.append((draws[:, rows, k] - expected).std() / sigma)
    assert max(error) < 0.5  # 0.22 of it is that of the mean of 20 draws
    np.testing.assert_allclose(spread, 1.0, atol=0.25)


def test_whole_numbers_stay_whole():
    X = kgen.data.toy.bars(200, size=3, random_state=0).reshape(200, 9).astype(float)
    imputer = Imputer(TINY, n_rounds=2, random_state=0).fit(with_gaps(X, 0.2))
    assert type(imputer.density_.head_).__name__ == "Bernoulli"
    filled = imputer.transform(with_gaps(X, 0.5, seed=1))
    assert set(np.unique(filled)) == {0.0, 1.0}
    mean = imputer.set_params(n_draws=4).transform(with_gaps(X, 0.5, seed=1))
    assert set(np.unique(mean)) <= {0.0, 0.25, 0.5, 0.75, 1.0}


def test_rounds_train_on(eager):
    X = with_gaps(np.random.default_rng(0).normal(size=(40, 2)), 0.3)
    imputer = Imputer(TINY, n_rounds=3, random_state=0).fit(X)
    assert len(imputer.density_.history_["loss"]) == 3


def test_errors_come_before_training(eager):
    X = np.random.default_rng(0).normal(size=(8, 2))
    for density, kind in (
        (GaussianMixture(), TypeError),
        (kgen.VAE(), TypeError),
        (kgen.ConditionalPixelCNN(), ValueError),
    ):
        with pytest.raises(kind, match="Imputer.*density"):
            Imputer(density).fit(X)
    for name in ("n_draws", "n_rounds"):
        with pytest.raises(ValueError, match=name):
            Imputer(TINY, **{name: 0}).fit(X)
    X[:, 1] = np.nan
    with pytest.raises(ValueError, match="All are missing in"):
        Imputer(TINY).fit(X)


@pytest.mark.parametrize("low", [1950, -3, 0])
def test_whole_numbers_of_any_size(low, eager):
    X = np.random.default_rng(0).integers(low, low + 70, (40, 3)).astype(float)
    imputer = Imputer(TINY, n_rounds=1, random_state=0).fit(with_gaps(X, 0.3))
    assert np.isfinite(imputer.transform(with_gaps(X, 0.5, seed=1))).all()
    assert imputer.density_.discrete_ == (low == 0)
    if low == 0:
        with pytest.raises(ValueError, match="fractions"):
            imputer.transform([[0.5, np.nan, 1.0]])


def test_gaps_are_first_filled_by_the_nearest_row_in_units_of_the_columns():
    X = np.array([[0.0, 1e4, 5.0], [0.0, 2e4, np.nan], [9.0, 2e4, 7.0], [0, 1e4, 5]])
    filled = _of_the_nearest(X, np.isnan(X), 0)
    assert filled[1, 2] in (5.0, 7.0)
    X = np.array([[0.0, 1.0], [1.0, 3.0], [np.nan, np.nan], [1.1, np.nan], [2, 1]])
    filled = _of_the_nearest(X, np.isnan(X), 0)
    assert filled[3, 1] == 3.0
    assert filled[2, 0] in X[:, 0]
    assert filled[2, 1] in X[:, 1]
    wide = np.array([[0.0, 100.0], [1.0, 0.0], [1.0, 90.0], [0, 10], [0.9, np.nan]])
    wide = np.hstack([wide, [[0.0], [1], [1], [0], [1]]])
    assert _of_the_nearest(wide, np.isnan(wide), 0)[4, 1] in (0.0, 90.0)
