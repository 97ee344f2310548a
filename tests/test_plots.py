"""What the plots show: the numbers in them, against those of the estimators."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError

import kgen
from kgen import latent, plots
from kgen.data.toy import bars, mixture
from tests.conftest import eagerly, tiny

X = bars(40, size=4, random_state=0) * np.uint8(9)


@pytest.fixture(scope="module")
def vae():
    with eagerly():
        return tiny("VAE", head="normal", latent_dim=3).fit(X, validation_data=X[:9])


@pytest.fixture(scope="module")
def gan():
    with eagerly():
        return tiny("GAN", latent_dim=12).fit(X)


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def cells(ax, height, width, columns):
    """The pictures of a grid, row by row, and all that is drawn between them."""
    canvas = np.ma.filled(ax.images[0].get_array().astype(float), np.nan)
    frames = np.concatenate([canvas[:: height + 1].ravel(), canvas[:, 0].ravel()])
    rows = (len(canvas) - 1) // (height + 1)
    pictures = [
        canvas[1 + i * (height + 1) :, 1 + j * (width + 1) :][:height, :width]
        for i in range(rows)
        for j in range(columns)
    ]
    return np.stack(pictures), frames


def points(ax):
    return [np.asarray(c.get_offsets()) for c in ax.collections]


def legend(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def test_grid_shows_images_as_they_are():
    found, frames = cells(plots.image_grid(X[:5], columns=3), 4, 4, 3)
    np.testing.assert_array_equal(found[:5], X[:5])
    assert np.isnan(found[5]).all()
    assert np.isnan(frames).all()
    colour = np.random.default_rng(0).integers(256, size=(2, 3, 4, 3)).astype("uint8")
    figure, ax = plt.subplots()
    assert plots.image_grid(colour, ax=ax, title="two") is ax
    found, frames = cells(ax, 3, 4, 2)
    np.testing.assert_allclose(found, colour / 255, atol=1e-6)
    assert (frames == 1).all()
    assert ax.get_title() == "two"
    with pytest.raises(ValueError, match=r"`images` must have shape"):
        plots.image_grid(X[0])
    with pytest.raises(ValueError, match="`columns` must be an integer >= 1"):
        plots.image_grid(X, columns=0)


def test_map_of_two_dimensions(vae, eager):
    codes = vae.encode(X)
    ax = plots.latent_map(vae, X, dims=(2, 0), title="codes")
    (found,) = points(ax)
    np.testing.assert_allclose(found, codes[:, [2, 0]])
    assert ax.get_xlabel() == "latent dimension 2"
    assert ax.get_ylabel() == "latent dimension 0"
    assert ax.get_title() == "codes"
    assert ax.get_legend() is None
    both = tiny("VAE").fit(X)
    ax = plots.latent_map(both, X, ax=(mine := plt.subplots()[1]))
    assert ax is mine
    np.testing.assert_allclose(points(ax)[0], both.encode(X))


def test_map_of_principal_components(vae, eager):
    ax = plots.latent_map(vae, X)
    codes = vae.encode(X).astype("float64")
    pca = PCA(2).fit(codes)
    expected, found = pca.transform(codes), points(ax)[0]
    signs = np.sign((expected * found).sum(axis=0))
    np.testing.assert_allclose(found, expected * signs, atol=1e-5)
    share = pca.explained_variance_ratio_
    assert ax.get_xlabel() == f"principal component 1 ({share[0]:.0%} of the variance)"
    assert ax.get_ylabel() == f"principal component 2 ({share[1]:.0%} of the variance)"
    assert np.isfinite(points(plots.latent_map(vae, X[:1]))[0]).all()


def test_map_of_a_single_dimension(eager):
    vae = tiny("VAE", latent_dim=1).fit(X)
    (found,) = points(plots.latent_map(vae, X))
    np.testing.assert_allclose(found[:, :1], vae.encode(X))
    assert (found[:, 1] == 0).all()


def test_colours_of_a_map(vae, eager):
    codes = vae.encode(X)
    y = np.array(["b", "a", "c", "a"] * 10)
    ax = plots.latent_map(vae, X, y, dims=[0, 1])
    assert legend(ax) == ["a", "b", "c"]
    for label, found in zip("abc", points(ax), strict=True):
        np.testing.assert_allclose(found, codes[y == label][:, :2])
    assert len({tuple(c.get_facecolor()[0]) for c in ax.collections}) == 3
    many = np.arange(40) // 2
    ax = plots.latent_map(vae, X, many)  # 20 classes
    assert len(legend(ax)) == len(ax.collections) == 20
    assert len({tuple(c.get_facecolor()[0]) for c in ax.collections}) == 20
    assert legend(plots.latent_map(vae, X, (many > 9).tolist())) == ["False", "True"]
    for scale in (np.arange(40), X.mean(axis=(1, 2)) + 0.5 * many):
        ax = plots.latent_map(vae, X, scale)
        assert ax.get_legend() is None
        assert len(ax.figure.axes) == 2  # with the colour bar
        np.testing.assert_array_equal(ax.collections[0].get_array(), scale)


def test_conditional_estimators(eager):
    from tests.test_latent import ConditionalVAE

    data, y = mixture(60, random_state=0)
    vae = ConditionalVAE(latent_dim=2, epochs=1, random_state=0).fit(data, y % 3)
    ax = plots.latent_map(vae, data, y % 3)
    assert legend(ax) == ["0", "1", "2"]
    np.testing.assert_allclose(points(ax)[1], vae.encode(data, y % 3)[y % 3 == 1])
    ax = plots.latent_map(vae, data, 2)  # one condition for all
    np.testing.assert_allclose(points(ax)[0], vae.encode(data, 2))
    with pytest.raises(ValueError, match="requires y"):
        plots.latent_map(vae, data)
    gan = tiny("ConditionalGAN").fit(X, X[:, 0, 0] > 0)
    z = np.ones(4)
    shown, _ = cells(plots.traversal(gan, z, [3], [0, 2], y=True), 4, 4, 2)
    expected = latent.traverse(gan, z, 3, [0, 2], y=True)
    np.testing.assert_array_equal(shown, expected)


def test_traversal(vae, gan, eager):
    ax = plots.traversal(vae, X[0], dims=(2, 0), values=[-4, 0, 4], title="moved")
    found, _ = cells(ax, 4, 4, 3)
    expected = [latent.traverse(vae, X[0], dim, [-4, 0, 4]) for dim in (2, 0)]
    np.testing.assert_array_equal(found, np.concatenate(expected))
    assert [text.get_text() for text in ax.texts] == ["z[2]", "z[0]"]
    heights = [text.get_position()[1] for text in ax.texts]
    assert heights == [2.5, 7.5]  # the middles of rows 1 to 4, and 6 to 9
    ax = plots.traversal(vae, X[0], 1)
    np.testing.assert_array_equal(
        cells(ax, 4, 4, 7)[0], latent.traverse(vae, X[0], 1, range(-3, 4))
    )
    ax = plots.traversal(gan, np.zeros(12), values=[0])
    assert [text.get_text() for text in ax.texts] == [f"z[{i}]" for i in range(10)]


def test_traversal_begins_with_what_varies_most(eager):
    vae = tiny("VAE", head="normal", latent_dim=4).fit(X)
    last = vae.model_.encoder.weights[-2]  # means, then log-scales
    assert last.shape[1] == 8
    last.assign(last.numpy() * [0, 30, 3, 100, 1, 1, 1, 1])
    spread = vae.encode(vae.sample(256, random_state=0)).var(axis=0)
    assert list(np.argsort(-spread)) == [3, 1, 2, 0]
    ax = plots.traversal(vae, X[0])
    shown = [text.get_text() for text in ax.texts]
    assert shown == ["z[3]", "z[1]", "z[2]", "z[0]"]


def test_reconstructions(vae, eager):
    found, _ = cells(plots.reconstructions(vae, X[:12], title="pairs"), 9, 4, 10)
    np.testing.assert_array_equal(found[:12, :4], X[:12])
    np.testing.assert_array_equal(found[:12, 5:], vae.reconstruct(X[:12]))
    assert np.isnan(found[:12, 4]).all()
    assert np.isnan(found[12:]).all()
    assert len(cells(plots.reconstructions(vae, X[:6], columns=2), 9, 4, 2)[0]) == 6
    assert len(cells(plots.reconstructions(vae, X[:3]), 9, 4, 3)[0]) == 3
    channel = tiny("VAE").fit(X[..., np.newaxis])
    found, _ = cells(plots.reconstructions(channel, X[:3, ..., np.newaxis]), 9, 4, 3)
    np.testing.assert_array_equal(found[:, :4], X[:3])


@pytest.mark.parametrize("kind", ["uint8", "float32"])
def test_reconstructions_in_colour(kind, eager):
    scale = 255 if kind == "uint8" else 1
    colour = (np.random.default_rng(0).random((30, 3, 5, 3)) * scale).astype(kind)
    vae = tiny("VAE", head="normal").fit(colour)
    found, frames = cells(plots.reconstructions(vae, colour[:4]), 7, 5, 4)
    np.testing.assert_allclose(found[:, :3], colour[:4] / scale, atol=1e-6)
    expected = vae.reconstruct(colour[:4]).clip(0, scale) / scale
    np.testing.assert_allclose(found[:, 4:], expected, atol=1e-6)
    assert (found[:, 3] == 1).all()
    assert (frames == 1).all()


def test_curves(vae, gan, eager):
    ax = plots.history(vae, title="losses")
    shown = {line.get_label(): list(line.get_ydata()) for line in ax.lines}
    assert shown == vae.history_
    assert legend(ax) == list(shown)
    lines = {line.get_label(): line for line in ax.lines}
    for name in ("loss", "kl"):
        own, twin = lines[name], lines[f"val_{name}"]
        assert own.get_color() == twin.get_color()
        assert (own.get_linestyle(), twin.get_linestyle()) == ("-", "--")
    assert lines["loss"].get_color() != lines["kl"].get_color()
    assert ax.get_title() == "losses"
    ax = plots.history(vae, ["kl"])
    assert [line.get_label() for line in ax.lines] == ["kl", "val_kl"]
    assert legend(plots.history(gan)) == list(gan.history_)
    # Validation data that came with the second of two fits.
    again = tiny("VAE", epochs=2, warm_start=True).fit(X)
    again.set_params(epochs=3).fit(X, validation_data=X[:9])
    ax = plots.history(again, "loss", ax=(mine := plt.subplots()[1]))
    assert ax is mine
    own, twin = (list(line.get_xdata()) for line in ax.lines)
    assert own == [1, 2, 3, 4, 5][: len(own)]
    assert twin == own[-len(twin) :]
    assert len(twin) < len(own)


def test_errors(vae, gan, eager):
    table = tiny("VAE").fit(X.reshape(40, 16))
    flat = X.reshape(40, 16)[0]
    with pytest.raises(ValueError, match="latent_map needs.*`encode`.*Got GAN"):
        plots.latent_map(gan, X)
    with pytest.raises(ValueError, match="reconstructions needs.*`encode`.*Got GAN"):
        plots.reconstructions(gan, X)
    with pytest.raises(ValueError, match="traversal needs.*`decode`.*Got PixelCNN"):
        plots.traversal(tiny("PixelCNN"), X[0])
    with pytest.raises(ValueError, match="traversal draws images.*shape.*16.*latent"):
        plots.traversal(table, flat)
    with pytest.raises(ValueError, match="reconstructions draws images"):
        plots.reconstructions(table, X.reshape(40, 16))
    for draw in (
        lambda: plots.latent_map(kgen.VAE(), X),
        lambda: plots.traversal(kgen.VAE(), X[0]),
        lambda: plots.reconstructions(kgen.VAE(), X),
        lambda: plots.history(kgen.VAE()),
    ):
        with pytest.raises(NotFittedError):
            draw()
    for dims in ((0, 0), (0, 1, 2), [1], 1):
        with pytest.raises(ValueError, match="`dims` must be two different"):
            plots.latent_map(vae, X, dims=dims)
    for dims in ((0, 3), (-1, 0), "ab", (0.5, 1)):
        with pytest.raises(ValueError, match="`dims` must be an integer"):
            plots.latent_map(vae, X, dims=dims)
        with pytest.raises(ValueError, match="`dims` must be an integer"):
            plots.traversal(vae, X[0], dims=dims)
    with pytest.raises(ValueError, match=r"each of the 40 examples.*\(3,\)"):
        plots.latent_map(vae, X, [1, 2, 3])
    with pytest.raises(ValueError, match="history_ has no 'gap'. It has kl"):
        plots.history(vae, "gap")
    assert not plt.get_fignums()  # nothing is drawn in vain
