"""Paths, traversals and sums of codes, against their formulas."""

import warnings

import keras
import numpy as np
import pytest
from sklearn.base import BaseEstimator
from sklearn.exceptions import NotFittedError

import kgen
from kgen.data.toy import bars, mixture
from kgen.latent import arithmetic, interpolate, traverse
from kgen.networks import MLP
from kgen.variational import VariationalEstimator
from tests.conftest import eagerly, tiny

X = np.random.default_rng(0).normal(3.0, 2.0, size=(40, 6)).astype("float32")


@pytest.fixture(scope="module")
def vae():
    """A VAE of real numbers: what is decoded is not rounded."""
    with eagerly():
        return tiny("VAE", latent_dim=4, random_state=1).fit(X)


@pytest.fixture(scope="module")
def gan():
    with eagerly():
        return tiny("GAN").fit(X)


def codes_of(gan, n, seed=0):
    return np.random.default_rng(seed).normal(size=(n, gan.latent_dim))


def test_straight_way(vae, gan, eager):
    codes = vae.encode(X[:2]).astype("float64")
    expected = [codes[0] + t * (codes[1] - codes[0]) for t in (0, 0.25, 0.5, 0.75, 1)]
    found = interpolate(vae, X[0], X[1], 5)
    np.testing.assert_allclose(found, vae.decode(expected), rtol=1e-5)
    np.testing.assert_array_equal(found[[0, -1]], vae.reconstruct(X[:2]))
    assert np.ptp(found, axis=0).max() > 0.01
    a, b = codes_of(gan, 2)
    np.testing.assert_array_equal(
        interpolate(gan, a, b, np.int64(3)), gan.decode([a, (a + b) / 2, b])
    )


class Echo(BaseEstimator):
    """Decodes a code to itself, in float64."""

    def __init__(self, latent_dim):
        self.latent_dim = latent_dim
        self.model_ = self

    def fit(self, X):
        return self

    def decode(self, z, y=None):
        return z


def way(a, b, steps, **options):
    return interpolate(Echo(len(a)), np.asarray(a), np.asarray(b), steps, **options)


@pytest.mark.parametrize("latent_dim", [2, 3, 100])
@pytest.mark.parametrize("turn", [1e-4, 0.3, np.pi / 2, 3.0, np.pi - 1e-4])
def test_spherical_way_turns_and_grows_at_constant_speed(latent_dim, turn):
    """By rotation in the plane of the two, which knows nothing of Shoemake's sines."""
    random = np.random.default_rng(0)
    plane = np.linalg.qr(random.normal(size=(latent_dim, 2)))[0]

    def at(angle, length):
        return plane @ (length * np.array([np.cos(angle), np.sin(angle)]))

    found = way(at(0.7, 2.0), at(0.7 + turn, 5.0), 11, spherical=True)
    expected = [at(0.7 + t * turn, 2 + 3 * t) for t in np.linspace(0, 1, 11)]
    np.testing.assert_allclose(found, expected, atol=1e-10)


def test_spherical_way_is_that_of_shoemake_and_white_for_equal_lengths():
    a, b = np.random.default_rng(0).normal(size=(2, 50))
    b *= np.linalg.norm(a) / np.linalg.norm(b)
    omega = np.arccos(a @ b / (a @ a))
    t = np.linspace(0, 1, 7)[:, np.newaxis]
    sines = np.sin((1 - t) * omega) / np.sin(omega), np.sin(t * omega) / np.sin(omega)
    found = way(a, b, 7, spherical=True)
    np.testing.assert_allclose(found, sines[0] * a + sines[1] * b, rtol=1e-9)
    # The straight way cuts through the sphere.
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), np.linalg.norm(a))
    assert np.linalg.norm(way(a, b, 7)[3]) < 0.8 * np.linalg.norm(a)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ([1.0, 2, 3], [2.0, 4, 6]),  # of one direction
        ([1.0, 2, 3], [1.0, 2, 3]),
        ([1.0, 2, 3], [-1.0, -2, -3]),  # opposite
        ([1.0, 2, 3], [-3.0, -6, -9]),
        ([0.0, 0, 0], [1.0, 2, 3]),  # no direction
        ([1.0, 2, 3], [0.0, 0, 0]),
        ([0.0, 0, 0], [0.0, 0, 0]),
        ([1e-30, 0, 0], [0, 1e30, 0]),
    ],
)
def test_ways_without_a_plane_are_straight(a, b):
    found = way(a, b, 5, spherical=True)
    assert np.isfinite(found).all()
    np.testing.assert_allclose(found[[0, -1]], [a, b], rtol=1e-12)
    if a != [1e-30, 0, 0]:
        np.testing.assert_allclose(found, way(a, b, 5), rtol=1e-12, atol=1e-12)


