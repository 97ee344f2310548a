"""A dense layer with a mask on its weights.

References:
    Germain et al., MADE: Masked Autoencoder for Distribution Estimation, 2015, sec. 4.
    https://arxiv.org/abs/1502.03509
"""

from keras import ops

from kgen.core import validation
from kgen.core.backend import register
from kgen.layers._kernel import KernelLayer


@register
class MaskedDense(KernelLayer):
    """Dense layer that is called with a mask for its weights.

    Args:
        units: number of outputs, >= 1.
        use_bias: whether there is a bias.
        **kwargs: `kernel_initializer`, `bias_initializer`, `kernel_regularizer`,
            `bias_regularizer`, `kernel_constraint` and `bias_constraint` as in
            `keras.layers.Dense` (they also see masked weights); for others see
            `keras.layers.Layer`.

    Input: features (n, inputs), and a mask (inputs, units) of zeros and ones, or one
        for every example, (n, inputs, units).
    Output shape: (n, units).
    """

    def __init__(self, units, use_bias=True, **kwargs):  # noqa: FBT002 (as in Keras)
        super().__init__(use_bias, **kwargs)
        validation.check_setting("MaskedDense", "units", units, ge=1)
        self.units = units

    def build(self, x_shape, mask_shape=None):
        self.kernel = self.add_kernel((x_shape[-1], self.units))
        self.bias = self.add_bias(self.units)

    def masked_kernel(self, mask):
        """The kernel with zeros where the mask has them, in the compute dtype."""
        dtype = self.compute_dtype
        return ops.cast(self.kernel, dtype) * ops.cast(mask, dtype)

    def call(self, x, mask):
        kernel = self.masked_kernel(mask)
        if len(kernel.shape) == 3:
            return self.plus_bias(ops.matmul(ops.expand_dims(x, 1), kernel)[:, 0])
        return self.plus_bias(ops.matmul(x, kernel))

    def compute_output_shape(self, x_shape, mask_shape=None):
        return (*x_shape[:-1], self.units)

    def get_config(self):
        return {**super().get_config(), "units": self.units}
