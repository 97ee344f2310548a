"""Networks: sizes, options, wrappers, residual blocks, features."""

import json
import random

import keras
import numpy as np
import pytest
from keras import layers

from kgen.networks import MLP, Conv, ResidualBlock, ResNet, with_features
from kgen.testing import check_layer

SIZES = [(1, 1), (2, 9), (28, 20), (33, 16)]
SMALL = [
    MLP(widths=(8, 6)),
    Conv(width=4, widest=8),
    ResNet(width=4, widest=8, blocks=2),
]
NORMALISATIONS = [None, "batch", "layer"]


def name_of(builder):
    return type(builder).__name__


def having(builder, **settings):
    return type(builder)(**{**builder.get_params(), **settings})


def layers_of(network):
    """All layers, also those in residual blocks and wrappers."""
    found = network._flatten_layers(include_self=False, recursive=True)
    return [layer for layer in found if not isinstance(layer, layers.InputLayer)]


def is_kernel(layer):
    return isinstance(layer, (layers.Dense, layers.Conv2D, layers.Conv2DTranspose))


def noise(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def shaken(network, seed=0):
    """The network with weights, also biases, at random."""
    generator = np.random.default_rng(seed)
    values = [
        np.abs(generator.normal(size=w.shape)) + 0.1 for w in network.get_weights()
    ]
    network.set_weights(values)
    return network


@pytest.mark.parametrize("builder", SMALL, ids=name_of)
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    "channels", [1, 3, *(pytest.param(n, marks=pytest.mark.slow) for n in (2, 4))]
)
def test_networks_mirror_each_other(builder, size, channels):
    down = builder.down((*size, channels), 5, dtype="float32")
    up = builder.up(3, (*size, channels), dtype="float32")
    assert down.output_shape == (None, 5)
    assert up.output_shape == (None, *size, channels)
    x = up(noise(2, 3))
    assert x.shape == (2, *size, channels)
    assert np.isfinite(down(x)).all()


def test_dense_networks_take_data_of_any_shape():
    for shape in [(3,), (4, 3), (2, 3, 4)]:
        assert MLP(4).down(shape, 2).output_shape == (None, 2)
        assert MLP(4).up(2, shape).output_shape == (None, *shape)


def moved(function, x, at):
    """Which outputs move when the input at one place does."""
    other = x.copy()
    other[:, *at] += 1.0
    difference = np.abs(np.asarray(function(other)) - np.asarray(function(x)))
    return difference.max(axis=0) > 0


@pytest.mark.parametrize("builder", SMALL[1:], ids=name_of)
@pytest.mark.parametrize("size", [(5, 9), (9, 6)])
def test_no_pixel_is_lost_to_cropping_and_pooling(builder, size):
    """Every pixel is read down, also in the last row, and every pixel is made up."""
    builder = having(builder, normalisation=None)
    down = shaken(builder.down((*size, 1), 2, dtype="float32"))
    x = np.abs(noise(1, *size, 1))
    for row, column in [(0, 0), (size[0] - 1, 0), (0, size[1] - 1), (-1, -1)]:
        assert moved(down, x, (row, column, 0)).all()
    up = shaken(builder.up(2, (*size, 1), dtype="float32"))
    assert moved(up, np.abs(noise(1, 2)), (0,)).all()


def test_defaults_are_what_the_papers_say():
    assert [d.units for d in MLP().down((9,), 3).layers if is_kernel(d)] == [
        512,
        256,
        3,
    ]
    assert [d.units for d in MLP().up(3, (9,)).layers if is_kernel(d)] == [256, 512, 9]
    down = Conv().down((64, 40, 3), 1, dtype="float32")
    kernels = [layer for layer in down.layers if is_kernel(layer)]
    assert [c.filters for c in kernels[:-1]] == [64, 128, 256, 512]
    assert [c.use_bias for c in kernels] == [True, False, False, False, True]
    assert {c.kernel_size for c in kernels[:-1]} == {(4, 4)}
    up = Conv().up(9, (64, 40, 3), dtype="float32")
    kernels = [layer for layer in up.layers if is_kernel(layer)]
    assert [c.filters for c in kernels[1:]] == [256, 128, 64, 3]
    assert [c.use_bias for c in kernels] == [False, False, False, False, True]
    for layer in layers_of(down) + layers_of(up):
        if isinstance(layer, layers.BatchNormalization):
            assert layer.momentum == 0.9


