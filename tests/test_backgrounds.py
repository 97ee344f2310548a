"""Backgrounds of likelihood ratios: PNG without a file, mutations of a known law."""

import struct
import zlib
from io import BytesIO

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.mixture import GaussianMixture
from sklearn.utils.estimator_checks import check_estimator

from kgen.tasks import Background, Complexity, OutlierDetector
from kgen.tasks.backgrounds import mutated
from kgen.tasks.complexity import _filtered

GAUSSIAN = GaussianMixture(random_state=0)


@pytest.mark.parametrize("estimator", [Background(GAUSSIAN), Complexity()])
def test_scikit_learn_s_checks(estimator):
    check_estimator(estimator, on_skip=None)


def as_file(image):
    """A PNG file of one image, with the lines as `Complexity` makes them."""
    height, width, channels = image.shape
    color = {1: 0, 2: 4, 3: 2, 4: 6}[channels]
    header = struct.pack(">IIBBBBB", width, height, 8, color, 0, 0, 0)
    packer = zlib.compressobj(9, memLevel=9, strategy=zlib.Z_FILTERED)
    lines = packer.compress(_filtered(image[np.newaxis])[0].tobytes())
    parts = [(b"IHDR", header), (b"IDAT", lines + packer.flush()), (b"IEND", b"")]
    chunks = [
        struct.pack(">I", len(data)) + kind + data
        + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in parts
    ]  # fmt: skip
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def pictures(channels):
    """Noise, a ramp with some noise, and a plain image."""
    random = np.random.default_rng(0)
    noise = random.integers(256, size=(24, 17, channels))
    ramp = np.arange(24 * 17).reshape(24, 17, 1) // 2 + noise // 32
    return np.stack([noise, ramp, np.full_like(noise, 7)]).astype("uint8")


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_png_is_lossless_and_as_short_as_pillow_s(channels):
    Image = pytest.importorskip("PIL.Image")
    images = pictures(channels)
    found = np.rint(Complexity().fit(images).score_samples(images) / (-8 * np.log(2)))
    for image, length in zip(images, found, strict=True):
        text = as_file(image)
        again = np.asarray(Image.open(BytesIO(text))).reshape(image.shape)
        assert (again == image).all()
        # 57 bytes of chunks and six of zlib are not counted.
        assert len(text) - 63 == length
        buffer = BytesIO()
        Image.fromarray(image.squeeze()).save(buffer, "PNG", optimize=True)
        assert length == pytest.approx(buffer.tell() - 63, rel=0.02, abs=4)
    assert found[0] > 24 * 17 * channels
    assert found[2] < 40


def test_complexity_of_other_data():
    random = np.random.default_rng(0)
    images = random.integers(256, size=(6, 9, 8)).astype("uint8")
    png = Complexity().fit(images)
    bits = png.score_samples(images)
    # The same images as floats, as 64-bit integers, and with an axis of channels.
    for other in (images / 255.0, images.astype("int64"), images[..., np.newaxis]):
        np.testing.assert_array_equal(
            Complexity().fit(other).score_samples(other), bits
        )
    assert Complexity().fit(images.reshape(6, 72)).codec_ == "zlib"
    wide = 1000 * images.astype("int32")
    assert Complexity().fit(wide).codec_ == "zlib"
    with pytest.raises(ValueError, match="PNG is for images"):
        Complexity("png").fit(wide)
    with pytest.raises(ValueError, match="`codec` must be one of 'auto'"):
        Complexity("jpeg").fit(images)
    # Two columns of other units are as fine as each other; a constant one is allowed.
    table = np.stack([np.arange(300), 1e6 * np.arange(300), np.ones(300)], 1) / 7
    coded = Complexity().fit(table)._coded(table)
    assert (coded[:, 0] == coded[:, 1]).all()
    assert (np.unique(coded[:, 0]) == np.arange(256)).all()


def test_mutations_are_uniform_and_as_many_as_asked():
    X = np.zeros((20_000, 3), "uint8")
    X[:2, 0], X[:2, 1] = 3, 9
    changed = mutated(X, 0.25, np.random.default_rng(0))
    assert changed.dtype == X.dtype
    for column, levels in ((0, 4), (1, 10), (2, 1)):
        shares = np.bincount(changed[:, column], minlength=levels) / len(X)
        known = np.full(levels, 0.25 / levels)
        known[0] += 0.75
        np.testing.assert_allclose(shares, known, atol=0.01)
    # Floats that are whole numbers stay so; others lie anywhere in between.
    changed = mutated(
        np.array([[0.0, 0.0], [1.0, 0.5]] * 50), 1.0, np.random.default_rng(0)
    )
    assert set(changed[:, 0]) == {0, 1}
    assert len(set(changed[:, 1])) == 100
    assert changed[:, 1].max() < 0.5
    assert (
        mutated(X > 0, 1.0, np.random.default_rng(0))[:, 0]
    ).mean() == pytest.approx(0.5, abs=0.02)
    images = mutated(pictures(1), 1.0, np.random.default_rng(0))
    assert images.shape == (3, 24, 17, 1)
    assert images[2].std() > 60  # all pixels have one range, not one each


def test_mutations_of_frames():
    pd = pytest.importorskip("pandas")
    numbers = np.random.default_rng(0).integers(9, size=(200, 2))
    frame = pd.DataFrame({"a": numbers[:, 0], "b": numbers[:, 1].astype("float32")})
    changed = mutated(frame, 0.5, np.random.default_rng(1))
    assert (changed.dtypes == frame.dtypes).all()
    same = mutated(numbers, 0.5, np.random.default_rng(1))
    np.testing.assert_array_equal(changed.to_numpy(), same)
    frame["c"] = pd.Categorical(np.where(numbers[:, 0] > 4, "x", "y"))
    changed = mutated(frame, 1.0, np.random.default_rng(1))
    assert changed["c"].dtype == frame["c"].dtype
    assert 0.3 < (changed["c"] == frame["c"]).mean() < 0.7
    assert (frame["b"] == numbers[:, 1]).all()


def test_background_learns_perturbed_data():
    X = np.random.default_rng(0).normal(size=(20_000, 2))
    background = Background(GaussianMixture(random_state=0), 0.4).fit(X)
    width = X.max(axis=0) - X.min(axis=0)
    middle = (X.max(axis=0) + X.min(axis=0)) / 2
    known = 0.6 + 0.4 * (width**2 / 12 + middle**2) - (0.4 * middle) ** 2
    found = np.diag(background.density_.covariances_[0])
    np.testing.assert_allclose(found, known, rtol=0.03)
    again = clone(background).fit(X)  # by the random state of the density
    np.testing.assert_array_equal(again.score_samples(X), background.score_samples(X))
    assert background.score(X) == background.score_samples(X).mean()
    for rate in (0.0, 1.5):
        with pytest.raises(ValueError, match="`mutation_rate` must be"):
            Background(GAUSSIAN, rate).fit(X)


def test_bytes_do_not_overflow():
    X = np.random.default_rng(0).integers(256, size=(60, 3)).astype("uint8")
    detector = OutlierDetector(GAUSSIAN, score="likelihood_ratio", background=GAUSSIAN)
    found = detector.fit(X).score_samples(X)
    np.testing.assert_allclose(found, detector.fit(X * 1.0).score_samples(X * 1.0))
