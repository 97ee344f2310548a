"""Architectures: settings, names, functions of the user's, searches, files."""

import json
import os
import pickle
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

import kgen
from kgen.core import encoding
from kgen.data.toy import bars
from kgen.networks import (
    MLP,
    Architecture,
    Builder,
    Conv,
    ResNet,
    architectures,
    get,
)
from tests.conftest import tiny


@pytest.mark.parametrize(
    "builder",
    [
        MLP(widths=(8, 6)),
        Conv(width=4, widest=8),
        ResNet(width=4, widest=8, blocks=2),
        MLP(widths=[3, 2], activation=keras.activations.gelu, normalisation="layer"),
        Conv(kernel_size=6, activation="selu", dropout=0.25),
        ResNet(normalisation=None, activation="leaky_relu"),
    ],
    ids=lambda builder: type(builder).__name__,
)
def test_a_builder_is_its_settings(builder):
    config = json.loads(json.dumps(keras.saving.serialize_keras_object(builder)))
    copies = [
        type(builder)(**builder.get_params()),
        clone(builder),
        clone(clone(builder)),
        pickle.loads(pickle.dumps(builder)),
        keras.saving.deserialize_keras_object(config),
        encoding.decode(encoding.encode("x", builder)),
    ]
    for copy in copies:
        assert copy == builder
        assert hash(copy) == hash(builder)
        assert repr(copy) == repr(builder)
        assert copy is not builder
    other = clone(builder).set_params(dropout=0.75)
    assert other != builder
    assert "dropout=0.75" in repr(other)


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        (MLP, {"widths": ()}),
        (MLP, {"widths": (8, 0)}),
        (MLP, {"widths": 2.5}),
        (MLP, {"widths": "8"}),
        (MLP, {"activation": None}),
        (MLP, {"activation": "rellu"}),
        (MLP, {"activation": lambda x: x}),
        (MLP, {"normalisation": "btach"}),
        (Conv, {"width": 0}),
        (Conv, {"widest": 1.5}),
        (Conv, {"kernel_size": 1}),
        (Conv, {"normalisation": True}),
        (Conv, {"activation": 3}),
        (Conv, {"dropout": 1.0}),
        (ResNet, {"blocks": 0}),
        (ResNet, {"width": True}),
        (ResNet, {"widest": -1}),
        (ResNet, {"dropout": -0.1}),
        (ResNet, {"activation": None}),
        (Architecture, {"down": "mlp", "up": MLP().up}),
        (Architecture, {"down": MLP().down, "up": None}),
    ],
)  # fmt: skip
def test_bad_settings_are_named(kind, settings):
    with pytest.raises(ValueError, match=kind.__name__) as error:
        kind(**settings)
    assert any(f"`{name}` must be" in str(error.value) for name in settings)


def test_names():
    assert set(architectures) >= {"mlp", "conv", "resnet"}
    assert get("auto", (4,)) == get("mlp", (4, 4, 1)) == MLP()
    assert get("auto", (4, 4, 1)) == Conv()
    assert get("resnet", (4, 4, 1)) == ResNet()
    mine = Conv(width=3)
    assert get(mine, (4, 4, 1)) == mine
    for wrong in ("rsnet", MLP, 3, None):
        with pytest.raises(ValueError, match=r"resnet"):
            get(wrong, (4, 4, 1))


@pytest.mark.parametrize("value", ["conv", "resnet", Conv(), ResNet(width=3)])
def test_images_only(value):
    with pytest.raises(ValueError, match=r"needs images.*\(9,\).*'mlp'"):
        get(value, (9,))
    with pytest.raises(ValueError, match="needs images"):
        tiny("VAE", architecture=value).fit(np.zeros((4, 9)))
    if isinstance(value, Builder):
        for build in (lambda: value.down((9,), 1), lambda: value.up(1, (9,))):
            with pytest.raises(ValueError, match="needs images"):
                build()


# Pairs of functions


def down(event_shape, units, *, dtype):
    return keras.Sequential(
        [
            keras.Input(event_shape),
            layers.Flatten(dtype=dtype),
            layers.Dense(units, dtype=dtype),
        ]
    )


def test_functions_of_your_own(eager):
    mine = Architecture(down, MLP().up)
    vae = tiny("VAE", architecture=mine).fit(bars(20, random_state=0))
    assert sum(w.shape == (16, 4) for w in vae.model_.encoder.weights) == 1
    assert clone(mine) == mine == Architecture(mine.down, mine.up)
    assert mine != Architecture(down, down)
    assert "function down" in repr(mine)


