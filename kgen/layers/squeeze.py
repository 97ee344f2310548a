"""From positions to channels: half the height and width, four times the channels.

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
    """Each square of positions becomes one position that has all of their channels.

    Args:
        factor: side of the squares, >= 1, or height and width of rectangles; they must
            divide the height and width of the image.
        **kwargs: see `keras.layers.Layer`.

    Input shape: (n, height, width, channels).
    Output shape: (n, height / factor, width / factor, factor^2 channels), and (n,).

    Example:
        >>> import numpy as np
        >>> z, _ = Squeeze()(np.arange(4.0, dtype="float32").reshape(1, 2, 2, 1))
        >>> np.asarray(z).tolist()
        [[[[0.0, 1.0, 2.0, 3.0]]]]
    """

    def __init__(self, factor=2, **kwargs):
        super().__init__(**kwargs)
        self.factor = validation.check_settings(self, "factor", factor, ge=1)
        if len(self.factor) > 2:
            raise ValueError(
                "Squeeze: `factor` must be one number, or height and width. Got "
                f"{factor!r}."
            )
        self.sides = self.factor * 2 if len(self.factor) == 1 else self.factor

    def build(self, x_shape):
        _, height, width, _ = x_shape
        k, m = self.sides
        if height % k or width % m:
            raise ValueError(
                f"Squeeze(factor={self.factor}): `factor` must divide height and "
                f"width. Got {height} x {width}."
            )

    def forward(self, x, condition=None, *, training=False):
        (k, m), (height, width, channels) = self.sides, x.shape[1:]
        z = ops.reshape(x, (-1, height // k, k, width // m, m, channels))
        z = ops.transpose(z, (0, 1, 3, 2, 4, 5))
        shape = (-1, height // k, width // m, k * m * channels)
        return ops.reshape(z, shape), no_change(x)

    def inverse(self, z, condition=None):
        (k, m), (height, width, size) = self.sides, z.shape[1:]
        x = ops.reshape(z, (-1, height, width, k, m, size // (k * m)))
        x = ops.transpose(x, (0, 1, 3, 2, 4, 5))
        return ops.reshape(x, (-1, height * k, width * m, size // (k * m)))

    def compute_output_shape(self, x_shape):
        n, height, width, channels = x_shape
        k, m = self.sides
        return (n, height // k, width // m, k * m * channels), (n,)
