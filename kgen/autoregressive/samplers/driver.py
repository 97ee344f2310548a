"""What all samplers share: noise, orders, chunks, threads and progress."""

from typing import NamedTuple

import numpy as np
from keras import ops

from kgen.autoregressive.orders import choose_orders, known_first
from kgen.autoregressive.samplers.base import Batch
from kgen.autoregressive.samplers.full_pass import FullPass
from kgen.base.chunks import chunks, in_threads, pad
from kgen.core import backend, messages, progress
from kgen.core.random import as_seed, keyed_streams, keyed_uniform


def draw(model, x, mask, seed, condition, options):
    """Redraw the scalars where `mask` is False, each given all before it.

    All noise is drawn beforehand, keyed by seed, example and position: a random state
    advanced inside a traced loop would advance once, at tracing.

    Args:
        model: an `AutoregressiveModel` that is built.
        x: data, (n, *event_shape).
        mask: boolean, same shape; True keeps the value of x.
        seed: integer; None draws one from NumPy's global state.
        condition: vectors (n, condition_dim), or (1, condition_dim) for all; None for
            models that are not conditional.
        options: `SamplingOptions`.

    Returns:
        Float32 array of the shape of x; with `return_params`, a list of this and the
        head's parameters.
    """
    seed, mask = as_seed(seed), np.asarray(mask, bool)
    if model.head.orders_channels and (mask != mask[..., :1]).any():
        raise messages.split_pixel(type(model.head).__name__)
    condition = model.check_condition(condition, len(x))
    sampler = model.sampler if options.incremental else FullPass()
    pieces = list(_pieces(model, mask, seed, sampler, options))
    calls = len(pieces) * sampler.calls(model, x.shape[1:])
    tick = progress.ticker(calls, options.verbose)

    def draw_piece(piece):
        batch = _batch(model, x, mask, seed, condition, options, piece)
        drawn = sampler.fill(model, batch, options, tick)
        return [ops.convert_to_numpy(part)[: len(piece.examples)] for part in drawn]

    several = in_threads if sampler.incremental else map
    drawn = list(several(draw_piece, pieces))
    back = np.argsort(np.concatenate([piece.examples for piece in pieces]))
    parts = [np.concatenate(part)[back] for part in zip(*drawn, strict=True)]
    return parts if options.return_params else parts[0]


class Piece(NamedTuple):
    """Examples that are drawn together: indices, padded size, and their orders."""

    examples: np.ndarray
    size: int
    orders: np.ndarray


def _pieces(model, mask, seed, sampler, options):
    parts = 1 if backend.gpus() or not options.xla else sampler.pieces
    cut = {"parts": parts, "small": 16 * parts} if sampler.incremental else {}
    chosen = choose_orders(model, mask, seed)
    # Examples with orders of their own may be drawn together.
    groups = np.zeros_like(chosen) if model.any_order else chosen
    for group in np.unique(groups):
        members = np.flatnonzero(groups == group)
        for start, count, size in chunks(len(members), **cut):
            examples = members[start : start + count]
            yield Piece(examples, size, chosen[examples])


def _batch(model, x, mask, seed, condition, options, piece):
    def take(rows, dtype):
        rows = np.asarray(rows[piece.examples], dtype)
        return ops.convert_to_tensor(pad(rows, piece.size))

    noise = pad(noise_of(model, seed, piece.examples, x.shape[1:]), piece.size)
    order = piece.orders[0]
    if model.any_order:
        order = known_first(model, mask[piece.examples], piece.orders)
        order = pad(order, piece.size)
    return Batch(
        take(x, "float32"),
        take(mask, bool),
        ops.convert_to_tensor(noise),
        ops.convert_to_tensor(options.temperature, "float32"),
        None if condition is None else take(condition, "float32"),
        ops.convert_to_tensor(order) if model.n_orders > 1 else None,
    )


def noise_of(model, seed, examples, shape):
    """Uniform noise for the examples with those indices, of that shape."""
    shape, first = model.head.noise_shape(shape), int(examples[0])
    if model.any_length:
        return keyed_streams(seed, examples, shape)
    if examples[-1] - first + 1 == len(examples):
        return keyed_uniform(seed, first, len(examples), shape)
    return np.concatenate([keyed_uniform(seed, int(i), 1, shape) for i in examples])


IN_GRAPH = 16
"""Examples that an exported model draws at once."""


def draw_in_graph(model, n, seed, condition=None):
    """Draw examples within a graph, for models that are exported.

    Args:
        model: an `AutoregressiveModel` that is built, for examples of one size.
        n: number of examples, a tensor.
        seed: integer tensor.
        condition: vectors (n, condition_dim), for conditional models only.

    Returns:
        Float32 tensor of shape (n, *event_shape).
    """
    shape = model.event_shape
    # The caches need a known number of examples, all in one order.
    size = IN_GRAPH if model.n_orders == 1 else 1
    count = (n + size - 1) // size
    if condition is not None:
        missing = count * size - ops.shape(condition)[0]
        condition = ops.pad(condition, ((0, missing), (0, 0)))

    def draw_piece(index):
        first, order = index * size, None
        noise = backend.keyed_uniform(seed, first, size, model.head.noise_shape(shape))
        if model.n_orders > 1:
            choice = backend.keyed_uniform(seed, index, 1, (1,), stream=1)[0, 0]
            order = ops.cast(choice * model.n_orders, "int32")
        if model.any_order:
            order = ops.broadcast_to(model.permutation(order), (size, model.dim))
        given = None
        if condition is not None:
            given = ops.slice(condition, (first, 0), (size, model.condition_dim))
        blank = ops.zeros((size, *shape), "float32")
        temperature = ops.convert_to_tensor(1.0, "float32")
        batch = Batch(blank, blank > 0, noise, temperature, given, order)
        return model.sampler.fill_in_graph(model, batch)

    drawn = ops.map(draw_piece, ops.arange(count))
    return ops.reshape(drawn, (-1, *shape))[:n]
