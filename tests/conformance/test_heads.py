"""Every head of the registry: its contract, and an independent formula."""

import numpy as np
import pytest
from scipy import special, stats

from kgen import heads
from kgen.testing import check_head

INSTANCES = {
    "bernoulli": [heads.Bernoulli()],
    "categorical": [heads.Categorical(2), heads.Categorical(7), heads.Categorical()],
    "normal": [heads.Normal(), heads.Normal(scale=0.5), heads.Normal(None, -3.0, 10.0)],
    "mixture_of_logistics": [
        heads.MixtureOfLogistics(),
        heads.MixtureOfLogistics(components=2, levels=8),
    ],
    "coupled_mixture_of_logistics": [
        heads.CoupledMixtureOfLogistics(),
        heads.CoupledMixtureOfLogistics(components=2, levels=4),
        heads.CoupledMixtureOfLogistics(components=3, levels=10),
    ],
    "mixture_of_normals": [
        heads.MixtureOfNormals(),
        heads.MixtureOfNormals(2, loc=-3.0, unit=10.0),
    ],
}


def test_every_head_is_covered():
    assert set(INSTANCES) == set(heads.heads)


@pytest.mark.parametrize(
    "head", sum(INSTANCES.values(), []), ids=lambda h: h.__class__.__name__
)
def test_contract(head):
    check_head(head)


def _bernoulli(params, x):
    p = special.expit(params)
    return np.where(x == 1, np.log(p), np.log1p(-p)).sum(axis=(1, 2))


def _categorical(params, x, levels=4):
    logits = params.reshape(*x.shape, levels)
    logits = logits - special.logsumexp(logits, axis=-1, keepdims=True)
    chosen = np.take_along_axis(logits, x.astype(int)[..., np.newaxis], -1)
    return chosen.sum(axis=(1, 2, 3))


def _normal(params, x):
    mean, raw = np.moveaxis(params.reshape(*x.shape, 2), -1, 0)
    scale = 1e-3 + np.log1p(np.exp(raw))
    return stats.norm.logpdf(x, mean, scale).sum(axis=(1, 2))


def _normals(params, x):
    logits, mean, raw = np.moveaxis(params.reshape(*x.shape, 3, 2), -2, 0)
    loc, scale = 1.0 + 2.0 * mean, 2.0 * (1e-3 + np.log1p(np.exp(raw)))
    density = special.softmax(logits, -1) * stats.norm.pdf(x[..., None], loc, scale)
    return np.log(density.sum(axis=-1)).sum(axis=(1, 2))


def _coupled(params, x, levels=4, k=2):
    """PixelCNN++, eq. 3, a pixel and a component at a time."""
    half, total = (levels - 1) / 2, np.zeros(len(x))
    for n, i in np.ndindex(x.shape[:2]):
        p, (a, b) = params[n, i].reshape(-1, k), x[n, i]
        mixed = 0.0
        for weight, m_a, m_b, s_a, s_b, coupling in zip(
            special.softmax(p[0]), *p[1:], strict=True
        ):
            scaled = a / half - 1
            loc = half * (np.array([m_a, m_b + np.tanh(coupling) * scaled]) + 1)
            scale, value = half * np.exp([s_a, s_b]), np.array([a, b])
            top = stats.logistic.cdf(value + 0.5, loc, scale)
            above = np.where(value == levels - 1, 1.0, top)
            bottom = stats.logistic.cdf(value - 0.5, loc, scale)
            mixed += weight * np.prod(above - np.where(value == 0, 0.0, bottom))
        total[n] += np.log(mixed)
    return total


def _logistics(params, x, levels=4):
    logits, loc, log_scale = np.moveaxis(params.reshape(*x.shape, 3, 2), -2, 0)
    half = (levels - 1) / 2
    loc, scale = half * (loc + 1), half * np.exp(log_scale)
    x = x[..., np.newaxis]
    above = np.where(x == levels - 1, 1.0, stats.logistic.cdf(x + 0.5, loc, scale))
    below = np.where(x == 0, 0.0, stats.logistic.cdf(x - 0.5, loc, scale))
    mixed = (special.softmax(logits, axis=-1) * (above - below)).sum(axis=-1)
    return np.log(mixed).sum(axis=(1, 2))


@pytest.mark.parametrize(
    ("head", "formula"),
    [
        (heads.Bernoulli(), _bernoulli),
        (heads.Categorical(4), _categorical),
        (heads.Normal(), _normal),
        (heads.MixtureOfLogistics(2, 4), _logistics),
        (heads.MixtureOfNormals(2, loc=1.0, unit=2.0), _normals),
        (heads.CoupledMixtureOfLogistics(2, 4), _coupled),
    ],
)
def test_log_prob_is_that_of_an_independent_formula(head, formula):
    random = np.random.default_rng(0)
    params = random.normal(size=(6, 3, head.params_size(2)))
    x = random.integers(head.levels or 5, size=(6, 3, 2)).astype("float64")
    got = head(params.astype("float32")).log_prob(x.astype("float32"))
    np.testing.assert_allclose(got, formula(params, x), rtol=1e-4)


def test_temperature_sharpens():
    params, noise = np.array([[1.0]], "float32"), np.linspace(0.001, 0.999, 999)
    noise, rows = noise[:, np.newaxis].astype("float32"), np.repeat(params, 999, axis=0)
    head = heads.Bernoulli()
    ones = [float(np.mean(head.draw(rows, noise, t))) for t in (0.01, 1.0, 100.0)]
    np.testing.assert_allclose(ones, [1.0, special.expit(1.0), 0.5], atol=0.01)
    normal = heads.Normal(scale=2.0)
    spread = [float(np.std(normal.draw(rows, noise, t))) for t in (0.25, 1.0)]
    np.testing.assert_allclose(spread, [1.0, 2.0], rtol=0.02)


def test_scale_has_a_floor_of_a_thousandth_of_the_spread():
    head = heads.Normal(loc=[0.0, 0.0], unit=[1.0, 100.0])
    params = np.array([[0.0, -1e4, 0.0, -1e4]], "float32")
    _, scale = head._loc_and_scale(params)
    np.testing.assert_allclose(scale, [[1e-3, 0.1]], rtol=1e-5)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: heads.Categorical(1), "levels=1"),
        (lambda: heads.Categorical(2.5), "levels=2.5"),
        (lambda: heads.Normal(scale=0.0), "scale=0.0"),
        (lambda: heads.MixtureOfLogistics(components=0), "components=0"),
        (lambda: heads.MixtureOfNormals(components=0), "components=0"),
        (lambda: heads.MixtureOfNormals(unit=-1.0), "unit=-1.0"),
        (lambda: heads.CoupledMixtureOfLogistics(levels=1), "levels=1"),
        (lambda: heads.CoupledMixtureOfLogistics().params_size(5), "at most 4"),
        (lambda: heads.get("bernouli"), "Did you mean 'bernoulli'"),
    ],
)
def test_settings_out_of_range_are_named(make, words):
    with pytest.raises(ValueError, match=words):
        make()
