"""PixelCNN: exact image likelihood by masked convolutions.

Left out: the multi-scale variant of sec. 3.6. Like the paper's, this network has a
blind spot to the right of every pixel (van den Oord et al., 2016b, sec. 2.2), which
costs likelihood but not exactness. Added: the 3x3 convolutions are dilated, so that few
blocks see far enough for whole digits; dilations=(1,) is the paper's network.

References:
    Van den Oord et al., Pixel Recurrent Neural Networks, 2016, sec. 3.3-3.5, table 1.
    https://arxiv.org/abs/1601.06759
"""

import itertools

from keras import ops

from kgen.autoregressive._estimator import AutoregressiveEstimator
from kgen.autoregressive.raster import RasterModel, check_dilations
from kgen.base.fields import estimator, param
from kgen.core import validation
from kgen.core.backend import register
from kgen.layers import MaskedConv2D

DILATIONS = (1, 2, 4, 8, 1)
"""With the stem's reach of 3, five blocks see 19 rows up and 19 columns aside."""


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
        validation.check_setting("PixelCNNModel", "filters", filters, ge=1)
        validation.check_setting("PixelCNNModel", "blocks", blocks, ge=0)
        self.filters = filters
        self.blocks = blocks
        self.dilations = check_dilations("PixelCNNModel", dilations)

    def build(self, input_shape):
        data_channels = input_shape[-1]
        channels = 1 if self.head.orders_channels else data_channels
        validation.check_setting("PixelCNNModel", "filters", self.filters, ge=channels)

        def conv(features, filters, kernel_size, mask_type="B", dilation=1):
            layer = MaskedConv2D(
                filters,
                kernel_size,
                mask_type,
                channels,
                dilation,
                dtype=self.dtype_policy,
            )
            layer.build((*input_shape[:-1], features))
            return layer

        # Fig. 5, left: down to half the features, a 3x3 convolution, up again.
        half = max(self.filters // 2, channels)
        self.stem = conv(data_channels, self.filters, 7, "A")
        self.residual = [
            [
                conv(self.filters, half, 1),
                conv(half, half, 3, dilation=dilation),
                conv(half, self.filters, 1),
            ]
            for dilation in itertools.islice(
                itertools.cycle(self.dilations), self.blocks
            )
        ]
        self.last = conv(self.filters, self.filters, 1)
        self.out = conv(self.filters, self.head.params_size(data_channels), 1)
        super().build(input_shape)

    def network(self, h, apply):
        h = apply(self.stem, h)
        for block in self.residual:
            inside = h
            for conv in block:
                inside = apply(conv, ops.relu(inside))
            h = h + inside
        return apply(self.out, ops.relu(apply(self.last, ops.relu(h))))


@estimator
class PixelCNN(AutoregressiveEstimator):
    """Image density with an exact likelihood, by masked convolutions.

    Args:
        filters: features of the residual stream, >= channels of the images.
        blocks: number of residual blocks, >= 0.
        dilations: dilation of the 3x3 convolution of every block, each >= 1; repeated
            if there are more blocks. (1,) is the paper's network.
        head: what pixel values mean; "auto" reads it from the data: Bernoulli for
            binary images, Categorical for integers in 0..255, Normal for floats.

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

    filters: int = param(64, ge=1)
    blocks: int = param(5, ge=0)
    dilations: tuple = param(DILATIONS)
    # Many steps of a good length: what gave most in ten minutes on two cores.
    batch_size: int = param(32, ge=1)
    learning_rate: float = param(2e-3, gt=0)

    def build_model(self, event_shape: tuple[int, ...]) -> PixelCNNModel:
        return PixelCNNModel(
            self.head_,
            int(self.filters),
            int(self.blocks),
            tuple(map(int, self.dilations)),
            dtype=self.policy_,
        )
