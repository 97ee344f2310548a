"""Masked layers have the options of Keras' own."""

import keras
import numpy as np
import pytest

from kgen import layers
from kgen.autoregressive.samplers import SamplingOptions, draw
from kgen.testing import check_layer
from tests.test_cached_layers import TwoConvolutions, scatter

X = np.random.default_rng(0).normal(size=(4, 5, 6, 2)).astype("float32")
OPTIONS = {
    "use_bias": False,
    "kernel_initializer": keras.initializers.RandomNormal(seed=0),
    "kernel_regularizer": keras.regularizers.L2(0.1),
    "kernel_constraint": "non_neg",
}


@pytest.mark.parametrize(
    "layer",
    [
        layers.MaskedConv2D(4, 3, channels=2, **OPTIONS),
        layers.MaskedConv2D(4, (1, 3), bias_initializer="ones", bias_regularizer="l1"),
        layers.VerticalConv2D(4, 3, **OPTIONS),
        layers.VerticalConv2D(4, 3, bias_constraint=keras.constraints.MaxNorm(1.0)),
    ],
    ids=str,
)
def test_contract(layer):
    check_layer(layer, X.shape[1:])


@pytest.mark.parametrize("kind", [layers.MaskedConv2D, layers.VerticalConv2D])
def test_options_reach_the_weights(kind):
    layer = kind(4, 3, **OPTIONS)
    layer(X)
    assert len(layer.weights) == 1
    kernel = layer.kernel.numpy()
    wanted = keras.initializers.RandomNormal(seed=0)(kernel.shape).numpy()
    mask = getattr(layer, "mask", np.ones(kernel.shape))
    np.testing.assert_array_equal(kernel, wanted * mask)
    # Weights that are never used cost nothing.
    penalty = 0.1 * np.sum((wanted * mask) ** 2)
    np.testing.assert_allclose(layer.losses, penalty, rtol=1e-5)
    assert layer.kernel.constraint is layer.kernel_constraint
    biased = kind(4, 3, bias_initializer="ones", bias_regularizer="l1")
    unbiased = kind(4, 3, use_bias=False)
    biased(X), unbiased(X)
    unbiased.kernel.assign(biased.kernel)
    np.testing.assert_allclose(biased(X), unbiased(X) + 1, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(biased.losses, 4 * 0.01, rtol=1e-5)


def test_a_masked_weight_stays_zero():
    layer = layers.MaskedConv2D(4, 3, "A", kernel_regularizer="l2")
    model = keras.Sequential([keras.Input(X.shape[1:]), layer])
    model.compile("adam", "mse")
    model.fit(X, np.ones((4, 5, 6, 4)), epochs=3, verbose=0)
    kernel = layer.kernel.numpy()
    assert (kernel[layer.mask == 0] == 0).all()
    assert (kernel[layer.mask == 1] != 0).all()


def test_a_dense_layer_too():
    mask = np.tri(2, 3, dtype="float32")
    options = {"kernel_regularizer": "l2", "bias_initializer": "ones"}
    layer = layers.MaskedDense(3, kernel_initializer="ones", **options)
    y = layer(X[:, 0, 0], mask)
    np.testing.assert_allclose(y, X[:, 0, 0] @ mask + 1, rtol=1e-5)
    np.testing.assert_allclose(layer.losses, 0.01 * 6, rtol=1e-5)
    again = layers.MaskedDense.from_config(layer.get_config())
    np.testing.assert_allclose(again(X[:, 0, 0], mask), y)
    assert len(again.losses) == 1


def test_samplers_know_that_there_is_no_bias(eager):
    class Unbiased(TwoConvolutions):
        def build(self, input_shape):
            super().build(input_shape)
            self.first = layers.MaskedConv2D(6, 3, "A", 2, use_bias=False)
            self.first.build(input_shape)

    model = Unbiased((3, 3), 1)
    model.build((None, 4, 5, 2))
    scatter(model)
    blank = np.zeros((2, 4, 5, 2), "float32")
    options = SamplingOptions(jit_compile=False, return_params=True)
    x, params = draw(model, blank, blank > 0, 4, None, options)
    np.testing.assert_allclose(params, model(x), atol=1e-5)
    assert np.abs(params - params[:1]).max() > 0.1
