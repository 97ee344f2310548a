"""head="auto": which head the data ask for, and in which units."""

import numpy as np
import pytest

from kgen import heads
from kgen.data.summary import summarise
from kgen.heads import auto


def resolve(X, head="auto", many=heads.MixtureOfLogistics):
    X = np.asarray(X)
    return auto.for_data(head, summarise([X], "test"), many)


@pytest.mark.parametrize(
    ("X", "kind", "levels"),
    [
        (np.array([[True, False]]), heads.Bernoulli, 2),
        (np.array([[0, 1]]), heads.Bernoulli, 2),
        (np.array([[0.0, 1.0]]), heads.Bernoulli, 2),
        (np.array([[0, 0]], "uint8"), heads.Bernoulli, 2),
        (np.array([[0, 2]]), heads.Categorical, 3),
        (np.array([[5, 30]], "uint8"), heads.Categorical, 31),
        (np.array([[0, 31]]), heads.MixtureOfLogistics, 256),
        (np.array([[0, 200]], "uint8"), heads.MixtureOfLogistics, 256),
        (np.array([[0.0, 300.0]]), heads.Normal, None),
        (np.array([[-0.5, 0.25]]), heads.Normal, None),
    ],
)
def test_the_order_of_questions(X, kind, levels):
    head = resolve(X)
    assert type(head) is kind
    assert head.levels == levels


def test_the_model_chooses_the_head_of_many_levels():
    assert type(resolve([[0, 200]], many=heads.Categorical)) is heads.Categorical


@pytest.mark.parametrize(
    ("head", "X", "levels"),
    [
        ("categorical", [[0, 7]], 8),
        ("categorical", [[0, 1]], 2),
        ("categorical", [[0.0, 100.0]], 256),
        ("mixture_of_logistics", [[0, 7]], 8),
        (heads.Categorical(50), [[0, 7]], 50),
    ],
)
def test_a_named_head_takes_its_levels_from_the_data(head, X, levels):
    assert resolve(X, head).levels == levels


def test_normal_takes_centre_and_spread_of_every_feature_from_the_data():
    X = np.random.default_rng(0).normal([5.0, -100.0], [2.0, 0.1], size=(1000, 2))
    X = np.concatenate([X, np.full((1000, 1), 3.0)], axis=1)  # a constant feature
    head = resolve(X)
    np.testing.assert_allclose(head.loc, X.mean(axis=0))
    np.testing.assert_allclose(head.unit, [*X.std(axis=0)[:2], 0.0])
    embedded = head.embed(X.astype("float32"))
    np.testing.assert_allclose(embedded.std(axis=0), [1, 1, 0], atol=1e-3)
    fixed = resolve(X, heads.Normal(scale=0.5))
    assert fixed.scale == 0.5
    np.testing.assert_allclose(fixed.loc, X.mean(axis=0))
    assert resolve(X, heads.Normal(loc=0.0)).loc == 0.0
