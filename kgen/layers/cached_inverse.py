"""The inverse of a masked autoregressive layer, without a pass for every feature.

Features come in sections of a few. What all earlier sections add to the sums of a
section's units is known when the section begins, and computed once, in one matrix
product. What is left is a small network of the section's own units, a few of every
layer, and only this network runs again for every feature. So a draw costs about the
arithmetic of one or two passes.

All tensors are (units, n): a scalar is a row of examples, which lie side by side.
"""

import numpy as np
from keras import ops

from kgen.layers.bijection import SEEN
from kgen.layers.masks import hidden_mask, output_mask

SECTION = 4
"""Largest number of features of a section."""


class CachedInverse:
    """The way back through a `MaskedAutoregressive` layer.

    Args:
        layer: the layer, whose units are in the order of their degrees.
        condition: vectors (n, condition_dim), or None.
    """

    def __init__(self, layer, condition=None):
        self.layer, self.dim, self.size = layer, layer.dim, layer.transform.size
        self.section = min(SECTION, self.dim)
        self.count = -(-self.dim // self.section)
        self.degrees = [d[d >= 0] for d in (*layer.degrees, layer.places)]
        self.windows = [Window(d, self.section, self.count) for d in self.degrees]
        self.kernels, self.starts = self._of_features(condition)

    def _of_features(self, condition):
        """Weights between units that see features, and what their sums start at.

        Units that see only the condition have a degree of -1, and are the first of
        their layer. They are complete from the start.
        """
        pairs = list(zip(self.degrees[:-1], self.degrees[1:], strict=True))
        masks = [hidden_mask(*pair) for pair in pairs[:-1]] + [output_mask(*pairs[-1])]
        kernels, starts = [], []
        h = None if condition is None else ops.transpose(ops.cast(condition, "float32"))
        for k, (layer, mask) in enumerate(zip(self.layer.network, masks, strict=True)):
            kernel, start = layer.kernel, ops.expand_dims(layer.bias, 1)
            (inputs, units), width = mask.shape, 0 if h is None else h.shape[0]
            early = layer.units - units
            # The condition is last among the inputs; units that see only it are first.
            first, last = (inputs, 0) if k == 0 else (0, width)
            if h is not None:
                own = kernel[first : first + width]
                start = start + ops.matmul(ops.transpose(own), h)
                h = ops.relu(start[:early])
            kernel = kernel[last : last + inputs, early:] * ops.cast(mask, "float32")
            room = [(0, window.room) for window in self.windows[k : k + 2]]
            kernels.append(ops.pad(kernel, room))
            starts.append(ops.pad(start[early:], (room[1], (0, 0))))
        return kernels, starts

    def __call__(self, z):
        """The x that the layer maps to z, (n, features)."""
        n, (features, *hidden, _) = ops.shape(z)[0], self.windows
        z = ops.pad(ops.transpose(z), ((0, features.room), (0, 0)))
        if self.count == 1:
            part, _ = self._section(0, z, None)
            return ops.transpose(part)
        known = [ops.zeros((w.width, n), "float32") for w in (features, *hidden)]

        def next_section(k, state):
            x, known = state
            part, own = self._section(k, features.slice(k, z), known)
            known = [
                window.put(k, table, h)
                for window, table, h in zip(self.windows, known, own, strict=False)
            ]
            return features.put(k, x, part), known

        x, _ = ops.fori_loop(0, self.count, next_section, (known[0], known))
        return ops.transpose(x[: self.dim])

    def _section(self, k, z, known):
        """Features of section k, and all of its units except the outputs.

        Args:
            k: number of the section.
            z: its part of z, (section, n).
            known: features as the network sees them, and hidden units, (units, n) for
                every layer, zero for those of later sections; None if there is only
                one section.
        """
        transform, starts = self.layer.transform, self.starts
        kernels = [ops.transpose(kernel) for kernel in self.kernels]
        if known is not None:
            rows, columns = self.windows[1:], self.windows[:-1]
            kernels = [row.slice(k, w) for row, w in zip(rows, kernels, strict=True)]
            starts = [
                row.slice(k, start) + ops.matmul(kernel, h)
                for row, start, kernel, h in zip(
                    rows, starts, kernels, known, strict=True
                )
            ]
            kernels = [
                column.slice(k, kernel, axis=1)
                for column, kernel in zip(columns, kernels, strict=True)
            ]

        def sums(layer, h, rows=slice(None)):
            # Of the first features when h holds no more, and before all of them, of h
            # that is None, the sums are what they start at.
            if h is None:
                return starts[layer][rows]
            kernel = kernels[layer][rows, : h.shape[0]]
            return starts[layer][rows] + ops.matmul(kernel, h)

        def units(values):
            h = ops.clip(ops.stack(values), -SEEN, SEEN) if values else None
            found = [h]
            for layer in range(len(kernels) - 1):
                found.append(ops.relu(sums(layer, found[-1])))
            return found

        values = []
        for t in range(self.section):
            own = slice(t * self.size, (t + 1) * self.size)
            params = sums(-1, units(values)[-1], own)
            params = ops.broadcast_to(params, (self.size, ops.shape(z)[1]))
            values.append(transform.inverse(z[t], ops.transpose(params)))
        complete = units(values) if known is not None else []
        own = zip(self.windows, complete, strict=False)
        return ops.stack(values), [h * ops.take(w.own, k, axis=0) for w, h in own]


class Window:
    """Where the units of every section are, among units sorted by degree.

    It is as long as the largest section, so its end may belong to the next one.

    Args:
        degrees: ascending, from 0.
        section: degrees of a section.
        count: number of sections.
    """

    def __init__(self, degrees, section, count):
        edges = np.searchsorted(degrees, section * np.arange(count + 1))
        self.starts, counts = edges[:-1].astype("int32"), np.diff(edges)
        self.size = max(int(counts.max()), 1)
        self.room = int(self.starts[-1]) + self.size - len(degrees)
        self.width = len(degrees) + self.room
        own = np.arange(self.size) < counts[:, None]
        self.own = own[..., None].astype("float32")

    def slice(self, k, table, axis=0):
        """Rows, or columns, of a table that belong to section k."""
        first, shape = [0, 0], list(ops.shape(table))
        first[axis], shape[axis] = self._start(k), self.size
        return ops.slice(table, first, shape)

    def put(self, k, table, part):
        """The table with its rows of section k replaced."""
        return ops.slice_update(table, (self._start(k), 0), part)

    def _start(self, k):
        return ops.take(ops.convert_to_tensor(self.starts), k)
