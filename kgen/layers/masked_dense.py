"""A dense layer with a mask on its weights.

References:
    Germain et al., MADE: Masked Autoencoder for Distribution Estimation, 2015, sec. 4.
    https://arxiv.org/abs/1502.03509
"""

import keras
from keras import ops

from kgen.core import validation
from kgen.core.backend import register


@register
class MaskedDense(keras.layers.Layer):
    """Dense layer that is called with a mask of its weights.

    Args:
        units: number of outputs, >= 1.
        use_bias: whether there is a bias.
        **kwargs: see `keras.layers.Layer`.

    Input: features (n, inputs), and a mask (inputs, units) of zeros and ones.
    Output shape: (n, units).
    """

    def __init__(self, units, use_bias=True, **kwargs):  # noqa: FBT002 (as in Keras)
        super().__init__(**kwargs)
        validation.check_setting("MaskedDense", "units", units, ge=1)
        self.units = units
        self.use_bias = use_bias

    def build(self, input_shape, mask_shape=None):
        self.kernel = self.add_weight(
            (input_shape[-1], self.units), "glorot_uniform", name="kernel"
        )
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight((self.units,), "zeros", name="bias")

    def masked_kernel(self, mask):
        """The kernel with zeros where the mask has them, in the compute dtype."""
        dtype = self.compute_dtype
        return ops.cast(self.kernel, dtype) * ops.cast(mask, dtype)

    def call(self, x, mask):
        h = ops.matmul(x, self.masked_kernel(mask))
        return h if self.bias is None else h + ops.cast(self.bias, h.dtype)

    def compute_output_shape(self, input_shape, mask_shape=None):
        return (*input_shape[:-1], self.units)

    def get_config(self):
        config = {"units": self.units, "use_bias": self.use_bias}
        return {**super().get_config(), **config}
