"""Bijections: invertible layers that know how they change volumes.

References:
    Rezende and Mohamed, Variational Inference with Normalizing Flows, 2015, sec. 3.1.
    https://arxiv.org/abs/1505.05770
"""

import math

import keras
from keras import ops

from kgen.core.config import ConfigMixin

SEEN = 100.0
"""Largest value that networks inside bijections see: further out they do not change, so
that no input makes them overflow, not even in half precision."""

MOST_IN_HALF = 1000.0
"""Largest number in a condition that networks see in float16."""


class Bijection(ConfigMixin, keras.layers.Layer):
    """Base of invertible layers: z = f(x), and log |det dz/dx|.

    A subclass implements `forward` and `inverse`, and keeps every argument of its
    `__init__` as an attribute of the same name. If z has another shape than x, it also
    implements `compute_output_shape`. Values are float32 under any policy, so a
    subclass adds its own weights with `autocast=False`. Networks inside may compute in
    half precision. The inverse is exact if both directions round alike, that is, if
    both or neither are compiled; otherwise it has the precision of 16 bits.

    Args:
        **kwargs: see `keras.layers.Layer`.

    Input: x, shape (n, ...), float32; and condition vectors (n, condition_dim), if the
        bijection is conditional.
    Output: a pair of z, float32, and log |det dz/dx|, float32 of shape (n,).
    """

    condition_dim = 0
    """Length of the vectors that it is conditional on; 0 if it is not."""

    loops = False
    """Whether its inverse is a long loop of small operations, which XLA compiles in
    graphs for batches of a known size. A subclass may set it in `build`."""

    def __init__(self, **kwargs):
        # Keras must not cast: rounding to 16 bits cannot be undone.
        super().__init__(autocast=False, **kwargs)

    def forward(self, x, condition=None, *, training=False):
        """Return z (n, ...), and log |det dz/dx|, (n,).

        Args:
            x: float32, shape (n, ...).
            condition: vectors (n, condition_dim); for conditional bijections only.
            training: whether it is called in a training step.
        """
        raise NotImplementedError

    def inverse(self, z, condition=None):
        """Return the x that `forward` maps to z.

        Args:
            z: float32, of the shape that `forward` returns.
            condition: vectors (n, condition_dim); for conditional bijections only.
        """
        raise NotImplementedError

    def call(self, x, condition=None, training=False):  # noqa: FBT002 (Keras' hook)
        return self.forward(ops.cast(x, "float32"), condition, training=training)

    def compute_output_shape(self, x_shape):
        return tuple(x_shape), (x_shape[0],)


def check_kind(owner, name, value):
    """Return a bijection, or raise a ValueError for anything else."""
    if not isinstance(value, Bijection):
        raise ValueError(
            f"{type(owner).__name__}: `{name}` must be a kgen.layers.Bijection. Got "
            f"{value!r}."
        )
    return value


def latent_shape(bijection, shape):
    """Shape of z, from that of x; both without the batch axis."""
    z_shape, _ = bijection.compute_output_shape((None, *shape))
    return tuple(z_shape[1:])


def no_change(x):
    """Log-determinants of a map that keeps volumes: zeros, (n,)."""
    return ops.zeros_like(ops.reshape(x, (-1, math.prod(x.shape[1:])))[:, 0])


def total(log_derivatives):
    """Log-determinants (n,), from the logs of all scalars' derivatives, (n, ...)."""
    return ops.sum(log_derivatives, axis=tuple(range(1, len(log_derivatives.shape))))


def seen(values, condition, dtype):
    """What a network inside a bijection sees of values (n, k) and a condition.

    Args:
        values: float32, (n, k), k >= 0.
        condition: vectors (n, condition_dim), or None.
        dtype: dtype in which the network computes.
    """
    seen_values = ops.clip(values, -SEEN, SEEN)
    if condition is not None:
        condition = ops.cast(condition, "float32")
        if dtype == "float16":  # its largest number is 65504
            condition = ops.clip(condition, -MOST_IN_HALF, MOST_IN_HALF)
        parts = [seen_values, condition]
        seen_values = ops.concatenate(parts, -1)
    return ops.cast(seen_values, dtype)
