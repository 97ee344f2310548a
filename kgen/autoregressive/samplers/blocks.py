"""Drawing sequences step by step, a few hundred steps in a call."""

import numpy as np
from keras import ops

from kgen.autoregressive.samplers.base import Sampler, params_buffer
from kgen.autoregressive.samplers.pixels import NetworkCache
from kgen.core.backend import compiled

BLOCK = 256
"""Steps that are drawn in one call. One compiled loop serves sequences of all lengths,
and between the calls the sampler shows progress and can be interrupted."""


class Blocks(Sampler):
    """Draws sequences, which are images of one row, in blocks of a few hundred steps.

    The caches of the layers go in and out of the compiled loop.
    """

    pieces = 2

    def calls(self, model, shape):
        return -(-shape[0] // block_of(model))

    def fill(self, model, batch, options, tick):
        fill = fill_block_xla if options.xla else fill_block_graph
        (n, steps), size = batch.x.shape[:2], block_of(model)
        cache = NetworkCache(model, n, size, batch.condition).row
        filled = []
        for start in range(0, steps, size):
            block = batch._replace(
                x=cut(batch.x, start, size),
                mask=cut(batch.mask, start, size),
                noise=cut(batch.noise, start, size),
            )
            first = ops.convert_to_tensor(start, "int32")
            drawn, cache = fill(
                model, block, cache, first, return_params=options.return_params
            )
            filled.append([ops.convert_to_numpy(part) for part in drawn])
            tick()
        return [np.concatenate(p, axis=1)[:, :steps] for p in zip(*filled, strict=True)]

    def fill_in_graph(self, model, batch):
        (n, steps), start = batch.x.shape[:2], ops.convert_to_tensor(0, "int32")
        cache = NetworkCache(model, n, steps, batch.condition).row
        drawn, _ = fill_block(model, batch, cache, start, return_params=False)
        return drawn[0]


def block_of(model):
    """Steps that are drawn in one call."""
    return min(BLOCK, model.event_shape[0] or BLOCK)


def cut(tensor, start, size):
    """Some steps of a tensor (n, steps, ...), with zeros after the last."""
    part = tensor[:, start : start + size]
    missing = size - part.shape[1]
    if not missing:
        return part
    return ops.pad(part, ((0, 0), (0, missing), *[(0, 0)] * (len(part.shape) - 2)))


def fill_block(model, batch, cache, start, *, return_params):
    """Draw what is not known of a block of steps.

    Args:
        model: a `SequenceModel`.
        batch: a `Batch`, of the steps of the block.
        cache: what the layers keep of the steps before.
        start: index of the first step.
        return_params: whether to return the head's parameters as well.

    Returns:
        List of the filled x and the parameters; and the cache.
    """
    network = NetworkCache(model, *batch.x.shape[:2], batch.condition)
    buffer = [params_buffer(model, batch.x)] if return_params else []
    network.enter_row()
    network.row = cache
    return network.fill_row(batch, buffer, start), network.row


fill_block_graph = compiled(fill_block, relaxed=False)
fill_block_xla = compiled(fill_block, relaxed=False, jit=True)
