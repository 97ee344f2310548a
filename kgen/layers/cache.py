"""Layers that compute an image pixel by pixel, for samplers.

A layer of an autoregressive network has a method `cached(n, width)`, or
`cached(n, width, condition)` if it has a `condition_dim`. The result computes the same
function as the layer, for n images at once, but a pixel at a time in raster order: a
cache holds what later pixels need from earlier ones.

References:
    Ramachandran et al., Fast Generation for Convolutional Autoregressive Models, 2017.
    https://arxiv.org/abs/1704.06001
"""

import numpy as np
from keras import ops


class CachedLayer:
    """A layer, pixel by pixel.

    Its cache is in two attributes, which loops in the graph carry: `past` from row to
    row, and `row` from pixel to pixel within a row. Each is a tensor, a list of
    tensors, or None, and keeps its shapes. Whatever else a method sets lasts until the
    row or the pixel ends.
    """

    past = None
    row = None
    reads_image = False
    """Whether it is a first layer, which receives values once they are drawn (`see`)
    instead of the features of an earlier layer."""

    def enter_row(self, above):
        """Begin a row: compute at once what the rows above determine.

        Args:
            above: features (n, width, ...) of this row that the rows above determine,
                from the layer before; None if there are none.

        Returns:
            The same for the next layer; None if they stay as they are.
        """

    def enter_pixel(self, column):
        """Begin a pixel, given its column."""

    def __call__(self, value, channel):
        """Features that belong to a channel, (n, size), given those of the input."""
        raise NotImplementedError

    def see(self, value):
        """Receive the image's own features for the next channel of the pixel."""

    def leave_pixel(self):
        """End a pixel, whose channels are now all known."""

    def leave_row(self, image):
        """End a row, whose pixels are now all known.

        Args:
            image: the image's own features of the row, (n, width, features).
        """


def shared(owner, name):
    """Attribute of a cached layer that is shared with another one inside it.

    Args:
        owner: name of the attribute that holds the other, a `CachedLayer`.
        name: "row" or "past".
    """

    def read(self):
        return getattr(getattr(self, owner), name)

    def write(self, value):
        setattr(getattr(self, owner), name, value)

    return property(read, write)


def at(row, column):
    """Features of one pixel, (n, ...), of a row (n, width, ...)."""
    n, rest = ops.shape(row)[0], row.shape[2:]
    pixel = ops.slice(row, (0, column, *[0] * len(rest)), (n, 1, *rest))
    return ops.reshape(pixel, (n, *rest))


def put(row, column, pixel):
    """A row (n, width, ...) with the features of one pixel, (n, ...), replaced."""
    start = (0, column, *[0] * (len(row.shape) - 2))
    return ops.slice_update(row, start, ops.expand_dims(pixel, 1))


def spans(features, channels):
    """For every channel, first and last (exclusive) of the features that belong to it.

    Feature k of m belongs to channel k * channels // m.

    Example:
        >>> spans(5, 3)
        [(0, 2), (2, 4), (4, 5)]
    """
    edges = [-(-c * features // channels) for c in range(channels + 1)]
    return list(zip(edges[:-1], edges[1:], strict=True))


def channel_of(features, channels):
    """Channel that every feature belongs to."""
    return np.arange(features) * channels // features
