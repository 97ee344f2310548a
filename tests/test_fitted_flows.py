"""Flows that have learned a law: near its entropy, and with samples like it."""

import numpy as np
import pytest
from scipy.stats import multivariate_normal
from sklearn.datasets import make_moons
from sklearn.neighbors import KNeighborsClassifier

from kgen.metrics import classifier_two_sample
from tests.conftest import tiny

SETTINGS = {
    "NSF": {"couplings": 3},
    "NSF, autoregressive": {"couplings": 2, "autoregressive": True},
    "MAF": {"layers": 4},
    "RealNVP": {"couplings": 8},
}


def flow(name):
    settings = {"hidden": (32, 32), "epochs": 30, "batch_size": 250}
    kind = name.partition(",")[0]
    return tiny(kind, **SETTINGS[name], **settings, learning_rate=5e-3)


def normals(n, seed):
    """Draws of three normals that overlap, and their log-density."""
    random = np.random.default_rng(seed)
    centres = np.array([[-1.5, 0.0], [1.5, 0.0], [0.0, 2.0]])
    x = centres[random.integers(3, size=n)] + 0.7 * random.normal(size=(n, 2))
    parts = [multivariate_normal(c, 0.49 * np.eye(2)).pdf(x) for c in centres]
    return x, np.log(np.mean(parts, axis=0))


@pytest.mark.slow
@pytest.mark.parametrize("name", SETTINGS)
def test_learns_a_mixture_of_normals_to_its_entropy(name):
    model = flow(name).fit(normals(5000, seed=0)[0])
    x, log_prob = normals(5000, seed=1)
    assert model.score(x) == pytest.approx(log_prob.mean(), abs=0.05)
    assert model.score(x) < log_prob.mean()


@pytest.mark.slow
@pytest.mark.parametrize("name", SETTINGS)
def test_two_moons(name):
    """A fitted density integrates to 1, and its samples are like unseen points."""
    model = flow(name).fit(make_moons(5000, noise=0.1, random_state=0)[0])
    ticks = 8 * ((np.arange(400) + 0.5) / 400 * 2 - 1)
    plane = np.stack(np.meshgrid(ticks, ticks), axis=-1).reshape(-1, 2)
    density = np.exp(model.log_prob(plane).astype("float64"))
    assert density.sum() * (16 / 400) ** 2 == pytest.approx(1, abs=0.01)
    real, _ = make_moons(4000, noise=0.1, random_state=1)
    fake = model.sample(4000, random_state=0)
    judge = KNeighborsClassifier(5)
    two = {"real": real, "fake": fake, "classifier": judge, "random_state": 0}
    assert classifier_two_sample(**two) < 0.62  # of a Gaussian fit it is 0.74
