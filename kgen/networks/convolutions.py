"""Convolutional networks inside couplings, for images.

References:
    Dinh et al., Density Estimation Using Real NVP, 2017, sec. 4.1.
    https://arxiv.org/abs/1605.08803
    Kingma and Dhariwal, Glow: Generative Flow with Invertible 1x1 Convolutions, 2018,
    sec. 5. https://arxiv.org/abs/1807.03039
"""

from keras import layers

from kgen.core import validation
from kgen.core.backend import register
from kgen.layers import CouplingNetwork
from kgen.networks.residual_block import ResidualBlock


def _convolution(filters, size, dtype, **options):
    return layers.Conv2D(
        filters,
        size,
        padding="same",
        data_format="channels_last",
        dtype=dtype,
        **options,
    )


@register
class Convolutions(CouplingNetwork):
    """Three convolutions, 3x3, 1x1 and 3x3, with ReLUs in between (Glow).

    Args:
        filters: features of the first two convolutions, >= 1.

    Example:
        >>> [layer.filters for layer in Convolutions(8).parts(2)]
        [8, 8, 2]
    """

    def __init__(self, filters=64):
        self.filters = validation.check_setting(self, "filters", filters, ge=1)

    def parts(self, outputs, dtype=None):
        count = self.filters
        return [
            _convolution(count, 3, dtype, activation="relu"),
            _convolution(count, 1, dtype, activation="relu"),
            _convolution(outputs, 3, dtype, kernel_initializer="zeros"),
        ]


@register
class ResidualConvolutions(CouplingNetwork):
    """A 3x3 convolution, residual blocks of two, and a 1x1 convolution (Real NVP).

    (The paper's networks also have batch normalisation and weight normalisation.)

    Args:
        filters: features of all but the last convolution, >= 1.
        blocks: number of residual blocks, >= 0.

    Example:
        >>> len(ResidualConvolutions(8, blocks=3).parts(2))
        6
    """

    def __init__(self, filters=32, blocks=2):
        self.filters = validation.check_setting(self, "filters", filters, ge=1)
        self.blocks = validation.check_setting(self, "blocks", blocks, ge=0)

    def parts(self, outputs, dtype=None):
        return [
            _convolution(self.filters, 3, dtype),
            *(self._block(dtype) for _ in range(self.blocks)),
            layers.ReLU(dtype=dtype),
            _convolution(outputs, 1, dtype, kernel_initializer="zeros"),
        ]

    def _block(self, dtype):
        relu, count = layers.ReLU, self.filters
        branch = [relu(dtype=dtype), _convolution(count, 3, dtype)]
        branch += [relu(dtype=dtype), _convolution(count, 3, dtype)]
        return ResidualBlock(branch, dtype=dtype)
