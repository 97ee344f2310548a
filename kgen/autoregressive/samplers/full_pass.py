"""The reference for all samplers: the whole network, again for every scalar.

It is slow, simple and correct, for any model.
"""

import math

from keras import ops

from kgen.autoregressive.samplers.base import Sampler
from kgen.core.backend import compiled, undecorated

CALLS = 32
"""Calls in which an example is drawn: between them it shows progress, and can be
interrupted."""


class FullPass(Sampler):
    """Runs the whole network once for every scalar."""

    incremental = False

    def calls(self, model, shape):
        return min(CALLS, turns(model, shape))

    def fill(self, model, batch, options, tick):
        x, shape = batch.x, tuple(batch.x.shape[1:])
        calls = self.calls(model, shape)
        count = -(-turns(model, shape) // calls)
        for first in range(0, calls * count, count):
            first = ops.convert_to_tensor(first)
            x = fill_some(model, batch._replace(x=x), first, count, shape)
            tick()
        if not options.return_params:
            return [x]
        return [x, model.conditionals(x, batch.condition, batch.order)]

    def fill_in_graph(self, model, batch):
        shape = tuple(batch.x.shape[1:])
        count = turns(model, shape)
        return undecorated(fill_some)(model, batch, 0, count, shape)


def turns(model, shape):
    """Number of draws per example: one per scalar, or per pixel."""
    return math.prod(shape[:-1] if model.head.orders_channels else shape)


@compiled
def fill_some(model, batch, first, count, shape):
    """Draw some scalars in turn, each after a pass through the network.

    A head that orders the channels itself draws all of a pixel at once.

    Args:
        model: the `AutoregressiveModel`.
        batch: a `Batch`.
        first: first of the turns, a tensor.
        count: number of turns.
        shape: shape of an example.

    Returns:
        x, in which these scalars are drawn unless they are kept.
    """
    x, mask, noise, temperature, condition, which = batch
    n, total = ops.shape(x)[0], turns(model, shape)
    by_pixel = model.head.orders_channels
    width = shape[-1] if by_pixel else 1
    per_turn = (
        noise.shape[len(shape) :] if by_pixel else (1, *noise.shape[len(shape) + 1 :])
    )
    noise = ops.reshape(noise, (n, total, *per_turn))
    mask = ops.reshape(mask, (n, total, width))
    order = model.permutation(which)

    def fill(turn, x):
        index = turn if order is None else ops.take(order, turn, axis=-1)
        index = ops.broadcast_to(ops.reshape(index, (-1, 1)), (n, 1))
        params = model.conditionals(ops.reshape(x, (-1, *shape)), condition, which)
        size = math.prod(params.shape[1:]) // total
        params = own(ops.reshape(params, (n, total, size)), index)
        head = model.head
        if not by_pixel:
            head = head.of_channel(index % shape[-1])
        drawn = head.draw(params, own(noise, index), temperature)
        new = ops.where(own(mask, index), own(x, index), drawn)
        turn_of = ops.expand_dims(ops.arange(total) == index, 2)
        return ops.where(turn_of, ops.expand_dims(new, 1), x)

    last = ops.minimum(first + count, total)
    x = ops.fori_loop(first, last, fill, ops.reshape(x, (n, total, width)))
    return ops.reshape(x, (-1, *shape))


def own(tensor, index):
    """Entries of a tensor (n, total, ...) at the index of every example, (n, 1)."""
    index = ops.reshape(index, (-1, *[1] * (len(tensor.shape) - 1)))
    return ops.squeeze(ops.take_along_axis(tensor, index, axis=1), axis=1)