def test_functions_get_a_wrapper_only_if_there_is_one():
    given = []

    def record(*shapes, **options):
        given.append(options)

    pair = Architecture(record, record)
    pair.down((4,), 1, dtype="float32", wrap=None)
    pair.up(1, (4,), dtype="float32")
    pair.down((4,), 1, wrap=layers.SpectralNormalization)
    assert given == [
        {"dtype": "float32"},
        {"dtype": "float32"},
        {"wrap": layers.SpectralNormalization},
    ]
    with pytest.raises(TypeError, match="wrap"):
        Architecture(down, down).down((4,), 1, dtype=None, wrap=layers.TimeDistributed)


def test_a_builder_of_your_own_needs_a_name_in_files():
    class Own(Builder):
        def __init__(self, units=3):
            self.units = units

    with pytest.raises(ValueError, match=r"register_keras_serializable"):
        encoding.encode("architecture", Own(4))
    architectures.register("test_networks")(Own(4))
    assert encoding.decode(encoding.encode("x", Own(4))) == Own(4)
    with pytest.raises(ValueError, match=r"without pickle"):
        encoding.encode("architecture", Own(5))
    keras.saving.register_keras_serializable("test_networks")(Own)
    assert encoding.decode(encoding.encode("x", Own(5))) == Own(5)


# In estimators


def test_settings_can_be_searched(eager):
    vae = tiny("VAE", architecture=MLP())
    grid = {"architecture__widths": [(8,), (16,)]}
    search = GridSearchCV(vae, grid, cv=2, error_score="raise")
    search.fit(bars(24, size=3, random_state=0))
    assert vae.architecture == MLP()  # which nobody changed
    for params in search.cv_results_["params"]:
        assert len(params["architecture__widths"]) == 1
    (width,) = search.best_estimator_.architecture.widths
    shapes = [w.shape for w in search.best_estimator_.model_.encoder.weights]
    assert (9, width) in shapes


SCRIPT = """
import sys, numpy as np, kgen
vae = kgen.load(sys.argv[1])
print(vae.architecture)
np.save(sys.argv[2], vae.log_prob(np.load(sys.argv[3])))
"""


@pytest.mark.slow
def test_settings_come_back_in_another_process(tmp_path):
    X = bars(20, random_state=0)
    vae = tiny("VAE", architecture=MLP(widths=(16,), dropout=0.1)).fit(X)
    vae.save(tmp_path / "a.keras")
    again = kgen.load(tmp_path / "a.keras")
    assert again.architecture == vae.architecture == MLP(widths=(16,), dropout=0.1)
    again.set_params(warm_start=True).fit(X)
    np.save(tmp_path / "X.npy", X)
    root = Path(__file__).parent.parent
    names = [str(tmp_path / name) for name in ("a.keras", "b.npy", "X.npy")]
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", SCRIPT, *names],
        capture_output=True, text=True, check=True,
        env={**os.environ, "PYTHONPATH": str(root)},
    )  # fmt: skip
    assert done.stdout.strip() == repr(vae.architecture)
    np.testing.assert_array_equal(np.load(tmp_path / "b.npy"), vae.log_prob(X))


@pytest.mark.parametrize(
    "name",
    [
        "VAE",
        *(pytest.param(n, marks=pytest.mark.slow) for n in ("GAN", "ConditionalGAN")),
    ],
)
def test_residual_networks_train(name, tmp_path, eager):
    X = np.random.default_rng(0).integers(4, size=(12, 5, 7, 3)).astype("uint8")
    y = np.arange(12) % 2 if name == "ConditionalGAN" else None
    architecture = ResNet(width=4, widest=8, blocks=2, dropout=0.1)
    estimator = tiny(name, architecture=architecture).fit(X, y)
    assert estimator.sample(2, random_state=0).shape == (2, 5, 7, 3)
    assert np.isfinite(list(estimator.history_.values())).all()
    estimator.save(tmp_path / "a.keras")
    again = kgen.load(tmp_path / "a.keras")
    np.testing.assert_array_equal(
        again.sample(3, random_state=0), estimator.sample(3, random_state=0)
    )


def test_a_fit_with_dropout_is_that_of_its_seed(eager):
    X = bars(24, size=3, random_state=0)
    one, two = (
        tiny("VAE", architecture=MLP(widths=8, dropout=0.5), epochs=2).fit(X)
        for _ in range(2)
    )
    np.testing.assert_array_equal(one.log_prob(X), two.log_prob(X))
