"""Batch normalisation over the whole batch."""

import keras
from keras import ops

from kgen.core import backend
from kgen.core.backend import register


@register
class BatchNormalization(keras.layers.BatchNormalization):
    """Keras' layer, over the whole batch, even if its parts are on several replicas.

    If a batch has fewer examples than a `tf.distribute` strategy has replicas, replicas
    without examples do not count.

    Args:
        **kwargs: see `keras.layers.BatchNormalization`.

    Input shape: any, with the batch axis first.
    Output shape: the same.
    """

    def __init__(self, **kwargs):
        # The strategy at loading decides, not the one at saving.
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
