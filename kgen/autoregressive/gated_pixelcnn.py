"""Gated and conditional PixelCNN: exact image likelihood without a blind spot.

Like the paper's, the network has a vertical stack (the rows above) and a horizontal one
(the row itself), gated units, and residual connections in the horizontal stack. Added:
the 3x3 kernels are dilated, so that a few layers see far; dilations=(1,) is the paper's
network. Left out: conditions that differ by position (eq. 5), and autoencoders (sec.
2.4).

References:
    Van den Oord et al., Conditional Image Generation with PixelCNN Decoders, 2016,
    sec. 2.1-2.3. https://arxiv.org/abs/1606.05328
"""

import itertools
from typing import ClassVar

from keras import ops

from kgen.autoregressive.estimator import AutoregressiveEstimator
from kgen.autoregressive.raster import RasterModel
from kgen.base.fields import DEEPEST, WIDEST, LearningRate, estimator, param
from kgen.base.spaces import Range
from kgen.core import validation
from kgen.core.backend import register
from kgen.heads import Head, MixtureOfLogistics
from kgen.layers import GatedBlock, MaskedConv2D

DILATIONS = (1, 2, 4, 8)
"""Dilations of the layers after the first, whose kernel is 7x7."""


@register
class GatedPixelCNNModel(RasterModel):
    """Keras model behind `GatedPixelCNN` and `ConditionalPixelCNN`.

    Args:
        head: name or instance of a `kgen.heads.Head`.
        filters: features of each of the two stacks, >= channels of the data.
        depth: number of gated layers, >= 1. The first has a 7x7 kernel, the others have
            3x3 kernels.
        dilations: dilations of the layers after the first, each >= 1; repeated if there
            are more layers.
        condition_dim: length of the vectors that it is conditional on; 0 for none.
        **kwargs: see `keras.Model`, e.g. `dtype="mixed_bfloat16"`.

    Input shape: (n, height, width, channels), values in the head's support; or, with a
        condition_dim, {"x": images, "condition": (n, condition_dim)}.
    Output shape: (n, height, width, head.params_size(channels)).

    Example:
        >>> import numpy as np
        >>> model = GatedPixelCNNModel("bernoulli", 8, depth=2, condition_dim=3)
        >>> model.compile("adam")
        >>> data = {"x": np.ones((8, 4, 4, 1)), "condition": np.ones((8, 3))}
        >>> history = model.fit(data, verbose=0)
        >>> model.sample(2, seed=0, condition=np.ones((1, 3))).shape
        (2, 4, 4, 1)
    """

    def __init__(
        self,
        head="bernoulli",
        filters=24,
        depth=6,
        dilations=DILATIONS,
        condition_dim=0,
        **kwargs,
    ):
        super().__init__(head, **kwargs)
        self.filters = validation.check_setting(self, "filters", filters, ge=1)
        self.depth = validation.check_setting(self, "depth", depth, ge=1)
        self.dilations = validation.check_settings(self, "dilations", dilations, ge=1)
        self.condition_dim = validation.check_setting(
            self, "condition_dim", condition_dim, ge=0
        )

    def build(self, input_shape):
        shape, filters = self.shape_of(input_shape), self.filters
        channels = 1 if self.head.orders_channels else shape[-1]
        validation.check_setting(self, "filters", filters, ge=channels)
        settings = {"channels": channels, "dtype": self.dtype_policy}
        gated = {"condition_dim": self.condition_dim, **settings}
        dilations = itertools.islice(itertools.cycle(self.dilations), self.depth - 1)
        self.blocks = [GatedBlock(filters, 7, "A", **gated)]
        self.blocks += [GatedBlock(filters, 3, dilation=d, **gated) for d in dilations]
        self.last = MaskedConv2D(filters, 1, **settings)
        self.out = MaskedConv2D(self.head.params_size(shape[-1]), 1, **settings)
        wide = (*shape[:-1], filters)
        embedded = self.embedded_shape(input_shape)
        self.blocks[0].build([embedded, embedded])
        for block in self.blocks[1:]:
            block.build([wide, wide])
        self.last.build(wide)
        self.out.build(wide)
        super().build(input_shape)

    def network(self, h, apply):
        stacks = (h, h)
        for block in self.blocks:
            stacks = apply(block, stacks)
        h = apply(self.last, ops.relu(stacks[1]))
        return apply(self.out, ops.relu(h))


