"""Models that treat data of any shape as vectors, whose scalars come in some order."""

import math

from keras import ops

from kgen.autoregressive.model import AutoregressiveModel
from kgen.autoregressive.samplers import Scalars


class VectorModel(AutoregressiveModel):
    """A model of the scalars of an example as one vector.

    A subclass implements `build`, which begins by calling this one and sets
    `permutations`, `call`, and `cached`.

    Input shape: (n, *event_shape) of any rank, values in the head's support.
    Output shape: (n, *event_shape[:-1], head.params_size(channels)).
    """

    sampler = Scalars()

    def __init__(self, head, **kwargs):
        super().__init__(head, **kwargs)
        if self.head.orders_channels:
            raise ValueError(
                f"{type(self).__name__} draws scalar by scalar, but the "
                f"{type(self.head).__name__} head draws all channels of a pixel at "
                "once. Use head='mixture_of_logistics', or PixelCNN."
            )

    def build(self, input_shape):
        shape = self.shape_of(input_shape)
        if len(shape) < 2 or None in shape[1:]:
            raise ValueError(
                f"{type(self).__name__} takes examples of one shape, (n, features) or "
                f"(n, ..., channels). Got shape {shape}."
            )
        super().build(input_shape)

    def cached(self, n, order=None):
        """What the sampler keeps: a `ScalarCache`.

        Args:
            n: number of examples.
            order: index of the order, if there are several; None is the first.
        """
        raise NotImplementedError

    @property
    def dim(self):
        """Number of scalars of an example."""
        return math.prod(self.event_shape)

    def vectors(self, x):
        """Embedded data as vectors: integers in [0, 1], reals around 0."""
        x = self.head.features(ops.cast(x, "float32"))
        return ops.reshape(x, (-1, self.dim))

    def as_params(self, outputs):
        """Outputs, dim * head.size for every example, in the shape the head takes."""
        size = self.head.params_size(self.event_shape[-1])
        return ops.reshape(outputs, (-1, *self.event_shape[:-1], size))
