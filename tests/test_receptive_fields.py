"""What an output sees, found by perturbation, against what the papers say."""

import keras
import numpy as np
import pytest

from kgen import layers
from kgen.models import GatedPixelCNNModel, PixelCNNModel
from kgen.testing.spaces import scatter
from tests.conftest import moved_by

SHAPE, ROW, COLUMN = (13, 17), 10, 8


def seen(function, features=1):
    """Offsets (rows, columns) of the inputs that the output at one pixel depends on."""
    pixels = list(np.ndindex(SHAPE))
    offsets = set()
    for seed in range(4):  # for one image a ReLU may happen to shut a path
        x = np.random.default_rng(seed).uniform(size=(1, *SHAPE, features))
        steps = np.zeros((len(pixels), *SHAPE, features))
        for k, (i, j) in enumerate(pixels):
            steps[k, i, j] = 1.0
        changed = moved_by(function, x, steps)[:, ROW, COLUMN].any(axis=1)
        offsets |= {
            (pixels[k][0] - ROW, pixels[k][1] - COLUMN) for k in np.flatnonzero(changed)
        }
    return offsets


def inside(offsets):
    return {
        (i, j)
        for i, j in offsets
        if 0 <= ROW + i < SHAPE[0] and 0 <= COLUMN + j < SHAPE[1]
    }


def built(model):
    keras.utils.set_random_seed(0)
    model.build((None, *SHAPE, 1))
    scatter(model)
    return model


def test_pixelcnn_has_its_blind_spot():
    """Rows above widen by one column to the right for every row (2016b, fig. 1)."""
    model = built(PixelCNNModel("bernoulli", 24, blocks=2, dilations=(1,)))
    offsets = {(0, -c) for c in range(1, 6)}
    for up in range(1, 6):
        # Three rows and columns of the 7x7 stem, one of either for every block, but
        # a step to the right is a step up, too.
        right = 3 + min(2, up - 1)
        offsets |= {(-up, c) for c in range(-5, right + 1)}
    assert seen(model) == inside(offsets)


@pytest.mark.parametrize("depth", [1, 3])
def test_gated_pixelcnn_has_none(depth):
    """All pixels before within reach: a rectangle above, and the row to the left."""
    model = built(GatedPixelCNNModel("bernoulli", 8, depth=depth, dilations=(1,)))
    reach = 2 + depth
    offsets = {(0, -c) for c in range(1, reach + 1)}
    offsets |= {(-r, c) for r in range(1, reach + 1) for c in range(-reach, reach + 1)}
    assert seen(model) == inside(offsets)


def test_row_lstm_sees_a_triangle():
    """One column more on either side for every row (2016, fig. 4, centre)."""
    keras.utils.set_random_seed(0)
    layer = layers.RowLSTM(8)
    layer.build((None, *SHAPE, 1))
    offsets = {(-r, c) for r in range(ROW + 1) for c in range(-r - 1, r + 1)}
    assert seen(layer) == inside(offsets)


def test_diagonal_bilstm_sees_every_earlier_pixel():
    """And its own, which an earlier mask hides (2016, fig. 4, right)."""
    keras.utils.set_random_seed(0)
    layer = layers.DiagonalBiLSTM(8)
    layer.build((None, *SHAPE, 1))
    offsets = {(-r, c) for r in range(1, ROW + 1) for c in range(-20, 20)}
    offsets |= {(0, -c) for c in range(COLUMN + 1)}
    assert seen(layer) == inside(offsets)