class _GatedEstimator(AutoregressiveEstimator):
    """What both estimators of this paper have in common."""

    # Not 32: a step takes little more than half the time and learns about as much.
    filters: int = param(24, ge=1, le=WIDEST, search=Range(8, 64, step=8))
    layers: int = param(6, ge=1, le=DEEPEST, search=Range(3, 12))
    dilations: tuple = param(DILATIONS, ge=1, le=WIDEST)
    batch_size: int = param(32, ge=1)
    learning_rate: LearningRate = param(2e-3, gt=0)

    _many_levels: ClassVar[type[Head]] = MixtureOfLogistics

    def build_model(self, event_shape: tuple[int, ...]) -> GatedPixelCNNModel:
        """Build the Keras model for examples of that shape."""
        return GatedPixelCNNModel(
            self.head_,
            self.filters,
            self.layers,
            self.dilations,
            self.condition_dim_,
            dtype=self.policy_,
        )


@estimator
class GatedPixelCNN(_GatedEstimator):
    """Image density with an exact likelihood: gated units, no blind spot.

    Args:
        filters: features of each of the two stacks, >= channels of the images.
        layers: number of gated layers, >= 1.
        dilations: dilations of the layers after the first, each >= 1; repeated if there
            are more layers. (1,) is the paper's network.
        head: distribution of a pixel. "auto" chooses by the data: Bernoulli for binary
            images; for integers in 0..255, Categorical up to 31 levels and
            MixtureOfLogistics above; Normal for floats. For colour images,
            `kgen.heads.CoupledMixtureOfLogistics` is the output of PixelCNN++.

    Shape:
        X: (n, height, width) or (n, height, width, channels), of any size.

    References:
        Van den Oord et al., Conditional Image Generation with PixelCNN Decoders, 2016.
        https://arxiv.org/abs/1606.05328

    Example:
        >>> from kgen.data.toy import bars
        >>> X = bars(64, size=4, random_state=0)
        >>> model = GatedPixelCNN(filters=8, layers=2, epochs=1, random_state=0).fit(X)
        >>> model.sample(2, random_state=0).shape
        (2, 4, 4)
        >>> model.log_prob(X).shape
        (64,)
    """


@estimator
class ConditionalPixelCNN(_GatedEstimator):
    """Density of images given a label or a vector: p(x|y), exact.

    This is the gated PixelCNN, with a bias in every gate that depends on y. The p(x|y)
    of every class and the frequencies of the classes make a generative classifier.

    Args:
        filters: features of each of the two stacks, >= channels of the images.
        layers: number of gated layers, >= 1.
        dilations: see `GatedPixelCNN`.
        head: see `GatedPixelCNN`.

    Shape:
        X: (n, height, width) or (n, height, width, channels), of any size.
        y: (n,) labels of any type, or (n, k) condition vectors.

    References:
        Van den Oord et al., Conditional Image Generation with PixelCNN Decoders, 2016,
        sec. 2.3. https://arxiv.org/abs/1606.05328

    Example:
        >>> from kgen.data.toy import bars
        >>> X = bars(64, size=4, random_state=0)
        >>> y = X[:, 0, 0]
        >>> model = ConditionalPixelCNN(filters=8, layers=2, epochs=1, random_state=0)
        >>> model.fit(X, y).sample(y=[0, 1], random_state=0).shape
        (2, 4, 4)
        >>> model.log_prob(X, y).shape
        (64,)
    """

    conditional = True
