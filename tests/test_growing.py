"""Layers that grow: the schedule, stages against layers applied by hand."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from kgen.base.chunks import largest_layer
from kgen.core import backend
from kgen.networks import Progressive, growing_layers

SHAPE = (9, 6, 2)  # of sizes (9, 6), (5, 3) and (3, 2)


def noise(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def networks(shape=SHAPE, **settings):
    """Both networks, with growing steps of 4, and weights that are not near zero."""
    builder = Progressive(**{"growth_steps": 4, "width": 2, **settings})
    both = builder.up(3, shape), builder.down(shape, 1)
    for seed, network in enumerate(both):
        for index, weight in enumerate(network.weights):
            if weight.dtype == "float32":
                value = noise(*weight.shape, seed=100 * seed + index)
                variance = weight.name == "moving_variance"
                weight.assign(np.abs(value) + 0.1 if variance else value)
    return both


def at(step, network):
    (layer,) = growing_layers(network)
    layer.step.assign(step)
    return layer


def enlarged(image, times, shape):
    """Pixels repeated, and cropped to the size of the data."""
    image = np.repeat(np.repeat(image, times, axis=1), times, axis=2)
    return image[:, : shape[0], : shape[1]]


def averaged(x):
    """Means of 2 x 2 pixels, or fewer at an odd edge."""
    height, width = (-(-size // 2) for size in x.shape[1:3])
    means = np.zeros((len(x), height, width, x.shape[-1]), "float32")
    for i in range(height):
        for j in range(width):
            part = x[:, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2]
            means[:, i, j] = part.mean(axis=(1, 2))
    return means


def test_schedule():
    """Stable for 4 steps, fading for 4, and so on: a function of the steps alone."""
    up, _ = networks()
    fade = [0.0, 0.25, 0.5, 0.75]
    wanted = [0] * 4 + fade + [1] * 4 + [1 + a for a in fade] + [2] * 20
    layer = at(0, up)
    for growth in wanted:
        assert layer.growth == growth
        layer.grow()
    assert at(10**9, up).growth == 2


@pytest.mark.parametrize("stage", [0, 1, 2])
def test_generator_is_its_layers_and_repeated_pixels(stage):
    up, _ = networks()
    layer, z = at(8 * stage, up), noise(5, 3)
    h = up.layers[1](up.layers[0](z))
    for block in layer.blocks[: stage + 1]:
        for part in block.layers:
            h = part(h)
    assert h.shape[1:3] == [(3, 2), (5, 3), (9, 6)][stage]
    by_hand = enlarged(np.asarray(layer.images[stage](h)), 2 ** (2 - stage), SHAPE)
    np.testing.assert_array_equal(up(z), by_hand)
    assert np.std(by_hand) > 0.01


@pytest.mark.parametrize("stage", [0, 1, 2])
def test_discriminator_is_its_layers_of_averaged_images(stage):
    _, down = networks()
    layer, x = at(8 * stage, down), noise(5, *SHAPE)
    h = x
    for _ in range(2 - stage):
        h = averaged(h)
    h = layer.images[stage](h)
    for block in layer.blocks[: stage + 1][::-1]:
        for part in block.layers:
            h = part(h)
    by_hand = down.layers[-1](ops.reshape(h, (5, -1)))
    np.testing.assert_allclose(down(x), by_hand, rtol=1e-4, equal_nan=False)


@pytest.mark.parametrize("step", [5, 7, 13])
def test_fades_are_linear(step):
    """Karras et al., 2018, fig. 2 (b), in both networks."""
    up, down = networks()
    stage, alpha = (step + 4) // 8, step % 4 / 4
    z, x = noise(5, 3), noise(5, *SHAPE)
    ends = []
    for stable in (8 * (stage - 1), 8 * stage):
        at(stable, up)
        ends.append(np.asarray(up(z)))
    at(step, up)
    blended = (1 - alpha) * ends[0] + alpha * ends[1]
    np.testing.assert_allclose(up(z), blended, rtol=1e-4, atol=1e-5, equal_nan=False)

    layer = at(step, down)
    for _ in range(2 - stage):
        x = averaged(x)
    new = layer.blocks[stage](layer.images[stage](x))
    h = (1 - alpha) * layer.images[stage - 1](averaged(x)) + alpha * new
    for block in layer.blocks[:stage][::-1]:
        h = block(h)
    by_hand = down.layers[-1](ops.reshape(h, (5, -1)))
    seen = down(noise(5, *SHAPE))
    np.testing.assert_allclose(seen, by_hand, rtol=1e-4, equal_nan=False)


@pytest.mark.parametrize("normalisation", [None, "batch", "layer"])
def test_grown_networks_are_plain_ones(normalisation):
    """At the full size: `Conv` with a 3x3 and a 1x1 more, layer by layer."""
    same = {"padding": "same", "use_bias": normalisation is None}

    def norm():
        if normalisation == "layer":
            return [layers.GroupNormalization(1, epsilon=1e-5)]
        return [layers.BatchNormalization()] if normalisation else []

    def after():
        return [*norm(), layers.ReLU()]

    def leaky():
        return layers.LeakyReLU(0.2)

    plain_up = keras.Sequential([
        keras.Input((3,)),
        layers.Dense(3 * 2 * 4, use_bias=normalisation is None),
        layers.Reshape((3, 2, 4)), *after(),
        layers.Conv2D(4, 3, **same), *after(),
        layers.Conv2DTranspose(2, 4, 2, **same),
        layers.Cropping2D(((0, 1), (0, 1))), *after(),
        layers.Conv2DTranspose(1, 4, 2, **same),
        layers.Cropping2D(((0, 1), (0, 0))), *after(),
        layers.Conv2D(2, 1, activation="tanh"),
    ])  # fmt: skip
    plain_down = keras.Sequential([
        keras.Input(SHAPE),
        layers.Conv2D(1, 1), leaky(),
        layers.Conv2D(2, 4, 2, **same), *norm(), leaky(),
        layers.Conv2D(4, 4, 2, **same), *norm(), leaky(),
        layers.Conv2D(4, 3, **same), *norm(), leaky(),
        layers.Flatten(), layers.Dense(1),
    ])  # fmt: skip
    up, down = networks(normalisation=normalisation)
    (large,), (small,) = growing_layers(up), growing_layers(down)
    used_up = up.layers[:1], *(b.layers for b in large.blocks), large.images[2].layers
    used_down = small.images[2].layers, *(b.layers for b in small.blocks[::-1])
    used_down = *used_down, down.layers[-1:]
    for network, plain, used, x in (
        (up, plain_up, used_up, noise(5, 3)),
        (down, plain_down, used_down, noise(5, *SHAPE)),
    ):
        mine = [layer for part in used for layer in part if layer.weights]
        theirs = [layer for layer in plain.layers if layer.weights]
        for source, target in zip(mine, theirs, strict=True):
            target.set_weights(source.get_weights())
        at(16, network)
        assert np.abs(plain(x)).max() > 0.01
        np.testing.assert_allclose(network(x), plain(x), rtol=1e-4, atol=1e-6)
        at(15, network)
        assert np.abs(network(x) - plain(x)).max() > 1e-3


def test_discriminator_sees_no_detail_below_its_resolution():
    _, down = networks((8, 12, 1))
    detail = noise(4, 4, 1, 6, 1, 1) * np.array([[1, -1], [-1, 1]]).reshape(
        1, 1, 2, 1, 2, 1
    )
    x, detail = noise(4, 8, 12, 1), detail.reshape(4, 8, 12, 1)
    for step, seen in ((0, False), (8, False), (12, False), (13, True), (16, True)):
        at(step, down)
        logits = down(x)
        moved = np.abs(down(x + detail) - logits).max() / np.abs(logits).max()
        assert moved > 1e-2 if seen else moved < 1e-4, step


def test_a_phase_runs_its_own_networks_only():
    """Not only their gradients: in a graph, where all phases are branches."""
    import tensorflow as tf

    def note(network, key):
        call = network.call

        def noted(*args, **kwargs):
            tf.py_function(lambda: runs.append(key), [], [])
            return call(*args, **kwargs)

        network.call = noted

    runs, wanted = [], {0: "b0 i0", 5: "b0 b1 i0 i1", 8: "b0 b1 i1"}
    wanted |= {13: "b0 b1 b2 i1 i2", 16: "b0 b1 b2 i2"}
    for network, shape in zip(networks(), [(3,), SHAPE], strict=True):
        (layer,) = growing_layers(network)
        for i in range(3):
            note(layer.blocks[i], f"b{i}")
            note(layer.images[i], f"i{i}")
        graph, x = tf.function(network), noise(5, *shape)
        for step, keys in wanted.items():
            at(step, network)
            runs.clear()
            graph(x)
            assert sorted(runs) == keys.split(), (network, step)


@pytest.mark.parametrize(
    ("shape", "smallest", "doublings"),
    [((28, 28, 1), (7, 7), 2), ((64, 50, 3), (8, 7), 3), ((13, 13, 1), (4, 4), 2)],
)
def test_first_images_have_7_to_13_pixels_or_are_halved_twice(
    shape, smallest, doublings
):
    builder = Progressive(1, width=1, normalisation=None)
    (layer,) = growing_layers(builder.up(3, shape))
    assert layer.images[0].output_shape[1:3] == smallest
    assert builder.phases(shape) == 2 * doublings == 2 * len(layer.blocks) - 2


@pytest.mark.parametrize("shape", [(1, 1, 1), (7, 7, 1), (33, 64, 4)])
def test_any_size(shape):
    """Also where a size is 1, and stages are equal."""
    up, down = networks(shape, normalisation=None)
    for step in range(0, 30, 6):
        at(step, up), at(step, down)
        x = up(noise(2, 3))
        assert x.shape == (2, *shape)
        assert down(x).shape == (2, 1)


def test_samplers_know_the_largest_features():
    up = Progressive(1, width=16).up(3, (28, 28, 1))
    assert largest_layer(up) == 28 * 28 * 8


def test_replicas_are_refused_where_variables_move(monkeypatch):
    monkeypatch.setattr(backend, "replica_count", lambda: 2)
    Progressive(1, width=1, normalisation="layer").up(3, (2, 2, 1))
    for settings in ({}, {"normalisation": None, "dropout": 0.1}):
        with pytest.raises(ValueError, match="normalisation='batch'.*replicas"):
            Progressive(1, width=1, **settings).up(3, (2, 2, 1))


@pytest.mark.parametrize("shape", [(12, 8, 2), (13, 11, 1)])
@pytest.mark.parametrize("step", [0, 5, 8, 14, 16])
def test_real_images_fade_in_as_drawn_ones_do(step, shape):
    """Karras et al., 2018, fig. 2: images of the former size, and more of the next."""
    _, down = networks(shape)
    x, layer, alpha = noise(3, *shape), at(step, down), step % 4 / 4
    half = averaged(x)
    quarter = enlarged(averaged(half), 4, shape)
    half = enlarged(half, 2, shape)
    expected = {
        0: quarter,
        5: (1 - alpha) * quarter + alpha * half,
        8: half,
        14: (1 - alpha) * half + alpha * x,
        16: x,
    }[step]
    np.testing.assert_allclose(layer.as_drawn(x), expected, rtol=1e-5, atol=1e-6)
