"""PixelRNN: exact image likelihood by LSTMs over rows or diagonals.

Left out: the multi-scale variant of sec. 3.6.

References:
    Van den Oord et al., Pixel Recurrent Neural Networks, 2016, sec. 3, table 1.
    https://arxiv.org/abs/1601.06759
"""

from keras import ops

from kgen.autoregressive.estimator import AutoregressiveEstimator
from kgen.autoregressive.raster import RasterModel
from kgen.base.fields import DEEPEST, WIDEST, estimator, param
from kgen.base.spaces import Range
from kgen.core import validation
from kgen.core.backend import register
from kgen.layers import DiagonalBiLSTM, MaskedConv2D, RowLSTM

RECURRENCES = {"row_lstm": RowLSTM, "diagonal_bilstm": DiagonalBiLSTM}


@register
class PixelRNNModel(RasterModel):
    """Keras model behind `PixelRNN`: a mask-A stem, then LSTMs with residuals.

    Args:
        head: name or instance of a `kgen.heads.Head`.
        layer: "row_lstm" or "diagonal_bilstm".
        hidden: features of the LSTM states, >= channels of the data; the residual
            stream has twice as many.
        depth: number of LSTM layers, >= 1.
        **kwargs: see `keras.Model`, e.g. `dtype="mixed_bfloat16"`.

    Input shape: (n, height, width, channels), values in the head's support.
    Output shape: (n, height, width, head.params_size(channels)).

    Example:
        >>> import numpy as np
        >>> model = PixelRNNModel("bernoulli", hidden=4, depth=1)
        >>> model.compile("adam")
        >>> history = model.fit(np.ones((8, 4, 4, 1)), verbose=0)
        >>> model.sample(2, seed=0).shape
        (2, 4, 4, 1)
    """

    def __init__(
        self, head="bernoulli", layer="diagonal_bilstm", hidden=16, depth=3, **kwargs
    ):
        super().__init__(head, **kwargs)
        kinds = tuple(RECURRENCES)
        self.layer = validation.check_choice(self, "layer", layer, kinds)
        self.hidden = validation.check_setting(self, "hidden", hidden, ge=1)
        self.depth = validation.check_setting(self, "depth", depth, ge=1)

    def build(self, input_shape):
        data_channels, wide = self.shape_of(input_shape)[-1], 2 * self.hidden
        channels = 1 if self.head.orders_channels else data_channels
        validation.check_setting(self, "hidden", self.hidden, ge=channels)
        settings = {"channels": channels, "dtype": self.dtype_policy}
        recurrence = RECURRENCES[self.layer]
        self.stem = MaskedConv2D(wide, 7, "A", **settings)
        self.residual = [
            [recurrence(self.hidden, **settings), MaskedConv2D(wide, 1, **settings)]
            for _ in range(self.depth)
        ]
        self.last = MaskedConv2D(wide, 1, **settings)
        self.out = MaskedConv2D(self.head.params_size(data_channels), 1, **settings)
        self.stem.build(self.embedded_shape(input_shape))
        for recurrent, up in self.residual:
            recurrent.build((*input_shape[:-1], wide))
            up.build((*input_shape[:-1], self.hidden))
        self.last.build((*input_shape[:-1], wide))
        self.out.build((*input_shape[:-1], wide))
        super().build(input_shape)

    def network(self, h, apply):
        h = apply(self.stem, h)
        for recurrent, up in self.residual:
            h = h + apply(up, apply(recurrent, h))
        return apply(self.out, ops.relu(apply(self.last, ops.relu(h))))


@estimator
class PixelRNN(AutoregressiveEstimator):
    """Image density with an exact likelihood, by two-dimensional LSTMs.

    Args:
        layer: "row_lstm", which sees a triangle above a pixel, or "diagonal_bilstm",
            which sees all pixels before it and takes longer.
        hidden: features of the LSTM states, >= channels of the images.
        layers: number of LSTM layers, >= 1.
        head: distribution of a pixel. "auto" chooses by the data: Bernoulli for binary
            images, Categorical for integers in 0..255, Normal for floats.

    Shape:
        X: (n, height, width) or (n, height, width, channels), of any size.

    References:
        Van den Oord et al., Pixel Recurrent Neural Networks, 2016.
        https://arxiv.org/abs/1601.06759

    Example:
        >>> from kgen.data.toy import bars
        >>> X = bars(64, size=4, random_state=0)
        >>> model = PixelRNN(hidden=4, layers=1, epochs=1, random_state=0).fit(X)
        >>> model.sample(2, random_state=0).shape
        (2, 4, 4)
        >>> model.log_prob(X).shape
        (64,)
    """

    layer: str = param("diagonal_bilstm", choices=tuple(RECURRENCES))
    hidden: int = param(16, ge=1, le=WIDEST, search=Range(8, 64, log=True))
    layers: int = param(3, ge=1, le=DEEPEST, search=Range(1, 6))
    batch_size: int = param(32, ge=1)

    def build_model(self, event_shape: tuple[int, ...]) -> PixelRNNModel:
        """Build the Keras model for examples of that shape."""
        return PixelRNNModel(
            self.head_, self.layer, self.hidden, self.layers, dtype=self.policy_
        )
