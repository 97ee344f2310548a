"""Maps of densities, and corners of tables, against closed forms and counts."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex
from scipy.stats import multivariate_normal
from sklearn.ensemble import IsolationForest
from sklearn.exceptions import NotFittedError
from sklearn.mixture import GaussianMixture
from sklearn.neighbors import KernelDensity

import kgen
from kgen import plots
from kgen.data.toy import bars
from kgen.plots.style import PETROFF
from tests.conftest import tiny

RANDOM = np.random.default_rng(0)
POINTS = RANDOM.normal(size=(300, 2)) @ [[1.0, 0.6], [0.0, 0.5]] + [1.0, -2.0]
GAUSSIAN = GaussianMixture(1, random_state=0).fit(POINTS)
LAW = multivariate_normal(GAUSSIAN.means_[0], GAUSSIAN.covariances_[0])


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def test_map_of_a_normal():
    ax = plots.density_2d(GAUSSIAN, POINTS, ((-3, 5), (-6, 2)), cells=40, title="law")
    found = ax.images[0].get_array()
    across, up = np.arange(-2.9, 5, 0.2), np.arange(-5.9, 2, 0.2)
    plane = np.stack(np.meshgrid(across, up), axis=-1)
    np.testing.assert_allclose(found, LAW.pdf(plane), atol=1e-12)
    assert found.sum() * 0.04 == pytest.approx(1, abs=1e-3)
    # The picture's rows go up, and its cells are where they should be.
    assert ax.images[0].origin == "lower"
    np.testing.assert_allclose(ax.images[0].get_extent(), [-3, 5, -6, 2])
    np.testing.assert_allclose([*ax.get_xlim(), *ax.get_ylim()], [-3, 5, -6, 2])
    np.testing.assert_allclose(ax.collections[0].get_offsets(), POINTS)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("feature 0", "feature 1")
    assert ax.get_title() == "law"
    assert ax.figure.axes[1].get_ylabel() == "density"


def test_map_on_a_logarithmic_scale():
    ax = plots.density_2d(GAUSSIAN, limits=(-30, 30), log=True, cells=60)
    found, scale = ax.images[0].get_array(), ax.images[0].norm
    ticks = np.arange(-29.5, 30)
    plane = np.stack(np.meshgrid(ticks, ticks), axis=-1)
    np.testing.assert_allclose(found, LAW.logpdf(plane), rtol=1e-6)
    assert (scale.vmin, scale.vmax) == (found.max() - 20, found.max())
    assert not ax.collections  # no points, as there is no X
    assert ax.figure.axes[1].get_ylabel() == "log-density (nats)"
    # Where there is no density at all is as dark as the lowest.
    box = KernelDensity(kernel="tophat", bandwidth=0.5).fit(POINTS)
    ax = plots.density_2d(box, POINTS, log=True, cells=30, colour_bar=False)
    assert len(ax.figure.axes) == 1
    assert np.ma.getmaskarray(ax.images[0].get_array()).any()
    cmap = ax.images[0].cmap
    assert tuple(cmap.get_bad()) == tuple(cmap.get_under()) == cmap(0)
    nothing = plots.density_2d(box, limits=(50, 60), log=True, cells=3)
    nothing.figure.canvas.draw()


def test_limits_of_a_map():
    ax = plots.density_2d(GAUSSIAN, POINTS, cells=5)
    low, high = POINTS.min(axis=0), POINTS.max(axis=0)
    margin = 0.1 * (high - low)
    np.testing.assert_allclose(ax.get_xlim(), [low[0] - margin[0], high[0] + margin[0]])
    np.testing.assert_allclose(ax.get_ylim(), [low[1] - margin[1], high[1] + margin[1]])
    kernels = KernelDensity(bandwidth=0.1).fit(POINTS)
    for density in (GAUSSIAN, kernels):  # samples of theirs
        ax = plots.density_2d(density, cells=5, ax=(mine := plt.subplots()[1]))
        assert ax is mine
        (left, right), (bottom, top) = ax.get_xlim(), ax.get_ylim()
        assert left < low[0] + 0.5
        assert right > high[0] - 0.5
        assert bottom < low[1] + 0.5
        assert top > high[1] - 0.5
    holes = np.where(np.arange(300)[:, np.newaxis] < 2, np.nan, POINTS)
    ax = plots.density_2d(GAUSSIAN, holes, cells=5)
    np.testing.assert_allclose(ax.collections[0].get_offsets(), POINTS[2:])
    flat = np.zeros((30, 2)) + [1.0, 2.0]
    ax = plots.density_2d(KernelDensity().fit(flat), flat, cells=5)
    np.testing.assert_allclose(ax.get_xlim(), [0.5, 1.5])


def test_map_of_a_flow_on_a_data_frame(eager):
    frame = pd.DataFrame(POINTS.astype("float32"), columns=["height", "weight"])
    flow = tiny("RealNVP").fit(frame)
    ax = plots.density_2d(flow, frame, (-4, 4), cells=8)
    plane = np.stack(np.meshgrid(*[np.arange(-3.5, 4)] * 2), axis=-1).reshape(-1, 2)
    expected = np.exp(flow.log_prob(pd.DataFrame(plane, columns=frame.columns)))
    np.testing.assert_allclose(ax.images[0].get_array().ravel(), expected, rtol=1e-4)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("height", "weight")
    # scikit-learn's own warn of data without the names that they know.
    named = GaussianMixture(1).fit(frame)
    assert plots.density_2d(named, cells=4).get_ylabel() == "weight"
    ax = plots.density_2d(named, frame[["weight", "height"]], cells=4)
    assert ax.get_ylabel() == "weight"
    np.testing.assert_allclose(ax.collections[0].get_offsets(), frame)
    assert plots.density_2d(GAUSSIAN, frame, cells=4).get_xlabel() == "height"


def test_map_of_integers_and_of_a_bound(eager):
    counts = np.stack([np.arange(60) % 4 + 1, np.arange(60) % 13], axis=1)
    made = tiny("MADE").fit(counts)
    ax = plots.density_2d(made, counts)
    found = ax.images[0].get_array()
    plane = [[i, j] for j in range(13) for i in range(1, 5)]
    expected = np.exp(made.log_prob(np.array(plane))).reshape(13, 4)
    np.testing.assert_allclose(found, expected, rtol=1e-4)
    assert found.sum() < 1 + 1e-5
    np.testing.assert_allclose([*ax.get_xlim(), *ax.get_ylim()], [0.5, 4.5, -0.5, 12.5])
    assert ax.figure.axes[1].get_ylabel() == "probability"
    assert plots.density_2d(made, counts, cells=2).images[0].get_array().shape == (2, 2)
    vae = tiny("VAE").fit(POINTS)
    ax = plots.density_2d(vae, cells=4)
    assert ax.figure.axes[1].get_ylabel() == "density, lower bound"


def test_map_of_a_conditional_density(eager):
    y = POINTS[:, 0] > 1
    flow = tiny("MAF", conditional=True).fit(POINTS, y)
    ax = plots.density_2d(flow, limits=(-2, 2), y=True, cells=4)
    plane = np.stack(np.meshgrid(*[np.arange(-1.5, 2)] * 2), axis=-1).reshape(-1, 2)
    found = ax.images[0].get_array().ravel()
    np.testing.assert_allclose(found, np.exp(flow.log_prob(plane, True)), rtol=1e-4)
    other = np.exp(flow.log_prob(plane, False))
    assert np.abs(found - other).max() > 1e-6
    low, high = np.sort(flow.sample(1000, y=False, random_state=0), axis=0)[[0, -1]]
    left, right = plots.density_2d(flow, y=False, cells=4).get_xlim()
    margin = 0.1 * (high[0] - low[0])
    np.testing.assert_allclose([left, right], [low[0] - margin, high[0] + margin], 1e-5)


def test_corner_of_two_tables():
    data, samples = RANDOM.normal(size=(400, 3)), RANDOM.normal(size=(5000, 3)) * 2
    axes = plots.corner(data, samples, labels=["real", "samples"], title="both")
    assert axes.shape == (3, 3)
    first, second = axes[2, 0].collections
    np.testing.assert_allclose(first.get_offsets(), data[:, [0, 2]])
    np.testing.assert_allclose(second.get_offsets(), samples[::3][:, [0, 2]])
    assert to_hex(first.get_facecolor()[0]) == PETROFF[0]
    assert to_hex(second.get_facecolor()[0]) == PETROFF[1]
    for i in range(3):
        both = np.concatenate([data[:, i], samples[:, i]])
        edges = np.linspace(both.min(), both.max(), 31)
        for k, table in enumerate((data, samples)):
            for step in axes[i, i].patches[2 * k : 2 * k + 2]:  # the area, and its line
                values, found, _ = step.get_data()
                np.testing.assert_allclose(found, edges)
                shares = np.histogram(table[:, i], edges)[0] / len(table)
                np.testing.assert_allclose(values, shares)
    assert [t.get_text() for t in axes[0, 2].get_legend().get_texts()] == [
        "real", "samples",
    ]  # fmt: skip
    assert not any(axes[i, j].axison for i in range(3) for j in range(i + 1, 3))
    assert axes[2, 1].get_xlabel() == axes[1, 0].get_ylabel() == "feature 1"
    assert axes[1, 0].get_xlim() == axes[2, 0].get_xlim() == axes[0, 0].get_xlim()
    assert axes[2, 0].get_ylim() == axes[2, 2].get_xlim()
    assert axes[0, 0].figure.get_suptitle() == "both"


def test_contours_enclose_half_of_a_normal_and_nine_tenths():
    data = RANDOM.normal(size=(40_000, 2)) * [1.0, 10.0]
    axes = plots.corner(data, kind="contours")
    (lines,) = axes[1, 0].collections
    outer, inner = lines.get_paths()
    for path, share in ((outer, 0.9), (inner, 0.5)):
        inside = path.contains_points(data).mean()
        assert inside == pytest.approx(share, abs=0.03)
        # Of a normal: ellipses, at sqrt(-2 log(1 - share)) standard deviations.
        radii = np.linalg.norm(path.vertices / [1.0, 10.0], axis=1)
        assert radii.mean() == pytest.approx(np.sqrt(-2 * np.log(1 - share)), rel=0.05)


def mixed():
    return pd.DataFrame(
        {
            "size": [1.5, 2.5, np.nan, 4.0, 8.0, 9.0],
            "kind": ["b", "a", "b", None, "b", "a"],
            "count": pd.array([3, 5, 5, None, 3, 5], dtype="Int64"),
            "one": 7.0,
            "flag": [True, False, True, True, False, True],
        }
    )


def test_corner_of_columns_of_every_kind():
    frame = mixed()
    other = frame[::-1].iloc[:, ::-1].iloc[:4]  # other rows, and columns reversed
    axes = plots.corner(frame, other, labels=["a", "b"])
    heights = [[bar.get_height() for bar in axes[i, i].patches] for i in range(1, 5)]
    # Bars of the first table, then of the second: shares of what is not missing.
    np.testing.assert_allclose(heights[0], [2 / 5, 3 / 5, 1 / 3, 2 / 3])
    np.testing.assert_allclose(heights[1], [2 / 5, 3 / 5, 1 / 3, 2 / 3])
    np.testing.assert_allclose(heights[2], [1, 1])
    np.testing.assert_allclose(heights[3], [2 / 6, 4 / 6, 1 / 4, 3 / 4])
    middles = [bar.get_x() + bar.get_width() / 2 for bar in axes[2, 2].patches]
    np.testing.assert_allclose(middles, [2.6, 4.6, 3.4, 5.4])  # of 3 and 5
    ticks = [
        (list(ax.get_xticks()), [t.get_text() for t in ax.get_xticklabels()])
        for ax in axes[4, 1:]
    ]
    assert ticks == [
        ([0, 1], ["a", "b"]), ([3, 5], ["3", "5"]), ([7], ["7"]),
        ([0, 1], ["False", "True"]),
    ]  # fmt: skip
    # Points of pairs that are known, near the numbers of their kinds.
    points = axes[1, 0].collections[0].get_offsets()
    np.testing.assert_allclose(points[:, 0], [1.5, 2.5, 8.0, 9.0])
    assert np.abs(points[:, 1] - [1, 0, 1, 0]).max() <= 0.3
    assert len(np.unique(points[:, 1])) == 4
    assert [ax.get_ylabel() for ax in axes[1:, 0]] == ["kind", "count", "one", "flag"]
    plots.corner(frame, kind="contours")  # scattered: one pair of numbers at most
    axes[0, 0].figure.canvas.draw()


def test_columns_are_chosen_and_matched():
    frame = mixed()
    axes = plots.corner(frame, columns=["count", 0])
    assert [ax.get_xlabel() for ax in axes[1]] == ["count", "size"]
    wide = RANDOM.normal(size=(20, 13))
    with pytest.raises(ValueError, match="up to 12 features, and X has 13"):
        plots.corner(wide)
    axes = plots.corner(wide, columns=[12, 3])
    np.testing.assert_allclose(
        axes[1, 0].collections[0].get_offsets(), wide[:, [12, 3]]
    )
    # An array beside a DataFrame: by the places of its columns.
    table = pd.DataFrame(wide[:, :2], columns=["u", "v"])
    axes = plots.corner(table, wide[:, :2], columns="v", axes=plt.subplots()[1])
    assert axes.shape == (1, 1)
    first, _, second, _ = axes[0, 0].patches
    np.testing.assert_allclose(first.get_data()[0], second.get_data()[0])


def test_errors_of_maps(eager):
    table = RANDOM.normal(size=(40, 3))
    with pytest.raises(ValueError, match=r"two features.*Gaussian.*shape \(3,\)"):
        plots.density_2d(GaussianMixture().fit(table))
    with pytest.raises(ValueError, match=r"two features.*shape \(4, 4\)"):
        plots.density_2d(tiny("MADE").fit(bars(20, size=4, random_state=0)))
    for other in (kgen.GAN(), IsolationForest().fit(POINTS), kgen.MADE, 3):
        with pytest.raises(ValueError, match="density_2d needs a fitted density"):
            plots.density_2d(other)
    with pytest.raises(NotFittedError):
        plots.density_2d(GaussianMixture(), POINTS)
    for limits in ((1, 0), (0, np.inf), "ab", (1, 2, 3), ((0, 1), (1, 1)), (0, None)):
        with pytest.raises(ValueError, match=r"`limits` must be \(low, high\)"):
            plots.density_2d(GAUSSIAN, limits=limits)
    for points in (POINTS[:, :1], POINTS[:0], POINTS[0], [[0, np.nan]]):
        with pytest.raises(ValueError, match=r"X must hold points of two features"):
            plots.density_2d(GAUSSIAN, points)
    with pytest.raises(ValueError, match="`cells` must be an integer >= 2"):
        plots.density_2d(GAUSSIAN, cells=1)

    class Silent(GaussianMixture):
        sample = property()

    with pytest.raises(ValueError, match="Silent cannot draw samples"):
        plots.density_2d(Silent().fit(POINTS))
    assert not plt.get_fignums()


def test_errors_of_corners():
    frame = mixed()
    for wrong in (POINTS[0], POINTS[:0]):
        with pytest.raises(ValueError, match="X must be a table"):
            plots.corner(wrong)
    with pytest.raises(ValueError, match=r"table 2 must be a table, shape \(n, 2\)"):
        plots.corner(POINTS, np.zeros((5, 3)))
    with pytest.raises(ValueError, match=r"table 2 .* lacks \['kind'\]"):
        plots.corner(frame, frame.drop(columns="kind"))
    for columns in (["height"], [], ["size", "size"], [9], [0, "size"]):
        with pytest.raises(ValueError, match="`columns` must be different names"):
            plots.corner(frame, columns=columns)
    for labels in (["one"], "ab"):
        with pytest.raises(ValueError, match="a name for each of the 2 data sets"):
            plots.corner(POINTS, POINTS, labels=labels)
    with pytest.raises(ValueError, match="`kind` must be"):
        plots.corner(POINTS, kind="lines")
    with pytest.raises(ValueError, match=r"`axes` must be \(2, 2\)"):
        plots.corner(POINTS, axes=np.empty((3, 3)))
    assert not plt.get_fignums()
