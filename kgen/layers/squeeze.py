"""From positions to channels: images of half the size, with four times the channels.

References:
    Dinh et al., Density Estimation Using Real NVP, 2017, sec. 3.6, fig. 3.
    https://arxiv.org/abs/1605.08803
"""

from keras import ops

from kgen.core import validation
from kgen.core.backend import register
from kgen.layers.bijection import Bijection, no_change


@register
class Squeeze(Bijection):
    """Squares of positions become one position, whose channels are all of theirs.

    Args:
        factor: side of the squares, >= 1; it must divide height and width.
        **kwargs: see `keras.layers.Layer`.

    Input shape: (n, height, width, channels).
    Output shape: (n, height / factor, width / factor, factor^2 * channels), and (n,).

    Example:
        >>> import numpy as np
        >>> z, _ = Squeeze()(np.arange(4.0, dtype="float32").reshape(1, 2, 2, 1))
        >>> np.asarray(z).tolist()
        [[[[0.0, 1.0, 2.0, 3.0]]]]
    """

    def __init__(self, factor=2, **kwargs):
        super().__init__(**kwargs)
        self.factor = validation.check_setting(self, "factor", factor, ge=1)

    def build(self, x_shape):
        _, height, width, _ = x_shape
        if height % self.factor or width % self.factor:
            raise ValueError(
                f"Squeeze(factor={self.factor}): `factor` must divide height and "
                f"width. Got {height} x {width}."
            )

    def forward(self, x, condition=None, *, training=False):
        k, (height, width, channels) = self.factor, x.shape[1:]
        z = ops.reshape(x, (-1, height // k, k, width // k, k, channels))
        z = ops.transpose(z, (0, 1, 3, 2, 4, 5))
        shape = (-1, height // k, width // k, k * k * channels)
        return ops.reshape(z, shape), no_change(x)

    def inverse(self, z, condition=None):
        k, (height, width, size) = self.factor, z.shape[1:]
        x = ops.reshape(z, (-1, height, width, k, k, size // (k * k)))
        x = ops.transpose(x, (0, 1, 3, 2, 4, 5))
        return ops.reshape(x, (-1, height * k, width * k, size // (k * k)))

    def compute_output_shape(self, x_shape):
        n, height, width, channels = x_shape
        k = self.factor
        return (n, height // k, width // k, k * k * channels), (n,)
