"""What is special about MADE: several orders, and completion in the best of them."""

import numpy as np
import pytest

import kgen
from kgen.autoregressive.orders import choose_orders
from kgen.data.toy import bars, every_image
from kgen.models import MADEModel
from kgen.testing import check_model
from kgen.testing.autoregressive import check_incremental
from kgen.testing.spaces import scatter


@pytest.mark.parametrize(
    ("direct", "levels"),
    [
        (True, 2),
        pytest.param(False, 2, marks=pytest.mark.slow),
        pytest.param(True, 3, marks=pytest.mark.slow),
        pytest.param(False, 3, marks=pytest.mark.slow),
    ],
)
def test_four_orders_over_all_images(direct, levels, jit):
    head = "bernoulli" if levels == 2 else kgen.heads.Categorical(levels)
    model = MADEModel(head, hidden=(64, 48), orders=4, direct=direct)
    model.compile("adam")
    check_model(model, every_image((3, 5 - levels, 1), levels)[-64:], xla=jit)


@pytest.mark.parametrize("hidden", [(3,), (30, 3)])
def test_sampler_of_one_scalar_and_of_more_than_there_are_units(hidden, jit):
    for dim, head in ((1, "bernoulli"), (1, "normal"), (9, "normal")):
        model = MADEModel(head, hidden=hidden, orders=2, direct=True)
        model.build((None, dim))
        scatter(model)
        check_incremental(model, jit_compile=jit)


def test_the_density_is_the_mean_over_the_orders():
    model = MADEModel("bernoulli", hidden=(12,), orders=3)
    model.build((None, 5))
    scatter(model)
    x = np.random.default_rng(0).integers(2, size=(6, 5)).astype("float32")
    each = [
        np.exp(model.head(model.conditionals(x, order=o)).log_prob(x)) for o in range(3)
    ]
    np.testing.assert_allclose(np.exp(model.log_prob(x)), np.mean(each, 0), rtol=1e-4)
    assert np.std(each, axis=0).min() > 0, "the orders have the same density"


def test_completion_takes_the_order_in_which_the_known_come_first():
    model = MADEModel("bernoulli", hidden=(12,), orders=5, seed=1)
    model.build((None, 6))
    scatter(model)
    orders = np.argsort(model.degrees[0], axis=1)
    np.testing.assert_array_equal(orders, model.permutations)
    for order in orders:
        mask = np.zeros((4, 6), bool)
        mask[:, order[:3]] = True
        for chosen in orders[choose_orders(model, mask, 0)]:
            assert set(chosen[:3]) == set(order[:3]), chosen
    # With nothing known, all are drawn, whatever else is drawn with an example.
    assert set(choose_orders(model, np.zeros((99, 6)) > 0, 0)) == set(range(5))
    few, many = (model.sample(n, seed=3) for n in (3, 50))
    np.testing.assert_array_equal(few, many[:3])


def test_exact_completion_of_a_suffix():
    """Frequencies of completions, against the conditional by enumeration."""
    model = MADEModel("bernoulli", hidden=(12,), orders=1)
    model.build((None, 4))
    scatter(model, spread=1.0)
    mask = np.array([True, True, False, False])
    x = np.array([1.0, 0.0, 0.0, 0.0], "float32")
    done = model.complete(np.tile(x, (4000, 1)), np.tile(mask, (4000, 1)), seed=0)
    rest = every_image((1, 2, 1), 2).reshape(4, 2).astype("float32")
    p = np.exp(model.log_prob(np.hstack([np.tile(x[:2], (4, 1)), rest])))
    share = [(done[:, 2:] == r).all(axis=1).mean() for r in rest]
    np.testing.assert_allclose(share, p / p.sum(), atol=0.03)
    assert (done[:, :2] == x[:2]).all()


@pytest.mark.slow
def test_learns_bars_to_their_entropy():
    X = bars(512, size=3, random_state=0)  # 6 equally likely images: log 6 nats
    model = kgen.MADE(
        hidden=(64,), epochs=60, batch_size=32, learning_rate=1e-2, random_state=0
    ).fit(X)
    assert -model.score(X) == pytest.approx(np.log(6), abs=0.1)
    known = np.unique(X, axis=0)
    samples = model.sample(200, random_state=0)
    assert sum(any((s == k).all() for k in known) for s in samples) > 180


def test_hidden_layers_are_a_tuple(eager):
    X = bars(16, size=3, random_state=0)
    for hidden in ((), (0,), ("a",)):
        with pytest.raises(ValueError, match="hidden"):
            kgen.MADE(hidden=hidden).fit(X)
