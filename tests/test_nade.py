"""What is special about NADE: its gradient, its order, its formula."""

import numpy as np
import pytest
import tensorflow as tf

import kgen
from kgen.autoregressive.nade import conditionals
from kgen.data.toy import bars, mixture
from kgen.models import NADEModel
from kgen.testing.autoregressive import check_incremental
from kgen.testing.spaces import scatter


def test_the_gradient_is_the_plain_one(jit):
    random = np.random.default_rng(0)
    dim, n, hidden, size = 7, 5, 6, 3
    order = random.permutation(dim)
    shapes = [(dim, n), (dim, hidden), (hidden,), (dim, hidden, size), (dim, size)]
    arguments = [tf.constant(random.normal(size=s), "float32") for s in shapes]
    weight = random.normal(size=(dim, n, size)).astype("float32")

    def plain(x, w, c, v, b):
        a, out = tf.zeros((n, hidden)) + c, [None] * dim
        for d, index in enumerate(order):
            out[index] = tf.sigmoid(a) @ v[d] + b[d]
            a = a + x[index][:, None] * w[d]
        return tf.stack(out)

    def gradients(function):
        with tf.GradientTape() as tape:
            tape.watch(arguments)
            loss = tf.reduce_sum(function(*arguments) * weight)
        return loss, tape.gradient(loss, arguments)

    found = tf.function(
        lambda: gradients(lambda *a: conditionals(*a, order)), jit_compile=jit
    )()
    for one, other in zip(
        tf.nest.flatten(found), tf.nest.flatten(gradients(plain)), strict=True
    ):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-5)


def test_the_formula_of_the_paper():
    """p(x[d] = 1 | x[<d]) = sigmoid(b + V . sigmoid(c + W x[<d])), eq. 7-8."""
    model = NADEModel("bernoulli", hidden=5, order=[2, 0, 3, 1])
    model.build((None, 4))
    scatter(model)
    w, c, v, b = (p.numpy() for p in (model.W, model.c, model.V, model.b))
    x = np.random.default_rng(0).integers(2, size=(6, 4)).astype("float32")
    expected, y = np.zeros(6), x[:, [2, 0, 3, 1]]
    for d in range(4):
        h = 1 / (1 + np.exp(-(c + y[:, :d] @ w[:d])))
        p = 1 / (1 + np.exp(-(h @ v[d] + b[d])[:, 0]))
        expected += np.log(np.where(y[:, d] > 0, p, 1 - p))
    np.testing.assert_allclose(model.log_prob(x), expected, rtol=1e-5)


@pytest.mark.slow
def test_learns_bars_to_their_entropy():
    X = bars(512, size=3, random_state=0)  # 6 equally likely images: log 6 nats
    model = kgen.NADE(
        hidden=32, epochs=60, batch_size=32, learning_rate=1e-2, random_state=0
    ).fit(X)
    assert -model.score(X) == pytest.approx(np.log(6), abs=0.1)
    known = np.unique(X, axis=0)
    samples = model.sample(200, random_state=0)
    assert samples.shape == (200, 3, 3)
    assert sum(any((s == k).all() for k in known) for s in samples) > 180


def test_reals_are_mixtures_and_density_integrates_to_one():
    X, _ = mixture(400, random_state=0)
    model = kgen.NADE(hidden=16, epochs=3, random_state=0, jit_compile=False).fit(X)
    assert isinstance(model.head_, kgen.heads.MixtureOfNormals)
    low, high = X.min(axis=0) - 6, X.max(axis=0) + 6
    axes = [np.linspace(a, b, 300) for a, b in zip(low, high, strict=True)]
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 2)
    area = np.prod((high - low) / 299)
    total = np.exp(model.log_prob(grid).astype("float64")).sum() * area
    assert total == pytest.approx(1.0, abs=0.01)


def test_order_is_a_permutation_or_a_seed(eager):
    X = bars(16, size=3, random_state=0)
    seeded = kgen.NADE(hidden=4, epochs=1, order=3, random_state=0).fit(X)
    assert sorted(seeded.model_.permutations[0]) == list(range(9))
    given = kgen.NADE(hidden=4, epochs=1, order=list(range(9))[::-1]).fit(X)
    assert given.model_.permutations[0].tolist() == list(range(9))[::-1]
    for order in ([0, 0, 1], [1, 2, 3], list(range(8))):
        with pytest.raises(ValueError, match="permutation of the 9 scalars"):
            kgen.NADE(order=order).fit(X)


def test_channels_in_units_of_their_own(jit):
    """Known scalars enter the sums in the units of their channel."""
    head = kgen.heads.Normal(loc=[1.0, -2.0], unit=[3.0, 0.5])
    model = NADEModel(head, hidden=6, order=1)
    model.build((None, 3, 2))
    scatter(model)
    check_incremental(model, n=5, jit_compile=jit)


def test_a_head_that_draws_whole_pixels_is_refused():
    X = np.random.default_rng(0).integers(256, size=(8, 3, 4, 3)).astype("uint8")
    with pytest.raises(ValueError, match="draws scalar by scalar"):
        kgen.NADE(head="coupled_mixture_of_logistics").fit(X)


@pytest.mark.slow
def test_density_by_xla_is_the_plain_one():
    """Estimators score in batches of 64, which XLA compiles."""
    X = bars(70, size=4, random_state=0)
    model = kgen.NADE(hidden=8, epochs=1, order=3, random_state=0).fit(X)
    x = X[..., np.newaxis].astype("float32")
    plain = model.head_(model.model_(x)).log_prob(x)
    np.testing.assert_allclose(model.log_prob(X), plain, rtol=1e-5)
