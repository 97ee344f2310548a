"""Flows of images: scales, masks, and densities by quadrature."""

import keras
import numpy as np
import pytest

import kgen
from kgen.data.toy import bars
from kgen.flows.scales import halves
from kgen.layers import (
    CheckerboardCoupling,
    Coupling,
    FactorOut,
    Permutation,
    Squeeze,
)
from kgen.networks import Convolutions, ResidualConvolutions
from kgen.testing.bijections import jacobian
from kgen.testing.spaces import scatter
from kgen.testing.statistics import check_frequencies

SMALL = {
    "RealNVP": {"couplings": 4, "filters": 4, "blocks": 1},
    "Glow": {"steps": 2, "filters": 4},
}
COMMON = {"epochs": 1, "random_state": 0, "jit_compile": False}


def small(name, **settings):
    return kgen.estimators[name](**{**SMALL[name], **COMMON, **settings})


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def numpy(tensor):
    return keras.ops.convert_to_numpy(tensor)


def made(layer, shape, spread=0.5):
    layer.build((None, *shape))
    scatter(layer, spread=spread)
    return layer


@pytest.mark.parametrize("swap", [False, True])
def test_a_checkerboard_by_the_jacobian(swap):
    """What stays is not changed, and what moves sees what stays, and itself."""
    network = ResidualConvolutions(16, blocks=1)
    layer = made(CheckerboardCoupling(network, swap=swap), (3, 4, 1))
    x = normal(30, 3, 4, 1)
    z, log_det = (numpy(part) for part in layer(x))
    squares = np.add.outer(np.arange(3), np.arange(4)) % 2
    stays = squares == swap
    np.testing.assert_array_equal(z[:, stays], x[:, stays])
    sees = (jacobian(layer, x) != 0).any(axis=0)
    moves = ~stays.ravel()
    wanted = np.eye(12, dtype=bool)
    wanted[np.ix_(moves, ~moves)] = True  # the network reaches all of the image
    np.testing.assert_array_equal(sees, wanted)

    params = numpy(layer.params(stays[None, :, :, None] * x))[..., 0, :]
    s = 5 * np.tanh(params[..., 0] / 5)
    moved = np.exp(s) * x[..., 0] + params[..., 1]
    moved = np.where(stays, x[..., 0], moved)
    np.testing.assert_allclose(z[..., 0], moved, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(log_det, (s * ~stays).sum((1, 2)), atol=1e-4)


def test_networks_of_couplings_look_at_neighbours():
    """3x3, 1x1 and 3x3 reach two pixels; residual blocks two more for each."""
    for network, reach in (
        (Convolutions(8), 2),
        (ResidualConvolutions(8, blocks=0), 1),
        (ResidualConvolutions(8, blocks=1), 3),
    ):
        layer = made(Coupling(network=network), (9, 9, 2))
        x = normal(20, 9, 9, 2)
        other = x.copy()
        other[:, 4, 4, 0] += 1.0
        changed = numpy(layer(x)[0]) != numpy(layer(other)[0])
        rows, columns = np.nonzero(changed[..., 1].any(axis=0))
        assert (rows.min(), rows.max()) == (4 - reach, 4 + reach)
        assert (columns.min(), columns.max()) == (4 - reach, 4 + reach)


def test_half_of_the_channels_leave():
    layer = FactorOut(Permutation())
    x = normal(2, 2, 1, 5)
    z, _ = layer(x)
    going, leaving = x[..., :2], x[..., 2:]
    wanted = [going[..., ::-1].reshape(2, -1), leaving.reshape(2, -1)]
    np.testing.assert_array_equal(z, np.hstack(wanted))
    np.testing.assert_array_equal(layer.inverse(z), x)
    with pytest.raises(ValueError, match="at least 2 channels"):
        FactorOut(Permutation())(normal(2, 3, 3, 1))


def test_rectangles_to_channels():
    x = np.arange(24.0, dtype="float32").reshape(1, 2, 6, 2)
    z, _ = Squeeze((1, 3))(x)
    assert z.shape == (1, 2, 2, 6)
    assert sorted(numpy(z)[0, 1, 1]) == sorted(x[0, 1, 3:].ravel())
    with pytest.raises(ValueError, match="height and width"):
        Squeeze((2, 2, 2))
    with pytest.raises(ValueError, match="CouplingNetwork"):
        CheckerboardCoupling("conv")


SHAPES = [(4, 4), (4, 2, 3), (5, 3), (3, 5, 2), (7, 2), (1, 1), (1, 1, 3), (1, 4)]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("name", SMALL)
def test_images_of_all_sides(name, shape, eager):
    X = normal(12, *shape, seed=1)
    fitted = small(name).fit(X)
    model = fitted.model_
    model.optimizer = None  # of no use here, and it would keep the weights' old values
    scatter(model, spread=0.1)
    assert np.isfinite(fitted.log_prob(X)).all()
    assert fitted.sample(3, random_state=0).shape == (3, *shape)
    x = X.reshape(12, *model.event_shape)
    z, log_det = (numpy(part) for part in model.bijection(x))
    np.testing.assert_allclose(model.bijection.inverse(z), x, atol=1e-4)
    slopes = jacobian(model.bijection, x)
    np.testing.assert_allclose(log_det, np.linalg.slogdet(slopes)[1], atol=1e-3)
    sees = (slopes != 0).any(axis=0)
    assert x[0].size == 1 or sees.sum() > x[0].size, "no scalar sees another"


@pytest.mark.parametrize("name", SMALL)
def test_densities_integrate_to_one_and_samples_follow_them(name):
    """Images of two pixels, one above the other."""
    X = normal(64, 2, 1, seed=2) * [[3.0], [0.5]] + [[1.0], [-1.0]]
    fitted = small(name).fit(X.astype("float32"))
    scatter(fitted.model_, spread=0.3)
    ticks = 16 * ((np.arange(600) + 0.5) / 600 * 2 - 1)
    mean, std = fitted.loc_[0], fitted.unit_[0]
    plane = np.stack(np.meshgrid(ticks, ticks, indexing="ij"), axis=-1).reshape(-1, 2)
    points = (mean + std * plane)[..., None].astype("float32")
    area = (2 * 16 / 600 * std) ** 2
    density = np.exp(fitted.log_prob(points).astype("float64"))
    assert density.sum() * area == pytest.approx(1, abs=5e-3)

    samples, edges = fitted.sample(4000, random_state=0), np.linspace(-1.5, 1.5, 6)

    def boxes(x):
        inner = (x[..., 0] - mean) / std
        return np.ravel_multi_index(np.searchsorted(edges, inner).T, (7, 7))

    probability = np.bincount(boxes(points), density * area, minlength=49)
    counts = np.bincount(boxes(samples), minlength=49)
    check_frequencies(counts, probability / probability.sum())


def test_additive_couplings_keep_volumes(eager):
    """NICE: all images have the same log-determinant."""
    X = normal(32, 4, 4)
    for name in SMALL:
        fitted = small(name, additive=True).fit(X)
        scatter(fitted.model_, spread=0.1)
        _, log_det = fitted.model_.bijection(X[..., None])
        np.testing.assert_allclose(log_det, log_det[0], rtol=1e-5)


def test_scales_end_where_sides_are_odd(eager):
    assert halves(28, 28) == (2, 2)
    shapes = []

    def visit(bijection, shape):
        for part in getattr(bijection, "bijections", []):
            if isinstance(part, FactorOut):
                shapes.append(shape)
                visit(part.bijection, part.going)
            shape = tuple(part.compute_output_shape((None, *shape))[0][1:])
        shapes.append(shape)

    for scales in (1, 2, 3, 9):
        shapes.clear()
        fitted = small("Glow", scales=scales, steps=1)
        fitted.fit(normal(4, 28, 20))
        visit(fitted.model_.bijection, (28, 20, 1))
        wanted = [(14, 10, 4), (7, 5, 8), (3,)][: min(scales, 2)]
        assert [s for s in shapes if len(s) == 3] == wanted


def test_images_as_vectors_if_asked_for(eager):
    X = normal(8, 4, 4)
    fitted = small("RealNVP", scales=0, hidden=(4,)).fit(X)
    kinds = {type(part).__name__ for part in fitted.model_.bijection.bijections}
    assert kinds == {"Units", "Flat", "Coupling", "Permutation"}
    assert fitted.sample(2, random_state=0).shape == (2, 4, 4)


@pytest.mark.parametrize(
    "name", ["Glow", pytest.param("RealNVP", marks=pytest.mark.slow)]
)
def test_conditional_images(name):
    X = bars(256, size=4, random_state=0)
    y = np.where(X.all(axis=2).any(axis=1), "row", "column")
    X = X + normal(256, 4, 4, seed=3) * 0.1
    settings = {"conditional": True, "epochs": 20, "learning_rate": 1e-2}
    fitted = small(name, **settings).fit(X, y)
    own, other = fitted.log_prob(X, y), fitted.log_prob(X, np.roll(y, 1))
    changed = y != np.roll(y, 1)
    assert own[changed].mean() > other[changed].mean() + 1
    assert fitted.sample(3, y="row", random_state=0).shape == (3, 4, 4)


@pytest.mark.parametrize(
    "name", ["Glow", pytest.param("RealNVP", marks=pytest.mark.slow)]
)
def test_files_of_images(name, tmp_path):
    X = bars(32, size=4, random_state=0)
    fitted = small(name).fit(X)
    assert fitted.levels_ == 2
    fitted.save(tmp_path / "flow.keras")
    loaded = kgen.load(tmp_path / "flow.keras")
    np.testing.assert_array_equal(loaded.log_prob(X), fitted.log_prob(X))
    first, again = (f.sample(5, random_state=0) for f in (fitted, loaded))
    np.testing.assert_array_equal(first, again)
    assert set(np.unique(first)) <= {0, 1}


@pytest.mark.slow
@pytest.mark.parametrize("name", SMALL)
def test_learns_bars(name):
    """Of 65,536 images there are eight: the bound comes near their entropy."""
    X, unseen = bars(4000, size=4, random_state=0), bars(500, size=4, random_state=1)
    settings = {"filters": 16, "epochs": 30, "learning_rate": 3e-3, "batch_size": 100}
    fitted = small(name, **settings).fit(X)
    assert -5.0 < fitted.score(unseen) < -np.log(8)
    known = {image.tobytes() for image in X}
    samples = fitted.sample(500, random_state=0)
    assert np.mean([image.tobytes() in known for image in samples]) > 0.1


@pytest.mark.parametrize("name", SMALL)
def test_extreme_images_have_a_density(name, eager):
    fitted = small(name).fit(1e-6 * normal(8, 4, 4))  # in whose units floats overflow
    scatter(fitted.model_, spread=0.3)
    extreme = 1e38 * normal(4, 4, 4, seed=1)
    extreme[1] *= np.eye(4)
    found = fitted.log_prob(extreme)
    assert not np.isnan(found).any()
    assert (found < -1e3).all()


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
@pytest.mark.parametrize("name", SMALL)
def test_half_precision_changes_densities_by_little(name, policy, eager):
    X = normal(64, 4, 4)
    single, half = (small(name, precision=p).fit(X) for p in ("float32", policy))
    scatter(single.model_, spread=0.1)
    half.model_.set_weights(single.model_.get_weights())
    apart = np.abs(single.log_prob(X) - half.log_prob(X))
    assert 0 < apart.mean() < (0.1 if policy == "mixed_bfloat16" else 0.02)
