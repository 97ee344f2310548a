"""What NADE and MADE have in common: data of any shape, as vectors in some order."""

import math
from typing import Any, ClassVar

import numpy as np
from keras import ops

from kgen.autoregressive._base import AutoregressiveModel
from kgen.autoregressive._estimator import AutoregressiveEstimator
from kgen.core.random import permutation
from kgen.heads import Head, MixtureOfLogistics


class VectorModel(AutoregressiveModel):
    """A model of the scalars of an example as one vector.

    Input shape: (n, *event_shape) of any rank, values in the head's support.
    Output shape: (n, *event_shape[:-1], head.params_size(channels)).
    """

    incremental = True

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

    @property
    def dim(self):
        """Scalars of an example."""
        return math.prod(self.event_shape)

    def vectors(self, x):
        """Embedded data as vectors: whole numbers in [0, 1], reals around 0."""
        x = self.head.features(ops.cast(x, "float32"))
        return ops.reshape(x, (-1, self.dim))

    def value(self, x, index):
        """What `vectors` makes of scalars (n, 1) of one index, maybe a tensor."""
        return self.head.of_channel(index % self.event_shape[-1]).features(x)

    def draw(self, params, index, known, mask, noise, temperature):
        """Draw scalar `index` of all examples, or keep it where the mask says so.

        Args:
            params: (n, head.size).
            index: of the scalar, may be a tensor.
            known: data, (dim, n, 1).
            mask: likewise.
            noise: (dim, n, 1, *per scalar).
            temperature: > 0.

        Returns:
            Shape (n, 1), in data units.
        """
        head = self.head.of_channel(index % self.event_shape[-1])
        drawn = head.draw(params, noise[index], temperature)
        return ops.where(mask[index], known[index], drawn)

    def by_scalar(self, tensor, extra=()):
        """A tensor (n, *event_shape, *extra) as (dim, n, 1, *extra)."""
        axes = (1, 0, *range(2, 2 + len(extra)))
        flat = ops.transpose(ops.reshape(tensor, (-1, self.dim, *extra)), axes)
        return ops.expand_dims(flat, 2)

    def as_params(self, by_scalar):
        """Parameters (dim, n, head.size) as the head takes them."""
        shape = (*self.event_shape[:-1], self.head.params_size(self.event_shape[-1]))
        return ops.reshape(ops.transpose(by_scalar, (1, 0, 2)), (-1, *shape))


class VectorEstimator(AutoregressiveEstimator):
    """What estimators around a `VectorModel` have in common."""

    _ranks: ClassVar[tuple[int, ...]] = (2, 3, 4)
    _many_levels: ClassVar[type[Head]] = MixtureOfLogistics


def order_of(owner: str, order: Any, dim: int) -> np.ndarray:
    """The permutation that `order` stands for: None, a seed, or a permutation.

    Raises:
        ValueError: if it is none of these.
    """
    if order is None:
        return np.arange(dim)
    if np.ndim(order) == 0:
        return permutation(int(order), 0, dim)
    order = np.asarray(order)
    if order.shape != (dim,) or not np.array_equal(np.sort(order), np.arange(dim)):
        raise ValueError(
            f"{owner}: `order` must be None, a seed, or a permutation of the {dim} "
            f"scalars of an example. Got {order.size} numbers"
            f"{' ' + str(order.tolist()) if order.size < 20 else ''}."
        )
    return order
