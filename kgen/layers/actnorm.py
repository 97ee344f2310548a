"""Actnorm: features or channels have zero mean and unit variance in the first batch.

References:
    Kingma and Dhariwal, Glow: Generative Flow with Invertible 1x1 Convolutions, 2018,
    sec. 3.1. https://arxiv.org/abs/1807.03039
"""

import math

from keras import ops

from kgen.core.backend import register, whole_batch
from kgen.core.state import add_state
from kgen.layers.bijection import Bijection, no_change


@register
class ActNorm(Bijection):
    """z = exp(s) (x - mean) / std + t, with s and t learned for every feature.

    Mean and standard deviation are those of the first training batch, and never change.
    (In the paper they are the initial scale and bias, which gives the same function.
    But not every backend can set a layer's weights within a step; all can set its
    state.) A feature that is constant in the first batch keeps its scale.

    Args:
        **kwargs: see `keras.layers.Layer`.

    Input shape: (n, ..., features).
    Output shape: the same, and (n,).

    Example:
        >>> import numpy as np
        >>> z, _ = ActNorm()(np.array([[1.0], [3.0]], "float32"), training=True)
        >>> np.asarray(z).tolist()
        [[-1.0], [1.0]]
    """

    computes_in_float32 = True

    def build(self, x_shape):
        shape = (x_shape[-1],)
        self.log_scale = self.add_weight(
            shape, "zeros", name="log_scale", autocast=False
        )
        self.shift = self.add_weight(shape, "zeros", name="shift", autocast=False)
        self.mean = add_state(self, "mean", shape)
        self.std = add_state(self, "std", shape, "ones")
        self.begun = add_state(self, "begun", dtype="int32")

    def forward(self, x, condition=None, *, training=False):
        if training:
            self._begin(x)
        log_scale, shift, mean, std = self._values()
        positions = math.prod(x.shape[1:-1])
        change = positions * ops.sum(log_scale - ops.log(std))
        z = (x - mean) * (ops.exp(log_scale) / std) + shift
        return z, no_change(x) + change

    def inverse(self, z, condition=None):
        log_scale, shift, mean, std = self._values()
        return (z - shift) * (std * ops.exp(-log_scale)) + mean

    def _values(self):
        values = self.log_scale, self.shift, self.mean, self.std
        return [ops.cast(value, "float32") for value in values]

    def _begin(self, x):
        """Keep the statistics of a batch if it is the first."""
        first = self.begun.value == 0
        rows = ops.stop_gradient(whole_batch(x))
        axes = tuple(range(len(x.shape) - 1))
        mean, std = ops.mean(rows, axes), ops.std(rows, axes)
        std = ops.where(std > _LEAST, std, 1.0)
        self.mean.assign(ops.where(first, mean, self.mean.value))
        self.std.assign(ops.where(first, std, self.std.value))
        self.begun.assign(ops.ones_like(self.begun.value))


_LEAST = 1e-6
"""Standard deviation up to which a feature counts as constant."""
