"""Data in their own units, mapped to the input range of networks."""

import keras
from keras import ops

from kgen.core.backend import register


@register
class Embed(keras.layers.Layer):
    """Apply a head's `features` as the first layer of an encoder.

    Args:
        head: a `kgen.heads.Head`.
        **kwargs: see `keras.layers.Layer`.

    Input shape: any, in the units of the data.
    Output shape: the same: integers in [0, 1], reals around 0, in the layer's
        compute dtype.
    """

    def __init__(self, head, **kwargs):
        # Keras must not cast: 16-bit floats are too coarse for reals far from zero, so
        # the cast has to come after the mapping.
        super().__init__(**kwargs, autocast=False)
        self.head = head

    def call(self, x):
        return ops.cast(self.head.features(ops.cast(x, "float32")), self.compute_dtype)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        head = keras.saving.serialize_keras_object(self.head)
        config = super().get_config()
        config.pop("autocast", None)
        return {**config, "head": head}

    @classmethod
    def from_config(cls, config):
        head = keras.saving.deserialize_keras_object(config["head"])
        return cls(**{**config, "head": head})
