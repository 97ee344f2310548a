"""Random changes of images against loops over their pixels."""

import numpy as np
import pytest
import tensorflow as tf

from kgen.adversarial.augmentation import NUMBERS, augment

MIDDLE, HALF = 5.0, 2.0


def images(n=40, shape=(9, 6, 3), seed=0):
    x = np.random.default_rng(seed).uniform(3, 7, size=(n, *shape))
    return x.astype("float32")


def numbers(n=40, seed=1):
    return np.random.default_rng(seed).random((n, NUMBERS)).astype("float32")


def test_translations_shift_rows_and_columns():
    x, u = images(), numbers()
    found = np.array(augment(x, ("translation",), u, MIDDLE, HALF))
    shifts = set()
    for image, before, row in zip(found, x, u, strict=True):
        # Up to an eighth of 9 and 6, rounded up: 2 rows and 1 column.
        down, right = int(row[3] * 5) - 2, int(row[4] * 3) - 1
        shifts.add((down, right))
        expected = np.full_like(before, MIDDLE)
        for i in range(9):
            for j in range(6):
                if 0 <= i - down < 9 and 0 <= j - right < 6:
                    expected[i, j] = before[i - down, j - right]
        np.testing.assert_allclose(image, expected, rtol=1e-5)
    assert len(shifts) > 10


def test_cutouts_are_rectangles_of_half_the_size():
    x = np.zeros((400, 8, 6, 1), "float32")
    gone = np.array(augment(x, ("cutout",), numbers(400), MIDDLE, HALF)) == MIDDLE
    assert gone.any(axis=(1, 2, 3)).all()
    for mask in gone[..., 0]:
        rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
        assert mask[np.ix_(rows, columns)].all()  # nothing but a rectangle
        assert len(rows) <= 4
        assert len(columns) <= 3
        inside = 0 < rows[0] and rows[-1] < 7
        assert len(rows) == 4 or not inside
    assert gone.mean(axis=0).min() > 0.05  # everywhere


def test_colours_are_those_of_the_paper():
    x, u = images(), numbers()
    found = np.array(augment(x, ("color",), u, MIDDLE, HALF))
    for image, before, row in zip(found, x, u, strict=True):
        expected = before + (row[0] - 0.5) * HALF
        grey = expected.mean(axis=-1, keepdims=True)
        expected = grey + 2 * row[1] * (expected - grey)
        expected = expected.mean() + (row[2] + 0.5) * (expected - expected.mean())
        np.testing.assert_allclose(image, expected, rtol=1e-4)


@pytest.mark.parametrize("names", [("color",), ("translation",), ("cutout",)])
def test_gradients_pass_through(names):
    x = tf.constant(images(4))
    with tf.GradientTape() as tape:
        tape.watch(x)
        total = tf.reduce_sum(augment(x, names, numbers(4), MIDDLE, HALF))
    gradient = tape.gradient(total, x).numpy()
    assert np.isfinite(gradient).all()
    # What is still in the picture counts once; colours only move it about.
    share = {"color": 1.0, "translation": 0.6, "cutout": 0.6}[names[0]]
    assert gradient.mean() >= share - 1e-3
