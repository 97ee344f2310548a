"""Residual networks for images of any size, after SNGAN and WGAN-GP.

References:
    Gulrajani et al., Improved Training of Wasserstein GANs, 2017, app. F.
    https://arxiv.org/abs/1704.00028
    Miyato et al., Spectral Normalization for Generative Adversarial Networks, 2018,
    app. B.4. https://arxiv.org/abs/1802.05957
    He et al., Identity Mappings in Deep Residual Networks, 2016.
    https://arxiv.org/abs/1603.05027
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

from keras import layers

from kgen.core import validation
from kgen.core.backend import register
from kgen.networks import _parts
from kgen.networks._base import architectures
from kgen.networks._parts import LayeredBuilder, Parts, filters_at, sizes, small
from kgen.networks.residual_block import ResidualBlock


@architectures.register("resnet")
@register
class ResNet(LayeredBuilder):
    """Residual blocks with the activation before the convolutions.

    A block is two 3x3 convolutions beside a shortcut, which is a 1x1 convolution where
    the block changes the shape. `down` uses average pooling, and `up` repeats pixels:
    images are halved (rounded up) until height and width are 7 or less, and at least
    twice. Normalisation is everywhere except in the block next to the data in `down`.
    Unlike in the papers, nothing is summed over all pixels before the last layer:
    an encoder has to know where things are.

    Args:
        width: features next to the data, >= 1, doubled by every halving of the image.
        widest: largest number of features, >= 1.
        blocks: residual blocks for every image size except that of the data, >= 1. One
            of them changes the size.
        normalisation: None, "batch", or "layer", which is over all axes of an example,
            with a scale and an offset for every channel, as in WGAN-GP (Gulrajani et
            al., 2017, sec. 4). A critic with a gradient penalty must not have "batch",
            which makes its output for one example depend on the others.
        activation: name of a Keras activation, or a function registered with Keras.
        dropout: share of the inputs of every block's second convolution to drop in
            training, in [0, 1).

    Raises:
        ValueError: for a setting out of range, or for data that are not images.

    References:
        Gulrajani et al., 2017, app. F. https://arxiv.org/abs/1704.00028
        Miyato et al., 2018, app. B.4. https://arxiv.org/abs/1802.05957

    Example:
        >>> critic = ResNet(width=8, normalisation="layer").down((28, 20, 3), 1)
        >>> critic.output_shape
        (None, 1)
    """

    images_only = True

    def __init__(
        self,
        width: int = 64,
        widest: int = 512,
        blocks: int = 1,
        normalisation: str | None = "batch",
        activation: str | Callable = "relu",
        dropout: float = 0.0,
    ) -> None:
        self.width = validation.check_setting(self, "width", width, ge=1)
        self.widest = validation.check_setting(self, "widest", widest, ge=1)
        self.blocks = validation.check_setting(self, "blocks", blocks, ge=1)
        self.normalisation = _parts.check_normalisation(self, normalisation)
        self.activation = _parts.check_activation(self, activation)
        self.dropout = _parts.check_dropout(self, dropout)

    def _features(self, parts: Parts, event_shape: tuple[int, ...]) -> list:
        network: list[layers.Layer] = []
        for stage in range(len(sizes(*event_shape[:2])) - 1):
            filters = filters_at(self, stage)
            # A 1x1 convolution and a mean over pixels commute; in this order there are
            # fewer pixels to convolve.
            shortcut = [_pooling(parts.dtype), _one_by_one(parts, filters)]
            branch = self._branch(parts, filters, at_data=stage == 0)
            branch.append(_pooling(parts.dtype))
            network.append(ResidualBlock(branch, shortcut, dtype=parts.dtype))
            network += self._further(parts, filters)
        return [*network, *self._before(parts), parts.flatten()]

    def _data(self, parts: Parts, event_shape: tuple[int, ...]) -> list:
        steps = sizes(*event_shape[:2])
        filters = filters_at(self, len(steps) - 2)
        network = [
            parts.dense(math.prod(steps[-1]) * filters),
            layers.Reshape((*steps[-1], filters), dtype=parts.dtype),
        ]
        for stage in reversed(range(len(steps) - 1)):
            network += self._further(parts, filters)
            filters, change = filters_at(self, stage), (steps[stage + 1], steps[stage])
            shortcut = [_one_by_one(parts, filters), *_enlarged(parts, *change)]
            branch = self._branch(parts, filters, _enlarged(parts, *change))
            network.append(ResidualBlock(branch, shortcut, dtype=parts.dtype))
        return [
            *network,
            *self._before(parts),
            _three_by_three(parts, event_shape[-1], kernel_initializer=small()),
        ]

    def _further(self, parts: Parts, filters: int) -> list[layers.Layer]:
        """Blocks that keep the shape."""
        return [
            ResidualBlock(self._branch(parts, filters), dtype=parts.dtype)
            for _ in range(self.blocks - 1)
        ]

    def _branch(
        self,
        parts: Parts,
        filters: int,
        enlarged: Sequence[layers.Layer] = (),
        *,
        at_data: bool = False,
    ) -> list[layers.Layer]:
        # Next to the data, nothing precedes the first convolution, and there is no
        # normalisation (Gulrajani et al., 2017, app. F).
        plain = at_data or self.normalisation is None
        return [
            *([] if at_data else self._before(parts)),
            *enlarged,
            _three_by_three(parts, filters, use_bias=plain),
            *([] if plain else parts.normalise()),
            *parts.activate(self.activation),
            _three_by_three(parts, filters),
        ]

    def _before(self, parts: Parts) -> list[layers.Layer]:
        activation = layers.Activation(self.activation, dtype=parts.dtype)
        return [*parts.normalise(), activation]


def _three_by_three(parts: Parts, filters: int, **options: Any) -> layers.Layer:
    # Gulrajani et al., 2017: like He et al., for ReLUs.
    return parts.convolution(
        filters, kernel_size=3, **{"kernel_initializer": "he_normal", **options}
    )


def _one_by_one(parts: Parts, filters: int) -> layers.Layer:
    return parts.convolution(filters, kernel_size=1)


def _pooling(dtype: Any) -> layers.Layer:
    return layers.AveragePooling2D(
        2, padding="same", data_format="channels_last", dtype=dtype
    )


def _enlarged(
    parts: Parts, size: tuple[int, int], wanted: tuple[int, int]
) -> list[layers.Layer]:
    doubled = layers.UpSampling2D(2, data_format="channels_last", dtype=parts.dtype)
    return [doubled, parts.crop((2 * size[0], 2 * size[1]), wanted)]