def test_residual_networks_are_those_of_the_papers():
    """Miyato et al., 2018, app. B.4, and Gulrajani et al., 2017, app. F."""
    down = ResNet(width=4, blocks=2, widest=8).down((32, 32, 3), 1, dtype="float32")
    kinds = [type(layer).__name__ for layer in down.layers]
    *blocks, last = ["ResidualBlock"] * 6, "BatchNormalization"
    assert kinds == [*blocks[0], last, "Activation", "Flatten", "Dense"]
    first, plain = down.layers[:2]
    assert [type(layer).__name__ for layer in first.branch] == [
        "Conv2D", "Activation", "Conv2D", "AveragePooling2D",
    ]  # fmt: skip
    assert [layer.kernel_size for layer in first.shortcut if is_kernel(layer)] == [
        (1, 1)
    ]
    half = ["BatchNormalization", "Activation", "Conv2D"]
    assert [type(layer).__name__ for layer in plain.branch] == half + half
    assert plain.shortcut == []
    widths = [b.branch[-2].filters for b in down.layers[:6:2]]
    assert widths == [4, 8, 8]
    up = ResNet(width=4, blocks=2, widest=8).up(5, (32, 32, 3), dtype="float32")
    kinds = [type(layer).__name__ for layer in up.layers]
    assert kinds == ["Dense", "Reshape", *blocks[0], last, "Activation", "Conv2D"]
    assert [b.branch[-1].filters for b in up.layers[3:8:2]] == [8, 8, 4]
    assert isinstance(up.layers[3].branch[2], layers.UpSampling2D)


@pytest.mark.parametrize("builder", SMALL, ids=name_of)
@pytest.mark.parametrize("normalisation", NORMALISATIONS)
def test_normalisation(builder, normalisation):
    builder = having(builder, normalisation=normalisation)
    wanted = {"batch": layers.BatchNormalization, "layer": layers.GroupNormalization}
    for network in (builder.down((6, 5, 2), 3), builder.up(3, (6, 5, 2))):
        found = layers_of(network)
        for name, kind in wanted.items():
            several = sum(isinstance(layer, kind) for layer in found)
            assert (several > 0) == (name == normalisation)
        if normalisation is None:
            assert all(layer.use_bias for layer in found if is_kernel(layer))


@pytest.mark.parametrize("normalisation", NORMALISATIONS)
def test_no_normalisation_at_the_data_s_side(normalisation):
    first, second = Conv(normalisation=normalisation).down((6, 5, 2), 3).layers[:2]
    assert first.use_bias
    assert isinstance(second, layers.LeakyReLU)
    block = ResNet(normalisation=normalisation).down((6, 5, 2), 3).layers[0]
    assert all(layer.use_bias for layer in block.branch if is_kernel(layer))
    assert [type(layer).__name__ for layer in layers_of(block)][:2] == [
        "Conv2D", "Activation",
    ]  # fmt: skip
    for builder in (Conv, ResNet):
        last = builder(normalisation=normalisation).up(3, (8, 8, 2)).layers
        last = [layer for layer in last if not isinstance(layer, layers.Cropping2D)]
        assert is_kernel(last[-1])
        assert last[-1].use_bias


@pytest.mark.parametrize("builder", SMALL, ids=name_of)
def test_with_layer_normalisation_examples_do_not_know_each_other(builder):
    x = noise(4, 6, 5, 2)
    for normalisation, alone in [(None, True), ("layer", True), ("batch", False)]:
        down = having(builder, normalisation=normalisation).down((6, 5, 2), 3)
        other = np.concatenate([x[:1], 3 * x[1:]])
        same = np.allclose(
            down(x, training=True)[0], down(other, training=True)[0], atol=1e-6
        )
        assert same == alone


def test_layer_normalisation_is_over_all_axes_of_an_example():
    network = Conv(width=4, normalisation="layer").down((8, 8, 1), 1, dtype="float32")
    layer = next(
        each for each in network.layers if isinstance(each, layers.GroupNormalization)
    )
    layer.set_weights([np.arange(1.0, 9.0), np.arange(8.0)])
    x = 5 + 3 * noise(3, 4, 4, 8)
    mean, variance = x.mean((1, 2, 3), keepdims=True), x.var((1, 2, 3), keepdims=True)
    expected = (x - mean) / np.sqrt(variance + 1e-5) * np.arange(1, 9) + np.arange(8)
    np.testing.assert_allclose(layer(x), expected, atol=1e-4)


@pytest.mark.parametrize("builder", SMALL, ids=name_of)
def test_dropout_is_for_training(builder):
    random.seed(0)
    builder = having(builder, dropout=0.5, normalisation=None)
    for network, x in [
        (builder.down((6, 5, 2), 3), noise(2, 6, 5, 2)),
        (builder.up(3, (6, 5, 2)), noise(2, 3)),
    ]:
        np.testing.assert_array_equal(network(x), network(x))
        one, two = (np.asarray(network(x, training=True)) for _ in range(2))
        assert (one != two).any()
    none = having(builder, dropout=0.0).down((6, 5, 2), 3)
    assert not any(isinstance(layer, layers.Dropout) for layer in layers_of(none))


