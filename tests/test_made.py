"""What is special about MADE: several orders, and completion in the best of them."""

import math

import numpy as np
import pytest
import tensorflow as tf
from scipy.stats import multivariate_normal

import kgen
from kgen.autoregressive.any_order import random_places
from kgen.autoregressive.orders import choose_orders, known_first
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


@pytest.mark.parametrize(
    ("head", "hidden", "direct"),
    [
        ("bernoulli", (64, 48), True),
        pytest.param("bernoulli", (48,), False, marks=pytest.mark.slow),
        pytest.param(kgen.heads.Categorical(3), (48,), True, marks=pytest.mark.slow),
        pytest.param(
            kgen.heads.Categorical(3), (64, 48), False, marks=pytest.mark.slow
        ),
    ],
)
def test_any_order_over_all_images(head, hidden, direct, jit):
    model = MADEModel(head, hidden=hidden, orders="any", direct=direct)
    model.compile("adam")
    levels = model.head.levels
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


def any_order_model(head, dim, direct=True):
    model = MADEModel(head, hidden=(12, 9), orders="any", direct=direct)
    model.build((None, dim))
    scatter(model, spread=1.0)
    return model


@pytest.mark.parametrize("shape", [(4,), (2, 2, 1), (1, 3), (2, 1, 2)])
def test_random_places_are_permutations(shape):
    dim = int(np.prod(shape))
    places = [np.asarray(random_places(3, step, shape)) for step in range(600)]
    assert (np.sort(places) == np.arange(dim)).all()
    np.testing.assert_array_equal(random_places(3, 5, shape), places[5])
    share = np.unique(places, axis=0, return_counts=True)[1] / 600
    assert len(share) == math.factorial(dim), "some order never comes"
    if len(shape) == 1:
        np.testing.assert_allclose(share, 1 / len(share), atol=0.04)


def test_half_an_image_comes_first_now_and_then():
    halves = [
        np.asarray(random_places(0, step, (6, 6, 1))).reshape(6, 6) < 18
        for step in range(300)
    ]
    upper, left = np.zeros((2, 6, 6), bool)
    upper[:3], left[:, :3] = True, True
    for half in (upper, left, ~upper, ~left):
        shared = [np.mean(first == half) for first in halves]
        assert max(shared) > 0.9
    assert np.mean([first[:3] for first in halves]) == pytest.approx(0.5, abs=0.1)


def test_training_steps_draw_orders_of_images_and_of_tables(jit):
    X = bars(32, size=3, random_state=0)
    for x in (X, X.reshape(32, 9)):
        model = kgen.MADE(hidden=(8,), orders="any", epochs=2, jit_compile=jit)
        model.set_params(batch_size=16, random_state=0).fit(x)
        assert model.model_.step.value == 4
        assert np.isfinite(model.history_["loss"]).all()


def test_an_order_of_ones_own_is_that_order():
    """Masks of every example, beside those of one of the orders."""
    model = any_order_model("bernoulli", 5)
    x = np.random.default_rng(0).integers(2, size=(6, 5)).astype("float32")
    for which in range(3):
        order = np.tile(model.permutations[which], (6, 1)).astype("int32")
        own, one = (model.conditionals(x, order=o) for o in (order, which))
        np.testing.assert_allclose(own, one, atol=1e-5)
    for order in (model.permutations[1], model.permutations[2]):
        known = np.zeros(5, bool)
        known[order[:3]] = True
        mask = np.tile(known, (40, 1))
        chosen = known_first(model, mask, choose_orders(model, mask, 0))
        assert (np.sort(chosen) == np.arange(5)).all()
        assert {tuple(np.sort(row)) for row in chosen[:, :3]} == {
            tuple(np.sort(order[:3]))
        }
        assert len({tuple(row) for row in chosen}) > 1


@pytest.mark.parametrize("head", ["bernoulli", kgen.heads.Categorical(2)])
def test_exact_completion_of_any_pattern(head, jit):
    """Frequencies, and log-densities, against the conditional by enumeration."""
    model = any_order_model(head, 4)
    every = every_image((1, 4, 1), 2).reshape(-1, 4).astype("float32")
    rng = np.random.default_rng(0)
    masks = np.array([[0, 1, 0, 1], [1, 0, 0, 0], [0, 0, 1, 1]], bool)
    x = np.repeat(rng.integers(2, size=(3, 4)).astype("float32"), 2000, axis=0)
    mask = np.repeat(masks, 2000, axis=0)
    done = model.complete(x, mask, seed=0, jit_compile=jit)
    np.testing.assert_array_equal(done[mask], x[mask])
    orders = known_first(model, mask, choose_orders(model, mask, 0))
    for k, kept in enumerate(masks):
        rows = slice(2000 * k, 2000 * k + 2000)
        fit = every[(every[:, kept] == x[rows][0, kept]).all(axis=1)]
        p = np.zeros(len(fit))
        for order in np.unique(orders[rows], axis=0):
            own = np.tile(order, (len(fit), 1))
            whole = model.head.log_prob(model.conditionals(fit, order=own), fit)
            whole = np.exp(whole) / np.exp(whole).sum()
            part = model.completion_log_prob(
                fit, np.tile(kept, (len(fit), 1)), order=own
            )
            np.testing.assert_allclose(np.exp(part), whole, rtol=1e-4)
            p += whole * (orders[rows] == order).all(axis=1).mean()
        share = [(done[rows] == row).all(axis=1).mean() for row in fit]
        np.testing.assert_allclose(share, p, atol=0.04)


