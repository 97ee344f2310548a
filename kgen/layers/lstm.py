"""Two-dimensional LSTM layers, which read an image row by row or along its diagonals.

References:
    Van den Oord et al., Pixel Recurrent Neural Networks, 2016, sec. 3.1-3.2, eq. 3.
    https://arxiv.org/abs/1601.06759
"""

import keras
import numpy as np
from keras import ops

from kgen.core import backend, validation
from kgen.core.backend import register
from kgen.layers.cached_lstm import CachedDiagonalBiLSTM, CachedRowLSTM, lstm
from kgen.layers.masked_conv import MaskedConv2D


class _LSTM(keras.layers.Layer):
    """Settings of both layers."""

    def __init__(self, hidden, channels=1, **kwargs):
        super().__init__(**kwargs)
        self.channels = validation.check_setting(self, "channels", channels, ge=1)
        self.hidden = validation.check_setting(self, "hidden", hidden, ge=channels)

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

    The state of a pixel depends on its input, a masked convolution along the row, and
    on three neighbouring states in the row above: it sees a triangle above the pixel.

    Args:
        hidden: features of the state, >= channels.
        channels: channels per pixel of the data.
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
        """What a row of states, (n, width, hidden), adds to the gates of the next."""
        width = h.shape[1]
        h = ops.pad(h, ((0, 0), (1, 1), (0, 0)))
        taps = [h[:, k : k + width] for k in range(3)]
        kernel = ops.cast(self.kernel, h.dtype)
        return _product(ops.concatenate(taps, axis=-1), kernel)

    def call(self, x):
        def row(state, gates):
            h, c = state
            return lstm(gates + self.from_above(h), c)

        gates = ops.transpose(self.input_to_state(x), (1, 0, 2, 3))
        blank = ops.zeros_like(gates[0, ..., : self.hidden])
        h, _ = backend.scan(row, (blank, blank), gates)
        return ops.transpose(h, (1, 0, 2, 3))

    def cached(self, n, width):
        """The layer pixel by pixel, for n images of that width."""
        return CachedRowLSTM(self, n, width)


@register
class DiagonalBiLSTM(_LSTM):
    """Two LSTMs along the diagonals of an image, one from each upper corner.

    The state of a pixel depends on its input, on the state above and on the state
    beside it. The direction from the right is shifted down by a row. Together they see
    every earlier pixel.

    Args:
        hidden: features of the state, >= channels.
        channels: channels per pixel of the data.
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
        """States of one direction, from the left, given the input's sums of gates."""
        height, width = gates.shape[1:3]
        kernel = ops.cast(kernel, gates.dtype)
        inside = np.ones((1, height, width, 1), "float32")
        inside = ops.cast(ops.transpose(skew(inside), (2, 0, 1, 3)), gates.dtype)

        def diagonal(state, inputs):
            (h, c), (gates, inside) = state, inputs
            above = ops.pad(h, ((0, 0), (1, 0), (0, 0)))[:, :-1]
            both = ops.concatenate([above, h], axis=-1)
            h, c = lstm(gates + _product(both, kernel), c)
            # Beyond the edges there are no states.
            return h * inside, c * inside

        gates = ops.transpose(skew(gates), (2, 0, 1, 3))
        blank = ops.zeros_like(gates[0, ..., : self.hidden])
        h, _ = backend.scan(diagonal, (blank, blank), (gates, inside))
        return unskew(ops.transpose(h, (1, 2, 0, 3)))

    def cached(self, n, width):
        """The layer pixel by pixel, for n images of that width."""
        return CachedDiagonalBiLSTM(self, n, width)


def _product(rows, kernel):
    """Features of pixels, (n, width, k), times a kernel (k, m).

    Not `matmul`: if n varies, its gradient transposes in an order that TensorFlow does
    not know beforehand, so that XLA could not compile it in a loop.
    """
    return ops.einsum("nwk,km->nwm", rows, kernel)


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
