"""Drawing from a MADE of any order: every example has an order of its own.

This works like `kgen.autoregressive.cached_made`, with m(d) the place of scalar d in
the order of its example. The degrees of hidden units are the same in all orders, and so
are the units that a turn completes. Only the rows and columns of scalars differ between
examples:

    s[k] = b[k] + sum over d with m(d) < t of (W[d, k] x[d] + U[d, k])

References:
    Uria et al., A Deep and Tractable Density Estimator, 2014, sec. 3.
    https://arxiv.org/abs/1310.1757
    Germain et al., MADE: Masked Autoencoder for Distribution Estimation, 2015, sec. 4.
    https://arxiv.org/abs/1502.03509
"""

import math

import numpy as np
from keras import ops

from kgen.autoregressive.cached_made import as_float, completed_units
from kgen.autoregressive.samplers import ScalarCache
from kgen.core import backend


def random_places(seed, step, shape):
    """Places of the scalars in a random order.

    For tables, all orders are equally probable. For images they are not: users ask for
    one half given the other, and a uniformly random order never comes near that. So
    pixels are ordered by how far they lie in a random direction, blurred by noise, up
    to noise alone; those before a random place come first, and those after it are
    ordered anew.

    Args:
        seed: the model's seed.
        step: training step, a tensor; each gives another order.
        shape: shape of an example; the first axes of (..., channels) are the image's.

    Returns:
        Integers, (dim,).
    """
    dim, positions = math.prod(shape), math.prod(shape[:-1])
    grid = np.indices(shape[:-1]).reshape(len(shape) - 1, positions).T
    grid = (grid / np.maximum(grid.max(axis=0, initial=0), 1) - 0.5).astype("float32")
    noise = backend.keyed_uniform(seed, step, 1, (2 * dim + 9,), stream=2)[0]
    free = noise[2 * dim :]

    def ranks(noise, free):
        if positions > 1:
            across = ops.matmul(grid, 2 * free[1:, None] - 1)[:, 0]
            across = ops.repeat(across, dim // positions)
            noise = (1 - free[0] ** 2) * across + free[0] ** 2 * noise
        return ops.argsort(ops.argsort(noise))

    first = ranks(noise[:dim], free[: len(shape)])
    then = ranks(noise[dim : 2 * dim], free[4 : 4 + len(shape)])
    late = first >= ops.cast(noise[-1] * (dim + 1), first.dtype)
    return ops.argsort(ops.argsort(ops.cast(late, first.dtype) * dim + then))


class AnyOrderMADE(ScalarCache):
    """A `MADEModel` of any order, scalar by scalar.

    Its state holds the sums of all units, (n, units) for every layer (those of outputs
    only if a scalar has one); the input of direct connections, if there are several
    outputs; and what the last turn completed: a scalar of every example and some units
    of every hidden layer. The next turn adds these to the sums of the following layer:
    see `CachedMADE`.

    Args:
        model: the `MADEModel`.
        n: number of examples.
        order: (n, dim) permutations, or (dim,) for all.
    """

    def __init__(self, model, n, order):
        self.n, self.dim, self.size = n, model.dim, model.head.size
        self.order = ops.broadcast_to(order, (n, model.dim))
        self.kernels = [as_float(layer.kernel) for layer in model.dense]
        self.biases = [as_float(layer.bias) for layer in model.dense]
        self.shortcut = as_float(model.shortcut.kernel) if model.direct else None
        summed = model.dense if self.size == 1 else model.dense[:-1]
        self.tables = [
            completed_units(degrees, model.dim, 0)
            for degrees in model.degrees[1 : len(summed)]
        ]
        first, last = model.degrees[1][0], model.degrees[-1][0]
        self.first, self.last = (
            ops.convert_to_tensor(d, "int32") for d in (first, last)
        )
        if self.size > 1:
            # They are read again later, when the sums hold more: hence the masks.
            for k, mask in enumerate(model.masks(0)[0][1:-1], start=1):
                self.kernels[k] = self.kernels[k] * as_float(mask)
        sums = [
            ops.broadcast_to(bias, (n, bias.shape[0]))
            for bias in self.biases[: len(summed)]
        ]
        complete = [
            (ops.zeros(group, "int32"), ops.zeros((n, group), "float32"))
            for *_, group in self.tables
        ]
        seen = (ops.zeros((n, 1), "int32"), ops.zeros((n, 2), "float32"))
        kept = 2 * self.dim if model.direct and self.size > 1 else 0
        self.state = (sums, ops.zeros((n, kept), "float32"), seen, complete)

    def params(self, turn):
        sums, known, seen, complete = self.state
        # Units below this degree must not see it.
        sees = ops.cast(self.first >= turn - 1, "float32")
        sums = [
            sums[0] + self._row(self.kernels[0], *seen) * sees,
            *(
                total + ops.matmul(h, ops.take(kernel, units, axis=0))
                for total, kernel, (units, h) in zip(
                    sums[1:], self.kernels[1:], complete, strict=False
                )
            ),
        ]
        index = self.order[:, turn]
        if self.size == 1:
            if self.shortcut is not None:
                sums[-1] = sums[-1] + self._row(self.shortcut, *seen)
            self.state = sums, known, seen, complete
            return ops.take_along_axis(sums[-1], index[:, None], axis=1)
        h = ops.where(self.last < turn, ops.relu(sums[-1]), 0.0)
        out = self._columns(self.kernels[-1], h, index)
        if self.shortcut is not None:
            place = ops.arange(2 * self.dim) % self.dim == seen[0]
            value = ops.repeat(seen[1], self.dim, axis=1)
            known = ops.where(place, value, known)
            out = out + self._columns(self.shortcut, known, index)
        bias = ops.reshape(self.biases[-1], (self.dim, self.size))
        self.state = sums, known, seen, complete
        return out + ops.take(bias, index, axis=0)

    def see(self, turn, index, value):
        sums, known, _, _ = self.state
        seen = (index, ops.concatenate([value, ops.ones_like(value)], axis=1))
        complete, before = [], None
        for k, (units, starts, counts, group) in enumerate(self.tables):
            units = ops.slice(units, (starts[turn],), (group,))
            columns = ops.take(self.kernels[k], units, axis=1)
            if before is None:
                new = self._row(columns, *seen)
            else:
                new = ops.matmul(complete[-1][1], ops.take(columns, before, axis=0))
            total = ops.take(sums[k], units, axis=1) + new
            # The slice is as long as the largest group: its end may belong to others.
            own = ops.arange(group) < counts[turn]
            complete.append((units, ops.where(own, ops.relu(total), 0.0)))
            before = units
        self.state = sums, known, seen, complete

    def _row(self, kernel, index, value):
        """What a scalar of every example adds to the sums, (n, units)."""
        weights, constants = (
            ops.take(part, index[:, 0], axis=0)
            for part in (kernel[: self.dim], kernel[self.dim :])
        )
        return weights * value[:, :1] + constants * value[:, 1:]

    def _columns(self, kernel, h, index):
        """Outputs of a scalar of every example, (n, size), of units h."""
        kernel = ops.reshape(kernel, (-1, self.dim, self.size))
        kernel = ops.take(ops.transpose(kernel, (1, 0, 2)), index, axis=0)
        return ops.squeeze(ops.matmul(ops.expand_dims(h, 1), kernel), axis=1)
