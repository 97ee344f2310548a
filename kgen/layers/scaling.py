"""From the range of the data to that of a network, and back."""

import keras
from keras import ops

from kgen.core.backend import register


@register
class Scaling(keras.layers.Rescaling):
    """scale * x + offset along the last axis.

    Keras' own layer takes this axis for channels, and puts it elsewhere if Keras is set
    to channels-first images.
    """

    def call(self, inputs):
        scale = ops.convert_to_tensor(self.scale, self.compute_dtype)
        offset = ops.convert_to_tensor(self.offset, self.compute_dtype)
        return ops.cast(inputs, self.compute_dtype) * scale + offset


def renewed(config):
    """A configuration of an old version, with `Scaling` in place of Keras' layer."""
    if isinstance(config, list):
        return [renewed(part) for part in config]
    if not isinstance(config, dict):
        return config
    own = {}
    if config.get("class_name") == "Rescaling":
        own = {"module": __name__, "class_name": "Scaling"}
        own["registered_name"] = "kgen>Scaling"
    return {name: renewed(part) for name, part in {**config, **own}.items()}
