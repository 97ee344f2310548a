"""Spectral normalisation: layers whose kernels have a largest singular value of 1.

    W_SN = W / sigma(W),    sigma(W) = max over h != 0 of |W h| / |h|      (eq. 7, 8)

A step of the power iteration from the stored vector u finds sigma (app. A):

    v = W^T u / |W^T u|,    u = W v / |W v|,    sigma = u^T W v

The gradient goes through W but not through u and v, as if these were constants:

    d sigma / d W = u v^T                                                      (eq. 10)

W itself is not changed. (Keras' own layer overwrites it in every step of training.)

References:
    Miyato et al., Spectral Normalization for Generative Adversarial Networks, 2018.
    https://arxiv.org/abs/1802.05957
"""

import keras
from keras import ops

from kgen.core.backend import register
from kgen.core.config import ConfigMixin
from kgen.core.state import add_state

TINY = 1e-12
"""Norm below which a vector has no direction, and a kernel counts as zero."""


@register
class SpectralNormalization(ConfigMixin, keras.layers.Layer):
    """A layer that computes with W / sigma(W), where its kernel is W.

    Every call in training takes one step of the power iteration, which follows the
    kernel as it learns. Inference uses the last vector, and changes nothing. The kernel
    of a convolution counts as a matrix with a row for each output feature, as in the
    paper, sec. 2.1. Sigma is computed in float32, whatever the layer's own dtype. A
    kernel of zeros stays as it is.

    Args:
        layer: a layer with a `kernel`, such as `keras.layers.Dense`, `Conv2D` or
            `Conv2DTranspose`. It keeps its dtype, activation and bias.
        **kwargs: see `keras.layers.Layer`.

    Input shape: what the layer takes.
    Output shape: what the layer returns.

    Raises:
        ValueError: when it is built, if the layer has no `kernel`.

    References:
        Miyato et al., Spectral Normalization for Generative Adversarial Networks, 2018,
        sec. 2.1 and app. A. https://arxiv.org/abs/1802.05957

    Example:
        >>> import numpy as np
        >>> layer = SpectralNormalization(keras.layers.Dense(2, use_bias=False))
        >>> layer.build((None, 2))
        >>> _ = layer.layer.kernel.assign([[3.0, 0.0], [0.0, 1.0]])
        >>> for _ in range(20):
        ...     y = layer(np.array([[3.0, 3.0]]), training=True)
        >>> np.asarray(y).round(4).tolist()
        [[3.0, 1.0]]
    """

    computes_in_float32 = True

    def __init__(self, layer, **kwargs):
        # No autocast: it would give the kernel in half precision.
        super().__init__(**{**kwargs, "dtype": "float32", "autocast": False})
        self.layer = layer

    def build(self, input_shape):
        if not self.layer.built:
            self.layer.build(input_shape)
        if not hasattr(self.layer, "kernel"):
            raise ValueError(
                "SpectralNormalization needs a layer with a `kernel`, such as Dense or "
                f"Conv2D. Got {self.layer!r}."
            )
        transposed = isinstance(self.layer, keras.layers.Conv2DTranspose)
        self.axis = -2 if transposed else -1
        size = self.layer.kernel.shape[self.axis]
        self.u = add_state(self, "u", (size,), _unit_normal)

    def call(self, x, training=False):  # noqa: FBT002 (Keras' hook)
        sigma, variable = self.sigma(training=training), self.layer.kernel
        kernel = ops.convert_to_tensor(variable) / ops.where(sigma > TINY, sigma, 1.0)
        # All variables of the layer: this scope hides any scope around it.
        values = [(v, v.value) for v in self.layer.variables if v is not variable]
        values.append((variable, kernel))
        with keras.StatelessScope(values, initialize_variables=False):
            return self.layer(x)

    def sigma(self, *, training=False):
        """The current estimate of the kernel's largest singular value: a scalar.

        Args:
            training: whether to take a step of the power iteration first.
        """
        kernel = ops.convert_to_tensor(self.layer.kernel)
        rows = ops.moveaxis(kernel, self.axis, 0)
        w = ops.reshape(rows, (rows.shape[0], -1))
        fixed, u = ops.stop_gradient(w), ops.convert_to_tensor(self.u)
        v = _unit(ops.matmul(u, fixed))
        if training:
            u = _unit(ops.matmul(fixed, v))
            self.u.assign(u)
        return ops.sum(u * ops.matmul(w, v))

    def compute_output_shape(self, input_shape):
        return self.layer.compute_output_shape(input_shape)


def _unit(vector):
    return vector / ops.maximum(ops.sqrt(ops.sum(vector**2)), TINY)


def _unit_normal(shape, dtype=None):
    return _unit(keras.initializers.RandomNormal(stddev=1.0)(shape, dtype=dtype))
