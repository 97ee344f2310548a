"""Drawing from a MADE: every hidden unit is computed once, when what it sees is known.

Sorted by what they see, the units that a new scalar completes stand side by side.
"""

import numpy as np
from keras import ops


def stepper(model, n, which):
    """See `VectorModel.stepper`: remembered are the scalars, and all hidden units.

    Both as columns, (units, n). The last scalar is written a turn late, just before it
    is read: XLA would copy all of a tensor that is read before it is written.
    """
    hidden, (kernel, bias), shortcut = _sorted(model, which, model.turns(which))
    dtype = model.compute_dtype

    def params(turn, memory):
        vector, units, last, index = memory
        vector = ops.slice_update(vector, (index, 0), last)
        below, risen = vector, []
        for (weights, shifts, starts, group), values in zip(hidden, units, strict=True):
            # The units that see the scalar before, and none after it. Some more may
            # be among them: what they are worth now, no unit in use sees.
            first = starts[ops.maximum(turn - 1, 0)]
            rows = ops.slice(weights, (first, 0), (group, weights.shape[1]))
            shift = ops.slice(shifts, (first, 0), (group, 1))
            h = ops.relu(ops.matmul(rows, below) + shift)
            below = ops.slice_update(values, (first, 0), h)
            risen.append(below)
        out = ops.matmul(kernel[turn], below)
        if shortcut is not None:
            out = out + ops.matmul(shortcut[turn], vector)
        return ops.transpose(out[: model.head.size]) + bias[turn], (
            vector,
            risen,
            last,
            index,
        )

    def see(turn, index, value, memory):
        vector, units, *_ = memory
        return vector, units, ops.cast(ops.transpose(value), dtype), index

    units = [ops.zeros((weights.shape[0], n), dtype) for weights, *_ in hidden]
    nothing = ops.zeros((1, n), dtype), ops.zeros((), "int32")
    return (ops.zeros((model.dim, n), dtype), units, *nothing), params, see


def _sorted(model, which, order):
    """Weights for one of the orders, units sorted by what they see.

    Returns:
        For every hidden layer the kernel (units, inputs), the bias, for every place
        in the order where its units start, and how many it has at most; kernel and
        bias of the outputs, by place; the same kernel of direct connections.
    """
    masks, of_shortcut = model.masks(which)
    dim, hidden, columns, padding = model.dim, [], None, 0
    for layer, mask, degrees in zip(
        model.dense[:-1], masks[:-1], model.degrees[1:], strict=True
    ):
        counts = np.stack([np.bincount(d, minlength=dim) for d in degrees])
        group = max(int(counts.max()), 2)
        starts = np.cumsum(counts, axis=1) - counts
        units = ops.take(np.argsort(degrees, axis=1), which, axis=0)
        kernel = ops.transpose(layer.masked_kernel(mask))
        if columns is not None:
            kernel = ops.take(kernel, columns, axis=1)
            kernel = ops.pad(kernel, ((0, 0), (0, padding)))
        kernel = ops.pad(ops.take(kernel, units, axis=0), ((0, group), (0, 0)))
        bias = ops.cast(ops.take(layer.bias, units), kernel.dtype)
        starts = ops.take(starts.astype("int32"), which, axis=0)
        bias = ops.expand_dims(ops.pad(bias, (0, group)), 1)
        hidden.append((kernel, bias, starts, group))
        columns, padding = units, group

    def by_place(kernel):
        shape = (dim, model.head.size, kernel.shape[0])
        return ops.take(ops.reshape(ops.transpose(kernel), shape), order, axis=0)

    last = model.dense[-1]
    kernel = ops.take(last.masked_kernel(masks[-1]), columns, axis=0)
    kernel = by_place(ops.pad(kernel, ((0, padding), (0, 0))))
    kernel = ops.pad(kernel, ((0, 0), (0, 1), (0, 0)))
    bias = ops.cast(ops.reshape(last.bias, (dim, model.head.size)), kernel.dtype)
    shortcut = None
    if model.direct:
        shortcut = by_place(model.shortcut.masked_kernel(of_shortcut))
    return hidden, (kernel, ops.take(bias, order, axis=0)), shortcut
