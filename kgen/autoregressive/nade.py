"""NADE: the neural autoregressive distribution estimator.

Conditional d is a network with one hidden layer over the scalars before d. All
conditionals share their weights (eq. 7 and 8): when a scalar becomes known, one column
of W is added to the sums a:

    a_1 = c
    h_d = sigmoid(a_d)
    p(x_d | x_<d) = head(b_d + V_d h_d)
    a_{d+1} = a_d + x_d W_{:,d}

The gradient goes backward over d, and subtracts columns to recover the sums. With g_d
the gradient of the loss with respect to b_d + V_d h_d, and da_{D+1} = 0:

    dW_{:,d} = x_d da_{d+1}
    dx_d     = W_{:,d} . da_{d+1}
    a_d      = a_{d+1} - x_d W_{:,d}
    dV_d     = g_d h_d^T
    da_d     = da_{d+1} + (V_d^T g_d) h_d (1 - h_d)

Then dc = da_1 and db_d = g_d. Gradients of weights are summed over the batch. Here
scalar d is the d-th in the order, and W is stored transposed: W[d] is W_{:,d}.

Left out: RNADE's rescaling of the activations (rho in its eq. 6).

References:
    Larochelle and Murray, The Neural Autoregressive Distribution Estimator, 2011.
    https://proceedings.mlr.press/v15/larochelle11a.html
    Uria et al., RNADE: The real-valued neural autoregressive density-estimator, 2013
    (reals, by mixtures of normals). https://arxiv.org/abs/1306.0186
"""

import math
from typing import ClassVar

import numpy as np
from keras import ops

from kgen.autoregressive.estimator import AutoregressiveEstimator
from kgen.autoregressive.orders import as_permutation
from kgen.autoregressive.samplers import ScalarCache
from kgen.autoregressive.samplers.scalars import put
from kgen.autoregressive.vectors import VectorModel
from kgen.base.fields import WIDEST, LearningRate, estimator, param
from kgen.base.spaces import Range
from kgen.core import validation
from kgen.core.backend import register
from kgen.heads import Head, MixtureOfLogistics, MixtureOfNormals


@register
class NADEModel(VectorModel):
    """Keras model behind `NADE`.

    It sums in float32, whatever the dtype policy.

    Args:
        head: name or instance of a `kgen.heads.Head`.
        hidden: hidden units, >= 1.
        order: order of the scalars: None (as they are), a seed, or a permutation.
        **kwargs: see `keras.Model`.

    Input shape: (n, *event_shape) of any rank, values in the head's support.
    Output shape: (n, *event_shape[:-1], head.params_size(channels)).

    Example:
        >>> import numpy as np
        >>> model = NADEModel("bernoulli", hidden=16)
        >>> model.compile("adam")
        >>> history = model.fit(np.ones((8, 5)), verbose=0)
        >>> model.sample(2, seed=0).shape
        (2, 5)
    """

    def __init__(self, head="bernoulli", hidden=500, order=None, **kwargs):
        super().__init__(head, **kwargs)
        self.hidden = validation.check_setting(self, "hidden", hidden, ge=1)
        self.order = order

    def build(self, input_shape):
        super().build(input_shape)
        dim, hidden, size = self.dim, self.hidden, self.head.size
        self.permutations = as_permutation("NADEModel", self.order, dim)[np.newaxis]
        self.W = self.add_weight((dim, hidden), "glorot_uniform", name="W")
        self.c = self.add_weight((hidden,), "zeros", name="c")
        self.V = self.add_weight((dim, hidden, size), "glorot_uniform", name="V")
        self.b = self.add_weight((dim, size), "zeros", name="b")

    def call(self, x):
        x = ops.transpose(self.vectors(x))
        params = conditionals(x, *self.float_weights(), self.permutations[0])
        params = self.as_params(ops.transpose(params, (1, 0, 2)))
        return ops.cast(params, self.compute_dtype)

    def float_weights(self):
        """W, c, V and b in float32."""
        return [ops.cast(w, "float32") for w in (self.W, self.c, self.V, self.b)]

    def cached(self, n, order=None):
        return CachedNADE(self, n)


class CachedNADE(ScalarCache):
    """A `NADEModel`, scalar by scalar: its state is the sums a, (n, hidden)."""

    def __init__(self, model, n):
        self.W, c, self.V, self.b = model.float_weights()
        self.state = ops.broadcast_to(c, (n, model.hidden))

    def params(self, turn):
        h = ops.sigmoid(self.state)
        return ops.matmul(h, self.V[turn]) + self.b[turn]

    def see(self, turn, index, value):
        self.state = self.state + value * self.W[turn]


