"""Moving averages of a model's weights, which it uses between its epochs.

    a <- m_t a + (1 - m_t) w,    m_t = min(m, t / (9 + t))

after training step t, counted from 0, has made the weights w. The momentum grows from
0, so that the weights before training do not count, and soon those of the first steps
do not either: averages are over the last tenth of training, and in the end over some
1 / (1 - m) steps.

References:
    Polyak and Juditsky, Acceleration of Stochastic Approximation by Averaging, 1992.
    https://doi.org/10.1137/0330046
    Karras et al., Progressive Growing of GANs, 2018, sec. A.1 (generators).
    https://arxiv.org/abs/1710.10196
"""

import inspect
from collections import UserList

import keras
from keras import ops

from kgen.core import backend, validation
from kgen.core.state import add_state


class WeightAverages(keras.layers.Layer):
    """The averages of some networks' weights; or, while those are in use, the weights.

    Args:
        networks: built models, whose floating-point variables are averaged, including
            the statistics of batch normalisation.
        momentum: m, largest share of the former average that a step keeps, in [0, 1).
        dtype: policy of the model; the averages are in the dtypes of the weights.
    """

    def __init__(self, networks, momentum, dtype):
        super().__init__(name="averages", dtype=dtype, trainable=False)
        self.momentum = momentum
        found = {id(v): v for network in networks for v in network.weights}
        # Not a list: Keras would take them for variables of this layer.
        is_real = keras.backend.is_float_dtype
        self.averaged = UserList(v for v in found.values() if is_real(v.dtype))
        self.count = add_state(self, "count", dtype="int32")
        self.in_use = add_state(self, "in_use", dtype="int32")
        self.values = [
            add_state(self, "value", v.shape, dtype=v.dtype) for v in self.averaged
        ]
        for value, variable in zip(self.values, self.averaged, strict=True):
            value.assign(variable)
        self.built = True

    def update(self):
        """Add the weights after a training step to the averages."""
        t = ops.cast(self.count.value, "float32")
        momentum = ops.minimum(self.momentum, t / (9 + t))
        for value, variable in zip(self.values, self.averaged, strict=True):
            share = ops.cast(1 - momentum, value.dtype)
            value.assign_sub(share * (value.value - variable.value))
        self.count.assign_add(1)

    def use(self, *, wanted):
        """Exchange averages and weights, unless the wanted ones are in the networks."""
        if bool(self.in_use.numpy()) == wanted:
            return
        for value, variable in zip(self.values, self.averaged, strict=True):
            held = ops.copy(value.value)
            value.assign(variable)
            variable.assign(held)
        self.in_use.assign(int(wanted))


class UseAverages(keras.callbacks.Callback):
    """Have a model use its averages except in training steps."""

    def __init__(self):
        super().__init__()
        self._in_steps = False

    def on_epoch_begin(self, epoch, logs=None):
        self._in_steps = True
        self.model.averages.use(wanted=False)

    def on_test_begin(self, logs=None):
        self.model.averages.use(wanted=True)

    def on_test_end(self, logs=None):
        self.model.averages.use(wanted=not self._in_steps)

    def on_epoch_end(self, epoch, logs=None):
        self._in_steps = False
        self.model.averages.use(wanted=True)


class AveragesWeights:
    """The part of a `GenerativeModel` that averages weights, if asked to."""

    averages = None
    """Its `WeightAverages`, or None."""

    def average_weights(self, momentum, *networks):
        """Average the weights of networks from now on; see `WeightAverages`.

        A subclass calls it at the end of its `__init__`.

        Args:
            momentum: largest share of the former average that a step keeps, in [0, 1);
                None means no averaging.
            *networks: built models; any None is left out.

        Raises:
            ValueError: for another momentum.
            RuntimeError: on backends other than TensorFlow.
        """
        self.ema_momentum = momentum
        if momentum is not None:
            validation.check_number(self, "ema_momentum", momentum, ge=0, lt=1)
            backend.need_tensorflow("ema_momentum")
            given = [network for network in networks if network is not None]
            self.averages = WeightAverages(given, float(momentum), self.dtype_policy)

    def after_update(self):
        """Add the weights to their averages, after a training step."""
        if self.averages is not None:
            self.averages.update()

    def fit(self, *args, **kwargs):
        """Train as Keras does; validation and callbacks after epochs see averages."""
        if self.averages is None:
            return super().fit(*args, **kwargs)
        given = inspect.signature(super().fit).bind(*args, **kwargs).arguments
        callbacks = given.pop("callbacks", None)
        if isinstance(callbacks, keras.callbacks.CallbackList):
            callbacks.append(UseAverages())
        else:
            callbacks = [UseAverages(), *keras.tree.flatten(callbacks or [])]
        return super().fit(**given, callbacks=callbacks)
