"""Convolutional networks between images and maps of features, as in VQ-VAEs.

References:
    Van den Oord et al., Neural Discrete Representation Learning, 2017, sec. 4.1.
    https://arxiv.org/abs/1711.00937
"""

import math
from collections.abc import Callable
from typing import Any

import keras
from keras import layers

from kgen.core import validation
from kgen.core.backend import register
from kgen.networks import _parts
from kgen.networks._base import Builder, architectures, check_images
from kgen.networks._parts import Parts, small
from kgen.networks.residual_block import ResidualBlock


@architectures.register("spatial")
@register
class Spatial(Builder):
    """Strided convolutions and residual blocks, from images to maps and back.

    `down` ends in a map (height, width, units), and `up` begins with one: for models
    whose codes have a place in the image. `down` has 4x4 convolutions with stride 2,
    then residual blocks (ReLU, 3x3, ReLU, 1x1), then a 1x1 convolution to the units.
    `up` is its mirror image. Sizes are halved and rounded up; `up` crops at the bottom
    and the right.

    Args:
        width: features of all layers, >= 1.
        halvings: how often height and width are halved, >= 0; with 0, the first
            convolution is 3x3.
        blocks: residual blocks of each network, >= 0.
        activation: name of a Keras activation, or a function registered with Keras.

    Raises:
        ValueError: for a setting out of range, or for data that are not images.

    References:
        Van den Oord et al., Neural Discrete Representation Learning, 2017, sec. 4.1.
        https://arxiv.org/abs/1711.00937

    Example:
        >>> spatial = Spatial(width=8)
        >>> spatial.down((28, 21, 3), 5).output_shape
        (None, 7, 6, 5)
        >>> spatial.up(5, (28, 21, 3)).output_shape
        (None, 28, 21, 3)
    """

    images_only = True
    maps = True

    def __init__(
        self,
        width: int = 64,
        halvings: int = 2,
        blocks: int = 2,
        activation: str | Callable = "relu",
    ) -> None:
        self.width = validation.check_setting(self, "width", width, ge=1)
        self.halvings = validation.check_setting(
            self, "halvings", halvings, ge=0, le=30
        )
        self.blocks = validation.check_setting(self, "blocks", blocks, ge=0)
        self.activation = _parts.check_activation(self, activation)

    def down(
        self,
        event_shape: tuple[int, ...],
        units: int,
        *,
        dtype: Any = None,
        wrap: Callable | None = None,
    ) -> keras.Model:
        check_images(self, event_shape)
        parts = Parts(None, 0.0, dtype, wrap)
        network: list[layers.Layer] = []
        for stage in range(self.halvings):
            network += parts.activate(self.activation) if stage else []
            network.append(parts.convolution(self.width, kernel_size=4, strides=2))
        if not self.halvings:
            network.append(parts.convolution(self.width, kernel_size=3))
        network += [*self._residual(parts), parts.convolution(units, kernel_size=1)]
        return parts.network(event_shape, network)

    def up(
        self,
        units: int,
        event_shape: tuple[int, ...],
        *,
        dtype: Any = None,
        wrap: Callable | None = None,
    ) -> keras.Model:
        check_images(self, event_shape)
        parts = Parts(None, 0.0, dtype, wrap)
        steps = self._sizes(event_shape)
        network = [parts.convolution(self.width, kernel_size=3), *self._residual(parts)]
        outputs = {"filters": event_shape[-1], "kernel_initializer": small()}
        for stage in reversed(range(self.halvings)):
            if stage + 1 < self.halvings:
                network += parts.activate(self.activation)
            options = {"filters": self.width} if stage else outputs
            network.append(parts.transposed(kernel_size=4, strides=2, **options))
            height, width = steps[stage + 1]
            network.append(parts.crop((2 * height, 2 * width), steps[stage]))
        if not self.halvings:
            network.append(parts.convolution(kernel_size=3, **outputs))
        return parts.network((*steps[-1], units), network)

    def _residual(self, parts: Parts) -> list[layers.Layer]:
        """Residual blocks, and an activation after the last."""
        blocks: list[layers.Layer] = []
        for _ in range(self.blocks):
            branch = [
                *parts.activate(self.activation),
                parts.convolution(self.width, kernel_size=3),
                *parts.activate(self.activation),
                parts.convolution(self.width, kernel_size=1),
            ]
            blocks.append(ResidualBlock(branch, dtype=parts.dtype))
        return [*blocks, *parts.activate(self.activation)]

    def _sizes(self, event_shape: tuple[int, ...]) -> list[tuple[int, int]]:
        """Height and width, from the data down."""
        height, width = event_shape[:2]
        return [
            (math.ceil(height / 2**k), math.ceil(width / 2**k))
            for k in range(self.halvings + 1)
        ]