def test_activations():
    x = np.linspace(-3, 3, 7, dtype="float32")[:, None]
    for builder in SMALL:
        network = having(builder, activation="tanh").down((5, 4, 1), 1)
        names = {
            layer.activation.__name__
            for layer in layers_of(network)
            if hasattr(layer, "activation")
        }
        assert names == {"tanh", "linear"}
        assert not any(isinstance(e, layers.LeakyReLU) for e in layers_of(network))
    network = MLP(widths=1, activation="elu").down((1,), 1)
    network.set_weights([np.ones((1, 1)), np.zeros(1)] * 2)
    np.testing.assert_allclose(
        network(x), np.where(x > 0, x, np.exp(np.minimum(x, 0)) - 1), rtol=1e-5
    )
    assert MLP(activation=keras.activations.gelu).activation is keras.activations.gelu


def test_inputs_are_dropped_in_training_and_only_downwards():
    builder = MLP(widths=(400,), activation="linear", input_dropout=0.25)
    network = builder.down((50,), 3)
    first = network.layers[2]
    first.set_weights([np.eye(50, 400), np.zeros(400)])
    hidden = keras.Sequential([keras.Input((50,)), *network.layers[:3]])
    x = np.ones((200, 50), "float32")
    np.testing.assert_array_equal(hidden(x, training=False)[:, :50], x)
    kept = hidden(x, training=True).numpy()[:, :50] > 0
    assert kept.mean() == pytest.approx(0.75, abs=0.02)
    up = builder.up(3, (50,))
    assert not any(isinstance(layer, keras.layers.Dropout) for layer in up.layers)
    with pytest.raises(ValueError, match=r"input_dropout=1"):
        MLP(input_dropout=1.0)


@pytest.mark.parametrize("builder", SMALL, ids=name_of)
@pytest.mark.parametrize("normalisation", NORMALISATIONS)
def test_wrap_sees_every_kernel_once(builder, normalisation):
    builder = having(builder, normalisation=normalisation)
    for build, shapes in [
        (builder.down, ((6, 5, 2), 3)),
        (builder.up, (3, (6, 5, 2))),
    ]:
        seen = []

        def wrap(layer, seen=seen):
            seen.append(layer)
            return layer

        network = build(*shapes, wrap=wrap)
        ids = [id(layer) for layer in seen]
        assert len(set(ids)) == len(ids)
        assert set(ids) == {id(each) for each in layers_of(network) if is_kernel(each)}


@pytest.mark.parametrize("builder", SMALL, ids=name_of)
def test_wrapped_layers_are_in_the_network_and_in_its_file(builder, tmp_path):
    kind = layers.SpectralNormalization
    network = builder.down((6, 5, 2), 3, wrap=kind)
    kernels = [layer for layer in layers_of(network) if is_kernel(layer)]
    wrappers = [layer for layer in layers_of(network) if isinstance(layer, kind)]
    assert len(wrappers) == len(kernels)
    network.save(tmp_path / "a.keras")
    again = keras.saving.load_model(tmp_path / "a.keras")
    x = noise(4, 6, 5, 2)
    np.testing.assert_array_equal(again(x), network(x))


@pytest.mark.parametrize("builder", SMALL, ids=name_of)
@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16"])
def test_dtype_reaches_every_layer(builder, policy):
    builder = having(builder, normalisation="layer", dropout=0.1)
    for network in (
        builder.down((6, 5, 2), 3, dtype=policy),
        builder.up(3, (6, 5, 2), dtype=policy),
    ):
        assert {layer.dtype_policy.name for layer in layers_of(network)} == {policy}


def by_hand(block, x):
    way = x
    for layer in block.branch:
        x = layer(x)
    for layer in block.shortcut:
        way = layer(way)
    return np.asarray(way) + np.asarray(x)


def test_a_residual_block_is_shortcut_plus_branch():
    x = noise(3, 5, 4, 2)
    network = ResNet(width=4, blocks=2).down((5, 4, 2), 3)
    for block in network.layers[:4]:
        np.testing.assert_array_equal(block(x), by_hand(block, x))
        x = block(x)
    dense = ResidualBlock([layers.Dense(2)])
    table = noise(3, 2)
    check_layer(dense, (2,))
    output = dense(table)
    kernel, bias = dense.get_weights()
    np.testing.assert_allclose(output, table + table @ kernel + bias, rtol=1e-5)


