"""Drawing from a MADE: every weight is used once, when its input is known.

Sorted by what they see, hidden units that a new scalar completes stand side by side.
"""

import numpy as np
from keras import ops


def stepper(model, n, which):
    """See `VectorModel.stepper`: remembered are the sums of all hidden units.

    They are (units, n). A scalar is added to those of the first layer, and units that
    are complete to those of the layer after. With direct connections the scalars are
    remembered, too. The last one is taken in a turn late, just before it is read: XLA
    would copy all of a tensor that is read before it is written.
    """
    hidden, (kernel, bias), shortcut = _sorted(model, which, model.turns(which))

    def params(turn, memory):
        sums, vector, last, index = memory
        added = ops.expand_dims(hidden[0][0][index], 1) * last
        after = []
        for k, (_, _, starts, counts, group) in enumerate(hidden):
            after.append(sums[k] + added)
            if k + 1 == len(hidden):
                break
            # The units that see the scalar before, and none after it.
            first, count = starts[turn], counts[turn]
            ready = ops.slice(after[k], (first, 0), (group, n))
            ready = ops.where(ops.arange(group)[:, None] < count, ops.relu(ready), 0.0)
            weights = hidden[k + 1][0]
            weights = ops.slice(weights, (first, 0), (group, weights.shape[1]))
            added = ops.matmul(ops.transpose(weights), ready)
        out = _product(kernel[turn], ops.relu(after[-1]))
        if shortcut is not None:
            vector = ops.slice_update(vector, (index, 0), last)
            out = out + _product(shortcut[turn], vector)
        return ops.transpose(out) + bias[turn], (after, vector, last, index)

    def see(turn, index, value, memory):
        return *memory[:2], ops.transpose(value), index

    sums = [ops.tile(shift[:, None], (1, n)) for _, shift, *_ in hidden]
    vector = ops.zeros((model.dim if model.direct else 0, n))
    return (sums, vector, ops.zeros((1, n)), ops.zeros((), "int32")), params, see


def _product(rows, columns):
    """Product of matrices; XLA takes its time over those of a single row."""
    if rows.shape[0] == 1:
        return ops.sum(ops.transpose(rows) * columns, axis=0, keepdims=True)
    return ops.matmul(rows, columns)


def _sorted(model, which, order):
    """Weights for one of the orders, units sorted by what they see, in float32.

    Returns:
        For every hidden layer the kernel (inputs, units), the bias, for every turn
        where the units start that the scalar before completes, how many these are, and
        how many they are at most; kernel (dim, size, units) and bias of the outputs, by
        turn; the same kernel of direct connections.
    """
    masks, of_shortcut = model.masks(which)
    dim, hidden, inputs, padding = model.dim, [], None, 0

    def kernel_of(layer, mask):
        return ops.cast(layer.masked_kernel(mask), "float32")

    def in_order(kernel):
        """Inputs sorted, as the units of the layer before, and padded."""
        if inputs is None:
            return kernel
        return ops.pad(ops.take(kernel, inputs, axis=0), ((0, padding), (0, 0)))

    for layer, mask, degrees in zip(
        model.dense[:-1], masks[:-1], model.degrees[1:], strict=True
    ):
        counts = np.stack([np.bincount(d, minlength=dim) for d in degrees])
        # Nothing is complete before the first turn.
        counts = np.pad(counts, ((0, 0), (1, 0)))[:, :dim].astype("int32")
        starts = (np.cumsum(counts, axis=1) - counts).astype("int32")
        group = max(int(counts.max()), 1)
        units = ops.take(np.argsort(degrees, axis=1), which, axis=0)
        kernel = ops.take(in_order(kernel_of(layer, mask)), units, axis=1)
        kernel = ops.pad(kernel, ((0, 0), (0, group)))
        bias = ops.pad(ops.cast(ops.take(layer.bias, units), "float32"), (0, group))
        of_turn = [ops.take(table, which, axis=0) for table in (starts, counts)]
        hidden.append((kernel, bias, *of_turn, group))
        inputs, padding = units, group

    def by_turn(kernel):
        shape = (dim, model.head.size, kernel.shape[0])
        return ops.take(ops.reshape(ops.transpose(kernel), shape), order, axis=0)

    last = model.dense[-1]
    kernel = by_turn(in_order(kernel_of(last, masks[-1])))
    bias = ops.cast(ops.reshape(last.bias, (dim, model.head.size)), "float32")
    shortcut = None
    if model.direct:
        shortcut = by_turn(kernel_of(model.shortcut, of_shortcut))
    return hidden, (kernel, ops.take(bias, order, axis=0)), shortcut
