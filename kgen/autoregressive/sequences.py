"""Models of sequences with any number of steps, drawn in blocks."""

from keras import ops

from kgen.autoregressive.model import AutoregressiveModel
from kgen.autoregressive.raster import run_network
from kgen.autoregressive.samplers import Blocks
from kgen.heads import Categorical


class SequenceModel(AutoregressiveModel):
    """A model of sequences, which its layers treat as images of one row.

    A subclass implements `build`, which ends by calling this one, and `network`. No
    output may depend on how far its step is from the first, or on the number of steps:
    a model trained on sequences of one length works for others. Data of a
    `Categorical` head enter the network as one-hot vectors: levels have no order.

    Input shape: (n, steps, channels), values in the head's support; the number of steps
        may be None.
    Output shape: (n, steps, head.params_size(channels)).
    """

    sampler = Blocks()
    any_length = True

    def __init__(self, head, **kwargs):
        super().__init__(head, **kwargs)
        self.one_hot = isinstance(self.head, Categorical)

    def build(self, input_shape):
        shape = self.shape_of(input_shape)
        if len(shape) != 3 or shape[-1] is None:
            raise ValueError(
                f"{type(self).__name__} takes sequences (n, steps, channels). Got "
                f"shape {tuple(shape)}."
            )
        super().build(input_shape)

    def row_shape(self, input_shape):
        """Shape of embedded data as the layers see them."""
        _, steps, features = self.embedded_shape(input_shape)
        return (None, 1, steps, features)

    def network(self, h, apply):
        """The head's parameters, for embedded data: see `RasterModel.network`."""
        raise NotImplementedError

    def call(self, inputs):
        x, condition = self.unpack(inputs)
        h = ops.expand_dims(self.embed(x), 1)
        return run_network(self, h, condition)[:, 0]
