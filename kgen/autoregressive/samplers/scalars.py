"""Drawing the scalars of vectors one by one, in any order."""

from keras import ops

from kgen.autoregressive.samplers.base import OneCall


class ScalarCache:
    """What a model of vectors keeps while it draws their scalars, turn by turn."""

    state = None
    """What the loop in the graph carries from turn to turn: a tensor, or a structure of
    tensors, whose shapes do not change."""

    def params(self, turn):
        """The head's parameters (n, head.size) of the scalar whose turn it is."""
        raise NotImplementedError

    def see(self, turn, index, value):
        """Receive the scalar whose turn it is, once it is known.

        Args:
            turn: number of the turn, from 0.
            index: index of the scalar, (), or (n, 1) if every example has its own
                order.
            value: the value, as `VectorModel.vectors` returns it, (n, 1).
        """
        raise NotImplementedError


class Scalars(OneCall):
    """Draws vectors, with the cache that `model.cached(n, order)` returns.

    Chunks are not cut: a turn is too little work for that.
    """

    def __init__(self):
        super().__init__(fill_vectors)


def fill_vectors(model, batch, *, return_params):
    """Draw what is not known of a batch of vectors: see `Sampler.fill`."""
    n, dim, shape = batch.x.shape[0], model.dim, model.event_shape
    extra = tuple(batch.noise.shape[len(shape) + 1 :])
    order = model.permutation(batch.order)
    known, mask = (by_turn(part, dim, order) for part in (batch.x, batch.mask))
    noise = by_turn(batch.noise, dim, order, extra)
    cache = model.cached(n, batch.order)

    def fill_scalar(turn, state):
        cache.state, x, *buffer = state
        params = cache.params(turn)
        index = order[turn] if len(order.shape) == 1 else order[:, turn, None]
        head = model.head.of_channel(index % shape[-1])
        drawn = head.draw(params, noise[turn], batch.temperature)
        value = ops.where(mask[turn], known[turn], drawn)
        cache.see(turn, index, head.features(value))
        buffer = [put(tensor, turn, params) for tensor in buffer]
        return cache.state, put(x, turn, value[:, 0]), *buffer

    state = [cache.state, ops.zeros((dim, n), "float32")]
    if return_params:
        shape_of_params = (dim, n, model.head.size)
        state.append(ops.zeros(shape_of_params, model.compute_dtype))
    _, x, *buffer = ops.fori_loop(0, dim, fill_scalar, tuple(state))
    turns = ops.argsort(order, axis=-1)
    x = ops.reshape(permuted(ops.transpose(x), turns), (n, *shape))
    buffer = [permuted(ops.transpose(p, (1, 0, 2)), turns) for p in buffer]
    return [x, *map(model.as_params, buffer)]


def permuted(tensor, order):
    """A tensor (n, dim, ...) in an order, (dim,), or in one for every row, (n, dim)."""
    if len(order.shape) == 1:
        return ops.take(tensor, order, axis=1)
    order = ops.reshape(order, (*order.shape, *[1] * (len(tensor.shape) - 2)))
    return ops.take_along_axis(tensor, order, axis=1)


def by_turn(tensor, dim, order, extra=()):
    """A tensor (n, *event_shape, *extra) as (dim, n, 1, *extra), as they are drawn."""
    axes = (1, 0, *range(2, 2 + len(extra)))
    flat = permuted(ops.reshape(tensor, (-1, dim, *extra)), order)
    return ops.expand_dims(ops.transpose(flat, axes), 2)


def put(tensor, index, part):
    """A tensor with the part at an index of the first axis replaced."""
    start = (index, *[0] * (len(tensor.shape) - 1))
    return ops.slice_update(tensor, start, ops.expand_dims(part, 0))
