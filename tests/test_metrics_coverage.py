"""Precision, recall, coverage, modes, copies: against loops and known answers."""

import numpy as np
import pytest

from kgen import metrics
from kgen.data.toy import mixture
from kgen.metrics import _pairs, memorisation

ANGLES = np.arange(8) * np.pi / 4
CENTRES = 2 * np.stack([np.cos(ANGLES), np.sin(ANGLES)], axis=1)


def normal(n, shift=0.0, d=3, seed=0):
    return np.random.default_rng(seed).normal(size=(n, d)) + shift


def prdc_by_loops(real, fake, k):
    def distance(x, y):
        return np.sqrt(((x - y) ** 2).sum())

    def radius(data, i):
        others = [distance(data[i], data[j]) for j in range(len(data)) if j != i]
        return sorted(others)[k - 1]

    of_real = [radius(real, i) for i in range(len(real))]
    of_fake = [radius(fake, i) for i in range(len(fake))]
    inside = np.array(
        [
            [distance(x, y) <= r for x, r in zip(real, of_real, strict=True)]
            for y in fake
        ]
    )
    recalled = np.array(
        [
            [distance(x, y) <= r for y, r in zip(fake, of_fake, strict=True)]
            for x in real
        ]
    )
    return (
        inside.any(axis=1).mean(),
        recalled.any(axis=1).mean(),
        inside.sum() / (k * len(fake)),
        inside.any(axis=0).mean(),
    )


@pytest.mark.parametrize("block", [64, 2**23])
@pytest.mark.parametrize("k", [1, 3])
def test_prdc_is_that_of_loops(k, block, monkeypatch):
    monkeypatch.setattr(_pairs, "BLOCK", block)
    real, fake = normal(40), 0.7 * normal(30, 0.5, seed=1)
    found = metrics.prdc(real=real, fake=fake, n_neighbors=k, floor=False)
    wanted = prdc_by_loops(real, fake, k)
    np.testing.assert_allclose([float(each) for each in found], wanted, rtol=1e-12)


def test_an_exchange_of_the_arguments_exchanges_precision_and_recall():
    wide, narrow = normal(100), 0.3 * normal(100, seed=1)
    one = metrics.prdc(real=wide, fake=narrow, floor=False)
    other = metrics.prdc(real=narrow, fake=wide, floor=False)
    assert float(one.precision) == float(other.recall)
    assert float(one.recall) == float(other.precision)
    assert one.precision > 0.9 > 0.5 > one.recall
    with pytest.raises(TypeError):
        metrics.prdc(wide, narrow)


def test_ties_belong_to_the_ball():
    """On a grid many neighbours are equally far, whatever is rounded on the way."""
    grid = np.stack(np.meshgrid(*[np.arange(5) / 10] * 2), axis=-1).reshape(-1, 2)
    found = metrics.prdc(real=grid, fake=grid + 0.0, n_neighbors=4, floor=False)
    assert [float(found.precision), float(found.recall)] == [1, 1]
    # An inner point is in its own ball, those of its 4 neighbours, and of corners and
    # edges whose 4th neighbour is further.
    wanted = prdc_by_loops(np.round(grid * 10), np.round(grid * 10), 4)
    np.testing.assert_allclose([float(each) for each in found], wanted, rtol=1e-12)


def test_the_ceiling_is_what_the_same_law_gets():
    real, fake = normal(800, d=2), normal(400, d=2, seed=1)
    found = metrics.prdc(real=real, fake=fake, random_state=0)
    for each in found:
        assert abs(float(each) - each.floor) < 0.1
        assert each.n_real == each.n_fake == 400
    # Naeem et al., 2020, lemma 2: E coverage is about 1 - 2^-k where n = m.
    assert float(found.coverage) == pytest.approx(1 - 0.5**5, abs=0.03)
    assert float(found.density) == pytest.approx(1, abs=0.1)


def test_standard_errors_of_prdc():
    found = [
        metrics.prdc(
            real=normal(250, seed=s), fake=normal(200, 1.0, seed=900 + s), floor=False
        )
        for s in range(40)
    ]
    for name in metrics.PRDC._fields:
        values = [float(getattr(each, name)) for each in found]
        claimed = np.mean([getattr(each, name).stderr for each in found])
        assert 0.65 < claimed / np.std(values) < 1.5, name


def test_modes_of_a_ring():
    points, _ = mixture(4000, random_state=0)
    found = metrics.mode_coverage(
        real=points, fake=points, modes=CENTRES, radius=0.8, random_state=0
    )
    assert float(found.covered) == found.covered.floor == 1.0
    nearest = np.linalg.norm(points[:, None] - CENTRES, axis=2)
    good = nearest.min(axis=1) <= 0.8
    wanted = np.bincount(nearest.argmin(axis=1)[good])
    np.testing.assert_array_equal(found.counts, wanted)
    # P(|x - c| < 4 s) = 1 - exp(-8), on the plane.
    assert float(found.good) == pytest.approx(1 - np.exp(-8), abs=1e-3)
    assert float(found.divergence) == 0
    # (k - 1) / 2 (1/n + 1/m)
    assert found.divergence.floor == pytest.approx(7 / 4000, rel=0.3)


