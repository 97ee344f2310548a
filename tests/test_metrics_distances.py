"""Distances between samples, against closed forms, loops and scipy."""

import numpy as np
import pytest
from scipy import linalg, stats

from kgen import metrics
from kgen.metrics import _pairs

RANDOM = np.random.default_rng(0)


def normal(n, shift=0.0, d=3, seed=0):
    return np.random.default_rng(seed).normal(size=(n, d)) + shift


def frechet_by_scipy(a, b):
    first, second = np.cov(a.T), np.cov(b.T)
    root = linalg.sqrtm(first @ second).real
    shift = a.mean(axis=0) - b.mean(axis=0)
    return shift @ shift + np.trace(first + second - 2 * root)


def alone(metric, a, b, **options):
    """The value for these examples, all of them."""
    return metric(real=a, fake=b, floor=False, random_state=0, **options)


def test_frechet_distance_is_that_of_scipy():
    a = normal(60) @ RANDOM.normal(size=(3, 3))
    b = normal(50, 0.5, seed=1) @ RANDOM.normal(size=(3, 3))
    found = alone(metrics.frechet_distance, a, b)
    np.testing.assert_allclose(float(found), frechet_by_scipy(a, b), rtol=1e-8)
    assert (found.n_real, found.n_fake) == (60, 50)
    assert np.isnan(found.floor)


def test_frechet_distance_of_normals():
    """Of diagonal ones it is |m|^2 + sum (s - t)^2."""
    s, t = np.array([1.0, 2.0, 0.5]), np.array([2.0, 2.0, 1.5])
    a, b = normal(40_000) * s, normal(40_000, seed=1) * t + [1, 0, 2]
    found = alone(metrics.frechet_distance, a, b, max_samples=40_000, n_resamples=10)
    assert abs(float(found) - (5 + ((s - t) ** 2).sum())) < 4 * found.stderr
    assert 0.01 < found.stderr < 0.1


def test_frechet_distance_of_fewer_examples_than_features():
    a, b = normal(10, d=30), normal(12, d=30, seed=1)
    gap = a.mean(axis=0) - b.mean(axis=0)
    x, y = (z - z.mean(axis=0) for z in (a, b))
    roots = np.linalg.svd(x @ y.T / np.sqrt(9 * 11), compute_uv=False).sum()
    spread = (x**2).sum() / 9 + (y**2).sum() / 11
    found = alone(metrics.frechet_distance, a, b)
    np.testing.assert_allclose(float(found), gap @ gap + spread - 2 * roots, rtol=1e-6)
    assert float(alone(metrics.frechet_distance, a, a)) == pytest.approx(0, abs=1e-6)


def test_the_floor_has_the_bias_of_few_examples():
    """To second order I + A and I + B, for small noise, are |A - B|^2 / 4 apart."""
    values, floors = [], []
    for seed in range(20):
        a, b = normal(400, d=10, seed=seed), normal(200, d=10, seed=1000 + seed)
        found = metrics.frechet_distance(
            real=a, fake=b, n_resamples=0, random_state=seed
        )
        assert (found.n_real, found.n_fake) == (200, 200)
        values.append(float(found))
        floors.append(found.floor)
    assert np.mean(values) == pytest.approx(np.mean(floors), rel=0.1)
    # Though both laws are the same.
    bias = (10 * 11 / 4 + 10) * 2 / 200
    assert np.mean(values) == pytest.approx(bias, rel=0.1)


def kid_by_loops(a, b):
    def kernel(x, y):
        return (x @ y / len(x) + 1) ** 3

    n, m = len(a), len(b)
    real = sum(kernel(a[i], a[j]) for i in range(n) for j in range(n) if i != j)
    fake = sum(kernel(b[i], b[j]) for i in range(m) for j in range(m) if i != j)
    both = sum(kernel(x, y) for x in a for y in b)
    return real / (n * (n - 1)) + fake / (m * (m - 1)) - 2 * both / (n * m)


