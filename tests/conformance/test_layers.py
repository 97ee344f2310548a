"""Every layer: what Keras expects of it."""

import numpy as np
import pytest

from kgen import heads, layers
from kgen.testing import check_layer


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (layers.MaskedConv2D(6, 3), (4, 5, 6)),
        (layers.MaskedConv2D(7, 5, "A", channels=3), (5, 4, 3)),
        (layers.MaskedConv2D(4, 1, activation="relu"), (1, 1, 4)),
        (layers.MaskedConv2D(4, 3, dilation=3), (2, 5, 4)),
        (layers.MaskedConv2D(4, (1, 5), channels=2, parts=3), (3, 5, 4)),
        (layers.MaskedResidualBlock(6, channels=3, dilation=2), (4, 5, 6)),
        (layers.VerticalConv2D(4, 3, "A", dilation=2), (3, 5, 2)),
        (layers.VerticalConv2D(4, 5), (4, 3, 2)),
        (layers.RowLSTM(6, channels=3), (4, 3, 6)),
        (layers.DiagonalBiLSTM(5), (3, 4, 2)),
        (layers.BatchNormalization(momentum=0.8), (3, 4)),
        (layers.SharedScale(), (3, 4)),
        (layers.VectorQuantizer(5), (3, 2, 4)),
        (layers.VectorQuantizer(3, restart=0.0), (4,)),
        (layers.Embed(heads.Categorical(256)), (3, 3, 1)),
        (layers.Embed(heads.Normal(loc=[1.0, 2.0], unit=[3.0, 4.0])), (2,)),
    ],
    ids=str,
)
def test_contract(layer, shape):
    check_layer(layer, shape)


@pytest.mark.parametrize("mask_type", ["A", "B"])
@pytest.mark.parametrize(
    ("features", "filters", "channels"), [(1, 5, 1), (3, 7, 3), (4, 5, 2)]
)
@pytest.mark.parametrize("dilation", [1, 2])
def test_mask_by_the_jacobian(mask_type, features, filters, channels, dilation):
    """What an output sees, against the definition, entry by entry."""
    import tensorflow as tf

    height, width, kernel = 3, 4, 3
    layer = layers.MaskedConv2D(filters, kernel, mask_type, channels, dilation)
    x = tf.Variable(np.ones((1, height, width, features), "float32"))
    with tf.GradientTape() as tape:
        y = layer(x)
    sees = np.asarray(tape.jacobian(y, x))[0, :, :, :, 0] != 0
    for i, j, k, p, q, m in np.ndindex(sees.shape):
        near = {abs(p - i), abs(q - j)} <= {0, dilation}
        before = p < i or (p == i and q < j)
        own, other = k * channels // filters, m * channels // features
        same = (p, q) == (i, j) and (other <= own if mask_type == "B" else other < own)
        assert sees[i, j, k, p, q, m] == (near and (before or same))


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"filters": 4, "kernel_size": 2}, "odd"),
        ({"filters": 4, "kernel_size": 3, "mask_type": "C"}, "'A' or 'B'"),
        ({"filters": 2, "kernel_size": 3, "channels": 3}, "filters=2"),
        ({"filters": 2, "kernel_size": 3, "dilation": 0}, "dilation=0"),
    ],
)
def test_settings_that_cannot_work(settings, words):
    with pytest.raises(ValueError, match=words):
        layers.MaskedConv2D(**settings)
