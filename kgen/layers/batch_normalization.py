"""Batch normalisation over the whole of a batch."""

import keras
from keras import ops

from kgen.core import backend
from kgen.core.backend import register


@register
class BatchNormalization(keras.layers.BatchNormalization):
    """Keras' own, over the whole batch, even if its parts are on several replicas.

    If a batch has fewer examples than there are replicas of a `tf.distribute` strategy,
    those that have none do not count.

    Args:
        **kwargs: see `keras.layers.BatchNormalization`.

    Input shape: any, the examples first.
    Output shape: the same.
    """

    def __init__(self, **kwargs):
        # Where it is loaded decides, not where it was saved.
        kwargs["synchronized"] = backend.replica_count() > 1
        super().__init__(**kwargs)

    def call(self, inputs, training=None, mask=None):
        counted = backend.counted(inputs)
        if counted is inputs:
            return super().call(inputs, training=training, mask=mask)
        mask = None if mask is None else backend.counted(mask)
        outputs = super().call(counted, training=training, mask=mask)
        missing = ops.shape(inputs)[0] - ops.shape(outputs)[0]
        return ops.pad(outputs, ((0, missing), *[(0, 0)] * (len(inputs.shape) - 1)))
