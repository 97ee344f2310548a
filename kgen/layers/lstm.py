"""Two-dimensional LSTM layers, which see an image row by row or along its diagonals.

References:
    Van den Oord et al., Pixel Recurrent Neural Networks, 2016, sec. 3.1-3.2, eq. 3.
    https://arxiv.org/abs/1601.06759
"""

import keras
import numpy as np
from keras import ops

from kgen.core import validation
from kgen.core.backend import register
from kgen.layers._walk import Walker, at, spans
from kgen.layers.masked_conv import MaskedConv2D


def lstm(gates, c):
    """New hidden and cell states, from the sums o, f, i, g before the gates (eq. 3)."""
    o, f, i, g = ops.split(gates, 4, axis=-1)
    c = ops.sigmoid(f) * c + ops.sigmoid(i) * ops.tanh(g)
    return ops.sigmoid(o) * ops.tanh(c), c


class _LSTM(keras.layers.Layer):
    """Settings of both layers."""

    def __init__(self, hidden, channels=1, **kwargs):
        super().__init__(**kwargs)
        validation.check_setting(type(self).__name__, "channels", channels, ge=1)
        validation.check_setting(type(self).__name__, "hidden", hidden, ge=channels)
        self.hidden = hidden
        self.channels = channels

    def _to_state(self, kernel_size):
        """Masked convolution from the input to the sums of all gates."""
        return MaskedConv2D(
            self.hidden,
            kernel_size,
            "B",
            self.channels,
            parts=4,
            dtype=self.dtype_policy,
        )

    def _state_kernel(self, taps, name):
        shape = (taps * self.hidden, 4 * self.hidden)
        return self.add_weight(shape, "glorot_uniform", name=name)

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], self.hidden)

    def get_config(self):
        config = {"hidden": self.hidden, "channels": self.channels}
        return {**super().get_config(), **config}


@register
class RowLSTM(_LSTM):
    """LSTM over the rows of an image, from the top.

    The state of a pixel is made of its input, a masked convolution along the row, and
    of three neighbouring states in the row above: it sees a triangle above the pixel.

    Args:
        hidden: features of the state, >= channels.
        channels: channels of a pixel of the data.
        **kwargs: see `keras.layers.Layer`.

    Input shape: (n, height, width, features).
    Output shape: (n, height, width, hidden).
    """

    def __init__(self, hidden, channels=1, **kwargs):
        super().__init__(hidden, channels, **kwargs)
        self.input_to_state = self._to_state((1, 3))

    def build(self, input_shape):
        self.input_to_state.build(input_shape)
        self.kernel = self._state_kernel(3, "kernel")

    def from_above(self, h):
        """What a row of states, (n, width, hidden), adds to the gates below it."""
        width = h.shape[1]
        h = ops.pad(h, ((0, 0), (1, 1), (0, 0)))
        taps = [h[:, k : k + width] for k in range(3)]
        kernel = ops.cast(self.kernel, h.dtype)
        return ops.matmul(ops.concatenate(taps, axis=-1), kernel)

    def call(self, x):
        def row(state, gates):
            state = lstm(gates + self.from_above(state[0]), state[1])
            return state, state  # of one structure, as Keras' scan wants it

        gates = ops.transpose(self.input_to_state(x), (1, 0, 2, 3))
        blank = ops.zeros_like(gates[0, ..., : self.hidden])
        _, (h, _) = ops.scan(row, (blank, blank), gates)
        return ops.transpose(h, (1, 0, 2, 3))

    def walker(self, n, width, **options):
        """What computes the layer pixel by pixel, for n images of that width."""
        return RowWalker(self, n, width)


class RowWalker(Walker):
    """A row LSTM, pixel by pixel: the row above counts once for the whole row."""

    def __init__(self, layer, n, width):
        self.layer = layer
        self.conv = layer.input_to_state.walker(n, width)
        self.spans = spans(layer.hidden, layer.channels)
        self.blank = ops.zeros((n, width, layer.hidden), layer.compute_dtype)
        self.past = [self.blank, self.blank]
        self.row = [self.conv.row, self.blank, self.blank]

    def enter_row(self, above):
        self.conv.enter_row(None)
        self.row = [self.conv.row, self.blank, self.blank]
        gates = self.conv.by_channel(self.layer.from_above(self.past[0]))
        self.conv.above = gates + self.conv.bias
        return above

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
        states = [
            ops.slice_update(
                kept,
                (0, self.column, 0),
                ops.expand_dims(ops.concatenate(parts, axis=-1), 1),
            )
            for kept, parts in zip(
                self.row[1:], zip(*self.states, strict=True), strict=True
            )
        ]
        self.row = [self.conv.row, *states]

    def leave_row(self, image):
        self.past = self.row[1:]


