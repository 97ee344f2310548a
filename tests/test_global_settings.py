"""Whatever Keras and Python are set to globally, kgen's own settings hold."""

import json
import subprocess
import sys

import keras
import numpy as np
import pytest

import kgen
from kgen import networks
from kgen.data.toy import bars
from kgen.models import GANModel
from tests.conftest import data_for, drawn, tiny, unless_slow


@pytest.fixture
def channels_first():
    keras.config.set_image_data_format("channels_first")
    yield
    keras.config.set_image_data_format("channels_last")


@pytest.fixture(params=["float64", "float16"])
def floatx(request):
    keras.config.set_floatx(request.param)
    yield
    keras.config.set_floatx("float32")


def check_fit(estimator, X, y):
    estimator.fit(X, y)
    assert drawn(estimator, 3, random_state=0).shape == (3, *X.shape[1:])
    if hasattr(estimator, "log_prob"):
        assert np.isfinite(estimator.log_prob(X, y)).all()


@pytest.mark.parametrize("name", unless_slow("GAN", "ConditionalGAN", "NADE"))
def test_channels_come_last(name, channels_first, eager):
    estimator = tiny(name)
    check_fit(estimator, *data_for(estimator, n=16))


@pytest.mark.slow
@pytest.mark.parametrize("architecture", ["mlp", "conv", "resnet"])
@pytest.mark.parametrize("name", ["VAE", "GAN", "ConditionalGAN"])
def test_channels_of_networks_come_last(name, architecture, channels_first, eager):
    X = bars(16, size=4, random_state=0)
    estimator = tiny(name, architecture=architecture)
    check_fit(estimator, X, X[:, 0, 0] if name == "ConditionalGAN" else None)


@pytest.mark.parametrize("former", [False, True])
def test_a_gan_samples_the_same_where_channels_come_first(former, tmp_path, eager):
    X = bars(20, size=3, random_state=0).reshape(20, 9).astype("uint8")
    path = tmp_path / "gan.keras"
    gan = tiny("GAN").fit(X)
    gan.save(path)
    expected = gan.sample(3, random_state=0)
    if former:  # a table, in a file whose layers are Keras' own
        config = json.dumps(gan.model_.get_config())
        config = config.replace("kgen.layers.scaling", "keras.layers")
        config = config.replace('"kgen>Scaling"', "null").replace(
            "Scaling", "Rescaling"
        )
        assert config.count("Rescaling") == 2
        weights = gan.model_.get_weights()
        gan.model_ = GANModel.from_config(json.loads(config))
        gan.model_.set_weights(weights)
    keras.config.set_image_data_format("channels_first")
    try:
        again = gan if former else kgen.load(path)
        np.testing.assert_array_equal(again.sample(3, random_state=0), expected)
    finally:
        keras.config.set_image_data_format("channels_last")


def test_networks_of_two_shapes_are_refused():
    def dense(inputs, outputs):
        return networks.assemble((inputs,), keras.layers.Dense(outputs))

    with pytest.raises(ValueError, match=r"shape \(3,\).*takes \(2,\)"):
        GANModel(dense(4, 3), dense(2, 1))


@pytest.mark.parametrize("name", unless_slow("MADE", "NADE"))
def test_floats_are_those_of_the_precision(name, floatx, eager):
    estimator = tiny(name)
    check_fit(estimator, *data_for(estimator, n=16))


@pytest.mark.slow
def test_warnings_of_others_are_no_errors():
    script = """
import warnings
import keras, numpy, sklearn, tensorflow  # what warns here is theirs
warnings.simplefilter("error", DeprecationWarning)
import kgen
from kgen.data.toy import bars
X = bars(16, size=3, random_state=0)
vae = kgen.VAE(latent_dim=2, architecture="mlp", epochs=1, warm_start=True)
vae.fit(X).fit(X).log_prob(X)
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
