"""Flows: densities by quadrature, Gaussians in closed form, integers with noise."""

import keras
import numpy as np
import pytest
from scipy.stats import multivariate_normal, norm

from kgen.core.backend import keyed_uniform
from kgen.data.toy import mixture
from kgen.layers import (
    ActNorm,
    Chain,
    Coupling,
    InvertibleLinear,
    MaskedAutoregressive,
    Permutation,
    Spline,
    Units,
)
from kgen.models import FlowModel
from kgen.testing import check_model
from kgen.testing.spaces import scatter
from kgen.testing.statistics import check_frequencies
from tests.conftest import tiny

AUTOREGRESSIVE = pytest.param("NSF, autoregressive", marks=pytest.mark.slow)
FLOWS = ["RealNVP", "MAF", "NSF", AUTOREGRESSIVE]


def small(name, **params):
    """A flow that is quick to fit; after the comma an option that is on."""
    name, *options = name.split(", ")
    return tiny(name, **dict.fromkeys(options, True), **params)


def numpy(tensor):
    return keras.ops.convert_to_numpy(tensor)


def chain(name, **policy):
    """Bijections of two features, of every kind."""
    couplings = {
        "affine": [Coupling(hidden=(8,), swap=k > 0, **policy) for k in range(2)],
        "additive": [
            Coupling("additive", (8,), swap=k > 0, **policy) for k in range(2)
        ],
        "spline": [
            InvertibleLinear(**policy),
            Coupling(Spline(4, bound=2.0), hidden=(8,), **policy),
            Coupling(Spline(4, bound=2.0), hidden=(8,), swap=True, **policy),
        ],
        "autoregressive": [
            ActNorm(**policy),
            MaskedAutoregressive(hidden=(8,), **policy),
            Permutation(**policy),
            MaskedAutoregressive("spline", hidden=(8,), **policy),
        ],
    }
    units = Units([1.0, -2.0], [0.5, 2.0], **policy)
    return Chain([units, *couplings[name]], **policy)


def flow(name, spread=0.3, **policy):
    model = FlowModel(chain(name, **policy), seed=1, **policy)
    model.compile("adam")
    model.build((None, 2))
    scatter(model, spread=spread)
    return model


KINDS = ["affine", "additive", "spline", "autoregressive"]


def grid(model, cells=480, span=12.0):
    """Points in units of the data, densities, and the area of a point."""
    ticks = span * ((np.arange(cells) + 0.5) / cells * 2 - 1)
    first, second = np.meshgrid(1.0 + 0.5 * ticks, -2.0 + 2.0 * ticks, indexing="ij")
    points = np.stack([first.ravel(), second.ravel()], axis=1).astype("float32")
    area = (2 * span / cells) ** 2 * 0.5 * 2.0
    return points, np.exp(numpy(model.log_prob(points)).astype("float64")), area


@pytest.mark.parametrize("name", KINDS)
def test_densities_integrate_to_one_and_samples_follow_them(name):
    model = flow(name)
    points, density, area = grid(model)
    assert density.sum() * area == pytest.approx(1, abs=5e-3)

    # Boxes of the plane: their probabilities, and how many samples fall into them.
    samples, edges = model.sample(4000, seed=3), np.linspace(-1.5, 1.5, 6)

    def boxes(x):
        units = (x - [1.0, -2.0]) / [0.5, 2.0]
        return np.ravel_multi_index(np.searchsorted(edges, units).T, (7, 7))

    probability = np.bincount(boxes(points), density * area, minlength=49)
    counts = np.bincount(boxes(samples), minlength=49)
    check_frequencies(counts, probability / probability.sum())


@pytest.mark.parametrize("name", KINDS)
def test_contract(name):
    x = np.random.default_rng(0).normal([1.0, -2.0], [0.5, 2.0], (64, 2))
    check_model(flow(name, spread=0.1), x)


def test_one_triangular_layer_fits_a_gaussian():
    """Mean and Cholesky factor, against the sample's own."""
    keras.utils.set_random_seed(0)
    lower = np.array([[2.0, 0.0, 0.0], [-1.0, 0.5, 0.0], [0.3, 0.4, 1.5]])
    mean = np.array([5.0, -3.0, 0.0])
    x = mean + np.random.default_rng(0).normal(size=(2000, 3)) @ lower.T
    units = Units(x.mean(axis=0), x.std(axis=0))
    model = FlowModel(Chain([units, MaskedAutoregressive(hidden=())]), seed=0)
    model.compile(keras.optimizers.Adam(0.03))
    steps = np.tile(x, (50, 1))  # each of them on all of the data
    for epochs, rate in ((6, 0.03), (2, 0.002)):
        model.optimizer.learning_rate.assign(rate)
        model.fit(steps, batch_size=2000, epochs=epochs, shuffle=False, verbose=0)

    found, covariance = x.mean(axis=0), np.cov(x.T, bias=True)
    middle = numpy(model.bijection.inverse(np.zeros((1, 3), "float32")))[0]
    np.testing.assert_allclose(middle, found, atol=0.05)
    from kgen.testing.bijections import jacobian

    factor = np.linalg.inv(jacobian(model.bijection, middle[None])[0])
    np.testing.assert_allclose(factor, np.linalg.cholesky(covariance), atol=0.05)
    exact = multivariate_normal(found, covariance).logpdf(x)
    np.testing.assert_allclose(numpy(model.log_prob(x)).mean(), exact.mean(), atol=0.01)


