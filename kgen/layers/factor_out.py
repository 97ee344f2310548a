"""Half of the channels are finished, and the others go on.

References:
    Dinh et al., Density Estimation Using Real NVP, 2017, sec. 3.6, eq. 13-16.
    https://arxiv.org/abs/1605.08803
"""

import math

from keras import ops

from kgen.core.backend import register
from kgen.layers.bijection import Bijection, check_kind, latent_shape


@register
class FactorOut(Bijection):
    """The first half of the channels go through a bijection, the others are kept.

    Args:
        bijection: a `kgen.layers.Bijection` for the first half of the channels (the
            smaller part if their number is odd), not yet built.
        **kwargs: see `keras.layers.Layer`.

    Input shape: (n, ..., channels), channels >= 2.
    Output shape: (n, scalars), those of the bijection first, and (n,).

    Example:
        >>> import numpy as np
        >>> from kgen.layers import ActNorm
        >>> z, _ = FactorOut(ActNorm())(np.zeros((5, 2, 2, 4), "float32"))
        >>> z.shape
        TensorShape([5, 16])
    """

    def __init__(self, bijection, **kwargs):
        super().__init__(**kwargs)
        self.bijection = check_kind(self, "bijection", bijection)
        self.condition_dim = bijection.condition_dim

    def build(self, x_shape):
        if x_shape[-1] < 2:
            raise ValueError(
                "FactorOut: x must have at least 2 channels, of which half leave. Got "
                f"shape {tuple(x_shape)}."
            )
        *positions, channels = x_shape[1:]
        self.half = channels // 2
        self.going = (*positions, self.half)
        self.leaving = (*positions, channels - self.half)
        if not self.bijection.built:  # one from a file is
            self.bijection.build((x_shape[0], *self.going))
        self.loops = self.bijection.loops
        self.coded = latent_shape(self.bijection, self.going)

    def forward(self, x, condition=None, *, training=False):
        going, leaving = x[..., : self.half], x[..., self.half :]
        own = condition if self.condition_dim else None
        z, log_det = self.bijection.forward(going, own, training=training)
        parts = [(z, self.coded), (leaving, self.leaving)]
        flat = [ops.reshape(part, (-1, math.prod(shape))) for part, shape in parts]
        return ops.concatenate(flat, axis=-1), log_det

    def inverse(self, z, condition=None):
        size, own = math.prod(self.coded), condition if self.condition_dim else None
        inner = ops.reshape(z[:, :size], (-1, *self.coded))
        going = self.bijection.inverse(inner, own)
        leaving = ops.reshape(z[:, size:], (-1, *self.leaving))
        return ops.concatenate([going, leaving], axis=-1)

    def compute_output_shape(self, x_shape):
        return (x_shape[0], math.prod(x_shape[1:])), (x_shape[0],)