@register
class DiagonalBiLSTM(_LSTM):
    """Two LSTMs along the diagonals of an image, one from each upper corner.

    The state of a pixel is made of its input, of the state above and of the one beside
    it. The direction from the right is shifted down by a row. Together they see every
    earlier pixel.

    Args:
        hidden: features of the state, >= channels.
        channels: channels of a pixel of the data.
        **kwargs: see `keras.layers.Layer`.

    Input shape: (n, height, width, features).
    Output shape: (n, height, width, hidden).
    """

    def __init__(self, hidden, channels=1, **kwargs):
        super().__init__(hidden, channels, **kwargs)
        self.from_left = self._to_state(1)
        self.from_right = self._to_state(1)

    def build(self, input_shape):
        self.from_left.build(input_shape)
        self.from_right.build(input_shape)
        self.left_kernel = self._state_kernel(2, "left_kernel")
        self.right_kernel = self._state_kernel(2, "right_kernel")

    def call(self, x):
        left = self._scan(self.from_left(x), self.left_kernel)
        right = self._scan(ops.flip(self.from_right(x), axis=2), self.right_kernel)
        right = ops.flip(right, axis=2)
        return left + ops.pad(right, ((0, 0), (1, 0), (0, 0), (0, 0)))[:, :-1]

    def _scan(self, gates, kernel):
        """States of one direction, from the left, for sums of gates from the input."""
        height, width = gates.shape[1:3]
        kernel = ops.cast(kernel, gates.dtype)
        inside = np.ones((1, height, width, 1), "float32")
        inside = ops.cast(ops.transpose(skew(inside), (2, 0, 1, 3)), gates.dtype)

        def diagonal(state, inputs):
            (h, c), (gates, inside) = state, inputs
            above = ops.pad(h, ((0, 0), (1, 0), (0, 0)))[:, :-1]
            both = ops.concatenate([above, h], axis=-1)
            h, c = lstm(gates + ops.matmul(both, kernel), c)
            # Beyond the edges there are no states.
            state = h * inside, c * inside
            return state, state

        gates = ops.transpose(skew(gates), (2, 0, 1, 3))
        blank = ops.zeros_like(gates[0, ..., : self.hidden])
        _, (h, _) = ops.scan(diagonal, (blank, blank), (gates, inside))
        return unskew(ops.transpose(h, (1, 2, 0, 3)))

    def walker(self, n, width, **options):
        """What computes the layer pixel by pixel, for n images of that width."""
        return DiagonalWalker(self, n, width)


class DiagonalWalker(Walker):
    """A diagonal BiLSTM, pixel by pixel: from the right once a row is complete."""

    def __init__(self, layer, n, width):
        self.layer, self.width = layer, width
        self.conv = layer.from_left.walker(n, width)
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
        # The row's inputs and states, and the state of the pixel before.
        return [self.blank_input, self.blank, self.one, self.one]

    def enter_row(self, above):
        self.row = self._start()
        return above

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
        place = (0, self.column, 0)
        inputs = ops.slice_update(inputs, place, ops.expand_dims(seen, 1))
        states = ops.slice_update(states, place, ops.expand_dims(h, 1))
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
            row = ops.slice_update(row, (0, column, 0), ops.expand_dims(h, 1))
            return row, h, c

        start = (self.blank, self.one, self.one)
        row, _, _ = ops.fori_loop(0, self.width, pixel, start)
        self.past = [states, row]


def skew(x):
    """Shift row i of images (n, height, width, ...) i pixels to the right."""
    n, height, width, features = ops.shape(x)
    x = ops.pad(x, ((0, 0), (0, 0), (0, height), (0, 0)))
    x = ops.reshape(x, (n, height * (width + height), features))
    x = x[:, : height * (width + height - 1)]
    return ops.reshape(x, (n, height, width + height - 1, features))


def unskew(x):
    """Undo `skew`."""
    n, height, wide, features = ops.shape(x)
    x = ops.reshape(x, (n, height * wide, features))
    x = ops.pad(x, ((0, 0), (0, height), (0, 0)))
    x = ops.reshape(x, (n, height, wide + 1, features))
    return x[:, :, : wide + 1 - height]
