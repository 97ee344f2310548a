"""Drawing from a MADE: every hidden unit is computed once, when what it sees is known.

Sorted by what they see, the units that a new scalar completes stand side by side.
"""

import numpy as np
from keras import ops


def fill(model, x, met, mask, noise, temperature, which):
    """Draw what is not known, in the order `which`: see `AutoregressiveModel.fill`."""
    extra = tuple(noise.shape[len(model.event_shape) + 1 :])
    known, mask = model.by_scalar(x), model.by_scalar(mask)
    noise = model.by_scalar(noise, extra)
    n, dim, size, dtype = x.shape[0], model.dim, model.head.size, model.compute_dtype
    order = model.turns(which)
    hidden, outputs, shortcut = _sorted(model, which, order)

    def step(turn, state):
        vector, units, x, *met = state
        below, risen = vector, []
        for (kernel, bias, starts, group), values in zip(hidden, units, strict=True):
            # The units that see the scalar before, and none after it. Some more may
            # be among them: what they are worth now, no unit in use sees.
            first = starts[ops.maximum(turn - 1, 0)]
            rows = ops.slice(kernel, (first, 0), (group, kernel.shape[1]))
            shift = ops.slice(bias, (first,), (group,))
            h = ops.relu(ops.matmul(below, ops.transpose(rows)) + shift)
            below = ops.slice_update(values, (0, first), h)
            risen.append(below)
        kernel, bias = outputs
        params = ops.matmul(below, ops.transpose(kernel[turn])) + bias[turn]
        if shortcut is not None:
            params = params + ops.matmul(vector, ops.transpose(shortcut[turn]))
        index = order[turn]
        drawn = model.draw(params, index, known, mask, noise, temperature)
        value = ops.cast(model.value(drawn, index), dtype)
        vector = ops.slice_update(vector, (0, index), value)
        x = ops.slice_update(x, (index, 0), ops.transpose(drawn))
        met = [
            ops.slice_update(m, (index, 0, 0), ops.expand_dims(params, 0)) for m in met
        ]
        return vector, risen, x, *met

    units = [ops.zeros((n, kernel.shape[0]), dtype) for kernel, *_ in hidden]
    state = [ops.zeros((n, dim), dtype), units, ops.zeros((dim, n))]
    if met is not None:
        state.append(ops.zeros((dim, n, size), dtype))
    _, _, x, *met = ops.fori_loop(0, dim, step, tuple(state))
    x = ops.reshape(ops.transpose(x), (n, *model.event_shape))
    return x, model.as_params(met[0]) if met else None


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
        group = int(counts.max())
        starts = np.cumsum(counts, axis=1) - counts
        units = ops.take(np.argsort(degrees, axis=1), which, axis=0)
        kernel = ops.transpose(layer.masked_kernel(mask))
        if columns is not None:
            kernel = ops.take(kernel, columns, axis=1)
            kernel = ops.pad(kernel, ((0, 0), (0, padding)))
        kernel = ops.pad(ops.take(kernel, units, axis=0), ((0, group), (0, 0)))
        bias = ops.cast(ops.take(layer.bias, units), kernel.dtype)
        starts = ops.take(starts.astype("int32"), which, axis=0)
        hidden.append((kernel, ops.pad(bias, (0, group)), starts, group))
        columns, padding = units, group

    def by_place(kernel):
        shape = (dim, model.head.size, kernel.shape[0])
        return ops.take(ops.reshape(ops.transpose(kernel), shape), order, axis=0)

    last = model.dense[-1]
    kernel = ops.take(last.masked_kernel(masks[-1]), columns, axis=0)
    kernel = by_place(ops.pad(kernel, ((0, padding), (0, 0))))
    bias = ops.cast(ops.reshape(last.bias, (dim, model.head.size)), kernel.dtype)
    shortcut = None
    if model.direct:
        shortcut = by_place(model.shortcut.masked_kernel(of_shortcut))
    return hidden, (kernel, ops.take(bias, order, axis=0)), shortcut
