"""The LSTM layers for images, pixel by pixel, and the equations of their cells.

References:
    Van den Oord et al., Pixel Recurrent Neural Networks, 2016, sec. 3.1-3.2, eq. 3.
    https://arxiv.org/abs/1601.06759
    Ramachandran et al., Fast Generation for Convolutional Autoregressive Models, 2017
    (the cache). https://arxiv.org/abs/1704.06001
"""

from keras import ops

from kgen.layers.cache import CachedLayer, at, put, spans


def lstm(gates, c):
    """New hidden and cell states, from the sums o, f, i, g before the gates (eq. 3)."""
    o, f, i, g = ops.split(gates, 4, axis=-1)
    c = ops.sigmoid(f) * c + ops.sigmoid(i) * ops.tanh(g)
    return ops.sigmoid(o) * ops.tanh(c), c


class CachedRowLSTM(CachedLayer):
    """A `RowLSTM`, pixel by pixel: the row above is added once for the whole row."""

    def __init__(self, layer, n, width):
        self.layer = layer
        self.conv = layer.input_to_state.cached(n, width)
        self.spans = spans(layer.hidden, layer.channels)
        self.blank = ops.zeros((n, width, layer.hidden), layer.compute_dtype)
        self.past = [self.blank, self.blank]
        self.row = [self.conv.row, self.blank, self.blank]

    def enter_row(self, above):
        self.conv.enter_row(None)
        self.row = [self.conv.row, self.blank, self.blank]
        gates = self.conv.by_channel(self.layer.from_above(self.past[0]))
        self.conv.above = gates + self.conv.bias

    def enter_pixel(self, column):
        self.column, self.states = column, []
        self.conv.row = self.row[0]
        self.conv.enter_pixel(column)
        self.c = at(self.past[1], column)

    def __call__(self, value, channel):
        low, high = self.spans[channel]
        gates = self.conv(value, channel)
        self.states.append(lstm(gates, self.c[:, low:high]))
        return self.states[-1][0]

    def leave_pixel(self):
        self.conv.leave_pixel()
        h, c = (ops.concatenate(p, axis=-1) for p in zip(*self.states, strict=True))
        _, row_h, row_c = self.row
        row_h, row_c = put(row_h, self.column, h), put(row_c, self.column, c)
        self.row = [self.conv.row, row_h, row_c]

    def leave_row(self, image):
        self.past = self.row[1:]


class CachedDiagonalBiLSTM(CachedLayer):
    """A `DiagonalBiLSTM`, pixel by pixel; from the right once a row is complete."""

    def __init__(self, layer, n, width):
        self.layer, self.width = layer, width
        self.conv = layer.from_left.cached(n, width)
        self.spans = spans(layer.hidden, layer.channels)
        dtype, features = layer.compute_dtype, layer.from_left.kernel.shape[-2]
        self.kernel = self.conv.by_channel(ops.cast(layer.left_kernel, dtype))
        self.one = ops.zeros((n, layer.hidden), dtype)
        self.blank = ops.zeros((n, width, layer.hidden), dtype)
        self.blank_input = ops.zeros((n, width, features), dtype)
        # States of the row above, from the left and from the right.
        self.past = [self.blank, self.blank]
        self.row = self._start()

    def _start(self):
        # The row's inputs and states, and the state of the previous pixel.
        return [self.blank_input, self.blank, self.one, self.one]

    def enter_row(self, above):
        self.row = self._start()

    def enter_pixel(self, column):
        self.column, self.seen, self.states = column, [], []
        _, _, h, self.c = self.row
        both = ops.concatenate([at(self.past[0], column), h], axis=-1)
        self.conv.enter_pixel(column)
        self.conv.base = self.conv.base + ops.matmul(both, self.kernel)

    def __call__(self, value, channel):
        low, high = self.spans[channel]
        self.seen.append(value)
        gates = self.conv(value, channel)
        self.states.append(lstm(gates, self.c[:, low:high]))
        from_right = at(self.past[1], self.column)[:, low:high]
        return self.states[-1][0] + from_right

    def leave_pixel(self):
        inputs, states, _, _ = self.row
        h, c = (ops.concatenate(p, axis=-1) for p in zip(*self.states, strict=True))
        seen = ops.concatenate(self.seen, axis=-1)
        inputs, states = put(inputs, self.column, seen), put(states, self.column, h)
        self.row = [inputs, states, h, c]

    def leave_row(self, image):
        layer, (inputs, states, _, _) = self.layer, self.row
        gates = layer.from_right(ops.expand_dims(inputs, 1))[:, 0]
        kernel, last = ops.cast(layer.right_kernel, gates.dtype), self.width - 1
        above = self.past[1]

        def pixel(step, state):
            row, h, c = state
            column = last - step
            both = ops.concatenate([at(above, column), h], axis=-1)
            h, c = lstm(at(gates, column) + ops.matmul(both, kernel), c)
            return put(row, column, h), h, c

        start = (self.blank, self.one, self.one)
        row, _, _ = ops.fori_loop(0, self.width, pixel, start)
        self.past = [states, row]
