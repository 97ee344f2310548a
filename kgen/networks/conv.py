"""Convolutional networks for images of any size, after the DCGAN guidelines.

References:
    Radford et al., Unsupervised Representation Learning with Deep Convolutional
    Generative Adversarial Networks, 2016, sec. 3. https://arxiv.org/abs/1511.06434
"""

import math
from collections.abc import Callable
from typing import Any

from keras import layers

from kgen.core import validation
from kgen.core.backend import register
from kgen.networks import _parts
from kgen.networks._base import architectures
from kgen.networks._parts import LayeredBuilder, Parts, filters_at, sizes, small


@architectures.register("conv")
@register
class Conv(LayeredBuilder):
    """Strided convolutions down, transposed ones up, and no hidden dense layer.

    Images are halved (rounded up) until height and width are 7 or less, and at least
    twice. Normalisation is everywhere except next to the data.

    Args:
        width: features next to the data, >= 1, doubled by every halving of the image.
        widest: largest number of features, >= 1.
        normalisation: None, "batch", or "layer", which is over all axes of an example,
            with a scale and an offset for every channel, as in WGAN-GP (Gulrajani et
            al., 2017, sec. 4). A critic with a gradient penalty must not have "batch",
            which makes its output for one example depend on the others.
        kernel_size: height and width of the kernels, >= 2. A multiple of the stride,
            2, lets transposed convolutions cover all pixels evenly.
        activation: name of a Keras activation, or a function registered with Keras;
            None is LeakyReLU(0.2) down and ReLU up, as in the guidelines.
        dropout: share of every hidden layer's outputs to drop in training, in [0, 1).

    Raises:
        ValueError: for a setting out of range, or for data that are not images.

    References:
        Radford et al., 2016, sec. 3. https://arxiv.org/abs/1511.06434

    Example:
        >>> generator = Conv(width=8, normalisation=None).up(16, (28, 20, 3))
        >>> generator.output_shape
        (None, 28, 20, 3)
    """

    images_only = True

    def __init__(
        self,
        width: int = 64,
        widest: int = 512,
        normalisation: str | None = "batch",
        kernel_size: int = 4,
        activation: str | Callable | None = None,
        dropout: float = 0.0,
    ) -> None:
        self.width = validation.check_setting(self, "width", width, ge=1)
        self.widest = validation.check_setting(self, "widest", widest, ge=1)
        self.normalisation = _parts.check_normalisation(self, normalisation)
        self.kernel_size = validation.check_setting(
            self, "kernel_size", kernel_size, ge=2
        )
        if activation is not None:
            _parts.check_activation(self, activation)
        self.activation = activation
        self.dropout = _parts.check_dropout(self, dropout)

    def _features(self, parts: Parts, event_shape: tuple[int, ...]) -> list:
        network = []
        for stage in range(len(sizes(*event_shape[:2])) - 1):
            plain = stage == 0 or self.normalisation is None
            network.append(
                parts.convolution(
                    filters_at(self, stage), use_bias=plain, **self._halving()
                )
            )
            if not plain:
                network += parts.normalise()
            leaky = layers.LeakyReLU(0.2, dtype=parts.dtype)
            network += parts.activate(self.activation, leaky)
        return [*network, parts.flatten()]

    def _data(self, parts: Parts, event_shape: tuple[int, ...]) -> list:
        steps = sizes(*event_shape[:2])
        top = filters_at(self, len(steps) - 2)
        network = [
            parts.dense(
                math.prod(steps[-1]) * top, use_bias=self.normalisation is None
            ),
            layers.Reshape((*steps[-1], top), dtype=parts.dtype),
        ]
        for stage in reversed(range(len(steps) - 1)):
            filters = filters_at(self, stage - 1) if stage > 0 else event_shape[-1]
            network += parts.normalise()
            relu = layers.ReLU(dtype=parts.dtype)
            network += parts.activate(self.activation, relu)
            plain = stage == 0 or self.normalisation is None
            network.append(parts.transposed(filters, use_bias=plain, **self._halving()))
            height, width = steps[stage + 1]
            network.append(parts.crop((2 * height, 2 * width), steps[stage]))
        return network

    def _halving(self) -> dict[str, Any]:
        return {
            "kernel_size": self.kernel_size,
            "strides": 2,
            "kernel_initializer": small(),  # Radford et al., 2016, sec. 4
        }