def test_spherical_way_of_an_estimator(vae, eager):
    a, b = vae.encode(X[:2]).astype("float64")
    found = interpolate(vae, X[0], X[1], 3, spherical=True)
    u, v = a / np.linalg.norm(a), b / np.linalg.norm(b)
    middle = (u + v) / np.linalg.norm(u + v)
    middle *= (np.linalg.norm(a) + np.linalg.norm(b)) / 2
    np.testing.assert_allclose(found[1], vae.decode([middle])[0], rtol=1e-4)
    np.testing.assert_array_equal(found[[0, 2]], vae.reconstruct(X[:2]))


def test_traversal(vae, gan, eager):
    code = vae.encode(X[:1])[0]
    for dim in range(4):
        expected = []
        for value in (-1.5, 0.0, 2.0):
            moved = code.copy()
            moved[dim] = value
            expected.append(moved)
        found = traverse(vae, X[0], dim, [-1.5, 0, 2])
        np.testing.assert_array_equal(found, vae.decode(expected))
    code = codes_of(gan, 1)[0]
    moved = np.stack([code, code])
    moved[:, 3] = (1, 2)
    np.testing.assert_array_equal(traverse(gan, code, 3, (1, 2)), gan.decode(moved))


def test_a_dimension_that_the_decoder_ignores_changes_nothing(eager):
    vae = tiny("VAE", latent_dim=3).fit(X)
    first = next(w for w in vae.model_.decoder.weights if w.shape[:1] == (3,))
    first.assign(first.numpy() * [[1.0], [0.0], [1.0]])
    for dim, changes in ((0, True), (1, False), (2, True)):
        found = traverse(vae, X[0], dim, np.linspace(-3, 3, 5))
        assert (np.ptp(found, axis=0) > 1e-3).any() == changes
        assert changes or (found == found[0]).all()


@pytest.mark.slow
def test_what_a_trained_dimension_carries():
    """One factor: one dimension moves x along its loadings, the other does nothing."""
    random = np.random.default_rng(0)
    loadings = np.array([3.0, -2.0, 1.0, 0.5])
    data = 7 + random.normal(size=(2000, 1)) * loadings
    data += 0.3 * random.normal(size=data.shape)
    vae = kgen.BetaVAE(latent_dim=2, beta=2.0, epochs=40, random_state=0).fit(data)
    spread = vae.encode(data).var(axis=0)
    active, dead = np.argsort(-spread)
    assert spread[dead] < 0.01 < 0.5 < spread[active]
    low, middle, high = traverse(vae, data[0], active, [-1, 0, 1])
    step = (high - low) / 2
    np.testing.assert_allclose(step * np.sign(step[0]), loadings, atol=0.3)
    np.testing.assert_allclose(middle, 7, atol=0.3)
    assert np.ptp(traverse(vae, data[0], dead, [-2, 0, 2]), axis=0).max() < 0.2