@pytest.mark.parametrize("block", [16, 2**23])
def test_kernel_distance_is_that_of_loops(block, monkeypatch):
    monkeypatch.setattr(_pairs, "BLOCK", block)
    a, b = normal(9), normal(7, 0.3, seed=1)
    found = alone(metrics.kernel_distance, a, b)
    np.testing.assert_allclose(float(found), kid_by_loops(a, b), rtol=1e-10)
    held = metrics.kernel_distance(real=a, fake=b, held_out=b, random_state=0)
    assert held.floor == float(held)  # which has the same examples
    # Subsets of everything are everything.
    found = alone(metrics.kernel_distance, a[:7], b, subsets=2, subset_size=7)
    np.testing.assert_allclose(float(found), kid_by_loops(a[:7], b), rtol=1e-10)


@pytest.mark.parametrize("options", [{}, {"subsets": 10, "subset_size": 20}])
def test_kernel_distance_is_unbiased(options):
    values = np.array(
        [
            float(
                alone(
                    metrics.kernel_distance,
                    normal(40, seed=seed),
                    normal(30, seed=10_000 + seed),
                    **options,
                )
            )
            for seed in range(300)
        ]
    )
    assert abs(values.mean()) < 4 * values.std() / np.sqrt(300)
    assert (values < 0).mean() > 0.3


@pytest.mark.parametrize(
    ("metric", "options", "slack"),
    [
        (metrics.kernel_distance, {}, 1.3),
        (metrics.kernel_distance, {"subsets": 30, "subset_size": 50}, 1.5),
        (metrics.mmd, {"n_permutations": 0}, 1.3),
        (metrics.frechet_distance, {}, 1.4),
        (metrics.sliced_wasserstein, {"n_projections": 50}, 1.4),
    ],
)
def test_standard_errors_are_those_of_repetitions(metric, options, slack):
    found = [
        alone(
            metric, normal(100, seed=seed), normal(80, 1.0, seed=9000 + seed), **options
        )
        for seed in range(40)
    ]
    spread = np.std([float(each) for each in found])
    claimed = np.mean([each.stderr for each in found])
    assert 1 / slack < claimed / spread < slack


def mmd_by_loops(a, b, bandwidth):
    def kernel(x, y):
        return np.exp(-((x - y) ** 2).sum() / (2 * bandwidth**2))

    n, m = len(a), len(b)
    real = sum(kernel(a[i], a[j]) for i in range(n) for j in range(n) if i != j)
    fake = sum(kernel(b[i], b[j]) for i in range(m) for j in range(m) if i != j)
    both = sum(kernel(x, y) for x in a for y in b)
    return real / (n * (n - 1)) + fake / (m * (m - 1)) - 2 * both / (n * m)


def test_mmd_is_that_of_loops():
    a, b = normal(9), normal(7, 0.3, seed=1)
    found = alone(metrics.mmd, a, b, bandwidth=1.5)
    np.testing.assert_allclose(float(found), mmd_by_loops(a, b, 1.5), rtol=1e-10)
    pooled = np.concatenate([a, b])
    pairs = [np.linalg.norm(x - y) for i, x in enumerate(pooled) for y in pooled[:i]]
    median = mmd_by_loops(a, b, np.median(pairs))
    np.testing.assert_allclose(float(alone(metrics.mmd, a, b)), median, rtol=1e-10)


def test_the_p_value_of_mmd_is_uniform_where_the_laws_are_the_same():
    values = [
        alone(
            metrics.mmd,
            normal(20, seed=seed),
            normal(25, seed=7000 + seed),
            n_permutations=99,
        ).p_value
        for seed in range(200)
    ]
    assert stats.kstest(values, "uniform").pvalue > 0.01
    assert min(values) >= 0.01
    shifted = alone(metrics.mmd, normal(30), normal(30, 1.5, seed=1), n_permutations=99)
    assert shifted.p_value == 0.01
    assert alone(metrics.mmd, normal(9), normal(9), n_permutations=0).p_value is None


