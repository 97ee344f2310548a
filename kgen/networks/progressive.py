"""Convolutional networks that grow from small images to large ones.

References:
    Karras et al., Progressive Growing of GANs for Improved Quality, Stability, and
    Variation, 2018, sec. 2, fig. 2, table 2. https://arxiv.org/abs/1710.10196
"""

import math
from collections.abc import Callable
from typing import Any

import keras
from keras import layers

from kgen.core import messages, validation
from kgen.core.backend import register
from kgen.networks import _parts
from kgen.networks._base import Builder
from kgen.networks._parts import LayeredBuilder, Parts, filters_at, sizes, small
from kgen.networks.conv import Conv
from kgen.networks.growing import GrowingDown, GrowingUp


@register
class Progressive(LayeredBuilder):
    """`Conv`, grown progressively: 28 x 28 pixels from 7 x 7, 64 x 64 from 8 x 8.

    Images are halved (rounded up) until the longer side is 13 pixels or less, and at
    least twice. Kernels, strides and features are those of `Conv`, and at the full size
    there are half of `width` features. In addition, the smallest size has a 3x3
    convolution in both networks, and every size has a 1x1 convolution to images or from
    them. The networks grow only when they are told about training steps, as
    `kgen.models.GANModel` does after each step. That is why estimators have a setting
    `progressive=True` instead of this architecture.

    Images are in [-1, 1], by a tanh before those of two sizes are blended. If it came
    after, the new image could be anything as long as a saturated old one outweighs it.

    Unlike in the paper, convolutions change the size, and normalisation is that of
    `Conv`: pixel normalisation, equalised learning rates and the standard deviation
    over a minibatch are left out.

    Args:
        growth_steps: training steps of a phase, >= 1; see `kgen.networks.GrowingUp`.
        width: features after the first halving of the image, >= 1, doubled by every
            further halving.
        widest: see `Conv`, also for the arguments that follow.
        normalisation: None, "batch" or "layer".
        kernel_size: height and width of the kernels that change the size, >= 2.
        activation: None is LeakyReLU(0.2) down and ReLU up.
        dropout: share of every hidden layer's outputs to drop in training, in [0, 1).

    Raises:
        ValueError: for a setting out of range, or for data that are not images.

    References:
        Karras et al., 2018, sec. 2. https://arxiv.org/abs/1710.10196

    Example:
        >>> generator = Progressive(growth_steps=100, width=8).up(16, (28, 20, 3))
        >>> generator.output_shape
        (None, 28, 20, 3)
    """

    images_only = True
    grows = True

    def __init__(
        self,
        growth_steps: int,
        width: int = 64,
        widest: int = 512,
        normalisation: str | None = "batch",
        kernel_size: int = 4,
        activation: str | Callable | None = None,
        dropout: float = 0.0,
    ) -> None:
        check = validation.check_setting
        self.growth_steps = check(self, "growth_steps", growth_steps, ge=1)
        self.width = check(self, "width", width, ge=1)
        self.widest = check(self, "widest", widest, ge=1)
        self.normalisation = _parts.check_normalisation(self, normalisation)
        self.kernel_size = check(self, "kernel_size", kernel_size, ge=2)
        if activation is not None:
            _parts.check_activation(self, activation)
        self.activation = activation
        self.dropout = _parts.check_dropout(self, dropout)

    def phases(self, event_shape: tuple[int, ...]) -> int:
        """Number of phases in which the networks grow to the size of such images.

        Example:
            >>> Progressive(100).phases((28, 28, 1))  # 7 pixels, to 14, 14, to 28
            4
        """
        return 2 * (len(self._sizes(event_shape)) - 1)

    def _features(self, parts: Parts, event_shape: tuple[int, ...]) -> list:
        steps, filters = self._sizes(event_shape), self._filters(event_shape)

        def after():
            leaky = layers.LeakyReLU(0.2, dtype=parts.dtype)
            return parts.activate(self.activation, leaky)

        blocks, images = [], []
        for stage, features in enumerate(filters):
            image = [parts.convolution(features, kernel_size=1), *after()]
            shape = (*steps[stage], event_shape[-1])
            images.append(parts.network(shape, image))
            options = {"kernel_size": 3} if stage == 0 else self._doubling()
            conv = parts.convolution(
                filters[max(stage - 1, 0)],
                use_bias=self.normalisation is None,
                **options,
            )
            block = [conv, *parts.normalise(), *after()]
            blocks.append(parts.network((*steps[stage], features), block))
        grown = GrowingDown(blocks, images, self.growth_steps, dtype=parts.dtype)
        return [grown, parts.flatten()]

    def _data(self, parts: Parts, event_shape: tuple[int, ...]) -> list:
        steps, filters = self._sizes(event_shape), self._filters(event_shape)
        plain = self.normalisation is None

        def after():
            relu = layers.ReLU(dtype=parts.dtype)
            return [*parts.normalise(), *parts.activate(self.activation, relu)]

        first = (*steps[0], filters[0])
        conv = parts.convolution(
            filters[0], kernel_size=3, use_bias=plain, kernel_initializer=small()
        )
        blocks = [parts.network(first, [*after(), conv, *after()])]
        for stage in range(1, len(steps)):
            height, width = steps[stage - 1]
            block = [
                parts.transposed(filters[stage], use_bias=plain, **self._doubling()),
                parts.crop((2 * height, 2 * width), steps[stage]),
                *after(),
            ]
            shape = (height, width, filters[stage - 1])
            blocks.append(parts.network(shape, block))
        images = [
            keras.Sequential(
                [
                    keras.Input((*size, features)),
                    parts.convolution(event_shape[-1], kernel_size=1),
                    layers.Activation("tanh", dtype="float32"),
                ]
            )
            for size, features in zip(steps, filters, strict=True)
        ]
        return [
            parts.dense(math.prod(first), use_bias=plain),
            layers.Reshape(first, dtype=parts.dtype),
            GrowingUp(blocks, images, self.growth_steps, dtype=parts.dtype),
        ]

    def _sizes(self, event_shape: tuple[int, ...]) -> list[tuple[int, int]]:
        """Sizes of the images, the smallest first."""
        height, width = event_shape[:2]
        return sizes(height, width, most=13)[::-1]

    def _filters(self, event_shape: tuple[int, ...]) -> list[int]:
        """Features of every size, the smallest first."""
        halvings = len(self._sizes(event_shape)) - 1
        after = [filters_at(self, stage) for stage in range(halvings)]
        return [max(1, after[0] // 2), *after][::-1]

    def _doubling(self) -> dict[str, Any]:
        return {
            "kernel_size": self.kernel_size,
            "strides": 2,
            "kernel_initializer": small(),
        }


def grown(
    builder: Builder, growth_steps: int, event_shape: tuple[int, ...]
) -> Progressive:
    """The architecture with the settings of a `Conv`, grown progressively.

    Args:
        builder: a `Conv`.
        growth_steps: training steps of a phase, >= 1.
        event_shape: shape of one example, for messages.

    Raises:
        ValueError: for any other builder.

    Example:
        >>> grown(Conv(width=8), 100, (28, 28, 1))
        Progressive(growth_steps=100, width=8)
    """
    if not isinstance(builder, Conv):
        raise messages.not_growing(builder, event_shape)
    return Progressive(growth_steps, **builder.get_params())