def test_arithmetic(vae, gan, eager):
    smiling, woman, man = X[:7], X[7:12], X[12:13]
    mean = [vae.encode(part).mean(axis=0) for part in (smiling, woman, man)]
    found = arithmetic(vae, plus=[smiling, man], minus=[woman])
    expected = vae.decode([mean[0] - mean[1] + mean[2]])
    assert found.shape == (1, 6)
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    np.testing.assert_array_equal(arithmetic(vae, (smiling, man), woman), found)
    # Means are of each array by itself, however many there are in it.
    np.testing.assert_allclose(
        arithmetic(vae, smiling, []), vae.decode([mean[0]]), rtol=1e-5
    )
    same = arithmetic(vae, [man, smiling, woman], [smiling, woman])
    np.testing.assert_allclose(same, vae.reconstruct(man), rtol=1e-5)
    z = codes_of(gan, 9)
    np.testing.assert_allclose(
        arithmetic(gan, [z[:4], z[8:]], [z[4:8]]),
        gan.decode([z[:4].mean(axis=0) + z[8] - z[4:8].mean(axis=0)]),
        rtol=1e-5,
    )


def test_what_comes_back_is_like_the_training_data(eager):
    images = bars(32, size=4, random_state=0) * np.uint8(200)
    vae = tiny("VAE", head="normal").fit(images)
    for found in (
        interpolate(vae, images[0], images[1], 5),
        traverse(vae, images[0], 1, np.linspace(-50, 50, 5)),
        np.repeat(arithmetic(vae, images[:3], images[3:9]), 5, axis=0),
    ):
        assert found.shape == (5, 4, 4)
        assert found.dtype == np.uint8
    # Far codes have means beyond 0 and 255, which are cut off, and do not wrap.
    far = 1e4 * np.array([[1.0, 0], [-1, 0], [0, 1], [0, -1]])
    means = vae.model_.decode(far.astype("float32")).numpy()[..., 0]
    assert means.max() > 256
    np.testing.assert_array_equal(vae.decode(far), np.rint(means.clip(0, 255)))


def test_rows_of_a_data_frame(eager):
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    frame = pandas.DataFrame(X[:, :3], columns=["a", "b", "c"])
    frame["age"] = np.arange(40)
    vae = tiny("VAE").fit(frame)
    path = interpolate(vae, frame.iloc[0], frame.iloc[[1]], 4)
    assert list(path.columns) == list(frame.columns)
    pandas.testing.assert_frame_equal(
        path.iloc[[0, -1]].reset_index(drop=True), vae.reconstruct(frame.iloc[:2])
    )
    found = arithmetic(vae, frame[:9], [frame[9:20]])
    codes = vae.encode(frame)
    expected = vae.decode([codes[:9].mean(axis=0) - codes[9:20].mean(axis=0)])
    pandas.testing.assert_frame_equal(found, expected)
    with pytest.raises(ValueError, match=r"of shape \(4,\). Got shape \(2, 4\)"):
        traverse(vae, frame[:2], 0, [1])


class ConditionalVAE(VariationalEstimator):
    """A VAE of p(x|y), by hand: y is an input of encoder and decoder."""

    conditional = True

    def build_model(self, event_shape):
        d, k, n = self.latent_dim, self.condition_dim_, event_shape[0]
        x, z, y = (keras.Input((size,)) for size in (n, d, k))
        mlp, join = MLP(widths=(8,)), keras.layers.Concatenate()
        down = mlp.down((n + k,), 2 * d)
        up = mlp.up(d + k, (self.head_.params_size(n),))
        return kgen.models.VAEModel(
            keras.Model([x, y], down(join([x, y]))),
            keras.Model([z, y], up(join([z, y]))),
            self.head_,
            seed=self.seed_,
        )


