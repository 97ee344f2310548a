"""NADE: the neural autoregressive distribution estimator.

Conditional d is a network with one hidden layer over the scalars before d. All of them
share their weights, so that one column of weights is added when a scalar gets known.
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

from kgen.autoregressive._vectors import VectorEstimator, VectorModel, order_of, put
from kgen.base.chunks import CHUNK
from kgen.base.fields import estimator, param
from kgen.core import validation
from kgen.core.backend import can_compile, compiled, register
from kgen.heads import Head, MixtureOfNormals


@register
class NADEModel(VectorModel):
    """Keras model behind `NADE`.

    Its sums are made in float32 whatever the dtype policy.

    Args:
        head: name or instance of a `kgen.heads.Head`.
        hidden: hidden units, >= 1.
        order: in which scalars come: None (as they are), a seed, or a permutation.
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
        validation.check_setting("NADEModel", "hidden", hidden, ge=1)
        self.hidden = hidden
        self.order = order

    def build(self, input_shape):
        super().build(input_shape)
        dim, hidden = self.dim, self.hidden
        self.permutation = order_of("NADEModel", self.order, dim)
        # The paper's names: W, c into the hidden layer, V, b out of it.
        self.w = self.add_weight((dim, hidden), "glorot_uniform", name="w")
        self.c = self.add_weight((hidden,), "zeros", name="c")
        self.v = self.add_weight(
            (dim, hidden, self.head.size), "glorot_uniform", name="v"
        )
        self.b = self.add_weight((dim, self.head.size), "zeros", name="b")

    def call(self, x):
        weights = [ops.cast(w, "float32") for w in (self.w, self.c, self.v, self.b)]
        x = ops.transpose(self.vectors(x))
        params = conditionals(x, *weights, self.permutation)
        return ops.cast(self.as_params(params), self.compute_dtype)

    def log_prob(self, x, condition=None):
        """Exact log-density, shape (n,), in nats and data units.

        Args:
            x: data, shape (n, *event_shape).
            condition: None: the model is not conditional.
        """
        # Where XLA compiles training it makes this four times as quick, too. But it
        # compiles for every n: only for that in which estimators score.
        trained_so = self.compiled and self.jit_compile and can_compile()
        xla = trained_so and x.shape[0] == CHUNK
        return self._log_prob_xla(x) if xla else super().log_prob(x)

    def _log_prob(self, x):
        x = ops.cast(x, "float32")
        return self.head(self.conditionals(x)).log_prob(x)

    _log_prob_xla = compiled(_log_prob, relaxed=False, jit=True)

    def turns(self, **options):
        return self.permutation

    def stepper(self, n):
        w, c, v, b = (ops.cast(p, "float32") for p in (self.w, self.c, self.v, self.b))

        def params(turn, a):
            return ops.matmul(ops.sigmoid(a), v[turn]) + b[turn], a

        def see(turn, index, value, a):
            return a + value * w[turn]

        return ops.broadcast_to(c, (n, self.hidden)), params, see


def conditionals(x, w, c, v, b, order):
    """Parameters of all conditionals, (dim, n, size).

    No tensor holds the hidden units of more than one conditional. On the way back, they
    are found again by taking off column by column what was added on the way there.

    Args:
        x: scalars, (dim, n).
        w: weights into the hidden layer, (dim, hidden), in the order of the scalars'
            turns, like v and b.
        c: its bias, (hidden,).
        v: weights out of it, (dim, hidden, size).
        b: their bias, (dim, size).
        order: index of the scalar whose turn it is, (dim,).
    """
    order = ops.convert_to_tensor(order, "int32")

    @ops.custom_gradient
    def run(x, w, c, v, b):
        dim, n = x.shape[0], ops.shape(x)[1]

        def there(turn, state):
            a, params = state
            out = ops.matmul(ops.sigmoid(a), v[turn]) + b[turn]
            params = put(params, order[turn], out)
            return a + _outer(x[order[turn]], w[turn]), params

        start = ops.broadcast_to(c, (n, w.shape[-1]))
        blank = ops.zeros((dim, n, v.shape[-1]))
        last, params = ops.fori_loop(0, dim, there, (start, blank))

        def gradient(*args, upstream=None):
            if upstream is None:
                (upstream,) = args

            def back(step, state):
                a, of_a, of_x, of_w, of_v = state
                turn = dim - 1 - step
                g, mine = upstream[order[turn]], x[order[turn]]
                of_w = put(of_w, turn, ops.matmul(ops.expand_dims(mine, 0), of_a)[0])
                of_x = put(of_x, order[turn], ops.matmul(of_a, w[turn]))
                a = a - _outer(mine, w[turn])
                h = ops.sigmoid(a)
                of_v = put(of_v, turn, ops.matmul(ops.transpose(h), g))
                of_a = of_a + ops.matmul(g, ops.transpose(v[turn])) * h * (1.0 - h)
                return a, of_a, of_x, of_w, of_v

            zeros = [ops.zeros_like(t) for t in (last, x, w, v)]
            _, of_a, of_x, of_w, of_v = ops.fori_loop(0, dim, back, (last, *zeros))
            of_b = ops.sum(ops.take(upstream, order, axis=0), axis=1)
            return of_x, of_w, ops.sum(of_a, axis=0), of_v, of_b

        return params, gradient

    return run(x, w, c, v, b)


def _outer(column, row):
    return ops.expand_dims(column, 1) * ops.expand_dims(row, 0)


@estimator
class NADE(VectorEstimator):
    """Neural autoregressive distribution estimator: an exact density of vectors.

    Args:
        hidden: hidden units, >= 1.
        order: in which the scalars of an example come: None (as they are: raster order
            for images), a seed, or a permutation.
        head: what the data are; "auto" reads it from them: Bernoulli for binary data,
            for integers in 0..255 Categorical up to 31 levels and MixtureOfLogistics
            above, MixtureOfNormals for floats (RNADE).

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

    hidden: int = param(500, ge=1)
    order: int | tuple | list | np.ndarray | None = param(None)
    # What gave most in two minutes on binarised MNIST.
    batch_size: int = param(32, ge=1)
    learning_rate: float = param(3e-3, gt=0)

    _reals: ClassVar[type[Head]] = MixtureOfNormals
    _loops: ClassVar[bool] = True

    def build_model(self, event_shape: tuple[int, ...]) -> NADEModel:
        """Build the Keras model for examples of that shape."""
        order = self.order
        if order is not None:
            order = order_of("NADE", order, math.prod(event_shape)).tolist()
        return NADEModel(self.head_, int(self.hidden), order, dtype=self.policy_)