def test_mmd_of_copies():
    """A median of zero is no bandwidth."""
    a = np.zeros((20, 2))
    a[:3] = normal(3, d=2)
    found = alone(metrics.mmd, a, a + 0.0)
    assert np.isfinite(float(found))
    assert found.p_value > 0.1
    assert np.isfinite(float(alone(metrics.mmd, np.zeros((9, 2)), np.zeros((9, 2)))))


@pytest.mark.parametrize("m", [50, 37, 100])
def test_sliced_wasserstein_on_the_line_is_that_of_scipy(m):
    a, b = normal(50, d=1), 2 * normal(m, 0.3, d=1, seed=1)
    wanted = stats.wasserstein_distance(a[:, 0], b[:, 0])
    found = alone(metrics.sliced_wasserstein, a, b)
    np.testing.assert_allclose(float(found), wanted, rtol=1e-10)


def test_sliced_wasserstein_is_the_mean_over_directions():
    a, b = normal(30), normal(20, 0.5, seed=1)
    found = alone(metrics.sliced_wasserstein, a, b, n_projections=20_000, n_resamples=0)
    directions = np.random.default_rng(5).normal(size=(3, 2000))
    directions /= np.linalg.norm(directions, axis=0)
    each = [stats.wasserstein_distance(a @ u, b @ u) for u in directions.T]
    error = np.std(each) / np.sqrt(2000)
    assert abs(float(found) - np.mean(each)) < 4 * error
    # A shift alone: E |u.s|^2 = |s|^2 / d.
    found = alone(
        metrics.sliced_wasserstein, a, a + [3, 0, 0], order=2, n_projections=20_000
    )
    assert float(found) == pytest.approx(np.sqrt(3), rel=0.02)


@pytest.mark.parametrize(
    "metric", [metrics.frechet_distance, metrics.kernel_distance, metrics.mmd,
               metrics.sliced_wasserstein, metrics.classifier_two_sample],
)  # fmt: skip
def test_distances_are_symmetric_small_at_the_floor_and_reproducible(metric):
    a, b = normal(200), normal(200, 2.0, seed=1)
    c = normal(200, seed=2)
    far = metric(real=a, fake=b, held_out=c, random_state=0)
    again = metric(real=a, fake=b, held_out=c, random_state=0)
    assert far == again
    assert far > 4 * abs(far.floor) or far > 0.9  # the accuracy
    near = metric(real=a, fake=c, held_out=c, random_state=0)
    assert abs(float(near) - near.floor) < 0.1
    if metric is not metrics.classifier_two_sample:
        forth, back = (alone(metric, *pair) for pair in ((a, b), (b, a)))
        np.testing.assert_allclose(float(forth), float(back), rtol=1e-9)


def test_a_classifier_tells_what_differs_and_guesses_what_does_not():
    a, b = normal(600), normal(600, seed=1)
    found = metrics.classifier_two_sample(real=a, fake=b, random_state=0)
    assert found.n_real == found.n_fake == 300
    assert abs(float(found) - 0.5) < 4 * found.stderr
    assert found.p_value > 1e-3
    assert abs(found.floor - 0.5) < 0.15
    far = metrics.classifier_two_sample(real=a, fake=b + 9, random_state=0)
    assert float(far) == 1.0
    assert far.p_value < 1e-20


def test_guesses_are_right_half_of_the_time():
    found = [
        alone(
            metrics.classifier_two_sample, normal(60, seed=s), normal(60, seed=500 + s)
        )
        for s in range(40)
    ]
    accuracy = np.array([float(each) for each in found])
    assert abs(accuracy.mean() - 0.5) < 4 * accuracy.std() / np.sqrt(40)
    assert 0.6 < accuracy.std() / np.mean([each.stderr for each in found]) < 1.5


def test_a_classifier_of_the_user_s():
    from sklearn.tree import DecisionTreeClassifier

    own = DecisionTreeClassifier(max_depth=1)
    found = alone(
        metrics.classifier_two_sample, normal(40), normal(40, 5.0), classifier=own
    )
    assert found > 0.9
    assert not hasattr(own, "tree_")
