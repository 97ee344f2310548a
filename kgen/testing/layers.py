"""Checks of layers."""

import keras
import numpy as np

from kgen.core.random import seed_scope


def check_layer(layer: keras.layers.Layer, input_shape: tuple[int, ...]) -> None:
    """Verify what Keras expects of a layer.

    Its output has the shape that `compute_output_shape` returns, its configuration and
    weights give the same layer again, one training step changes its weights, and it
    computes in the dtype policy it is given, or in float32 if it has a true attribute
    `computes_in_float32`.

    Args:
        layer: the layer, not yet built.
        input_shape: shape of one example.

    Raises:
        AssertionError: if any of this does not hold; the message says what.
    """
    # The same weights in every run: with some of them a ReLU is dead.
    with seed_scope(0):
        _check(_again(layer, input_shape), input_shape)


def _check(layer, input_shape):
    x = np.random.default_rng(0).uniform(size=(16, *input_shape)).astype("float32")
    y = keras.ops.convert_to_numpy(layer(x))
    announced = tuple(layer.compute_output_shape(x.shape))
    assert y.shape == announced, f"output is {y.shape}, but {announced} was announced"

    again = _again(layer, input_shape)
    again.set_weights(layer.get_weights())
    assert np.array_equal(keras.ops.convert_to_numpy(again(x)), y), (
        "from_config(get_config()) with the same weights gives another output"
    )
    if layer.trainable_weights:
        model = keras.Sequential([keras.Input(input_shape), again])
        model.compile("sgd", "mse")
        model.train_on_batch(x, y + 1.0)
        for before, after in zip(layer.get_weights(), again.get_weights(), strict=True):
            assert not np.array_equal(before, after), (
                "a training step did not change a weight"
            )
    for policy in ("mixed_bfloat16", "mixed_float16", "float32"):
        typed = _again(layer, input_shape, dtype=policy)
        wanted = keras.dtype_policies.get(policy).compute_dtype
        if getattr(layer, "computes_in_float32", False):
            wanted = "float32"
        got = keras.backend.standardize_dtype(typed(x).dtype)
        assert got == wanted, f"output under {policy} is {got}"


def _again(layer, input_shape, **changes):
    again = type(layer).from_config({**layer.get_config(), **changes})
    again.build((None, *input_shape))
    return again
