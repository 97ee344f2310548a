"""Recurrent networks of sequences: a summary that is updated step by step.

With Categorical data this is the character model of Graves; with reals it has his
mixture outputs.

References:
    Graves, Generating Sequences With Recurrent Neural Networks, 2013, sec. 2-3.
    https://arxiv.org/abs/1308.0850
    Cho et al., Learning Phrase Representations using RNN Encoder-Decoder, 2014 (GRU).
    https://arxiv.org/abs/1406.1078
"""

from typing import ClassVar

from keras import ops

from kgen.autoregressive.estimator import SequenceEstimator
from kgen.autoregressive.sequences import SequenceModel
from kgen.base.fields import DEEPEST, WIDEST, estimator, param
from kgen.base.spaces import OneOf, Range
from kgen.core.backend import register
from kgen.heads import Head, MixtureOfLogistics
from kgen.layers import MaskedConv2D, PastRNN


@register
class SequenceRNNModel(SequenceModel):
    """Keras model behind `SequenceRNN`.

    Args:
        head: name or instance of a `kgen.heads.Head`.
        cell: "gru" or "lstm".
        hidden: units of each recurrent layer, >= channels of the data.
        depth: number of recurrent layers, >= 1.
        **kwargs: see `keras.Model`, e.g. `dtype="mixed_bfloat16"`.

    Input shape: (n, steps, channels), values in the head's support.
    Output shape: (n, steps, head.params_size(channels)).

    Example:
        >>> import numpy as np
        >>> model = SequenceRNNModel("bernoulli", hidden=8)
        >>> model.compile("adam")
        >>> history = model.fit(np.ones((8, 12, 1)), verbose=0)
        >>> model.sample(2, seed=0, length=30).shape
        (2, 30, 1)
    """

    def __init__(self, head="categorical", cell="gru", hidden=256, depth=1, **kwargs):
        super().__init__(head, **kwargs)
        past = PastRNN(cell, hidden, depth)  # checks the settings before there are data
        self.cell = past.cell
        self.hidden = past.hidden
        self.depth = past.layers

    def build(self, input_shape):
        row = self.row_shape(input_shape)
        data_channels = self.shape_of(input_shape)[-1]
        channels = 1 if self.head.orders_channels else data_channels
        settings = {"channels": channels, "dtype": self.dtype_policy}
        self.past = PastRNN(self.cell, self.hidden, self.depth, **settings)
        self.past.build(row)
        # How a channel sees those before it in its own step.
        self.present = None
        if channels > 1:
            self.present = MaskedConv2D(self.hidden, 1, "A", **settings)
            self.present.build(row)
        self.out = MaskedConv2D(self.head.params_size(data_channels), 1, **settings)
        self.out.build((*row[:-1], self.hidden))
        super().build(input_shape)

    def network(self, h, apply):
        summary = apply(self.past, h)
        if self.present is not None:
            summary = summary + apply(self.present, h)
        return apply(self.out, ops.relu(summary))


@estimator
class SequenceRNN(SequenceEstimator):
    """Density of sequences (text, time series), by a GRU or an LSTM.

    Args:
        cell: "gru" or "lstm".
        hidden: units of each recurrent layer, >= channels of the data.
        layers: number of recurrent layers, >= 1.
        head: distribution of a value. "auto" chooses by the data: Bernoulli for binary
            sequences; for integers in 0..255, Categorical up to 31 levels and
            MixtureOfLogistics above; MixtureOfNormals for floats. For characters, which
            have no order, use `kgen.heads.Categorical(how_many)`.

    Shape:
        X: (n, steps) or (n, steps, channels). The training data have one length; the
            fitted model takes any length.

    References:
        Graves, Generating Sequences With Recurrent Neural Networks, 2013.
        https://arxiv.org/abs/1308.0850

    Example:
        >>> from kgen.data.toy import waves
        >>> X = waves(64, length=20, random_state=0)
        >>> model = SequenceRNN(hidden=16, epochs=1, random_state=0).fit(X)
        >>> model.sample(2, length=50, random_state=0).shape
        (2, 50)
        >>> model.log_prob(X).shape
        (64,)
    """

    cell: str = param("gru", choices=("gru", "lstm"), search=OneOf(("gru", "lstm")))
    hidden: int = param(256, ge=1, le=WIDEST, search=Range(64, 512, log=True))
    layers: int = param(1, ge=1, le=DEEPEST, search=Range(1, 3))

    _many_levels: ClassVar[type[Head]] = MixtureOfLogistics

    def build_model(self, event_shape: tuple[int, ...]) -> SequenceRNNModel:
        """Build the Keras model for examples of that shape."""
        return SequenceRNNModel(
            self.head_, self.cell, self.hidden, self.layers, dtype=self.policy_
        )
