"""What every estimator's search space says can be set, differs, and is worth a try."""

import keras
import keras_tuner
import numpy as np
import pytest
from sklearn.base import clone

import kgen
from kgen.base import GenerativeEstimator, param, validation
from kgen.tuning import OneOf, Range, Widths
from tests.conftest import data_for, eagerly, is_conditional, tiny

SHAPES = [None, (6,), (8, 8), (8, 8, 3)]


def drawn_from(estimator, shape, seed):
    """Hyper-parameters by chance."""
    hp = keras_tuner.HyperParameters()
    estimator.search_space(hp, shape)
    for i, one in enumerate(hp.space):
        hp.values[one.name] = one.random_sample(1000 * seed + i)
    return estimator.search_space(hp, shape)


@pytest.mark.parametrize("name", kgen.estimators)
def test_spaces_yield_valid_hyper_parameters(name):
    estimator = kgen.estimators[name]()
    for shape in SHAPES:
        for seed in range(10):
            params = drawn_from(estimator, shape, seed)
            assert (
                {"learning_rate", "batch_size"} <= set(params) <= set(vars(estimator))
            )
            validation.check_params(clone(estimator).set_params(**params))
    assert len({str(drawn_from(estimator, None, seed)) for seed in range(5)}) == 5


@pytest.mark.parametrize("name", kgen.estimators)
def test_searches_begin_with_the_defaults(name):
    """Or else the space leaves out what we say is a good choice."""
    estimator = kgen.estimators[name]()
    for shape in SHAPES:
        hp = keras_tuner.HyperParameters()
        params = estimator.search_space(hp, shape)
        assert params == {key: getattr(estimator, key) for key in params}


@pytest.mark.slow
@pytest.mark.parametrize("name", kgen.estimators)
def test_models_can_be_built(name):
    """With any of its settings, on a small example."""
    estimator = tiny(name)
    X, y = data_for(estimator, 16)
    y = y if is_conditional(estimator) else None
    settings = {"epochs": 1, "batch_size": 16}
    params = drawn_from(kgen.estimators[name](), X.shape[1:], seed=1)
    with eagerly():
        fitted = clone(estimator).set_params(**{**params, **settings}).fit(X, y)
    assert all(np.isfinite(v).all() for v in fitted.model_.get_weights())


def test_what_the_user_has_settled_is_left_out():
    hp = keras_tuner.HyperParameters()
    schedule = keras.optimizers.schedules.ExponentialDecay(1e-3, 100, 0.9)
    for settled in ({"learning_rate": schedule}, {"optimizer": keras.optimizers.SGD()}):
        params = kgen.MADE(**settled).search_space(hp)
        assert "learning_rate" not in params
        assert "hidden" in params


def test_nearest_class_has_the_say():
    """A default that changes keeps the space, and a space of None ends it."""

    class Base(GenerativeEstimator):
        width: int = param(8, ge=1, search=Range(4, 16))
        depth: int = param(2, ge=1, search=Range(1, 3))

    class Final(Base):
        width: int = param(5, ge=1)
        depth: int = param(2, ge=1, search=None)
        batch_size: int = param(7, ge=1, search=OneOf((7, 9)))

    params = Final().search_space(keras_tuner.HyperParameters())
    assert params == {"width": 5, "batch_size": 7, "learning_rate": 1e-3}


def test_ends_of_ranges_are_in_them():
    for space in (Range(64, 1024, log=True), Range(3, 9), Range(0.1, 0.7, log=True)):
        hp = keras_tuner.HyperParameters()
        space.draw(hp, "x", None)
        for share, end in ((0.0, space.low), (1.0, space.high)):
            hp.values["x"] = hp.space[0].prob_to_value(share)
            assert space.draw(hp, "x", None) == pytest.approx(end)
            assert space.low <= space.draw(hp, "x", None) <= space.high


def test_values_of_all_kinds_come_back():
    for values in ((True, False), (0.1, 0.2), (1, 2.5), (None, 3), ("a", "b"), (4, 2)):
        for value in values:
            hp = keras_tuner.HyperParameters()
            found = OneOf(values).draw(hp, "x", value)
            assert found is value or found == value
            assert type(found) is type(value)
    hp = keras_tuner.HyperParameters()
    assert Widths(8, 64, 2, 4).draw(hp, "hidden", 500) == (8, 8)
