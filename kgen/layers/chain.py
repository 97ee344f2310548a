"""Bijections one after another."""

from kgen.core.backend import register
from kgen.layers.bijection import Bijection, check_kind, no_change


@register
class Chain(Bijection):
    """Bijections in a row: the first is applied to x, and the last returns z.

    Log-determinants add up.

    Args:
        bijections: list of `kgen.layers.Bijection`, not yet built. Conditional ones
            take the same condition.
        **kwargs: see `keras.layers.Layer`.

    Example:
        >>> import numpy as np
        >>> from kgen.layers import Coupling
        >>> chain = Chain([Coupling(hidden=(8,)), Coupling(hidden=(8,), swap=True)])
        >>> z, log_det = chain(np.ones((5, 3), "float32"))
        >>> z.shape, log_det.shape
        (TensorShape([5, 3]), TensorShape([5]))
    """

    def __init__(self, bijections, **kwargs):
        super().__init__(**kwargs)
        if not isinstance(bijections, (list, tuple)):
            raise ValueError(
                f"Chain: `bijections` must be a list of them. Got {bijections!r}."
            )
        self.bijections = [check_kind(self, "bijections", b) for b in bijections]
        dims = {b.condition_dim for b in self.bijections if b.condition_dim}
        if len(dims) > 1:
            raise ValueError(
                "Chain: all conditional bijections must take vectors of the same "
                f"length. Got condition_dim of {sorted(dims)}."
            )
        self.condition_dim = max(dims, default=0)

    def build(self, x_shape):
        for bijection in self.bijections:
            if not bijection.built:  # those from files are
                bijection.build(x_shape)
            x_shape, _ = bijection.compute_output_shape(x_shape)
        self.loops = any(bijection.loops for bijection in self.bijections)

    def forward(self, x, condition=None, *, training=False):
        log_det = no_change(x)
        for bijection in self.bijections:
            own = condition if bijection.condition_dim else None
            x, change = bijection.forward(x, own, training=training)
            log_det = log_det + change
        return x, log_det

    def inverse(self, z, condition=None):
        for bijection in reversed(self.bijections):
            own = condition if bijection.condition_dim else None
            z = bijection.inverse(z, own)
        return z

    def compute_output_shape(self, x_shape):
        for bijection in self.bijections:
            x_shape, _ = bijection.compute_output_shape(x_shape)
        return tuple(x_shape), (x_shape[0],)
