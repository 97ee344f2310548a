"""p(x) as a product of conditionals."""

import copy
import math

import numpy as np
from keras import ops

from kgen import heads
from kgen.autoregressive.samplers import (
    FullPass,
    Sampler,
    SamplingOptions,
    draw,
    draw_in_graph,
)
from kgen.base.model import GenerativeModel
from kgen.core import validation
from kgen.core.backend import compiled


class AutoregressiveModel(GenerativeModel):
    """A model p(x) = product over i of p(x[i] | x[<i]), in some order of the scalars.

    For images this is the raster order: row by row from the left, the channels of a
    pixel one after the other.

    A subclass implements `build` (which ends by calling this one) and `call(x)`, which
    returns the head's parameters, (n, *event_shape[:-1], head.params_size(channels)).
    Those of a scalar depend only on the scalars before it: `kgen.testing.check_model`
    verifies this. A subclass may have a `sampler` that is faster than running the
    network again for every scalar.

    Args:
        head: name or instance of a `kgen.heads.Head`.
        **kwargs: see `keras.Model`.
    """

    sampler: Sampler = FullPass()
    """How the model draws samples."""

    n_orders = 1
    """Number of orders of the scalars. With more than one, the density is the mean of
    the densities of all orders, an example is drawn in one of them, and `call` takes
    one as an argument `order`."""

    any_order = False
    """Whether `order` may also be a permutation for every example, (n, dim)."""

    permutations = None
    """Indices of the scalars in drawing order, (orders, dim); None: as stored."""

    any_length = False
    """Whether examples may have another first axis than in the built model."""

    one_hot = False
    """Whether the head's levels enter the network as one-hot vectors."""

    def __init__(self, head, **kwargs):
        # Keras must not cast: 16-bit floats are too coarse for data in their own units.
        super().__init__(autocast=False, **kwargs)
        self.head = heads.get(head)

    def embed(self, x):
        """Data to network inputs in the compute dtype."""
        if not self.one_hot:
            return ops.cast(self.head.embed(ops.cast(x, "float32")), self.compute_dtype)
        levels = self.head.levels
        h = ops.one_hot(ops.cast(x, "int32"), levels, dtype=self.compute_dtype)
        # Sequences of several lengths have no static one.
        return ops.reshape(h, (-1, *ops.shape(x)[1:-1], x.shape[-1] * levels))

    def embedded_shape(self, input_shape):
        """Shape of embedded data, from that of the input."""
        *shape, channels = self.shape_of(input_shape)
        return (*shape, channels * (self.head.levels if self.one_hot else 1))

    def build(self, input_shape):
        self.event_shape = tuple(self.shape_of(input_shape)[1:])
        self.built = True

    @property
    def units(self):
        """Numbers that the head has from the data, by name: arguments of graphs."""
        return self.head.units

    def with_units(self, units):
        """A stand-in for this model, with the same weights and other units."""
        head = copy.copy(self.head)
        vars(head).update(units)
        return self.with_head(head)

    def with_head(self, head):
        """A stand-in for this model, with the same weights and another head."""
        other = object.__new__(type(self))
        vars(other).update(vars(self), head=head)
        return other

    def largest(self, shape):
        """Numbers in the largest tensor that is computed for one example.

        It has one vector per position, as wide as the widest layer; or, for models of
        vectors, one for all positions.

        Args:
            shape: shape of the example, (..., channels).
        """
        widths = [w.shape[-1] for w in self.weights if len(w.shape) > 1]
        if self.permutations is not None:
            return max([math.prod(shape) * self.head.size, *widths])
        return math.prod(shape[:-1]) * max([shape[-1], *widths])

    def shape_of(self, input_shape):
        """Shape of the data, from that of the input."""
        is_dict = isinstance(input_shape, dict)
        shape = tuple(input_shape["x"] if is_dict else input_shape)
        self.check_shape(shape)
        return shape

    def check_shape(self, shape):
        """Raise a ValueError for a shape of data, (n, ...), that it does not take."""

    def conditionals(self, x, condition=None, order=None):
        """The head's parameters of all scalars, each given those before it in x.

        Args:
            x: data, shape (n, *event_shape).
            condition: vectors (n, condition_dim), for conditional models only.
            order: which of the orders, if there are several; None is the first.
        """
        inputs = x if condition is None else {"x": x, "condition": condition}
        return self(inputs) if order is None else self(inputs, order=order)

    def permutation(self, order=None):
        """Indices of the scalars in drawing order; None if as stored.

        Their shape is (dim,), or (n, dim) if every example has an order of its own.
        """
        if self.permutations is None or len(getattr(order, "shape", ())) == 2:
            return order
        permutations = ops.convert_to_tensor(self.permutations, "int32")
        return ops.take(permutations, 0 if order is None else order, axis=0)

    def compute_loss(
        self,
        x=None,
        y=None,
        y_pred=None,
        sample_weight=None,
        training=True,  # noqa: FBT002 (Keras' hook)
    ):
        x, condition = self.unpack(x)
        if training or self.n_orders == 1:
            loss = -self.head.log_prob(y_pred, x)
        else:
            loss = -self._log_prob(x, condition)
        return self.with_penalties(ops.mean(self.weighted(loss, sample_weight)))

    def _log_prob(self, x, condition=None):
        x = ops.cast(x, "float32")
        first = self.head.log_prob(self.conditionals(x, condition), x)
        if self.n_orders == 1:
            return first

        def add(order, total):
            params = self.conditionals(x, condition, order)
            return ops.logaddexp(total, self.head.log_prob(params, x))

        total = ops.fori_loop(1, self.n_orders, add, first)
        return total - math.log(self.n_orders)

    @compiled
    def log_prob(self, x, condition=None):
        """Exact log-density, shape (n,), in nats and data units.

        Args:
            x: data, shape (n, *event_shape).
            condition: vectors (n, condition_dim), for conditional models only.
        """
        return self._log_prob(x, condition)

    @compiled
    def completion_log_prob(self, x, mask, condition=None, order=None):
        """Log-density of x where `mask` is False, given all before it, shape (n,).

        Args:
            x: data, shape (n, *event_shape).
            mask: boolean, same shape; what it keeps is not counted.
            condition: vectors (n, condition_dim), for conditional models only.
            order: see `conditionals`.
        """
        x, head = ops.cast(x, "float32"), self.head
        params, channels = self.conditionals(x, condition, order), x.shape[-1]
        width = channels if head.orders_channels else 1
        if not head.orders_channels:
            channel = ops.zeros_like(x, "int32") + ops.arange(channels)
            head = head.of_channel(ops.reshape(channel, (-1, 1)))
        # As if each scalar, or each pixel, were an example.
        params = ops.reshape(params, (-1, head.params_size(width)))
        each = head.log_prob(params, ops.reshape(x, (-1, width)))
        kept = ops.reshape(mask, (-1, width))[:, 0]
        each = ops.where(kept, 0.0, each)
        return ops.sum(ops.reshape(each, (ops.shape(x)[0], -1)), axis=1)

    log_prob_xla = compiled(_log_prob, relaxed=False, jit=True)
    """The same, compiled by XLA, anew for every size of x."""

    def sample(
        self,
        n,
        seed=None,
        condition=None,
        incremental=True,  # noqa: FBT002 (the name is what one passes)
        *,
        length=None,
        temperature=1.0,
        verbose=0,
        jit_compile="auto",
    ):
        """Draw examples, one scalar after the other.

        Args:
            n: number of examples, >= 1.
            seed: integer; None draws one from NumPy's global state.
            condition: vectors (n, condition_dim), or (1, condition_dim) for all; for
                conditional models only.
            incremental: False runs the whole network again for every scalar: slower,
                with the same samples.
            length: number of steps, for models of sequences only; None is that of the
                training data. Whatever the length, the same seed gives the same
                beginning.
            temperature: from 1e-20 to 1e10; below 1, likely values become likelier.
            verbose: 1 shows a progress bar, on a terminal.
            jit_compile: False turns XLA off in the cached samplers, which then start
                sooner and are much slower.

        Returns:
            Float32 array of shape (n, *event_shape), in data units.
        """
        self._check_built()
        n, shape = validation.check_count("n_samples", n), self._shape(length)
        blank = np.zeros((n, *shape), "float32")
        options = SamplingOptions(incremental, temperature, verbose, jit_compile)
        return draw(self, blank, blank > 0, seed, condition, options)

    def draw_in_graph(self, n, seed, condition=None):
        """Examples (n, *event_shape), for tensors n and seed: see `export`."""
        return draw_in_graph(self, n, seed, condition)

    def complete(
        self,
        x,
        mask,
        seed=None,
        condition=None,
        *,
        incremental=True,
        temperature=1.0,
        verbose=0,
        jit_compile="auto",
    ):
        """Redraw the scalars where `mask` is False, each given all before it.

        Args:
            x: data, shape (n, *event_shape).
            mask: boolean, same shape; True keeps the value of x.
            seed: see `sample`.
            condition: see `sample`.
            incremental: see `sample`.
            temperature: see `sample`.
            verbose: see `sample`.
            jit_compile: see `sample`.

        Returns:
            Float32 array of the shape of x.
        """
        self._check_built()
        options = SamplingOptions(incremental, temperature, verbose, jit_compile)
        return draw(self, x, mask, seed, condition, options)

    def _check_built(self):
        if not self.built:
            raise ValueError(
                f"This {type(self).__name__} does not know the size of its data yet: "
                "call fit, or build((None, *event_shape)), first."
            )

    def _shape(self, length):
        """Shape of an example of that length."""
        if not self.any_length:
            if length is not None:
                owner = type(self).__name__
                raise ValueError(f"`length` is for sequences, not for {owner}.")
            return self.event_shape
        steps, channels = self.event_shape
        steps = steps if length is None else validation.check_count("length", length)
        if steps is None:
            raise ValueError("`length` is needed: the model was built for any length.")
        return steps, channels
