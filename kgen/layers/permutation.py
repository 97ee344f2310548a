"""Another order of the features."""

import numpy as np
from keras import ops

from kgen.core import validation
from kgen.core.backend import register
from kgen.layers.bijection import Bijection, no_change


@register
class Permutation(Bijection):
    """Features, or channels, in another order: z[..., i] = x[..., order[i]].

    Args:
        order: indices of the features, each once; None reverses them.
        **kwargs: see `keras.layers.Layer`.

    Input shape: (n, ..., features).
    Output shape: the same, and (n,).

    Example:
        >>> import numpy as np
        >>> z, _ = Permutation()(np.array([[1.0, 2.0, 3.0]], "float32"))
        >>> np.asarray(z).tolist()
        [[3.0, 2.0, 1.0]]
    """

    def __init__(self, order=None, **kwargs):
        super().__init__(**kwargs)
        self.order = check_order(self, order)

    def build(self, x_shape):
        order = np.arange(x_shape[-1])[::-1] if self.order is None else self.order
        self.places, self.former = places(self, order, x_shape[-1])

    def forward(self, x, condition=None, *, training=False):
        return ops.take(x, self.places, axis=-1), no_change(x)

    def inverse(self, z, condition=None):
        return ops.take(z, self.former, axis=-1)


def check_order(owner, order):
    """Return indices as a list without repetition, or None."""
    if order is None:
        return None
    order = list(validation.check_settings(owner, "order", order, ge=0))
    if sorted(order) != list(range(len(order))):
        raise ValueError(
            f"{type(owner).__name__}: `order` must hold every index from 0 once. Got "
            f"{order}."
        )
    return order


def places(owner, order, dim):
    """Indices that put features in another order, and those that undo it, int32."""
    if len(order) != dim:
        raise ValueError(
            f"{type(owner).__name__}: `order` has {len(order)} indices, and the data "
            f"{dim} features. Give as many indices as there are features."
        )
    order = np.array(order, "int32")
    return order, np.argsort(order).astype("int32")
