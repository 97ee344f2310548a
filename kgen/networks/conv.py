"""Convolutional networks for images of any size, after the DCGAN guidelines.

Strided convolutions down and transposed ones up, batch normalisation everywhere but at
the data's side, LeakyReLU down and ReLU up, and no hidden dense layer.

References:
    Radford et al., Unsupervised Representation Learning with Deep Convolutional
    Generative Adversarial Networks, 2016, sec. 3. https://arxiv.org/abs/1511.06434
"""

import math

import keras
from keras import layers

from kgen.core import backend
from kgen.networks._base import Architecture, architectures

WIDTH, WIDEST = 64, 512
"""Features next to the data, doubled by every halving of the image, and at most."""

KERNEL = 4
"""A multiple of the stride, so that transposed convolutions cover pixels evenly."""

# Sampling normalises by the running averages, which have to keep up with short runs.
MOMENTUM = 0.9


def sizes(height, width):
    """Image sizes from the data down: halved, to 7 or less, at least twice.

    Example:
        >>> sizes(28, 20)
        [(28, 20), (14, 10), (7, 5)]
    """
    steps = [(height, width)]
    while len(steps) < 3 or max(steps[-1]) > 7:
        steps.append((-(-steps[-1][0] // 2), -(-steps[-1][1] // 2)))
    return steps


def down(event_shape, units, *, dtype=None):
    """Images to a vector: strided convolutions, then one dense layer to the output."""
    network = [keras.Input(event_shape)]
    for stage in range(len(sizes(*event_shape[:2])) - 1):
        convolution = layers.Conv2D(
            _width(stage), use_bias=stage == 0, dtype=dtype, **_halving()
        )
        network.append(convolution)
        if stage > 0:
            network.append(_normalisation(dtype))
        network.append(layers.LeakyReLU(0.2, dtype=dtype))
    network += [
        layers.Flatten(dtype=dtype),
        layers.Dense(units, kernel_initializer=_small(), dtype=dtype),
    ]
    return keras.Sequential(network)


def up(units, event_shape, *, dtype=None):
    """A vector to images: the mirror image of `down`, cropped where a size was odd."""
    steps = sizes(*event_shape[:2])
    top = _width(len(steps) - 2)
    network = [
        keras.Input((units,)),
        layers.Dense(math.prod(steps[-1]) * top, use_bias=False, dtype=dtype),
        layers.Reshape((*steps[-1], top), dtype=dtype),
    ]
    for stage in reversed(range(len(steps) - 1)):
        filters = _width(stage - 1) if stage > 0 else event_shape[-1]
        transposed = layers.Conv2DTranspose(
            filters, use_bias=stage == 0, dtype=dtype, **_halving()
        )
        network += [
            _normalisation(dtype),
            layers.ReLU(dtype=dtype),
            transposed,
        ]
        (height, width), (small_height, small_width) = steps[stage], steps[stage + 1]
        crop = ((0, 2 * small_height - height), (0, 2 * small_width - width))
        network.append(
            layers.Cropping2D(crop, data_format="channels_last", dtype=dtype)
        )
    return keras.Sequential(network)


def _width(stage):
    return min(WIDTH * 2**stage, WIDEST)


def _normalisation(dtype):
    # Over the whole batch, also where its parts are on several replicas.
    several = backend.replica_count() > 1
    return layers.BatchNormalization(
        momentum=MOMENTUM, synchronized=several, dtype=dtype
    )


def _halving():
    return {
        "kernel_size": KERNEL,
        "strides": 2,
        "padding": "same",
        "data_format": "channels_last",
        "kernel_initializer": _small(),
    }


def _small():
    return keras.initializers.RandomNormal(stddev=0.02)  # Radford et al., sec. 4


conv = Architecture(down, up)
architectures.register("conv")(conv)
