"""Completions and pairs of images: what is where, in grey and in colour."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_rgb, to_rgba

from kgen import plots
from kgen.plots.style import PETROFF, colours
from tests.conftest import tiny
from tests.test_plots import X, cells

FRAME, MISSING = to_rgb("steelblue"), to_rgb("lightsteelblue")
UPPER = np.arange(4)[:, np.newaxis] < 2  # (4, 1)


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def rows_of(ax, columns, height=4, width=4):
    """The pictures of every row, (n, columns, height, width, 3), and the frames."""
    canvas = np.asarray(ax.images[0].get_array())
    n = (len(canvas) - 1) // (height + 1)
    assert canvas.shape == (n * (height + 1) + 1, columns * (width + 1) + 1, 3)
    inner = canvas[1:, 1:].reshape(n, height + 1, columns, width + 1, 3)
    inner = inner.swapaxes(1, 2)[:, :, :height, :width]
    frames = [canvas[:: height + 1].reshape(-1, 3), canvas[:, :: width + 1]]
    return inner, np.concatenate([part.reshape(-1, 3) for part in frames])


def texts(ax):
    return {text.get_text(): text.get_position() for text in ax.texts}


def test_completions_show_the_image_what_is_given_and_all_draws():
    random = np.random.default_rng(0)
    images = random.integers(1, 9, (5, 4, 4))  # largest values are drawn, see below
    draws = [np.where(UPPER, images, random.integers(11, size=(5, 4, 4))) for _ in "ab"]
    draws[1][0, 3, 3], draws[0][1, 3, 0] = 10, 0
    ax = plots.completions(images, UPPER, draws, title="halves")
    found, frames = rows_of(ax, 4)
    np.testing.assert_allclose(found[:, 0, ..., 0], images / 10, atol=1e-6)
    np.testing.assert_allclose(found[:, 1, :2, :, 2], images[:, :2] / 10, atol=1e-6)
    np.testing.assert_allclose(found[:, 1, 2:], np.full((5, 2, 4, 3), MISSING))
    for i in (0, 1):
        np.testing.assert_allclose(found[:, 2 + i, ..., 1], draws[i] / 10, atol=1e-6)
    np.testing.assert_allclose(frames, np.broadcast_to(FRAME, frames.shape))
    assert ax.get_title() == "halves"
    assert {name: x for name, (x, _) in texts(ax).items()} == {
        "original": 2.5, "given": 7.5, "drawn": 15.0,
    }  # fmt: skip


def test_a_single_draw_and_what_is_nan():
    images = X[:3].astype("float32") / 9
    holes = np.where(UPPER, images, np.nan)
    ax = plots.completions(holes, None, images, ax=(mine := plt.subplots()[1]))
    assert ax is mine
    found, _ = rows_of(ax, 2)
    np.testing.assert_allclose(found[:, 0, :2, :, 0], images[:, :2], atol=1e-6)
    np.testing.assert_allclose(found[:, 0, 2:], np.full((3, 2, 4, 3), MISSING))
    np.testing.assert_allclose(found[:, 1, ..., 0], images, atol=1e-6)
    assert list(texts(ax)) == ["given", "drawn"]
    # A mask for every image, channels of one, and a constant.
    masks = np.random.default_rng(0).random((3, 4, 4, 1)) < 0.5
    zeros = np.zeros((3, 4, 4, 1), "uint8")
    found, _ = rows_of(plots.completions(zeros, masks, [zeros]), 3)
    missing = np.isclose(found[:, 1], MISSING).all(axis=-1)
    np.testing.assert_array_equal(missing, ~masks[..., 0])
    assert (found[:, 0] == 0).all()


@pytest.mark.parametrize("kind", ["uint8", "float32"])
def test_completions_in_colour(kind):
    scale = 255 if kind == "uint8" else 1
    images = (np.random.default_rng(0).random((2, 4, 4, 3)) * scale).astype(kind)
    keep = np.ones((4, 4, 3), bool)
    keep[1, 2, 0] = False  # one of three channels
    found, _ = rows_of(plots.completions(images, keep, images[np.newaxis]), 3)
    np.testing.assert_allclose(found[:, 0], images / scale, atol=1e-6)
    np.testing.assert_allclose(found[:, 2], images / scale, atol=1e-6)
    np.testing.assert_allclose(found[:, 1, 1, 2], [MISSING] * 2)
    other = np.ones((4, 4), bool)
    other[1, 2] = False
    np.testing.assert_allclose(found[:, 1][:, other], images[:, other] / scale, 1e-5)


def test_completions_of_an_estimator(eager):
    made = tiny("MADE").fit(X)
    drawn = [made.complete(X[:4], UPPER, random_state=i) for i in (0, 1)]
    found, _ = rows_of(plots.completions(X[:4], UPPER, drawn), 4)
    np.testing.assert_allclose(found[:, 3, ..., 0] * 9, drawn[1], atol=1e-5)


def test_pairs():
    other = 9 - X
    found, frames = cells(plots.image_grid(X[:5], pairs=other[:5], columns=3), 9, 4, 3)
    np.testing.assert_array_equal(found[:5, :4], X[:5])
    np.testing.assert_array_equal(found[:5, 5:], other[:5])
    assert np.isnan(found[:5, 4]).all()
    assert np.isnan(frames).all()
    colour = np.random.default_rng(0).random((4, 3, 3, 3))
    with plt.style.context("dark_background"):
        ax = plots.image_grid(colour, pairs=1 - colour)
    found, frames = cells(ax, 7, 3, 2)
    np.testing.assert_allclose(found[:, :3], colour, atol=1e-6)
    np.testing.assert_allclose(found[:, 4:], 1 - colour, atol=1e-6)
    assert (frames == 0).all()  # black, as the figure
    clear = plt.figure(facecolor="none").add_subplot()
    assert (cells(plots.image_grid(colour, ax=clear), 3, 3, 2)[1] == 1).all()


def test_colours_are_those_of_the_style():
    assert colours() == list(PETROFF)
    with plt.style.context("dark_background"):
        own = plt.rcParams["axes.prop_cycle"].by_key()["color"]
        assert colours() == own != list(PETROFF)
        (points,) = plots.corner(X[:, 0, :2] + 0.5)[1, 0].collections
        assert to_rgba(own[0])[:3] == tuple(points.get_facecolor()[0][:3])
    with plt.rc_context({"axes.prop_cycle": plt.cycler(linestyle=["-", "--"])}):
        assert colours() == list(PETROFF)


def test_errors():
    with pytest.raises(ValueError, match=r"`pairs` must have the shape of `images`"):
        plots.image_grid(X[:3], pairs=X[:2])
    with pytest.raises(ValueError, match=r"`pairs` must have shape \(n, height"):
        plots.image_grid(X[:3], pairs=X[0])
    with pytest.raises(ValueError, match=r"`X` must have shape .* Got \(4, 4\)"):
        plots.completions(X[0], UPPER, X[0])
    for wrong in (X[:2], [X[:3], X[:2]], [], X[:3, :2], [[X[:3]]]):
        with pytest.raises(
            ValueError, match=r"`completed` must be images.*\(3, 4, 4\)"
        ):
            plots.completions(X[:3], UPPER, wrong)
    for mask in (UPPER * 1, np.ones((5, 4, 4), bool), "upper"):
        with pytest.raises(ValueError, match="mask"):
            plots.completions(X[:3], mask, X[:3])
    assert not plt.get_fignums()