def test_conditional_estimators(eager):
    data, labels = mixture(60, random_state=0)
    labels = labels % 3
    vae = ConditionalVAE(latent_dim=2, epochs=1, random_state=0).fit(data, labels)
    codes = vae.encode(data, 1)
    assert np.abs(codes - vae.encode(data, 2)).max() > 1e-3
    middle = vae.decode([codes[:2].mean(axis=0)], 1)
    path = interpolate(vae, data[0], data[1], 3, y=1)
    np.testing.assert_allclose(path[1:2], middle, rtol=1e-5)
    np.testing.assert_array_equal(path[::2], vae.reconstruct(data[:2], 1))
    np.testing.assert_allclose(arithmetic(vae, data[:2], [], y=[1]), middle, rtol=1e-5)
    np.testing.assert_array_equal(
        traverse(vae, data[0], 0, [4], y=2),
        vae.decode([[4, vae.encode(data[:1], 2)[0, 1]]], 2),
    )
    gan = tiny("ConditionalGAN").fit(data, labels)
    z = codes_of(gan, 2)
    np.testing.assert_array_equal(interpolate(gan, *z, 2, y=1), gan.decode(z, [1, 1]))
    assert (interpolate(gan, *z, 2, y=1) != interpolate(gan, *z, 2, y=2)).any()
    with pytest.raises(ValueError, match="interpolate requires y"):
        interpolate(gan, *z, 2)
    with pytest.raises(ValueError, match="a single y for all examples.*Got 2"):
        traverse(gan, z[0], 0, [1, 2], y=[0, 1])
    with pytest.raises(ValueError, match="not seen in fit"):
        arithmetic(vae, data[:2], [], y=7)


def test_errors(vae, gan, eager):
    pixels = tiny("PixelCNN")
    for tool in (
        lambda model: interpolate(model, X[0], X[1], 3),
        lambda model: traverse(model, X[0], 0, [1]),
        lambda model: arithmetic(model, X, X),
    ):
        with pytest.raises(ValueError, match="with `decode`.*Got PixelCNN"):
            tool(pixels)
        with pytest.raises(ValueError, match="with `decode`.*Got VAE"):
            tool(kgen.VAE)
        with pytest.raises(ValueError, match="Got VAEModel"):
            tool(vae.model_)
        with pytest.raises(NotFittedError):
            tool(kgen.VAE())
        with pytest.raises(
            ValueError, match="numbers of shape.*cannot encode|codes of"
        ):
            tool(gan)
    for steps in (1, 0, -3, 2.5, "3", None, True):
        with pytest.raises(ValueError, match="`steps` must be an integer >= 2"):
            interpolate(vae, X[0], X[1], steps)
    for dim in (4, -1, 1.0, None):
        with pytest.raises(ValueError, match="`dim` must be an integer >= 0 and < 4"):
            traverse(vae, X[0], dim, [1])
    for values in ([], 3.0, [np.nan], [[1, 2]], "ab", None):
        with pytest.raises(ValueError, match="`values` must be one or more finite"):
            traverse(vae, X[0], 0, values)
    with pytest.raises(
        ValueError, match=r"`b` must be one.*Got shape \(1, 6\).*b\[i\]"
    ):
        interpolate(vae, X[0], X[:1], 3)
    with pytest.raises(ValueError, match=r"`a` must be one.*Got shape \(4,\)"):
        interpolate(vae, vae.encode(X)[0], X[0], 3)
    with pytest.raises(ValueError, match=r"`a` must be one.*Got shape \(\)"):
        interpolate(vae, 3, X[0], 3)
    with pytest.raises(ValueError, match="a must be an array of numbers"):
        interpolate(vae, "ab", X[0], 3)
    with pytest.raises(ValueError, match="NaN"):
        interpolate(vae, np.full(6, np.nan), X[0], 3)
    with pytest.raises(ValueError, match="finite"):
        interpolate(gan, np.full(4, np.nan), np.zeros(4), 3)
    with pytest.raises(ValueError, match="`plus` is empty"):
        arithmetic(vae, [], X)
    for wrong in ([X[0]], X[0], X[:0], [X[:0]], [X[None]], 3):
        with pytest.raises(ValueError, match=r"`minus` must be an.*\(n, 6\)"):
            arithmetic(vae, X, wrong)
    with pytest.raises(ValueError, match="VAE is not conditional"):
        interpolate(vae, X[0], X[1], 3, y=1)


def test_no_warnings_and_nothing_kept(vae, eager):
    before = dict(vars(vae))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        interpolate(vae, X[0], X[0], 2, spherical=True)
    assert vars(vae) == before
