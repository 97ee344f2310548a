"""Adam in one operation per variable; Keras' own takes a dozen."""

import keras

from kgen.core import backend
from kgen.core.backend import register, tf


@register
class Adam(keras.optimizers.Adam):
    """Keras' Adam with TensorFlow's fused kernel: the same steps, up to rounding.

    Where the kernel does not fit, Keras' own Adam is used: on other backends, on
    several replicas, for sparse gradients, and with `amsgrad`.

    Args:
        *args: see `keras.optimizers.Adam`.
        **kwargs: see there.

    References:
        Kingma and Ba, Adam: A Method for Stochastic Optimization, 2015.
        https://arxiv.org/abs/1412.6980
    """

    def update_step(self, gradient, variable, learning_rate):
        if self.amsgrad or not _fits(gradient):
            super().update_step(gradient, variable, learning_rate)
            return
        index = self._get_variable_index(variable)
        dtype = variable.dtype
        step = tf.cast(self.iterations + 1, dtype)
        tf.raw_ops.ResourceApplyAdam(
            var=_handle(variable),
            m=_handle(self._momentums[index]),
            v=_handle(self._velocities[index]),
            beta1_power=tf.pow(tf.cast(self.beta_1, dtype), step),
            beta2_power=tf.pow(tf.cast(self.beta_2, dtype), step),
            lr=tf.cast(learning_rate, dtype),
            beta1=self.beta_1,
            beta2=self.beta_2,
            epsilon=self.epsilon,
            grad=tf.cast(gradient, dtype),
        )


def _fits(gradient):
    if backend.NAME != "tensorflow" or backend.replica_count() > 1:
        return False
    return not isinstance(gradient, tf.IndexedSlices)


def _handle(variable):
    if isinstance(variable, keras.Variable):
        variable = variable.value
    return variable.handle
