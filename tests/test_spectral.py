"""Spectral normalisation, against numpy's singular values and plain gradients."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from kgen.layers import SpectralNormalization
from kgen.testing import check_layer

IMAGES = {"padding": "same", "data_format": "channels_last"}


def cases():
    return [
        (layers.Dense(5, activation="relu"), (7,)),
        (layers.Conv2D(4, 3, activation="tanh", **IMAGES), (5, 4, 3)),
        (layers.Conv2DTranspose(4, 2, strides=2, **IMAGES), (3, 2, 3)),
    ]


def matrix(kernel, layer):
    """A row for every output feature."""
    transposed = isinstance(layer, layers.Conv2DTranspose)
    rows = np.moveaxis(np.asarray(kernel), -2 if transposed else -1, 0)
    return rows.reshape(rows.shape[0], -1)


def noise(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def converged(layer, shape, steps=300):
    """A wrapped layer with a kernel whose first singular value is by far the largest,
    and inputs."""
    wrapped, x = SpectralNormalization(layer), noise(2, *shape)
    wrapped.build((None, *shape))
    layer.bias.assign(noise(*layer.bias.shape))
    layer.kernel.assign(noise(*layer.kernel.shape, seed=3))
    for _ in range(steps):
        wrapped.sigma(training=True)
    return wrapped, x


@pytest.mark.parametrize(("layer", "shape"), cases(), ids=str)
def test_sigma_is_the_largest_singular_value(layer, shape):
    wrapped, x = converged(layer, shape)
    kernel = np.array(layer.kernel)
    largest = np.linalg.svd(matrix(kernel, layer), compute_uv=False)[0]
    assert float(wrapped.sigma()) == pytest.approx(largest, rel=1e-5)
    found = wrapped(x, training=True)
    np.testing.assert_array_equal(layer.kernel, kernel)  # it is not overwritten
    layer.kernel.assign(kernel / largest)
    np.testing.assert_allclose(found, layer(x), rtol=1e-4, atol=1e-5)


def test_one_step_of_the_power_iteration_by_hand():
    layer = layers.Dense(3, use_bias=False)
    wrapped = SpectralNormalization(layer)
    wrapped.build((None, 4))
    w, u = np.array(layer.kernel).T, np.array(wrapped.u)
    assert np.linalg.norm(u) == pytest.approx(1)
    v = w.T @ u / np.linalg.norm(w.T @ u)
    x = noise(2, 4)
    still = wrapped(x)
    np.testing.assert_array_equal(wrapped.u, u)  # inference changes nothing
    np.testing.assert_allclose(still, x @ w.T / (u @ w @ v), rtol=1e-4)
    moved = w @ v / np.linalg.norm(w @ v)
    found = wrapped(x, training=True)
    np.testing.assert_allclose(wrapped.u, moved, rtol=1e-5)
    np.testing.assert_allclose(found, x @ w.T / (moved @ w @ v), rtol=1e-4)


@pytest.mark.parametrize(("layer", "shape"), cases(), ids=str)
def test_gradient_against_finite_differences_of_the_norm_by_svd(layer, shape):
    """Once it has converged, that of W / sigma_1(W), which depends on all of W."""
    wrapped, x = converged(layer, shape)
    kernel, way = np.array(layer.kernel, "float64"), noise(*layer.kernel.shape, seed=5)
    weight = noise(*layer.compute_output_shape((2, *shape)), seed=6)
    with tf.GradientTape() as tape:
        value = tf.reduce_sum(wrapped(x) * weight)
    gradient = tape.gradient(value, layer.kernel.value)

    def at(size):
        moved = kernel + size * way
        largest = np.linalg.svd(matrix(moved, layer), compute_uv=False)[0]
        layer.kernel.assign(moved / largest)
        return float(tf.reduce_sum(layer(x) * weight))

    slope = (at(1e-2) - at(-1e-2)) / 2e-2
    assert np.sum(gradient * way) == pytest.approx(slope, rel=2e-2, abs=1e-3)


def test_gradient_with_fixed_vectors():
    """Far from convergence: that of x W^T / u^T W v, in which u and v are constants."""
    layer = layers.Dense(3, use_bias=False)
    wrapped = SpectralNormalization(layer)
    wrapped.build((None, 4))
    x, weight = noise(2, 4), noise(2, 3, seed=1)
    w, u = np.array(layer.kernel, "float64").T, np.array(wrapped.u, "float64")
    v = w.T @ u / np.linalg.norm(w.T @ u)
    u = w @ v / np.linalg.norm(w @ v)
    with tf.GradientTape() as tape:
        value = tf.reduce_sum(wrapped(x, training=True) * weight)
    gradient = np.asarray(tape.gradient(value, layer.kernel.value))
    slopes = np.zeros((4, 3))
    for i, j in np.ndindex(4, 3):
        step = np.zeros((3, 4))
        step[j, i] = 1e-5
        above, below = (
            np.sum(x @ (w + d).T * weight) / (u @ (w + d) @ v) for d in (step, -step)
        )
        slopes[i, j] = (above - below) / 2e-5
    np.testing.assert_allclose(gradient, slopes, rtol=1e-3, atol=1e-4)


def test_kernels_of_zeros_stay():
    layer = layers.Dense(3, kernel_initializer="zeros")
    wrapped = SpectralNormalization(layer)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(wrapped(noise(2, 4), training=True))
    gradient = tape.gradient(loss, layer.kernel.value)
    assert np.isfinite(gradient).all()
    assert np.isfinite(wrapped.u).all()


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_half_precision_computes_sigma_in_float32(policy):
    layer = layers.Dense(5, dtype=policy)
    wrapped, x = converged(layer, (7,))
    outer = keras.Sequential([keras.Input((7,)), wrapped])
    outer.dtype_policy = policy
    for network in (wrapped, outer):
        y = network(x, training=True)
        assert keras.backend.standardize_dtype(y.dtype) == layer.compute_dtype
    sigma = wrapped.sigma()
    assert keras.backend.standardize_dtype(sigma.dtype) == "float32"
    largest = np.linalg.svd(np.array(layer.kernel), compute_uv=False)[0]
    exact = x @ (np.array(layer.kernel) / largest) + np.array(layer.bias)
    np.testing.assert_allclose(tf.cast(y, "float32"), exact, atol=0.05)
    assert float(sigma) == pytest.approx(largest, rel=1e-5)


def test_files_hold_it(tmp_path):
    parts = [keras.Input((4, 4, 3))]
    parts += [SpectralNormalization(layers.Conv2D(4, 3, **IMAGES)), layers.Flatten()]
    model = keras.Sequential([*parts, SpectralNormalization(layers.Dense(2))])
    x = noise(3, 4, 4, 3)
    model(x, training=True)
    model.save(tmp_path / "a.keras")
    again = keras.saving.load_model(tmp_path / "a.keras")
    np.testing.assert_array_equal(again(x), model(x))
    for mine, its in zip(model.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, its)


@pytest.mark.parametrize(("layer", "shape"), cases(), ids=str)
def test_contract(layer, shape):
    check_layer(SpectralNormalization(layer), shape)


def test_a_layer_without_a_kernel():
    with pytest.raises(ValueError, match="with a `kernel`"):
        SpectralNormalization(layers.ReLU()).build((None, 3))
