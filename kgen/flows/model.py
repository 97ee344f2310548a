"""The Keras model of all normalizing flows.

    log p(x) = log Normal(f(x); 0, I) + log |det df/dx|

for a bijection f. To draw an example: z ~ Normal(0, I), x = f^-1(z).

Integers become reals by adding noise u, uniform in (0, 1) for every scalar. The density
of these reals bounds the probability of the integers:

    log P(x) = log E over u of p(x + u) >= E over u of log p(x + u)

With k draws of the noise, the bound is the log of the mean of p(x + u_i), which
approaches log P(x) from below, in expectation.

References:
    Rezende and Mohamed, Variational Inference with Normalizing Flows, 2015, sec. 3.1.
    https://arxiv.org/abs/1505.05770
    Theis et al., A note on the evaluation of generative models, 2016, sec. 3.1
    (dequantisation). https://arxiv.org/abs/1511.01844
"""

import math

import numpy as np
from keras import ops

from kgen.base.chunks import FEW
from kgen.base.drawing import DrawsAtOnce
from kgen.base.model import GenerativeModel
from kgen.base.pieces import in_pieces
from kgen.core import backend, validation
from kgen.core.backend import compiled, register
from kgen.core.random import as_seed
from kgen.core.sizes import rows_at_once
from kgen.layers.bijection import check_kind, latent_shape, total

LARGEST = 2**24
"""Up to this number, float32 holds all integers."""