@pytest.mark.slow
@pytest.mark.parametrize("condition_dim", [0, 2])
def test_xla_compiles_the_loops_of_all_layers_once(condition_dim):
    def layer():
        return MaskedAutoregressive(hidden=(24,), condition_dim=condition_dim)

    model = FlowModel(Chain([layer(), Permutation(), layer()]), seed=0)
    model.build((None, 20))
    scatter(model, spread=0.2)
    compiled = vars(MaskedAutoregressive)["_compiled_inverse"]
    before, random = set(compiled.shared), np.random.default_rng(0)
    condition = random.normal(size=(70, condition_dim)) if condition_dim else None

    drawn = model.sample(70, seed=1, condition=condition)
    assert len(set(compiled.shared) - before) == 1
    z = numpy(model.bijection.forward(drawn, condition)[0])
    uniform = numpy(keyed_uniform(1, 0, 70, (20,)))
    np.testing.assert_allclose(z, norm.ppf(uniform), atol=1e-3)
    first = None if condition is None else condition[:1]
    again = model.sample(1, seed=1, condition=first)
    np.testing.assert_allclose(again, drawn[:1], rtol=1e-4, atol=1e-4)


def test_autoregressive_spline_flow_of_an_estimator():
    """Its density integrates to one, and its samples follow it."""
    X, _ = mixture(200, random_state=0)
    settings = {"autoregressive": True, "epochs": 5, "learning_rate": 1e-2}
    fitted = tiny("NSF", **settings).fit(X)
    _, _, *bijections = fitted.model_.bijection.bijections
    kinds = [type(bijection) for bijection in bijections]
    assert kinds == 2 * [InvertibleLinear, MaskedAutoregressive]
    assert bijections[1].transform == Spline(4)

    cells, span = 300, 5 * np.abs(X).max()
    ticks = span * ((np.arange(cells) + 0.5) / cells * 2 - 1)
    points = np.stack(np.meshgrid(ticks, ticks), axis=-1).reshape(-1, 2)
    mass = np.exp(fitted.log_prob(points).astype("float64")) * (2 * span / cells) ** 2
    assert mass.sum() == pytest.approx(1, abs=5e-3)

    edges = np.abs(X).max() * np.linspace(-1, 1, 6)

    def boxes(x):
        return np.ravel_multi_index(np.searchsorted(edges, x).T, (7, 7))

    counts = np.bincount(boxes(fitted.sample(4000, random_state=0)), minlength=49)
    probability = np.bincount(boxes(points), mass, minlength=49)
    check_frequencies(counts, probability / probability.sum())


@pytest.mark.parametrize("name", FLOWS)
def test_densities_are_in_the_units_of_the_data(name):
    """The same fit in other units: log p changes by the log of their volume."""
    X, _ = mixture(64, random_state=0)
    units = np.array([100.0, 1e-3], "float32")
    first = small(name).fit(X)
    other = small(name).fit(X * units - 7.0)
    found = other.log_prob(X * units - 7.0) + np.log(units).sum()
    np.testing.assert_allclose(found, first.log_prob(X), atol=0.05)
    np.testing.assert_allclose(
        (other.sample(9, random_state=0) + 7.0) / units,
        first.sample(9, random_state=0),
        atol=0.05,
    )


@pytest.mark.parametrize("name", FLOWS)
def test_extreme_values_have_a_density(name, eager):
    X, _ = mixture(32, random_state=0)
    fitted = small(name).fit(1e-6 * X)  # in whose units floats overflow
    extreme = np.array([[1e30, -1e30], [1e6, 0.0], [3e38, 3e38]], "float32")
    found = fitted.log_prob(extreme)
    assert not np.isnan(found).any()
    assert (found < -1e3).all()


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
@pytest.mark.parametrize("name", KINDS)
def test_half_precision_changes_densities_by_little(name, policy):
    single, half = flow(name), flow(name, dtype=policy)
    half.set_weights(single.get_weights())
    x = np.random.default_rng(0).normal([1.0, -2.0], [0.5, 2.0], (200, 2))
    apart = np.abs(numpy(single.log_prob(x)) - numpy(half.log_prob(x)))
    assert apart.mean() < (0.03 if policy == "mixed_bfloat16" else 0.005)
    z, found = half(x)["z"], half.log_prob(x)
    assert keras.backend.standardize_dtype(z.dtype) == "float32"
    assert keras.backend.standardize_dtype(found.dtype) == "float32"


@pytest.mark.parametrize("name", FLOWS)
def test_conditional_on_labels_and_on_vectors(name):
    X, y = mixture(128, random_state=0)
    labels = np.where(X[:, 0] > 0, "right", "left")
    settings = {"conditional": True, "epochs": 100, "learning_rate": 1e-2}
    fitted = small(name, **settings).fit(X, labels)
    assert (fitted.sample(200, y="right", random_state=0)[:, 0] > 0).mean() > 0.9
    assert (fitted.sample(200, y="left", random_state=0)[:, 0] < 0).mean() > 0.9
    right = labels == "right"
    own, other = fitted.log_prob(X, labels), fitted.log_prob(X, labels[::-1])
    assert own[right].mean() > fitted.log_prob(X[right], "left").mean() + 1
    assert not np.allclose(own, other)

    vectors = small(name, conditional=True).fit(X, np.eye(8)[y])
    assert vectors.sample(y=np.eye(8)[:3]).shape == (3, 2)
    with pytest.raises(ValueError, match="y"):
        vectors.log_prob(X)


def test_large_conditions_in_half_precision(eager):
    """float16 ends at 65504."""
    X = np.random.default_rng(0).normal(size=(32, 3))
    settings = {"conditional": True, "precision": "mixed_float16"}
    fitted = tiny("RealNVP", **settings).fit(X, X[:, :2])
    found = fitted.log_prob(X[:2], np.array([[1e5, -1e5], [1e30, 1.0]]))
    assert not np.isnan(found).any()