@pytest.mark.parametrize("modes", [1, 3])
def test_a_generator_of_some_modes(modes):
    points, centre = mixture(4000, random_state=0)
    few = points[centre < modes]
    bad = np.concatenate([few, np.zeros_like(few)])  # between all modes
    found = metrics.mode_coverage(real=points, fake=bad, modes=CENTRES, radius=0.8)
    assert float(found.covered) == modes / 8
    assert float(found.good) == pytest.approx(0.5, abs=0.01)
    shares = np.bincount(centre)[:modes] / (centre < modes).sum()
    wanted = (shares * np.log(shares / (np.bincount(centre)[:modes] / 4000))).sum()
    assert float(found.divergence) == pytest.approx(wanted, rel=1e-2)
    assert found.counts[modes:].sum() == 0


def test_modes_by_labels():
    real = np.array(["a", "b", "c", "d"] * 10)
    fake = np.array(["a", "b", "b", "z"] * 5)
    found = metrics.mode_coverage(real=real, fake=fake, random_state=0)
    assert (float(found.covered), float(found.good)) == (0.5, 0.75)
    assert found.counts.tolist() == [5, 10, 0, 0]
    wanted = np.log(4 / 3) / 3 + 2 * np.log(8 / 3) / 3
    assert float(found.divergence) == pytest.approx(wanted)
    twice = metrics.mode_coverage(real=real, fake=fake, min_count=6)
    assert float(twice.covered) == 0.25

    def first_digit(x):
        return (x[:, 0] * 10).astype(int)

    x = np.linspace(0, 0.999, 100)[:, np.newaxis]
    found = metrics.mode_coverage(real=x, fake=x[:35], features=first_digit)
    assert float(found.covered) == 0.4


def test_standard_errors_of_modes():
    draws = []
    points, _ = mixture(1000, random_state=0)
    for seed in range(60):
        fake, centre = mixture(300, random_state=seed)
        fake[centre == 0] *= 2  # one in eight is bad
        draws.append(
            metrics.mode_coverage(
                real=points, fake=fake, modes=CENTRES, radius=0.8, random_state=0
            ).good
        )
    spread = np.std([float(each) for each in draws])
    assert 0.7 < np.mean([each.stderr for each in draws]) / spread < 1.4


@pytest.mark.parametrize("part", [7, 5000])
def test_distances_to_the_nearest_training_example(part, monkeypatch):
    monkeypatch.setattr(memorisation, "PART", part)
    real, fake, held = normal(40), normal(30, seed=1), normal(25, seed=2)

    def by_loops(queries, skip):
        return np.mean(
            [
                min(
                    np.linalg.norm(x - y)
                    for j, y in enumerate(real)
                    if not (skip and i == j)
                )
                for i, x in enumerate(queries)
            ]
        )

    found = metrics.nearest_training(real=real, fake=fake, held_out=held)
    np.testing.assert_allclose(float(found), by_loops(fake, skip=False), rtol=1e-12)
    np.testing.assert_allclose(found.floor, by_loops(held, skip=False), rtol=1e-12)
    without = metrics.nearest_training(real=real, fake=fake)
    np.testing.assert_allclose(without.floor, by_loops(real, skip=True), rtol=1e-12)
    assert (found.n_real, found.n_fake) == (40, 30)


def test_copies_are_at_distance_zero():
    real = normal(300, 1e3, d=20)
    found = metrics.nearest_training(real=real, fake=real[50:150])
    assert float(found) == 0.0
    assert found.p_value < 1e-10
    almost = metrics.nearest_training(real=real, fake=real[:100] + 1e-3)
    assert 0 < float(almost) < 0.01 < found.floor
    fresh = metrics.nearest_training(real=real, fake=normal(100, 1e3, d=20, seed=1))
    assert fresh.p_value > 0.01
    assert float(fresh) == pytest.approx(fresh.floor, rel=0.1)


def test_bits_per_dim():
    log_prob = np.log([[0.5, 0.25]]).sum(axis=1).repeat(10)
    assert float(metrics.bits_per_dim(log_prob, (2,))) == pytest.approx(1.5)
    found = metrics.bits_per_dim(np.random.default_rng(0).normal(size=400), (28, 28))
    assert found.stderr == pytest.approx(1 / np.log(2) / 784 / 20, rel=0.2)
    assert metrics.bits_per_dim([-np.inf, 0.0], (2,)).value == np.inf
