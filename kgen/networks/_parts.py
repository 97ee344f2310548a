"""The layers that networks are made of, with the settings that all layers share."""

import math
from collections.abc import Callable
from typing import Any

import keras
from keras import layers

from kgen.core import validation
from kgen.layers import BatchNormalization, ConditionalBatchNormalization
from kgen.networks._base import Builder, check_images
from kgen.networks.residual_block import conditioned

NORMALISATIONS = (None, "batch", "layer")

# Sampling normalises by running averages, which have to keep up with short runs.
MOMENTUM = 0.9

# Ba et al., Layer Normalization, 2016, leave it open; 1e-5 is that of the code of
# Gulrajani et al., 2017. https://github.com/igul222/improved_wgan_training
EPSILON = 1e-5


def check_normalisation(owner: Any, value: Any) -> str | None:
    """Return a normalisation: None, "batch" or "layer"."""
    return validation.check_choice(owner, "normalisation", value, NORMALISATIONS)


def check_dropout(owner: Any, value: Any, name: str = "dropout") -> float:
    """Return the share of units to drop, in [0, 1)."""
    return validation.check_number(owner, name, value, ge=0, lt=1)


def check_activation(owner: Any, value: Any) -> str | Callable:
    """Return an activation that Keras knows by name, so that files can hold it.

    Raises:
        ValueError: if it is neither a name nor a registered function.
    """
    if isinstance(value, str):
        try:
            keras.activations.get(value)
        except ValueError:
            known = False
        else:
            known = True
    else:
        known = callable(value) and _is_known(value)
    if not known:
        raise ValueError(
            f"{type(owner).__name__}(activation={value!r}): `activation` must be the "
            "name of a Keras activation, such as 'relu', or a function that was "
            "registered with keras.saving.register_keras_serializable."
        )
    return value


def _is_known(function: Any) -> bool:
    name = getattr(function, "__name__", "")
    registered = keras.saving.get_registered_name(function)
    return (
        getattr(keras.activations, name, None) is function
        or keras.saving.get_registered_object(registered) is function
    )


def small():
    """Initial kernels of the last layer: outputs that start near zero.

    Codes start near the prior, and scales near that of the data. Otherwise the first
    losses are so large that Adam takes long to forget them. See also Radford et al.,
    2016, sec. 4.
    """
    return keras.initializers.RandomNormal(stddev=0.02)


def sizes(height: int, width: int, most: int = 7) -> list[tuple[int, int]]:
    """Image sizes from the data down: halved, to `most` or less, at least twice.

    Example:
        >>> sizes(28, 20)
        [(28, 20), (14, 10), (7, 5)]
    """
    steps = [(height, width)]
    while len(steps) < 3 or max(steps[-1]) > most:
        steps.append((math.ceil(steps[-1][0] / 2), math.ceil(steps[-1][1] / 2)))
    return steps


def filters_at(builder: Any, stage: int) -> int:
    """Features after `stage` halvings: a builder's `width`, doubled up to `widest`."""
    return min(builder.width * 2**stage, builder.widest)


