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
    pieces = 1  # a turn is so little work that a chunk is not worth cutting

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

    @property
    def params_shape(self):
        """Shape of the head's parameters of an example."""
        return (*self.event_shape[:-1], self.head.params_size(self.event_shape[-1]))

    def vectors(self, x):
        """Embedded data as vectors: integers in [0, 1], reals around 0."""
        x = self.head.features(ops.cast(x, "float32"))
        return ops.reshape(x, (-1, self.dim))

    def stepper(self, n, **options):
        """What the incremental sampler asks for, scalar by scalar.

        Args:
            n: number of examples.
            **options: see `jobs`.

        Returns:
            What is remembered at the start; `params(turn, memory)`, which returns the
            head's parameters (n, head.size) of the scalar whose turn it is, and what is
            remembered; and `see(turn, index, value, memory)`, which returns the latter
            once that scalar is known, with `value` as `vectors` makes it, (n, 1).
        """
        raise NotImplementedError

    def fill(self, x, met, mask, noise, temperature, **options):
        extra = tuple(noise.shape[len(self.event_shape) + 1 :])
        known, mask = self.by_scalar(x), self.by_scalar(mask)
        noise = self.by_scalar(noise, extra)
        n, order = x.shape[0], ops.convert_to_tensor(self.turns(**options), "int32")
        start, params_of, see = self.stepper(n, **options)

        def step(turn, state):
            memory, x, *met = state
            params, memory = params_of(turn, memory)
            index = order[turn]
            head = self.head.of_channel(index % self.event_shape[-1])
            drawn = head.draw(params, noise[index], temperature)
            value = ops.where(mask[index], known[index], drawn)
            memory = see(turn, index, head.features(value), memory)
            met = [put(m, index, params) for m in met]
            return memory, put(x, index, value[:, 0]), *met

        state = [start, ops.zeros((self.dim, n))]
        if met is not None:
            shape = (self.dim, n, self.head.size)
            state.append(ops.zeros(shape, met.dtype))
        _, x, *met = ops.fori_loop(0, self.dim, step, tuple(state))
        x = ops.reshape(ops.transpose(x), (n, *self.event_shape))
        return x, self.as_params(met[0]) if met else None

    def by_scalar(self, tensor, extra=()):
        """A tensor (n, *event_shape, *extra) as (dim, n, 1, *extra)."""
        axes = (1, 0, *range(2, 2 + len(extra)))
        flat = ops.transpose(ops.reshape(tensor, (-1, self.dim, *extra)), axes)
        return ops.expand_dims(flat, 2)

    def as_params(self, by_scalar):
        """Parameters (dim, n, head.size) as the head takes them."""
        params = ops.transpose(by_scalar, (1, 0, 2))
        return ops.reshape(params, (-1, *self.params_shape))


def put(tensor, index, part):
    """Write a part at an index of the first axis."""
    start = (index, *[0] * (len(tensor.shape) - 1))
    return ops.slice_update(tensor, start, ops.expand_dims(part, 0))


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
