"""Checks of bijections."""

import tempfile
from pathlib import Path
from typing import Any

import keras
import numpy as np

from kgen.core import backend
from kgen.core.random import seed_scope
from kgen.layers import Bijection
from kgen.testing.spaces import scatter

POLICIES = ("float32", "mixed_bfloat16", "mixed_float16")


def check_bijection(
    bijection: Bijection, input_shape: tuple[int, ...], *, spread: float = 0.3
) -> None:
    """Verify that a bijection keeps its contract, with random weights.

    The inverse undoes the layer to 1e-4, and log |det dz/dx| agrees with autodiff's
    Jacobian: in float32, and where networks compute in half precision. Both are
    float32, and have the announced shapes. Far from the data all is finite, and the
    inverse still holds. Training and inference agree after a training step, and a step
    changes all weights. Configuration and weights, and files, give the same layer.

    Args:
        bijection: the layer, not yet built.
        input_shape: shape of one example.
        spread: standard deviation of the random weights, > 0.

    Raises:
        AssertionError: if any of this does not hold; the message says what.
    """
    random = np.random.default_rng(0)
    x = random.normal(size=(12, *input_shape)).astype("float32")
    given: list = [x]
    if bijection.condition_dim:
        shape = (12, bijection.condition_dim)
        given.append(random.normal(size=shape).astype("float32"))
    with seed_scope(0):
        for policy in POLICIES:
            layer = _made(bijection, input_shape, policy)
            scatter(layer, spread=spread)
            first, _ = layer.forward(*given, training=True)
            _check_maps(layer, given, _numpy(first), policy)
            _check_copies(layer, given, policy)
        _check_training(layer, given)


def _check_maps(layer, given, first, policy):
    (x, *condition), n = given, len(given[0])
    z, log_det = layer.forward(*given)
    for what, tensor in (("z", z), ("log_det", log_det)):
        dtype = keras.backend.standardize_dtype(tensor.dtype)
        assert dtype == "float32", f"{what} under {policy} is {dtype}"
    z, log_det = _numpy(z), _numpy(log_det)
    announced, _ = layer.compute_output_shape(x.shape)
    assert z.shape == tuple(announced), f"z is {z.shape}, announced were {announced}"
    assert log_det.shape == (n,), f"log_det is {log_det.shape}, and not {(n,)}"
    assert np.allclose(z, first, atol=1e-5), "training and inference differ"

    off = np.abs(_numpy(layer.inverse(z, *condition)) - x).max()
    assert off < 1e-4, f"under {policy} inverse(forward(x)) is {off:.2g} off x"
    sign, wanted = np.linalg.slogdet(jacobian(layer, *given))
    off = np.abs(log_det - wanted).max()
    assert off < 1e-3, f"under {policy} log_det is {off:.2g} off the Jacobian's"
    assert (sign != 0).all(), "the Jacobian is singular"

    far = 1e4 * x
    z, log_det = layer.forward(far, *condition)
    assert np.isfinite(_numpy(log_det)).all(), "log_det is not finite far outside"
    off = np.abs(_numpy(layer.inverse(z, *condition)) / far - 1).max()
    assert off < 1e-2, f"far outside inverse(forward(x)) / x - 1 is {off:.2g}"


def jacobian(layer: Bijection, x: np.ndarray, *condition: np.ndarray) -> np.ndarray:
    """Jacobians dz/dx by automatic differentiation, float64 of shape (n, d, d)."""
    n, d = len(x), x[0].size

    def output(index):
        def z_of(x):
            z, _ = layer.forward(x, *condition)
            return keras.ops.reshape(z, (n, d))[:, index]

        return z_of

    rows = [_numpy(backend.gradient(output(i), x)).reshape(n, d) for i in range(d)]
    return np.stack(rows, axis=1).astype("float64")


def _check_copies(layer, given, policy):
    z, log_det = (_numpy(part) for part in layer.forward(*given))
    again = type(layer).from_config(layer.get_config())
    again.build((None, *given[0].shape[1:]))
    again.set_weights(layer.get_weights())
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "layer.keras")
        _functional(layer, given).save(path)
        loaded = keras.saving.load_model(path, safe_mode=True)
    for what, copy in (("from_config(get_config())", again), ("a file", loaded)):
        for one, other in zip((z, log_det), _call(copy, given), strict=True):
            # Not to the last bit, which may depend on where in memory a row is.
            assert np.allclose(one, _numpy(other), rtol=1e-5, atol=1e-5), (
                f"under {policy} {what} with the same weights gives another output"
            )


def _check_training(layer, given):
    if not layer.trainable_weights:
        return
    model, before = _functional(layer, given), layer.get_weights()
    states = [not weight.trainable for weight in layer.weights]
    model.compile("sgd", loss=["mse", "mse"])
    z, log_det = (_numpy(part) for part in layer.forward(*given))
    model.train_on_batch(given, [z + 1.0, log_det + 1.0])
    after = layer.get_weights()
    for weight, state, one, other in zip(
        layer.weights, states, before, after, strict=True
    ):
        same = np.array_equal(one, other)
        assert state or not same, f"a training step did not change {weight.path}"


def _call(layer, given):
    if isinstance(layer, keras.Model):
        return layer(given)
    return layer(*given)


def _functional(layer, given):
    """A Keras model of one bijection."""
    inputs = [keras.Input(part.shape[1:]) for part in given]
    return keras.Model(inputs, layer(*inputs))


def _made(bijection, input_shape, policy):
    """A layer of the same configuration, all parts of which have a dtype policy."""
    config: Any = _in_policy(bijection.get_config(), policy)
    layer = type(bijection).from_config(config)
    layer.build((None, *input_shape))
    return layer


def _in_policy(config, policy):
    if isinstance(config, list):
        return [_in_policy(part, policy) for part in config]
    if not isinstance(config, dict):
        return config
    return {
        name: policy if name == "dtype" else _in_policy(part, policy)
        for name, part in config.items()
    }


def _numpy(tensor):
    return keras.ops.convert_to_numpy(tensor)
