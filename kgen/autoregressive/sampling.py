"""Drawing from autoregressive models.

The full-pass loop runs the whole network once for every scalar. It is slow, simple and
right: the oracle of any faster one.
"""

import keras
import numpy as np
from keras import ops

from kgen.base.model import chunks, pad
from kgen.core.random import keyed_uniform


def full_pass(model, x, mask, seed, temperature, verbose):
    """Redraw what `mask` does not keep, a row of a chunk of images at a time.

    All noise is drawn beforehand, keyed by seed, image and position: a random state
    advanced inside a traced loop would advance once, at tracing.
    """
    height, width, channels = model.event_shape
    noise_shape = model.head.noise_shape((height, width, channels))
    temperature = ops.convert_to_tensor(temperature, "float32")
    pieces = list(chunks(len(x)))
    bar = None
    if verbose:
        bar = keras.utils.Progbar(len(pieces) * height, unit_name="row")
    parts = []
    for start, count, size in pieces:
        batch = pad(np.asarray(x[start : start + count], "float32"), size)
        keep = pad(np.asarray(mask[start : start + count], bool), size)
        noise = ops.convert_to_tensor(keyed_uniform(seed, start, size, noise_shape))
        batch, keep = ops.convert_to_tensor(batch), ops.convert_to_tensor(keep)
        for row in range(height):
            batch = model.fill_row(
                batch, keep, noise, ops.convert_to_tensor(row), temperature
            )
            if bar:
                bar.add(1)
        parts.append(ops.convert_to_numpy(batch)[:count])
    return np.concatenate(parts)


def fill_row(model, x, mask, noise, row, temperature):
    """Draw the scalars of one row in turn, each after a pass through the network.

    A head that orders the channels by itself draws all of a pixel at once.
    """
    _, width, channels = model.event_shape
    turns = 1 if model.head.orders_channels else channels
    n = ops.shape(x)[0]

    def at(tensor, column):
        start = (0, row, column, *(0 for _ in tensor.shape[3:]))
        return ops.slice(tensor, start, (n, 1, 1, *tensor.shape[3:]))

    def fill(i, x):
        column, channel = i // turns, i % turns
        params = at(model(x), column)
        drawn = model.head.draw(params, at(noise, column), temperature)
        old = at(x, column)
        turn = ops.equal(ops.arange(channels) % turns, channel)
        new = ops.where(ops.logical_and(turn, ~at(mask, column)), drawn, old)
        return ops.slice_update(x, (0, row, column, 0), new)

    return ops.fori_loop(0, width * turns, fill, x)