class Parts:
    """The layers of one network, all with its dtype, and its wrapper on every kernel.

    Args:
        normalisation: None, "batch" or "layer".
        dropout: share of units to drop, in [0, 1).
        dtype: Keras dtype policy.
        wrap: a function from a layer to a layer, or None.
        condition_dim: length of the conditions that batch normalisation takes, or 0.
    """

    def __init__(
        self,
        normalisation: str | None,
        dropout: float,
        dtype: Any,
        wrap: Callable | None,
        condition_dim: int = 0,
    ) -> None:
        self.condition_dim = condition_dim
        self.normalisation = normalisation
        self.rate = dropout
        self.dtype = dtype
        self.wrap = wrap or (lambda layer: layer)

    def network(self, shape: tuple[int, ...], parts: list) -> keras.Model:
        """Layers, one after the other, as a built model of x, or [x, condition]."""
        if not self.condition_dim:
            return keras.Sequential([keras.Input(shape), *parts])
        x, condition = keras.Input(shape), keras.Input((self.condition_dim,))
        h = x
        for part in parts:
            h = conditioned(part, h, condition)
        return keras.Model([x, condition], h)

    def dense(self, units: int, **options: Any) -> layers.Layer:
        return self.wrap(layers.Dense(units, dtype=self.dtype, **options))

    def convolution(self, filters: int, **options: Any) -> layers.Layer:
        return self.wrap(layers.Conv2D(filters, **self._images(), **options))

    def transposed(self, filters: int, **options: Any) -> layers.Layer:
        return self.wrap(layers.Conv2DTranspose(filters, **self._images(), **options))

    def _images(self) -> dict[str, Any]:
        last = "channels_last"
        return {"padding": "same", "data_format": last, "dtype": self.dtype}

    def normalise(self) -> list[layers.Layer]:
        """No layer, or one: all normalisations of all networks are made here.

        "layer" is over all axes of an example, with a scale and an offset for every
        channel, as in the critic of Gulrajani et al., 2017, sec. 4. For vectors this
        is layer normalisation as in Ba et al., 2016.
        """
        if self.normalisation is None:
            return []
        if self.normalisation == "layer":
            return [
                layers.GroupNormalization(groups=1, epsilon=EPSILON, dtype=self.dtype)
            ]
        conditional = self.condition_dim > 0
        kind = ConditionalBatchNormalization if conditional else BatchNormalization
        return [kind(momentum=MOMENTUM, dtype=self.dtype)]

    def activate(
        self, activation: str | Callable | None, default: layers.Layer | None = None
    ) -> list[layers.Layer]:
        """An activation, or the default if it is None, and dropout if there is any."""
        if activation is None and default is not None:
            return [default, *self.drop()]
        return [layers.Activation(activation, dtype=self.dtype), *self.drop()]

    def drop(self) -> list[layers.Layer]:
        """No layer, or one."""
        return [layers.Dropout(self.rate, dtype=self.dtype)] if self.rate else []

    def flatten(self) -> layers.Layer:
        return layers.Flatten(data_format="channels_last", dtype=self.dtype)

    def crop(self, size: tuple[int, int], wanted: tuple[int, int]) -> layers.Layer:
        """Crop images from one size to another, at the bottom and the right."""
        edges = tuple((0, a - b) for a, b in zip(size, wanted, strict=True))
        return layers.Cropping2D(edges, data_format="channels_last", dtype=self.dtype)


class LayeredBuilder(Builder):
    """Base of the builders whose networks are layers in a row.

    A subclass has the settings `normalisation` and `dropout`, and implements

    - `_features(parts, event_shape)`: layers from data to a vector of features, which a
      dense layer turns into the output of `down`;
    - `_data(parts, event_shape)`: layers from a vector to data.
    """

    normalisation: str | None
    dropout: float

    @property
    def takes_condition(self) -> bool:
        """Whether `up` takes `condition_dim`: its normalisation is over batches."""
        return self.normalisation == "batch"

    def _features(self, parts: Parts, event_shape: tuple[int, ...]) -> list:
        raise NotImplementedError

    def _data(self, parts: Parts, event_shape: tuple[int, ...]) -> list:
        raise NotImplementedError

    def down(
        self,
        event_shape: tuple[int, ...],
        units: int,
        *,
        dtype: Any = None,
        wrap: Callable | None = None,
    ) -> keras.Model:
        parts = self._parts(event_shape, dtype, wrap)
        network = self._features(parts, event_shape)
        last = parts.dense(units, kernel_initializer=small())
        return parts.network(event_shape, [*network, last])

    def up(
        self,
        units: int,
        event_shape: tuple[int, ...],
        *,
        dtype: Any = None,
        wrap: Callable | None = None,
        condition_dim: int = 0,
    ) -> keras.Model:
        if condition_dim and not self.takes_condition:
            raise ValueError(
                f"condition_dim={condition_dim} needs normalisation='batch', which "
                f"depends on the condition. Got {self!r}."
            )
        parts = self._parts(event_shape, dtype, wrap, condition_dim)
        return parts.network((units,), self._data(parts, event_shape))

    def _parts(
        self,
        event_shape: tuple[int, ...],
        dtype: Any,
        wrap: Callable | None,
        condition_dim: int = 0,
    ) -> Parts:
        if self.images_only:
            check_images(self, event_shape)
        return Parts(self.normalisation, self.dropout, dtype, wrap, condition_dim)
