"""Drawing from a MADE: known values are added to sums, never computed again.

Let m be the degrees (for scalars, their places). In turn t, that of the scalar with
m = t, the sums s of a layer after `params` are

    s[k] = b[k] + sum over j with m(j) < t of W[j, k] h[j]

over the units j of the layer before, for all units k, without a mask. So the outputs of
this scalar are complete: M[t, j] = 1(t > m(j)). Once its value is known (`see`), the
units k of degree t are complete as well, from the first layer to the last:

    h[k] = relu(s[k] + sum over j with m(j) = t of W[j, k] h[j])

which is all of M[k, j] = 1(m(k) >= m(j)). What k must not see is added to s[k] later,
when it is no longer read.

References:
    Germain et al., MADE: Masked Autoencoder for Distribution Estimation, 2015, sec. 4.
    https://arxiv.org/abs/1502.03509
"""

import numpy as np
from keras import ops

from kgen.autoregressive.samplers import ScalarCache


class CachedMADE(ScalarCache):
    """A `MADEModel`, scalar by scalar.

    Its state holds the sums of all units, (n, units) for every layer; the known
    scalars, if they are needed again; and what the last turn completed: a scalar and
    some units of every hidden layer. The next turn adds these to the sums of the
    following layer, because XLA would copy all of a tensor that is read before it is
    written.

    Outputs of one number per scalar are summed in the same way. More would be too many
    to update in every turn: those of the scalar whose turn it is are computed from all
    that is complete, in one product of matrices. (Hidden units are then read again and
    again, so the weights into them are masked.)

    Args:
        model: the `MADEModel`.
        n: number of examples.
        which: index of one of its orders.
    """

    def __init__(self, model, n, which):
        self.n, self.size, self.direct = n, model.head.size, model.direct
        self.order = model.permutation(which)
        summed = model.dense if self.size == 1 else model.dense[:-1]
        self.kernels = [as_float(layer.kernel) for layer in model.dense]
        self.biases = [as_float(layer.bias) for layer in model.dense]
        self.shortcut = as_float(model.shortcut.kernel) if model.direct else None
        self.tables = [
            completed_units(degrees, model.dim, which)
            for degrees in model.degrees[1 : len(summed)]
        ]
        if self.size > 1:
            masks, _ = model.masks(which)
            self.kernels[-2] = self.kernels[-2] * as_float(masks[-2])
            degrees = model.degrees[-1].astype("int32")
            self.degrees = ops.take(degrees, which, axis=0)
        sums = [
            ops.broadcast_to(bias, (n, bias.shape[0]))
            for bias in self.biases[: len(summed)]
        ]
        kept = model.dim if model.direct and self.size > 1 else 0
        complete = [
            (ops.zeros(group, "int32"), ops.zeros((n, group), "float32"))
            for group in (1, *(group for *_, group in self.tables))
        ]
        self.state = (sums, ops.zeros((n, kept), "float32"), complete)

    def params(self, turn):
        sums, known, complete = self.state
        sums = [
            total + ops.matmul(h, ops.take(kernel, units, axis=0))
            for total, kernel, (units, h) in zip(
                sums, self.kernels, complete, strict=False
            )
        ]
        (index, value), first = complete[0], self.order[turn] * self.size
        if self.size == 1:
            if self.direct:
                row = ops.take(self.shortcut, index, axis=0)
                sums[-1] = sums[-1] + ops.matmul(value, row)
            self.state = sums, known, complete
            return ops.slice(sums[-1], (0, first), (self.n, 1))
        h = ops.where(self.degrees < turn, ops.relu(sums[-1]), 0.0)
        out = ops.matmul(h, _columns(self.kernels[-1], first, self.size))
        if self.direct:
            known = ops.slice_update(known, (0, index[0]), value)
            out = out + ops.matmul(known, _columns(self.shortcut, first, self.size))
        self.state = sums, known, complete
        return out + ops.slice(self.biases[-1], (first,), (self.size,))

    def see(self, turn, index, value):
        sums, known, _ = self.state
        complete = [(ops.reshape(index, (1,)), value)]
        for kernel, total, (units, starts, counts, group) in zip(
            self.kernels, sums, self.tables, strict=False
        ):
            before, h = complete[-1]
            units = ops.slice(units, (starts[turn],), (group,))
            weights = ops.take(ops.take(kernel, before, axis=0), units, axis=1)
            total = ops.take(total, units, axis=1) + ops.matmul(h, weights)
            # The slice is as long as the largest group: its end may belong to others.
            own = ops.arange(group) < counts[turn]
            complete.append((units, ops.where(own, ops.relu(total), 0.0)))
        self.state = sums, known, complete


def as_float(variable):
    """A variable in float32."""
    return ops.cast(variable, "float32")


def _columns(kernel, first, count):
    return ops.slice(kernel, (0, first), (kernel.shape[0], count))


def completed_units(degrees, dim, which):
    """Hidden units that every turn completes: those of its degree.

    Args:
        degrees: (orders, units).
        dim: number of turns.
        which: one of the orders.

    Returns:
        The units, sorted by degree, (units + group,); where those of every turn start
        in it, and how many they are, (dim,); and `group`, the largest such number.
    """
    counts = np.stack([np.bincount(d, minlength=dim) for d in degrees]).astype("int32")
    starts = (np.cumsum(counts, axis=1) - counts).astype("int32")
    group = max(int(counts.max()), 1)
    units = np.argsort(degrees, axis=1, kind="stable").astype("int32")
    units = np.pad(units, ((0, 0), (0, group)))
    return *(ops.take(t, which, axis=0) for t in (units, starts, counts)), group
