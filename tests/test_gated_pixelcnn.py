"""What is special about the gated PixelCNN: conditions in every gate."""

import numpy as np
import pytest

import kgen
from kgen.data.toy import bars
from kgen.models import GatedPixelCNNModel
from kgen.testing.autoregressive import check_incremental, check_order
from kgen.testing.spaces import scatter
from tests.conftest import tiny


@pytest.mark.parametrize(
    ("shape", "head"),
    [
        ((5, 7, 1), "bernoulli"),
        pytest.param((4, 5, 3), kgen.heads.Categorical(3), marks=pytest.mark.slow),
        ((3, 4, 3), kgen.heads.CoupledMixtureOfLogistics(2)),
        pytest.param((6, 1, 2), "normal", marks=pytest.mark.slow),
    ],
    ids=["grey", "levels", "coupled", "reals"],
)
def test_order_and_sampler_with_a_condition(shape, head, jit):
    model = GatedPixelCNNModel(head, 16, depth=3, dilations=(1, 2), condition_dim=2)
    model.build((None, *shape))
    scatter(model)
    check_order(model, shape)
    check_incremental(model, jit_compile=jit)


@pytest.mark.slow
def test_draws_and_scores_by_class():
    """Bars of one direction for each label: log 3 nats given the label."""
    X = bars(512, size=3, random_state=0)
    y = np.where((X == X[:, :, :1]).all(axis=(1, 2)), "rows", "columns")
    model = kgen.ConditionalPixelCNN(
        filters=16, layers=2, epochs=40, learning_rate=5e-3, random_state=0
    ).fit(X, y)
    assert -model.score(X, y) == pytest.approx(np.log(3), abs=0.15)
    for label in ("rows", "columns"):
        samples = model.sample(100, y=label, random_state=0)
        of_label = np.unique(X[y == label], axis=0)
        hits = sum(any((s == k).all() for k in of_label) for s in samples)
        assert hits > 85, label
    other = np.where(y == "rows", "columns", "rows")
    assert (model.log_prob(X, y) > model.log_prob(X, other)).mean() > 0.95
    half = np.arange(3)[:, None] < 1
    done = model.complete(X[:20], half, y=y[:20], random_state=0)
    assert (done[:, 0] == X[:20, 0]).all()
    assert (done == X[:20]).mean() > 0.8


def test_what_a_condition_must_be(eager):
    X = bars(16, size=3, random_state=0)
    model = tiny("ConditionalPixelCNN").fit(X, X[:, 0, 0])
    for call in (model.log_prob, lambda X: model.complete(X, X > 0)):
        with pytest.raises(ValueError, match="requires y"):
            call(X)
    with pytest.raises(ValueError, match="not seen in fit"):
        model.log_prob(X, np.full(16, 7))
    with pytest.raises(ValueError, match=r"`condition` must have shape \(4, 2\)"):
        model.model_.sample(4, condition=np.ones((4, 3)))
    with pytest.raises(ValueError, match="takes no `condition`"):
        tiny("GatedPixelCNN").fit(X).model_.sample(4, condition=np.ones((4, 3)))
    with pytest.raises(ValueError, match="'condition': vectors"):
        model.model_(np.zeros((4, 3, 3, 1)))
