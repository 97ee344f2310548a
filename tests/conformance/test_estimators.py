"""Every estimator of the registry keeps scikit-learn's promises and kgen's own."""

import contextlib

import numpy as np
import pytest
import sklearn
from sklearn.model_selection import GridSearchCV

import kgen
from kgen.data.toy import bars
from kgen.testing.estimators import CHECKS, check_learns, check_scikit_learn
from tests.conftest import (
    FAMILIES,
    ROOTS,
    TINY,
    TWINS,
    data_for,
    drawn,
    eagerly,
    is_conditional,
    takes_sequences,
    tiny,
    unless_slow,
)


def test_every_estimator_is_covered():
    assert set(TINY) == set(kgen.estimators)


# scikit-learn's checks fit a hundred times, and `check_learns` for forty epochs.
LONG = {check_scikit_learn: ("MADE",), check_learns: ("PixelCNN", "VAE")}


def contracts():
    """Estimators and checks, all checks of one estimator after another."""
    for name in kgen.estimators:
        for check in CHECKS:
            quick = name not in TWINS and name in LONG.get(check, kgen.estimators)
            marks = [] if quick else [pytest.mark.slow]
            yield pytest.param(name, check, marks=marks, id=f"{name}-{check.__name__}")


@pytest.mark.parametrize(("name", "check"), [*contracts()])
def test_contract(name, check):
    estimator = tiny(name)
    # Graphs are quicker where many steps are taken.
    with contextlib.nullcontext() if check is check_learns else eagerly():
        check(estimator, *data_for(estimator))


@pytest.mark.parametrize("name", unless_slow(*ROOTS))
@pytest.mark.parametrize("dtype", ["uint8", "int64", "float32", "float64", "bool"])
def test_samples_have_the_dtype_of_the_data(name, dtype, eager):
    X = bars(16, size=3, random_state=0).astype(dtype)
    estimator = tiny(name)
    y = X[:, 0, 0] if is_conditional(estimator) else None
    samples = drawn(estimator.fit(X, y), 3, random_state=0)
    assert samples.dtype == dtype
    assert set(np.unique(samples)) <= {0, 1}


def sizes():
    """Estimators and shapes. Sampling nine rows of colour without graphs is slow."""
    for name in kgen.estimators:
        for shape in [(1, 1), (5, 3), (9, 7, 3), (2, 3, 3), (1, 5), (8, 2, 1)]:
            large = shape == (9, 7, 3) and not hasattr(tiny(name), "architecture")
            rare = shape in [(5, 3), (1, 5), (8, 2, 1)]
            slow = name not in FAMILIES or large or rare
            marks = [pytest.mark.slow] if slow else []
            yield pytest.param(name, shape, marks=marks)


@pytest.mark.parametrize(("name", "shape"), [*sizes()])
def test_images_of_any_size(name, shape, eager):
    if takes_sequences(tiny(name)):
        shape = (shape[0] * shape[1], *shape[2:])
    X = np.random.default_rng(0).integers(4, size=(12, *shape)).astype("uint8")
    X[0].reshape(-1)[0] = 3
    estimator = tiny(name)
    y = np.arange(12) % 2 if is_conditional(estimator) else None
    estimator.fit(X, y)
    assert drawn(estimator, 2).shape == (2, *shape)
    assert estimator.event_shape_ == shape
    if hasattr(estimator, "log_prob"):
        assert estimator.levels_ == 4
        assert np.isfinite(estimator.log_prob(X, y)).all()
    if "architecture" in estimator.get_params():
        estimator.set_params(architecture="conv").fit(X, y)
        assert drawn(estimator, 2).shape == (2, *shape)


@pytest.mark.parametrize("name", ["PixelCNN", "VAE"])
def test_grid_search(name, eager):
    X = bars(24, size=3, random_state=0)
    search = GridSearchCV(tiny(name), {"learning_rate": [1e-3, 1e-2]}, cv=2).fit(X)
    assert search.best_estimator_.sample(2).shape == (2, 3, 3)
    assert search.cv_results_["mean_test_score"].shape == (2,)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert sklearn.base.clone(search.best_estimator_).learning_rate in (1e-3, 1e-2)