def conditionals(x, W, c, V, b, order):
    """Parameters of all conditionals, (dim, n, size), by the equations above.

    No tensor holds the hidden units of more than one conditional.

    Args:
        x: scalars, (dim, n).
        W: weights into the hidden layer, (dim, hidden), in the order of the scalars'
            turns, like V and b.
        c: its bias, (hidden,).
        V: weights out of it, (dim, hidden, size).
        b: their bias, (dim, size).
        order: index of the scalar of every turn, (dim,).
    """
    order = ops.convert_to_tensor(order, "int32")

    @ops.custom_gradient
    def run(x, W, c, V, b):
        dim, n = x.shape[0], ops.shape(x)[1]

        def forward(d, state):
            a, params = state
            i = order[d]
            params = put(params, i, ops.matmul(ops.sigmoid(a), V[d]) + b[d])
            return a + _outer(x[i], W[d]), params

        start = ops.broadcast_to(c, (n, W.shape[-1]))
        blank = ops.zeros((dim, n, V.shape[-1]), "float32")
        last, params = ops.fori_loop(0, dim, forward, (start, blank))

        def gradient(*args, upstream=None):
            if upstream is None:
                (upstream,) = args

            def backward(step, state):
                a, da, dx, dW, dV = state
                d = dim - 1 - step
                i = order[d]
                g = upstream[i]
                dW = put(dW, d, ops.matmul(ops.expand_dims(x[i], 0), da)[0])
                dx = put(dx, i, ops.matmul(da, W[d]))
                a = a - _outer(x[i], W[d])
                h = ops.sigmoid(a)
                dV = put(dV, d, ops.matmul(ops.transpose(h), g))
                da = da + ops.matmul(g, ops.transpose(V[d])) * h * (1.0 - h)
                return a, da, dx, dW, dV

            zeros = [ops.zeros_like(t) for t in (last, x, W, V)]
            _, da, dx, dW, dV = ops.fori_loop(0, dim, backward, (last, *zeros))
            db = ops.sum(ops.take(upstream, order, axis=0), axis=1)
            return dx, dW, ops.sum(da, axis=0), dV, db

        return params, gradient

    return run(x, W, c, V, b)


def _outer(column, row):
    return ops.expand_dims(column, 1) * ops.expand_dims(row, 0)


@estimator
class NADE(AutoregressiveEstimator):
    """Neural autoregressive distribution estimator: an exact density of vectors.

    Args:
        hidden: hidden units, >= 1.
        order: order of the scalars of an example: None (as they are: raster order
            for images), a seed, or a permutation.
        head: distribution of a scalar. "auto" chooses by the data: Bernoulli for binary
            data; for integers in 0..255, Categorical up to 31 levels and
            MixtureOfLogistics above; MixtureOfNormals for floats (RNADE).

    Shape:
        X: (n, features), (n, height, width) or (n, height, width, channels).

    References:
        Larochelle and Murray, The Neural Autoregressive Distribution Estimator, 2011.
        https://proceedings.mlr.press/v15/larochelle11a.html
        Uria et al., RNADE: The real-valued neural autoregressive density-estimator,
        2013. https://arxiv.org/abs/1306.0186

    Example:
        >>> from kgen.data.toy import bars
        >>> X = bars(64, size=4, random_state=0).reshape(64, 16)
        >>> model = NADE(hidden=16, epochs=1, random_state=0).fit(X)
        >>> model.sample(2, random_state=0).shape
        (2, 16)
        >>> model.log_prob(X).shape
        (64,)
    """

    hidden: int = param(500, ge=1, le=WIDEST, search=Range(64, 1024, log=True))
    order: int | tuple | list | np.ndarray | None = param(None)
    # The best settings for two minutes on binarised MNIST.
    batch_size: int = param(32, ge=1)
    learning_rate: LearningRate = param(3e-3, gt=0)

    _ranks: ClassVar[tuple[int, ...]] = (2, 3, 4)
    _many_levels: ClassVar[type[Head]] = MixtureOfLogistics
    _reals: ClassVar[type[Head]] = MixtureOfNormals
    _loops: ClassVar[bool] = True

    def build_model(self, event_shape: tuple[int, ...]) -> NADEModel:
        """Build the Keras model for examples of that shape."""
        order = self.order
        if order is not None:
            order = as_permutation("NADE", order, math.prod(event_shape)).tolist()
        return NADEModel(self.head_, self.hidden, order, dtype=self.policy_)
