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
        if order is not None:
            order = list(validation.check_settings(self, "order", order, ge=0))
            if sorted(order) != list(range(len(order))):
                raise ValueError(
                    "Permutation: `order` must hold every index from 0 once. Got "
                    f"{order}."
                )
        self.order = order

    def build(self, x_shape):
        dim = x_shape[-1]
        if self.order is not None and len(self.order) != dim:
            raise ValueError(
                f"Permutation: `order` has {len(self.order)} indices, and the data "
                f"{dim} features. Give as many indices as there are features."
            )
        order = np.arange(dim)[::-1] if self.order is None else np.array(self.order)
        self.places, self.former = order.astype("int32"), np.argsort(order)

    def forward(self, x, condition=None, *, training=False):
        return ops.take(x, self.places, axis=-1), no_change(x)

    def inverse(self, z, condition=None):
        return ops.take(z, self.former, axis=-1)
