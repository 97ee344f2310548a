"""The options of layers with a kernel and a bias, as in Keras' own layers."""

import keras
from keras import constraints, initializers, ops, regularizers


class KernelLayer(keras.layers.Layer):
    """Base of the layers with a kernel and a bias.

    Args:
        use_bias: whether there is a bias.
        kernel_initializer: name or instance of a Keras initializer.
        bias_initializer: the same, for the bias.
        kernel_regularizer: name or instance of a Keras regularizer, or None.
        bias_regularizer: the same, for the bias.
        kernel_constraint: name or instance of a Keras constraint, or None.
        bias_constraint: the same, for the bias.
        **kwargs: see `keras.layers.Layer`.
    """

    def __init__(
        self,
        use_bias=True,  # noqa: FBT002 (as in Keras)
        kernel_initializer="glorot_uniform",
        bias_initializer="zeros",
        kernel_regularizer=None,
        bias_regularizer=None,
        kernel_constraint=None,
        bias_constraint=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.use_bias = bool(use_bias)
        # Names of initializers stay names until `build`: each object draws a seed.
        self.kernel_initializer = kernel_initializer
        self.bias_initializer = bias_initializer
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)

    def add_kernel(self, shape, mask=None):
        """Add the kernel.

        Args:
            shape: shape of the kernel.
            mask: zeros where weights are never used. Those weights are and stay zero,
                and regularizers and constraints see only the others.
        """
        initializer = initializers.get(self.kernel_initializer)

        def masked(shape, dtype=None):
            values = initializer(shape, dtype=dtype)
            return values * ops.cast(mask, values.dtype)

        return self.add_weight(
            shape=shape,
            initializer=initializer if mask is None else masked,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
            name="kernel",
        )

    def add_bias(self, size):
        """Add the bias, if the layer has one."""
        if not self.use_bias:
            return None
        return self.add_weight(
            shape=(size,),
            initializer=initializers.get(self.bias_initializer),
            regularizer=self.bias_regularizer,
            constraint=self.bias_constraint,
            name="bias",
        )

    def plus_bias(self, h):
        """Add the bias to features, if there is one."""
        return h if self.bias is None else h + ops.cast(self.bias, h.dtype)

    def get_config(self):
        return {
            **super().get_config(),
            "use_bias": self.use_bias,
            "kernel_initializer": _config(initializers, self.kernel_initializer),
            "bias_initializer": _config(initializers, self.bias_initializer),
            "kernel_regularizer": _config(regularizers, self.kernel_regularizer),
            "bias_regularizer": _config(regularizers, self.bias_regularizer),
            "kernel_constraint": _config(constraints, self.kernel_constraint),
            "bias_constraint": _config(constraints, self.bias_constraint),
        }


def _config(module, value):
    if value is None or isinstance(value, (str, dict)):
        return value
    return module.serialize(value)
