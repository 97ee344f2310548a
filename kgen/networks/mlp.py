"""Dense networks for data of any shape."""

import math

import keras
from keras import layers

from kgen.networks._base import Architecture, architectures

WIDTHS = (512, 256)


def down(event_shape, units, *, dtype=None):
    """Data to a vector, through dense layers of 512 and 256 units."""
    return keras.Sequential(
        [
            keras.Input(event_shape),
            layers.Flatten(dtype=dtype),
            *(_hidden(width, dtype) for width in WIDTHS),
            layers.Dense(units, kernel_initializer=_small(), dtype=dtype),
        ]
    )


def up(units, event_shape, *, dtype=None):
    """A vector to data: the mirror image of `down`."""
    return keras.Sequential(
        [
            keras.Input((units,)),
            *(_hidden(width, dtype) for width in reversed(WIDTHS)),
            layers.Dense(
                math.prod(event_shape), kernel_initializer=_small(), dtype=dtype
            ),
            layers.Reshape(event_shape, dtype=dtype),
        ]
    )


def _hidden(width, dtype):
    return layers.Dense(
        width,
        activation="silu",  # learns quicker than a leaky ReLU, and generalises better
        kernel_initializer="he_normal",
        dtype=dtype,
    )


def _small():
    # Outputs that start near zero: codes near the prior, scales near that of the data.
    # Otherwise the first losses are so large that Adam takes long to forget them.
    return keras.initializers.RandomNormal(stddev=0.02)


mlp = Architecture(down, up)
architectures.register("mlp")(mlp)