@register
class FlowModel(DrawsAtOnce, GenerativeModel):
    """Keras model of normalizing flows: a bijection to standard normal noise.

    Args:
        bijection: a `kgen.layers.Bijection` for data in their own units, not yet built:
            usually a `Chain` that begins with `Units`. If it is conditional, this is a
            model of p(x|y).
        integers: smallest and largest value of integers, within 2**24 of zero; None
            for reals. The bijection gets x - smallest + u with uniform noise u in
            (0, 1), and usually begins with `Logit(0, largest - smallest + 1)`.
        seed: seed of the noise; None draws one from NumPy's global state.
        ema_momentum: largest momentum of moving averages of the weights, in [0, 1). The
            model uses the averages between the epochs of `fit` and after them. None
            uses the weights themselves. See `kgen.base.averaging`.
        **kwargs: see `keras.Model`.

    Input: (n, *event_shape), in the units of the data, or {"x": data, "condition":
        vectors (n, condition_dim)}.
    Output: dict of "z", f(x), "log_det", log |det df/dx|, (n,), and "log_prob", (n,).

    Example:
        >>> import numpy as np
        >>> from kgen.layers import Chain, Coupling, Units
        >>> parts = [Units(5.0, 2.0), Coupling(hidden=(8,))]
        >>> model = FlowModel(Chain(parts))
        >>> model.compile("adam")
        >>> x = np.random.default_rng(0).normal(5.0, 2.0, size=(8, 3))
        >>> history = model.fit(x, verbose=0)
        >>> model.log_prob(x).shape, model.sample(2, seed=0).shape
        (TensorShape([8]), (2, 3))
    """

    chunk = 4  # only large products use several cores well

    def __init__(
        self, bijection, integers=None, seed=None, ema_momentum=None, **kwargs
    ):
        # Keras must not cast: 16-bit floats are too coarse for data in their own units.
        super().__init__(autocast=False, **kwargs)
        self.bijection = check_kind(self, "bijection", bijection)
        self.condition_dim = bijection.condition_dim
        self.integers = _checked_range(integers)
        self.seed, self.ema_momentum = as_seed(seed), ema_momentum
        if integers is not None:
            self.step = self.add_counter("step")

    def build(self, input_shape):
        is_dict = isinstance(input_shape, dict)
        shape = tuple(input_shape["x"] if is_dict else input_shape)
        if not self.bijection.built:  # one from a file is
            self.bijection.build(shape)
        self.event_shape = shape[1:]
        self.code_shape = latent_shape(self.bijection, self.event_shape)
        self.loops = self.bijection.loops
        most = self._most_numbers()
        self.rows = rows_at_once(most)
        # Fewer in a piece, since a single row takes as long.
        few = max(FEW, rows_at_once(32 * most))
        self.density_rows = min(self.rows, few)
        self.average_weights(self.ema_momentum, self.bijection)
        self.built = True

    def _most_numbers(self):
        """A bound on the size of the largest tensor of one example."""
        sizes, positions = [math.prod(self.event_shape)], self.event_shape[:-1]
        for kernel in self.weights:
            if len(kernel.shape) > 1:
                convolves = len(kernel.shape) > 2
                outputs = kernel.shape[-1]
                sizes.append(outputs * math.prod(positions) if convolves else outputs)
        return max(sizes)

    def call(self, inputs, training=False):  # noqa: FBT002 (Keras' hook)
        x, condition = self.unpack(inputs)
        x = ops.cast(x, "float32")
        if self.integers is not None:
            # The difference comes first, and is exact: far from zero, noise is lost.
            x = x - self.integers[0] + self._noise(x, training=training)
        return self._found(x, condition, training=training)

    def _noise(self, x, *, training):
        """Noise that turns integers into reals: fresh in training, otherwise fixed."""
        shape = self.event_shape
        if not training:
            return backend.row_uniform(x, shape, self.seed)
        shape = (ops.shape(x)[0], *shape)
        noise = backend.stateless_uniform(shape, (self.seed, self.step.value))
        self.step.assign_add(1)
        return noise

    def _found(self, x, condition, *, training=False):
        z, log_det = self.bijection(x, condition, training=training)
        constant = math.prod(self.code_shape) * math.log(2 * math.pi)
        log_normal = -0.5 * (total(z**2) + constant)
        return {"z": z, "log_det": log_det, "log_prob": log_normal + log_det}

    def compute_loss(
        self,
        x=None,
        y=None,
        y_pred=None,
        sample_weight=None,
        training=True,  # noqa: FBT002 (Keras' hook)
        **kwargs,
    ):
        loss = self.weighted(-y_pred["log_prob"], sample_weight)
        return self.with_penalties(ops.mean(loss))

    def log_prob(self, x, condition=None, *, n_importance=1):
        """Log-density, shape (n,), in nats and data units.

        It is exact for reals. For integers it is a lower bound on the log-probability,
        in expectation. The noise is keyed by the model's seed and the row itself, so
        the result depends neither on the order of the rows nor on the batch.

        Args:
            x: data, shape (n, *event_shape).
            condition: vectors (n, condition_dim), for conditional models only.
            n_importance: draws of the noise for integers, >= 1; more draws give a
                tighter bound.
        """
        n = x.shape[0]  # None in a graph for any number of rows
        pieces = n is not None and n % self.density_rows == 0 < n
        log_prob = self._log_prob_of_pieces if pieces else self._log_prob
        if self.integers is None:
            return log_prob(x, condition, np.array(0, "int32"))
        count = validation.check_setting("log_prob", "n_importance", n_importance, ge=1)
        found = None
        for draw in range(count):  # Ctrl-C is heard between two calls of the graph
            part = log_prob(x, condition, np.array(draw, "int32"))
            found = part if found is None else ops.logaddexp(found, part)
        return found - math.log(count)

    @compiled
    def _log_prob_of_pieces(self, x, condition, draw):
        """`_log_prob` of whole pieces."""

        def of_piece(x, condition):
            return backend.undecorated(self._log_prob)(x, condition, draw)

        return in_pieces(of_piece, self.density_rows, x, condition)

    @compiled
    def _log_prob(self, x, condition, draw):
        """Log-density; for integers, with one draw of the noise."""
        x = ops.cast(x, "float32")
        if self.integers is None:
            return self._found(x, condition)["log_prob"]
        noise = backend.row_uniform(x, self.event_shape, self.seed, draw)
        low, high = self.integers
        found = self._found(x - low + noise, condition)["log_prob"]
        possible = ops.logical_and(x >= low, x <= high)
        possible = ops.all(possible, axis=tuple(range(1, len(x.shape))))
        # No infinity in passing, which `enable_check_numerics` would report.
        return found + ops.log(ops.cast(possible, "float32"))

    @compiled
    def _draw(self, seed, first, count, condition=None):
        uniform = backend.keyed_uniform(seed, first, count, self.code_shape)
        x = self.bijection.inverse(backend.normal_quantile(uniform), condition)
        if self.integers is None:
            return x
        low, high = self.integers
        return ops.clip(ops.floor(x), 0, high - low) + low


def _checked_range(integers):
    """None, or the smallest and largest integer as a tuple."""
    if integers is None:
        return None
    numbers = np.asarray(integers)
    whole = numbers.dtype.kind in "iu" and numbers.shape == (2,)
    if not whole or not -LARGEST <= numbers[0] <= numbers[1] <= LARGEST:
        raise ValueError(
            f"FlowModel(integers={integers!r}): `integers` must be the smallest value "
            f"and the largest one, within {LARGEST:,} of zero, or None."
        )
    return int(numbers[0]), int(numbers[1])
