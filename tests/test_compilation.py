"""XLA and graphs: what compiles, when it must not, and no warnings about retracing."""

import os
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

import kgen
from kgen.core import backend
from kgen.data.toy import bars
from kgen.models import PixelRNNModel
from tests.conftest import TINY, data_for, drawn, tiny


@pytest.mark.slow
@pytest.mark.parametrize("layer", ["row_lstm", "diagonal_bilstm"])
def test_xla_compiles_training_of_lstms_over_images(layer):
    x = bars(8, size=3, random_state=0)[..., np.newaxis].astype("float32")
    found = {}
    for jit in (False, True):
        keras.utils.set_random_seed(0)
        model = PixelRNNModel("bernoulli", layer, 2, 1)
        model.compile(keras.optimizers.SGD(0.1), jit_compile=jit)
        losses = [float(model.train_on_batch(x[:n])) for n in (8, 5, 3)]
        found[jit] = [losses, *model.get_weights()]
    for compiled, plain in zip(found[True], found[False], strict=True):
        np.testing.assert_allclose(compiled, plain, rtol=1e-4, atol=1e-6)


@pytest.fixture
def check_numerics():
    """TensorFlow looks for NaN and infinities in all that it computes."""
    tf.debugging.enable_check_numerics()
    yield
    tf.debugging.disable_check_numerics()


@pytest.mark.parametrize(
    "name",
    [
        name if name == "NADE" else pytest.param(name, marks=pytest.mark.slow)
        for name in TINY
    ],
)
def test_nothing_is_compiled_while_numbers_are_checked(name, check_numerics):
    """XLA has no kernels for these checks; and none of them finds anything."""
    assert not backend.can_compile()
    model = tiny(name, jit_compile="auto")
    X, y = data_for(model, 8)
    model.fit(X, y)
    assert len(drawn(model, 2)) == 2
    if hasattr(model, "log_prob"):
        assert np.isfinite(model.log_prob(X, y)).all()


def test_numbers_are_checked(check_numerics):
    with pytest.raises(tf.errors.InvalidArgumentError, match="NaN"):
        tf.math.log(tf.constant(-1.0))


def test_a_method_outlives_the_variable_of_its_model():
    model = kgen.models.MADEModel("bernoulli", hidden=(4,))
    model.build((None, 3))
    log_prob = model.log_prob
    del model
    assert log_prob(np.zeros((2, 3), "float32")).shape == (2,)


@pytest.mark.slow
def test_many_fits_are_not_warned_of():
    """In a process of its own: TensorFlow warns twice at most."""
    code = (
        "import kgen; from kgen.data.toy import mixture\n"
        "X, _ = mixture(8, random_state=0)\n"
        "for _ in range(6): kgen.MADE(hidden=2, epochs=1).fit(X, validation_data=X)"
    )
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "0"}
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env=environment,
    )
    assert "retracing" not in done.stderr
