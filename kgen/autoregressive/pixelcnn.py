"""PixelCNN: exact image likelihood by masked convolutions.

Left out: the multi-scale variant of sec. 3.6. Like the paper's, this network has a
blind spot to the right of every pixel (van den Oord et al., 2016b, sec. 2.2), which
costs likelihood but not exactness. Added: the 3x3 convolutions are dilated, so that a
few blocks see far enough for whole digits; dilations=(1,) is the paper's network.

References:
    Van den Oord et al., Pixel Recurrent Neural Networks, 2016, sec. 3.3-3.5, table 1.
    https://arxiv.org/abs/1601.06759
"""

import itertools

from keras import ops

from kgen.autoregressive.estimator import AutoregressiveEstimator
from kgen.autoregressive.raster import RasterModel
from kgen.base.fields import DEEPEST, WIDEST, LearningRate, estimator, param
from kgen.base.spaces import Range
from kgen.core import validation
from kgen.core.backend import register
from kgen.layers import MaskedConv2D, MaskedResidualBlock

DILATIONS = (1, 2, 4, 8, 1)
"""With the stem's reach of 3, five blocks see 19 rows up and 19 columns each way."""


@register
class PixelCNNModel(RasterModel):
    """Keras model behind `PixelCNN`: a mask-A stem, then residual mask-B blocks.

    Args:
        head: name or instance of a `kgen.heads.Head`.
        filters: features of the residual stream, >= channels of the data.
        blocks: number of residual blocks, >= 0.
        dilations: dilation of the 3x3 convolution of every block, each >= 1; repeated
            if there are more blocks.
        **kwargs: see `keras.Model`, e.g. `dtype="mixed_bfloat16"`.

    Input shape: (n, height, width, channels), values in the head's support.
    Output shape: (n, height, width, head.params_size(channels)).

    Example:
        >>> import numpy as np
        >>> model = PixelCNNModel("bernoulli", filters=8, blocks=1)
        >>> model.compile("adam")
        >>> history = model.fit(np.ones((8, 4, 4, 1)), verbose=0)
        >>> model.sample(2, seed=0).shape
        (2, 4, 4, 1)
    """

    def __init__(
        self, head="bernoulli", filters=64, blocks=5, dilations=DILATIONS, **kwargs
    ):
        super().__init__(head, **kwargs)
        self.filters = validation.check_setting(self, "filters", filters, ge=1)
        self.blocks = validation.check_setting(self, "blocks", blocks, ge=0)
        self.dilations = validation.check_settings(self, "dilations", dilations, ge=1)

    def build(self, input_shape):
        data_channels, filters = self.shape_of(input_shape)[-1], self.filters
        channels = 1 if self.head.orders_channels else data_channels
        validation.check_setting(self, "filters", filters, ge=channels)
        outputs = self.head.params_size(data_channels)
        settings = {"channels": channels, "dtype": self.dtype_policy}
        dilations = itertools.islice(itertools.cycle(self.dilations), self.blocks)
        self.stem = MaskedConv2D(filters, 7, "A", **settings)
        self.residual = [
            MaskedResidualBlock(filters, dilation=dilation, **settings)
            for dilation in dilations
        ]
        self.last = MaskedConv2D(filters, 1, **settings)
        self.out = MaskedConv2D(outputs, 1, **settings)
        self.stem.build(self.embedded_shape(input_shape))
        for layer in (*self.residual, self.last, self.out):
            layer.build((*input_shape[:-1], filters))
        super().build(input_shape)

    def network(self, h, apply):
        h = apply(self.stem, h)
        for block in self.residual:
            h = apply(block, h)
        return apply(self.out, ops.relu(apply(self.last, ops.relu(h))))


@estimator
class PixelCNN(AutoregressiveEstimator):
    """Image density with an exact likelihood, by masked convolutions.

    Args:
        filters: features of the residual stream, >= channels of the images.
        blocks: number of residual blocks, >= 0.
        dilations: dilation of the 3x3 convolution of every block, each >= 1; repeated
            if there are more blocks. (1,) is the paper's network.
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
        >>> model = PixelCNN(filters=8, blocks=1, epochs=1, random_state=0).fit(X)
        >>> model.sample(2, random_state=0).shape
        (2, 4, 4)
        >>> model.log_prob(X).shape
        (64,)
    """

    filters: int = param(64, ge=1, le=WIDEST, search=Range(16, 128, log=True, step=2))
    blocks: int = param(5, ge=0, le=DEEPEST, search=Range(2, 10))
    dilations: tuple = param(DILATIONS, ge=1, le=WIDEST)
    # The best settings for ten minutes on two cores.
    batch_size: int = param(32, ge=1)
    learning_rate: LearningRate = param(2e-3, gt=0)

    def build_model(self, event_shape: tuple[int, ...]) -> PixelCNNModel:
        return PixelCNNModel(
            self.head_, self.filters, self.blocks, self.dilations, dtype=self.policy_
        )
