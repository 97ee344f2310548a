"""Batch normalisation with a scale and an offset that depend on a condition.

    h = (x - mean) / sqrt(variance + epsilon)
    out = (1 + a(y)) * h + b(y)

where a and b are affine maps of the condition y, to a number for every channel.

References:
    De Vries et al., Modulating Early Visual Processing by Language, 2017, sec. 3.
    https://arxiv.org/abs/1707.00683
    Dumoulin et al., A Learned Representation for Artistic Style, 2017, sec. 2.2 (a
    scale and an offset for every class). https://arxiv.org/abs/1610.07629
"""

import keras
from keras import ops

from kgen.core.backend import register
from kgen.core.config import ConfigMixin
from kgen.layers.batch_normalization import BatchNormalization


@register
class ConditionalBatchNormalization(ConfigMixin, keras.layers.Layer):
    """Batch normalisation whose scale and offset are functions of a condition.

    At first they are 1 and 0 for all conditions.

    Args:
        momentum: momentum of the moving averages of mean and variance, in [0, 1].
        epsilon: number added to variances, > 0.
        **kwargs: see `keras.layers.Layer`.

    Input shape: [(n, ..., channels), (n, k)], data and conditions.
    Output shape: (n, ..., channels).

    References:
        De Vries et al., Modulating Early Visual Processing by Language, 2017, sec. 3.
        https://arxiv.org/abs/1707.00683
        Dumoulin et al., A Learned Representation for Artistic Style, 2017, sec. 2.2.
        https://arxiv.org/abs/1610.07629

    Example:
        >>> import numpy as np
        >>> layer = ConditionalBatchNormalization()
        >>> x, y = np.ones((5, 4, 4, 3)), np.eye(5)
        >>> layer([x, y]).shape
        TensorShape([5, 4, 4, 3])
    """

    takes_condition = True

    def __init__(self, momentum=0.99, epsilon=1e-3, **kwargs):
        super().__init__(**kwargs)
        self.momentum, self.epsilon = momentum, epsilon
        self.normalise = BatchNormalization(
            momentum=momentum,
            epsilon=epsilon,
            center=False,
            scale=False,
            dtype=self.dtype_policy,
        )

    def build(self, input_shape):
        shape, condition = input_shape
        self.normalise.build(shape)
        self.affine = keras.layers.Dense(
            2 * shape[-1], kernel_initializer="zeros", dtype=self.dtype_policy
        )
        self.affine.build(condition)

    def call(self, inputs, training=None):
        x, condition = inputs
        h, affine = self.normalise(x, training=training), self.affine(condition)
        ones = [1] * (len(x.shape) - 2)
        affine = ops.reshape(affine, (-1, *ones, 2 * x.shape[-1]))
        scale, offset = ops.split(affine, 2, axis=-1)
        return (1 + scale) * h + offset

    def compute_output_shape(self, input_shape):
        return tuple(input_shape[0])