def test_a_residual_block_comes_back_from_its_configuration():
    block = ResidualBlock(
        [layers.Conv2D(3, 3, padding="same"), layers.ReLU()],
        [layers.Conv2D(3, 1)],
        name="block",
        dtype="mixed_bfloat16",
    )
    x = noise(2, 5, 4, 1)
    block(x)
    config = json.loads(json.dumps(keras.saving.serialize_keras_object(block)))
    again = keras.saving.deserialize_keras_object(config)
    again.build(x.shape)
    again.set_weights(block.get_weights())
    assert again.name == "block"
    assert again.dtype_policy.name == "mixed_bfloat16"
    np.testing.assert_array_equal(again(x), block(x))
    assert block.compute_output_shape((None, 5, 4, 1)) == (None, 5, 4, 3)


def test_ways_that_end_in_different_shapes():
    block = ResidualBlock([layers.Dense(3)])
    with pytest.raises(ValueError, match=r"\(3, 3\).*\(3, 1\)"):
        block(noise(3, 1))  # which would broadcast


# Features


@pytest.mark.parametrize("builder", SMALL, ids=name_of)
def test_features_make_the_output(builder):
    network = having(builder, normalisation="batch").down((6, 5, 2), 3)
    both = with_features(network)
    x = noise(4, 6, 5, 2)
    features, output = both(x)
    np.testing.assert_array_equal(output, network(x))
    kernel, bias = network.layers[-1].get_weights()
    assert features.shape == (4, len(kernel))
    np.testing.assert_allclose(features @ kernel + bias, output, atol=1e-6)
    assert {id(w) for w in both.weights} == {id(w) for w in network.weights}


def test_features_of_a_network_in_a_network():
    down = MLP(widths=(6, 4)).down((3,), 1)
    x = noise(5, 3)
    wrapped = keras.Sequential([keras.Input((3,)), layers.Rescaling(2.0), down])
    features, output = with_features(wrapped)(x)
    np.testing.assert_array_equal(features, with_features(down)(2 * x)[0])
    np.testing.assert_array_equal(output, wrapped(x))
    one, two = keras.Input((2,)), keras.Input((1,))
    joined = keras.Model([one, two], down(layers.Concatenate()([one, two])))
    features, output = with_features(joined)([x[:, :2], x[:, 2:]])
    np.testing.assert_array_equal(features, with_features(down)(x)[0])
    np.testing.assert_array_equal(output, down(x))


def test_features_of_networks_of_your_own():
    shared = layers.Dense(4)
    a = keras.Input((4,))
    functional = keras.Model(a, shared(keras.ops.relu(shared(a))))
    x = noise(5, 4)
    features, output = with_features(functional)(x)
    np.testing.assert_array_equal(features, np.maximum(shared(x), 0))
    np.testing.assert_array_equal(output, functional(x))
    grown = keras.Sequential()
    for layer in (keras.Input((4,)), layers.Dense(3), layers.ReLU(), layers.Dense(1)):
        grown.add(layer)
    for _ in range(2):
        features, output = with_features(grown)(x)
        np.testing.assert_array_equal(features, np.maximum(grown.layers[0](x), 0))
        np.testing.assert_array_equal(output, grown(x))


def test_features_cost_one_pass(tmp_path):
    x = noise(4, 6, 5, 2)
    network = SMALL[1].down((6, 5, 2), 3)
    first, leaky, second, batch_norm = network.layers[:4]
    mean = np.mean(second(leaky(first(x))), axis=(0, 1, 2))
    with_features(network)(x, training=True)
    np.testing.assert_allclose(batch_norm.moving_mean, 0.1 * mean, rtol=1e-4)
    network = having(SMALL[1], dropout=0.5).down((6, 5, 2), 3)
    both = with_features(network)
    features, output = both(x, training=True)
    kernel, bias = network.layers[-1].get_weights()
    np.testing.assert_allclose(features @ kernel + bias, output, atol=1e-6)
    both.save(tmp_path / "a.keras")
    again = keras.saving.load_model(tmp_path / "a.keras")
    np.testing.assert_array_equal(again(x)[0], both(x)[0])


def test_networks_without_features():
    class Own(keras.Model):
        def call(self, x):
            return x

    a, b = keras.Input((2,)), keras.Input((2,))
    for network in (
        Own(),
        keras.Sequential([layers.Dense(1)]),
        keras.Model([a, b], layers.Add()([a, b])),
        keras.Model(a, [layers.Dense(1)(a), layers.Dense(1)(a)]),
        keras.Model(a, a),
    ):
        with pytest.raises(ValueError, match="with_features needs"):
            with_features(network)
