"""Drawing from autoregressive models.

The full-pass loop runs the whole network once for every scalar. It is slow, simple and
right: the oracle of the incremental samplers, which models bring along (`fill`).
"""

import functools
import math
import os
from concurrent.futures import ThreadPoolExecutor

import keras
import numpy as np
from keras import ops

from kgen.base.chunks import chunks, pad
from kgen.core import backend
from kgen.layers._walk import at

BLOCKS = 32
"""Calls in which the full-pass loop draws an example: between them it shows progress,
and can be interrupted."""


def draw(model, x, mask, seed, how, jobs, *, keep=False):
    """Draw what `mask` does not keep.

    All noise is drawn beforehand, keyed by seed, example and position: a random state
    advanced inside a traced loop would advance once, at tracing.

    Args:
        model: an `AutoregressiveModel`.
        x: data, (n, *event_shape).
        mask: boolean, same shape.
        seed: integer.
        how: a `How`.
        jobs: pairs of the indices of examples, and the arguments of `model.fill` that
            are the same for these.
        keep: whether to return the parameters met on the way, too.
    """
    incremental = how.incremental and model.incremental
    parts = 1 if backend.gpus() or not how.xla else model.pieces
    cut = {"parts": parts, "small": 16 * parts} if incremental else {}
    pieces = [
        (indices[start : start + count], size, options)
        for indices, options in jobs
        for start, count, size in chunks(len(indices), **cut)
    ]
    shape = x.shape[1:]
    calls = model.calls(shape) if incremental else min(BLOCKS, _turns(model, shape))
    bar = None
    if how.verbose:
        bar = keras.utils.Progbar(len(pieces) * calls, unit_name="part")
    tick = functools.partial(bar.add, 1) if bar else lambda: None

    def finish(piece):
        indices, size, options = piece
        count = len(indices)

        def take(rows, dtype):
            return ops.convert_to_tensor(pad(np.asarray(rows[indices], dtype), size))

        arguments = [
            take(x, "float32"),
            take(mask, bool),
            ops.convert_to_tensor(pad(model.noise(seed, indices, shape), size)),
            ops.convert_to_tensor(how.temperature, "float32"),
            {
                name: take(value, value.dtype)
                if np.ndim(value)
                else ops.convert_to_tensor(value)
                for name, value in options.items()
            },
        ]
        if incremental:
            found = model.fill_all(how.xla, *arguments, tick, keep=keep)
        else:
            found = _full_pass(model, arguments, calls, tick, keep=keep)
        return [ops.convert_to_numpy(part)[:count] for part in found]

    found = _in_threads(finish, pieces, incremental)
    order = np.argsort(np.concatenate([indices for indices, _, _ in pieces]))
    parts = [np.concatenate(part)[order] for part in zip(*found, strict=True)]
    return parts if keep else parts[0]


class How:
    """Settings of a sampler.

    Attributes:
        temperature: > 0.
        verbose: 1 shows a progress bar.
        incremental: whether not to run the whole network again for every scalar.
        xla: whether XLA compiles the loop.
    """

    def __init__(self, temperature, verbose, incremental, jit_compile):
        self.temperature = temperature
        self.verbose = verbose
        self.incremental = incremental
        self.xla = jit_compile is not False and backend.can_compile()


def _in_threads(finish, pieces, incremental):
    """Results for all pieces; on a CPU several at once."""
    cores = os.cpu_count() or 1
    if not incremental or backend.gpus() or cores == 1 or len(pieces) == 1:
        return [finish(piece) for piece in pieces]
    pool = ThreadPoolExecutor(cores)
    try:
        return list(pool.map(finish, pieces))
    finally:
        pool.shutdown(cancel_futures=True)


def _turns(model, shape):
    """How many draws an example takes: one per scalar, or per pixel."""
    return math.prod(shape[:-1] if model.head.orders_channels else shape)


def _full_pass(model, arguments, calls, tick, *, keep):
    x, mask, noise, temperature, options = arguments
    shape = tuple(x.shape[1:])
    size = -(-_turns(model, shape) // calls)
    for first in range(0, calls * size, size):
        first = ops.convert_to_tensor(first)
        x = model.fill_slowly(x, mask, noise, temperature, options, first, size, shape)
        tick()
    return [x, model.conditionals(x, **options)] if keep else [x]


def fill_slowly(model, x, mask, noise, temperature, options, first, count, shape):
    """Draw some scalars in turn, each after a pass through the network.

    A head that orders the channels by itself draws all of a pixel at once.
    """
    n, turns = ops.shape(x)[0], _turns(model, shape)
    together = model.head.orders_channels
    width = shape[-1] if together else 1
    of_turn = (
        noise.shape[len(shape) :] if together else (1, *noise.shape[len(shape) + 1 :])
    )
    noise = ops.reshape(noise, (n, turns, *of_turn))
    mask = ops.reshape(mask, (n, turns, width))
    order = model.turns(**options)

    def fill(turn, x):
        index = turn if order is None else ops.take(order, turn)
        params = model.conditionals(ops.reshape(x, (-1, *shape)), **options)
        size = math.prod(params.shape[1:]) // turns
        params = at(ops.reshape(params, (n, turns, size)), index)
        head = model.head
        if not together:
            head = head.of_channel(index % shape[-1])
        drawn = head.draw(params, at(noise, index), temperature)
        new = ops.where(at(mask, index), at(x, index), drawn)
        return ops.slice_update(x, (0, index, 0), ops.expand_dims(new, 1))

    last = ops.minimum(first + count, turns)
    x = ops.fori_loop(first, last, fill, ops.reshape(x, (n, turns, width)))
    return ops.reshape(x, (-1, *shape))