@pytest.mark.parametrize(
    "head",
    [
        kgen.heads.Normal(loc=[0.0, 100.0, -5.0]),
        kgen.heads.MixtureOfNormals(2, loc=[0.0, 99.0, -5.0], unit=[1.0, 9.0, 0.1]),
    ],
)
def test_units_of_every_example_are_those_of_its_scalar(head):
    """The sampler of any order, on reals in units of their own."""
    check_incremental(any_order_model(head, 3), jit_compile=False)


@pytest.mark.slow
def test_conditionals_of_a_gaussian_in_any_order():
    rng = np.random.default_rng(0)
    a, noise = rng.normal(size=(2000, 1)), rng.normal(size=(2000, 2))
    X = np.hstack([a, np.array([1, -1]) * a + 0.5 * noise]) * [1, 10, 0.1] + [0, 5, 0]
    settings = {"hidden": (32, 32), "learning_rate": 3e-3, "random_state": 0}
    model = kgen.MADE(orders="any", epochs=60, **settings).fit(X)
    mean, cov = X.mean(axis=0), np.cov(X.T)
    for known in ([0], [1], [2], [1, 2], [0, 2]):
        mask = np.isin(np.arange(3), known)
        part = multivariate_normal(mean[known], cov[np.ix_(known, known)])
        truth = multivariate_normal(mean, cov).logpdf(X) - part.logpdf(X[:, known])
        found = model.completion_log_prob(X, mask)
        assert np.mean(found) == pytest.approx(truth.mean(), abs=0.1)
    # The first scalar, given those after it.
    drawn = model.complete(np.where([False, True, True], X, np.nan), random_state=0)
    weights = cov[0, 1:] @ np.linalg.inv(cov[1:, 1:])
    rest = drawn[:, 0] - mean[0] - (X - mean)[:, 1:] @ weights
    spread = np.sqrt(cov[0, 0] - weights @ cov[1:, 0])
    assert rest.std() == pytest.approx(spread, rel=0.15)


def test_orders_are_a_number_or_any():
    for orders in ("all", 0, 2.0, ("any",)):
        with pytest.raises((TypeError, ValueError), match="orders"):
            kgen.MADE(orders=orders).fit(np.zeros((4, 3)))


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


@pytest.mark.parametrize("orders", [1, 3, "any"])
def test_completion_log_prob_is_that_of_the_draws(orders, jit):
    """The mean over the orders that `complete` may take, wherever a row stands."""
    X = bars(60, size=2, random_state=0).reshape(60, 4)
    model = kgen.MADE(hidden=(8,), orders=orders, epochs=3, random_state=0).fit(X)
    nothing = np.zeros(4, bool)
    found = model.completion_log_prob(X, nothing)
    np.testing.assert_allclose(found, model.log_prob(X), rtol=1e-5)
    keep = np.array([True, False, True, False])
    same = model.completion_log_prob(np.repeat(X[:1], 5, axis=0), keep)
    np.testing.assert_array_equal(same, same[:1].repeat(5))
    every = every_image((1, 4, 1), 2).reshape(-1, 4).astype("uint8")
    every = every[(every[:, keep] == X[0, keep]).all(axis=1)]
    p = np.exp(model.completion_log_prob(every, keep))
    assert p.sum() == pytest.approx(1.0, abs=1e-4)
    drawn = model.complete(np.repeat(X[:1], 3000, axis=0), keep, random_state=0)
    share = [(drawn == row).all(axis=1).mean() for row in every]
    np.testing.assert_allclose(share, p, atol=0.04)
    with pytest.raises(ValueError, match="mask"):
        model.completion_log_prob(X, None)


def test_a_model_of_any_order_draws_in_a_graph():
    """As it is exported."""
    for head, hidden in (("bernoulli", (6,)), (kgen.heads.Categorical(3), (6, 5))):
        model = MADEModel(head, hidden=hidden, orders="any")
        model.build((None, 4))
        drawn = tf.function(lambda n, model=model: model.draw_in_graph(n, n))
        assert drawn(tf.constant(5)).shape == (5, 4)
