"""Conditions: of batch normalisation, and in the projection discriminator."""

import keras
import numpy as np
import pytest
from keras import layers

import kgen
from kgen.data.toy import bars, mixture
from kgen.layers import ConditionalBatchNormalization, SpectralNormalization
from kgen.networks import MLP, Architecture, Conv, ResNet, project, with_features
from tests.conftest import tiny

CLASSES = np.eye(3, dtype="float32")
BATCH = [MLP(widths=(8, 6), normalisation="batch"), Conv(width=4), ResNet(width=4)]


def noise(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def shaken(network, seed=0):
    generator = np.random.default_rng(seed)
    network.set_weights(
        [np.abs(generator.normal(size=w.shape)) + 0.1 for w in network.get_weights()]
    )
    return network


@pytest.mark.parametrize("shape", [(3,), (2, 4, 3)])
@pytest.mark.parametrize("training", [True, False])
def test_scale_and_offset_of_a_class_by_hand(shape, training):
    layer = ConditionalBatchNormalization(momentum=0.9, epsilon=1e-3)
    x, label = 3 * noise(30, *shape) + 1, np.arange(30) % 3
    y = CLASSES[label]
    axes = tuple(range(len(shape)))
    mean, variance = (x.mean(axis=axes), x.var(axis=axes)) if training else (0.0, 1.0)
    plain = (x - mean) / np.sqrt(variance + 1e-3)
    found = layer([x, y], training=training)
    np.testing.assert_allclose(found, plain, rtol=1e-4, atol=1e-4)  # at first
    shaken(layer.affine)
    kernel, bias = layer.affine.get_weights()
    ones = [1] * (len(shape) - 1)
    scale, offset = (
        part.reshape(30, *ones, 3) for part in np.split(kernel[label] + bias, 2, axis=1)
    )
    if not training:  # the moving averages, which did not move
        np.testing.assert_array_equal(layer.normalise.moving_mean, 0)
        found = layer([x, y], training=False)
        np.testing.assert_allclose(found, (1 + scale) * plain + offset, rtol=1e-4)
        return
    found = layer([x, y], training=True)
    np.testing.assert_allclose(
        found, (1 + scale) * plain + offset, rtol=1e-3, atol=1e-3
    )


@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16"])
@pytest.mark.parametrize("builder", BATCH, ids=lambda b: type(b).__name__)
def test_generators_that_normalise_by_conditions(builder, policy, tmp_path):
    options = {"dtype": policy, "condition_dim": 3}
    network = shaken(builder.up(4, (6, 5, 2), **options))
    kinds = [type(each) for each in network._flatten_layers()]
    assert ConditionalBatchNormalization in kinds
    plain = [type(each) for each in builder.up(4, (6, 5, 2))._flatten_layers()]
    inner = kinds.count(kgen.layers.BatchNormalization)
    assert inner == plain.count(kgen.layers.BatchNormalization)
    assert inner == kinds.count(ConditionalBatchNormalization)
    z = noise(3, 4)
    images = np.asarray(network([z, CLASSES]), "float32")
    assert images.shape == (3, 6, 5, 2)
    same = np.asarray(network([np.tile(z[:1], (3, 1)), CLASSES]), "float32")
    assert not np.allclose(same[0], same[1])
    network.save(tmp_path / "a.keras")
    again = keras.saving.load_model(tmp_path / "a.keras")
    np.testing.assert_array_equal(again([z, CLASSES]), network([z, CLASSES]))


def test_only_batch_normalisation_takes_conditions():
    assert not MLP().takes_condition
    assert not Architecture(MLP().down, MLP().up).takes_condition
    with pytest.raises(ValueError, match="normalisation='batch'"):
        Conv(normalisation="layer").up(4, (6, 5, 2), condition_dim=3)


@pytest.mark.parametrize("builder", [MLP(8), Conv(width=4), ResNet(width=4)],
                         ids=lambda b: type(b).__name__)  # fmt: skip
@pytest.mark.parametrize("wrap", [None, SpectralNormalization])
def test_projection_by_hand(builder, wrap):
    network = shaken(builder.down((6, 5, 2), 1, wrap=wrap))
    discriminator = project(network, 3, wrap=wrap)
    projection = discriminator.get_layer(
        "projection" if wrap is None else discriminator.layers[-3].name
    )
    shaken(projection, seed=1)
    x, y = noise(5, 6, 5, 2), CLASSES[[0, 1, 2, 2, 1]]
    features, logits = with_features(network)(x)
    embedding = projection if wrap is None else projection.layer
    v = np.array(embedding.kernel)
    assert embedding.bias is None
    if wrap is not None:
        v = v / float(projection.sigma())
    expected = logits + np.sum((y @ v) * features, axis=1, keepdims=True)
    np.testing.assert_allclose(discriminator([x, y]), expected, rtol=1e-4)


def test_it_can_be_the_best_discriminator_of_normal_classes():
    """The classes of q and p are normals of variance 1: both posteriors are softmaxes
    of linear maps of phi(x) = (x, 1), and log q(x, y) / p(x, y) is linear in it."""
    q, p = noise(3, 2, seed=1), noise(3, 2, seed=2)

    def log_density(x, means):
        return -0.5 * np.sum((x[:, None] - means) ** 2, axis=-1)

    # log q(x|y) / p(x|y) = x (q_y - p_y) + (|p_y|^2 - |q_y|^2) / 2, and a feature of 1.
    kernel = np.zeros((2, 3), "float32")
    kernel[0, 0] = kernel[1, 1] = 1
    hidden, last = layers.Dense(3), layers.Dense(1)
    network = keras.Sequential([keras.Input((2,)), hidden, last])
    hidden.set_weights([kernel, np.array([0, 0, 1], "float32")])
    last.set_weights([np.zeros((3, 1)), np.zeros(1)])
    discriminator = project(network, 3)
    constants = 0.5 * (np.sum(p**2, axis=1) - np.sum(q**2, axis=1))
    discriminator.get_layer("projection").set_weights([np.c_[q - p, constants]])
    x, label = noise(50, 2), np.arange(50) % 3
    best = (log_density(x, q) - log_density(x, p))[np.arange(50), label]
    found = discriminator([x, CLASSES[label]])
    np.testing.assert_allclose(np.asarray(found)[:, 0], best, rtol=1e-3, atol=1e-4)


def test_networks_that_cannot_be_projected():
    maps = keras.Sequential([keras.Input((3, 3, 1)), layers.Conv2D(1, 1)])
    with pytest.raises(ValueError, match=r"takes \(n, 3, 3, 1\)"):
        project(maps, 2)
    with pytest.raises(ValueError, match="conditioning='concatenation'"):
        project(keras.Model(), 2)


def layers_in(model):
    return model.discriminator._flatten_layers()


def kinds_of(network):
    return {type(layer).__name__ for layer in network._flatten_layers()}


@pytest.mark.parametrize("architecture", ["conv", "resnet", "mlp"])
def test_what_the_estimator_builds(architecture, eager):
    X = bars(24, size=4, random_state=0)
    gan = tiny("ConditionalGAN", architecture=architecture).fit(X, X[:, 0, 0])
    model = gan.model_
    found = kinds_of(model.discriminator)
    assert "SpectralNormalization" in found
    assert "BatchNormalization" not in found
    assert "Dot" in found
    activations = {getattr(v, "activation", None) for v in layers_in(model)}
    assert keras.activations.silu not in activations  # it shrinks what it gets
    conditional = "ConditionalBatchNormalization" in kinds_of(model.generator)
    assert conditional == (architecture != "mlp")
    wrapped = [
        layer.layer
        for layer in model.discriminator._flatten_layers()
        if isinstance(layer, SpectralNormalization)
    ]
    kernels = [v for v in model.discriminator.weights if v.name == "kernel"]
    assert {id(layer.kernel) for layer in wrapped} == {id(v) for v in kernels}
    options = {"conditioning": "concatenation", "spectral_normalisation": False}
    gan = tiny("ConditionalGAN", architecture=architecture, **options)
    former = gan.fit(X, X[:, 0, 0]).model_
    for network in (former.discriminator, former.generator):
        new = {"SpectralNormalization", "ConditionalBatchNormalization", "Dot"}
        assert not new & kinds_of(network)


def test_batch_normalisation_that_was_asked_for_stays(eager):
    X = bars(24, size=4, random_state=0)
    gan = tiny("ConditionalGAN", architecture=Conv(width=4)).fit(X, X[:, 0, 0])
    found = kinds_of(gan.model_.discriminator)
    assert {"SpectralNormalization", "BatchNormalization"} <= found
    assert gan.architecture == Conv(width=4)


def test_functions_of_your_own_get_the_condition_beside_the_code(eager):
    X, y = mixture(30, random_state=0)
    own = Architecture(MLP(4).down, lambda *shapes, dtype: MLP(4).up(*shapes))
    gan = tiny("ConditionalGAN", architecture=own).fit(X, y)
    assert gan.sample(y=[0, 1]).shape == (2, 2)
    assert gan.model_.condition_dim == len(np.unique(y))


def test_functions_of_your_own_that_cannot_wrap(eager):
    X, y = mixture(30, random_state=0)
    own = Architecture(lambda *shapes, dtype: MLP(4).down(*shapes), MLP(4).up)
    with pytest.raises(TypeError, match="spectral_normalisation=False"):
        tiny("ConditionalGAN", architecture=own).fit(X, y)
    gan = tiny("ConditionalGAN", architecture=own, spectral_normalisation=False)
    assert gan.fit(X, y).sample(y=[0, 1]).shape == (2, 2)


def test_condition_vectors_of_real_numbers(eager):
    X = bars(24, size=4, random_state=0)
    gan = tiny("ConditionalGAN").fit(X, noise(24, 2))
    assert gan.sample(y=noise(3, 2)).shape == (3, 4, 4)


def test_former_files_are_concatenations():
    gan = kgen.load("tests/data/format1/ConditionalGAN.keras")
    assert gan.conditioning == "concatenation"
    assert not gan.spectral_normalisation
