"""Masked autoregressive layers: every feature moves depending on those before it.

    z_i = g(x_i; network_i(x_1 ... x_i-1))

with an increasing function g, such as (x - mu) exp(-alpha). All of z takes one pass of
a network with MADE's masks. On the way back, features come one by one, each from a
small part of the network: see `kgen.layers.cached_inverse`.

References:
    Papamakarios et al., Masked Autoregressive Flow for Density Estimation, 2017, sec.
    3.1-3.2, eq. 3-5. https://arxiv.org/abs/1705.07057
    Durkan et al., Neural Spline Flows, 2019, sec. 3.2 (splines).
    https://arxiv.org/abs/1906.04032
"""

import numpy as np
from keras import ops

from kgen.core import backend, validation
from kgen.core.backend import compiled, register
from kgen.layers.bijection import Bijection, seen, total
from kgen.layers.cached_inverse import CachedInverse
from kgen.layers.masked_dense import MaskedDense
from kgen.layers.masks import hidden_degrees, hidden_mask, output_mask
from kgen.layers.transforms import transforms

MANY = 16
"""XLA compiles the inverse of more features than this, for batches of known size."""


@register
class MaskedAutoregressive(Bijection):
    """Every feature moves by a dense ReLU network of the features before it.

    It begins as the identity: the last layer's weights are zero at first. Its network
    computes in float32 under any policy: it runs on all features at once in one
    direction and on a few at a time in the other; rounded to 16 bits, the results would
    differ.

    Args:
        transform: what happens to a scalar: "affine", "additive", "spline", or a
            `kgen.layers.Transform`.
        hidden: units of every hidden layer, each >= 1; without hidden layers, the
            parameters are linear in the features.
        condition_dim: length of the vectors that the network also sees, >= 0.
        jit_compile: whether XLA compiles the inverse of more than 16 features, where
            it can.
        **kwargs: see `keras.layers.Layer`.

    Input shape: (n, features).
    Output shape: the same, and (n,).

    Example:
        >>> import numpy as np
        >>> layer = MaskedAutoregressive(hidden=(16,))
        >>> x = np.array([[0.5, -2.0, 1.0]], "float32")
        >>> z, log_det = layer(x)
        >>> bool(np.allclose(layer.inverse(z), x))
        True
    """

    computes_in_float32 = True

    def __init__(
        self,
        transform="affine",
        hidden=(128, 128),
        condition_dim=0,
        jit_compile=True,  # noqa: FBT002 (Keras passes configurations by name)
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.transform = transforms.resolve(transform)
        none = isinstance(hidden, (list, tuple)) and not hidden
        check = validation.check_settings
        self.hidden = () if none else check(self, "hidden", hidden, ge=1)
        dim = validation.check_setting(self, "condition_dim", condition_dim, ge=0)
        self.condition_dim, self.jit_compile = dim, bool(jit_compile)

    def build(self, x_shape):
        (_, self.dim) = x_shape
        self.loops = self.jit_compile and self.dim > MANY
        policy, size = {"dtype": "float32"}, self.transform.size
        self.network = [MaskedDense(units, **policy) for units in self.hidden]
        outputs = self.dim * size
        last = MaskedDense(outputs, kernel_initializer="zeros", **policy)
        self.network.append(last)
        # A condition comes before all features: units of degree -1 see only that.
        first = 1 if self.condition_dim else 0
        condition = np.full(self.condition_dim, -1)
        self.degrees = [np.append(np.arange(self.dim), condition)]
        self.degrees += [
            hidden_degrees(self.dim + first, units) - first for units in self.hidden
        ]
        self.places = np.repeat(np.arange(self.dim), size)
        width = self.dim + self.condition_dim
        for layer in self.network:
            layer.build((None, width))
            width = layer.units

    def forward(self, x, condition=None, *, training=False):
        z, log_derivatives = self.transform.forward(x, self.params(x, condition))
        return z, total(log_derivatives)

    def inverse(self, z, condition=None):
        known_size = z.shape[0] is not None and backend.tracing()
        if self.loops and known_size and backend.can_compile():
            return self._compiled_inverse(z, condition)
        return self._inverse(z, condition)

    def _inverse(self, z, condition):
        return CachedInverse(self, condition)(z)

    _compiled_inverse = compiled(_inverse, relaxed=False, jit=True)
    # All layers of the same sizes share the graph.

    def plain_inverse(self, z, condition=None):
        """The same with one pass for every feature: slow, simple and correct."""

        def turn(_, x):  # one more feature is correct
            return self.transform.inverse(z, self.params(x, condition))

        return ops.fori_loop(0, self.dim, turn, ops.zeros_like(z))

    def params(self, x, condition=None):
        """The transform's parameters of all features, (n, features, size)."""
        h = seen(x, condition, "float32")
        hidden, degrees = self.network[:-1], self.degrees
        for layer, inputs, units in zip(hidden, degrees[:-1], degrees[1:], strict=True):
            h = ops.relu(layer(h, hidden_mask(inputs, units)))
        h = self.network[-1](h, output_mask(degrees[-1], self.places))
        shape = (-1, self.dim, self.transform.size)
        return ops.reshape(h, shape)
