"""Drawing from a MADE: what is known is added up, never computed again.

So most weights need no mask here. What a unit must not see is not there yet when the
unit is complete; after that it is not read again.
"""

import numpy as np
from keras import ops


def stepper(model, n, which):
    """See `VectorModel.stepper`: remembered are the sums of all units, (n, units).

    What a turn completes, a scalar and some units of every hidden layer, is remembered,
    too, and added to the sums of the layer after in the next turn: XLA would copy all
    of a tensor that is read before it is written.

    Outputs of one number per scalar are summed in the same way. More would be too much
    to go through in every turn: those of the scalar whose turn it is are found from all
    that is complete, in one product of matrices. (Hidden units are then read again and
    again, and so weights into them are masked.)
    """
    size, order = model.head.size, model.turns(which)
    summed = model.dense if size == 1 else model.dense[:-1]
    kernels = [_float(layer.kernel) for layer in model.dense]
    biases = [_float(layer.bias) for layer in model.dense]
    shortcut = _float(model.shortcut.kernel) if model.direct else None
    tables = [
        _completed(degrees, model.dim, which)
        for degrees in model.degrees[1 : len(summed)]
    ]
    if size > 1:
        masks, _ = model.masks(which)
        kernels[-2] = kernels[-2] * _float(masks[-2])
        degrees = ops.take(model.degrees[-1].astype("int32"), which, axis=0)

    def params(turn, memory):
        sums, vector, complete = memory
        sums = [
            total + ops.matmul(values, ops.take(kernel, units, axis=0))
            for total, kernel, (units, values) in zip(
                sums, kernels, complete, strict=False
            )
        ]
        (index, value), first = complete[0], order[turn] * size
        if size == 1:
            if model.direct:
                row = ops.take(shortcut, index, axis=0)
                sums[-1] = sums[-1] + ops.matmul(value, row)
            return ops.slice(sums[-1], (0, first), (n, 1)), (sums, vector, complete)
        known = ops.where(degrees < turn, ops.relu(sums[-1]), 0.0)
        out = ops.matmul(known, _columns(kernels[-1], first, size))
        if model.direct:
            vector = ops.slice_update(vector, (0, index[0]), value)
            out = out + ops.matmul(vector, _columns(shortcut, first, size))
        out = out + ops.slice(biases[-1], (first,), (size,))
        return out, (sums, vector, complete)

    def see(turn, index, value, memory):
        sums, vector, _ = memory
        complete = [(ops.reshape(index, (1,)), value)]
        for kernel, total, (units, starts, counts, group) in zip(
            kernels, sums, tables, strict=False
        ):
            before, values = complete[-1]
            units = ops.slice(units, (starts[turn],), (group,))
            weights = ops.take(ops.take(kernel, before, axis=0), units, axis=1)
            total = ops.take(total, units, axis=1) + ops.matmul(values, weights)
            known = ops.arange(group) < counts[turn]
            complete.append((units, ops.where(known, ops.relu(total), 0.0)))
        return sums, vector, complete

    sums = [
        ops.broadcast_to(bias, (n, bias.shape[0])) for bias in biases[: len(summed)]
    ]
    kept = model.dim if model.direct and size > 1 else 0
    complete = [
        (ops.zeros(group, "int32"), ops.zeros((n, group)))
        for group in (1, *(group for *_, group in tables))
    ]
    return (sums, ops.zeros((n, kept)), complete), params, see


def _float(variable):
    return ops.cast(variable, "float32")


def _columns(kernel, first, count):
    return ops.slice(kernel, (0, first), (kernel.shape[0], count))


def _completed(degrees, dim, which):
    """Hidden units that every turn completes: those that see its scalar, and no later.

    Args:
        degrees: (orders, units).
        dim: number of turns.
        which: one of the orders.

    Returns:
        The units in that order, (units + group,); where in it those of every turn
        start, and how many they are, (dim,); and `group`, how many they are at most.
    """
    counts = np.stack([np.bincount(d, minlength=dim) for d in degrees]).astype("int32")
    starts = (np.cumsum(counts, axis=1) - counts).astype("int32")
    group = max(int(counts.max()), 1)
    units = np.argsort(degrees, axis=1, kind="stable").astype("int32")
    units = np.pad(units, ((0, 0), (0, group)))
    return *(ops.take(t, which, axis=0) for t in (units, starts, counts)), group
