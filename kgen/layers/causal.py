"""Layers for sequences whose outputs see the present and the past, or only the past.

A sequence is an image of one row, (n, 1, steps, features), so that masked convolutions
and their caches work for it unchanged.

References:
    Van den Oord et al., WaveNet: A Generative Model for Raw Audio, 2016, sec. 2.1-2.5,
    fig. 3 and 4. https://arxiv.org/abs/1609.03499
"""

import keras
from keras import layers, ops

from kgen.core import validation
from kgen.core.backend import register
from kgen.layers.cache import CachedLayer, shared, spans
from kgen.layers.gated import gate
from kgen.layers.masked_conv import MaskedConv2D


@register
class CausalBlock(layers.Layer):
    """A gated, dilated causal convolution with two taps and two outputs (fig. 4).

    Args:
        filters: features of the input and of both outputs, >= channels.
        dilation: steps between the two taps, >= 1.
        channels: channels per step of the data.
        condition_dim: length of the vectors that shift every gate (sec. 2.5); 0 for
            none.
        **kwargs: see `keras.layers.Layer`.

    Input shape: (n, 1, steps, filters).
    Output shape: a pair of this shape: for the next block, and for the sum over all
        blocks.
    """

    def __init__(self, filters, dilation=1, channels=1, condition_dim=0, **kwargs):
        super().__init__(**kwargs)
        self.filters = filters
        self.dilation = dilation
        self.channels = channels
        self.condition_dim = condition_dim
        settings = {"channels": channels, "parts": 2, "dtype": self.dtype_policy}
        self.conv = MaskedConv2D(filters, (1, 3), dilation=dilation, **settings)
        self.out = MaskedConv2D(filters, 1, **settings)
        if condition_dim:
            self.shift = layers.Dense(
                2 * filters, use_bias=False, dtype=self.dtype_policy
            )

    def build(self, input_shape):
        self.conv.build(input_shape)
        self.out.build((*input_shape[:-1], self.filters))
        if self.condition_dim:
            self.shift.build((None, self.condition_dim))

    def call(self, x, condition=None):
        h = self.conv(x)
        if self.condition_dim:
            h = h + self.shift(condition)[:, None, None]
        return self.split(x, self.out(gate(h)))

    @staticmethod
    def split(x, out):
        """Both outputs, from the input and the outputs of the last convolution."""
        residual, skip = ops.split(out, 2, axis=-1)
        return x + residual, skip

    def compute_output_shape(self, input_shape):
        return tuple(input_shape), tuple(input_shape)

    def get_config(self):
        return {
            **super().get_config(),
            "filters": self.filters,
            "dilation": self.dilation,
            "channels": self.channels,
            "condition_dim": self.condition_dim,
        }

    def cached(self, n, width, condition=None):
        """The layer step by step, for n sequences."""
        return CachedCausal(self, n, width, condition)


class CachedCausal(CachedLayer):
    """A `CausalBlock`, step by step; every dilated convolution has a ring buffer."""

    row = shared("conv", "row")

    def __init__(self, layer, n, width, condition):
        self.layer = layer
        self.conv = layer.conv.cached(n, width)
        self.out = layer.out.cached(n, width)
        if layer.condition_dim:
            shift = self.conv.by_channel(layer.shift(condition))
            self.conv.bias = self.conv.bias + shift

    def enter_pixel(self, column):
        self.conv.enter_pixel(column)
        self.out.enter_pixel(column)

    def __call__(self, value, channel):
        out = self.out(gate(self.conv(value, channel)), channel)
        return self.layer.split(value, out)

    def leave_pixel(self):
        self.conv.leave_pixel()


CELLS = {"gru": layers.GRU, "lstm": layers.LSTM}


class _Orthogonal(keras.initializers.Orthogonal):
    """Keras' own, in float32 for 16-bit weights: they have no QR decomposition."""

    def __call__(self, shape, dtype=None):
        half = dtype in ("float16", "bfloat16")
        return ops.cast(super().__call__(shape, "float32" if half else dtype), dtype)


@register
class PastRNN(layers.Layer):
    """Keras' GRU or LSTM layers over the earlier steps, and a dense layer on top.

    The output at a step is a summary of the inputs at all steps before it.

    Args:
        cell: "gru" or "lstm".
        hidden: units of each recurrent layer, and of the output, >= 1.
        layers: number of recurrent layers, >= 1.
        channels: channels per step of the data, among which outputs are divided.
        **kwargs: see `keras.layers.Layer`.

    Input shape: (n, 1, steps, features).
    Output shape: (n, 1, steps, hidden).

    Raises:
        ValueError: for another cell.
    """

    def __init__(self, cell="gru", hidden=256, layers=1, channels=1, **kwargs):
        super().__init__(**kwargs)
        self.hidden = validation.check_setting("PastRNN", "hidden", hidden, ge=channels)
        self.layers = validation.check_setting("PastRNN", "layers", layers, ge=1)
        self.cell = validation.check_choice("PastRNN", "cell", cell, tuple(CELLS))
        self.channels = channels
        policy = {"dtype": self.dtype_policy}
        self.recurrent = [
            CELLS[cell](
                hidden,
                return_sequences=True,
                recurrent_initializer=_Orthogonal,
                **policy,
            )
            for _ in range(layers)
        ]
        self.dense = keras.layers.Dense(hidden, **policy)

    def build(self, input_shape):
        n, _, steps, features = input_shape
        for layer in self.recurrent:
            layer.build((n, steps, features))
            features = self.hidden
        self.dense.build((n, steps, features))

    def call(self, x):
        h = ops.pad(x[:, 0, :-1], ((0, 0), (1, 0), (0, 0)))
        for layer in self.recurrent:
            h = layer(h)
        return self.dense(h)[:, None]

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], self.hidden)

    def get_config(self):
        return {
            **super().get_config(),
            "cell": self.cell,
            "hidden": self.hidden,
            "layers": self.layers,
            "channels": self.channels,
        }

    def cached(self, n, width):
        """The layer step by step, for n sequences."""
        return CachedPast(self, n)


class CachedPast(CachedLayer):
    """A `PastRNN`, step by step; its cache holds the states of its cells."""

    reads_image = True

    def __init__(self, layer, n):
        self.layer, self.n = layer, n
        features = layer.recurrent[0].cell.kernel.shape[0]
        self.spans = spans(layer.hidden, layer.channels)
        states = [list(r.get_initial_state(n)) for r in layer.recurrent]
        self.row = [ops.zeros((n, features), layer.compute_dtype), states]

    def enter_pixel(self, column):
        self.seen = []
        h, states = self.row
        after = []
        for layer, state in zip(self.layer.recurrent, states, strict=True):
            h, state = layer.cell(h, state)
            after.append(list(state))
        self.row = [h, after]
        self.summary = self.layer.dense(h)

    def __call__(self, value, channel):
        low, high = self.spans[channel]
        return self.summary[:, low:high]

    def see(self, value):
        self.seen.append(value)

    def leave_pixel(self):
        self.row = [ops.concatenate(self.seen, axis=-1), self.row[1]]
