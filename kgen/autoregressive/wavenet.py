"""WaveNet: exact likelihood of sound and other sequences, by dilated convolutions.

Left out: local conditions, which differ from step to step (sec. 2.5), and context
stacks (sec. 2.6). Added: sequences of several channels; the channels of a step come one
after the other.

References:
    Van den Oord et al., WaveNet: A Generative Model for Raw Audio, 2016, sec. 2.
    https://arxiv.org/abs/1609.03499
    Le Paine et al., Fast WaveNet Generation Algorithm, 2016 (the sampler).
    https://arxiv.org/abs/1611.09482
"""

from typing import ClassVar

from keras import ops

from kgen.autoregressive.estimator import SequenceEstimator
from kgen.autoregressive.sequences import SequenceModel
from kgen.base.fields import DEEPEST, WIDEST, LearningRate, estimator, param
from kgen.base.spaces import Range
from kgen.core import validation
from kgen.core.backend import register
from kgen.heads import Categorical, Head
from kgen.layers import CausalBlock, MaskedConv2D


@register
class WaveNetModel(SequenceModel):
    """Keras model behind `WaveNet`.

    Args:
        head: name or instance of a `kgen.heads.Head`.
        filters: features of the residual and of the skip path, >= channels of the data.
        depth: dilated convolutions per stack, >= 1, with dilations 1, 2, 4, 8 ...
        stacks: number of stacks, >= 1.
        condition_dim: length of the vectors that it is conditional on; 0 for none.
        **kwargs: see `keras.Model`, e.g. `dtype="mixed_bfloat16"`.

    Input shape: (n, steps, channels), values in the head's support; or, with a
        condition_dim, {"x": sequences, "condition": (n, condition_dim)}.
    Output shape: (n, steps, head.params_size(channels)).

    Example:
        >>> import numpy as np
        >>> model = WaveNetModel("bernoulli", filters=8, depth=3, stacks=1)
        >>> model.compile("adam")
        >>> history = model.fit(np.ones((8, 12, 1)), verbose=0)
        >>> model.sample(2, seed=0, length=30).shape
        (2, 30, 1)
    """

    def __init__(
        self,
        head="categorical",
        filters=32,
        depth=10,
        stacks=2,
        condition_dim=0,
        **kwargs,
    ):
        super().__init__(head, **kwargs)
        self.filters = validation.check_setting(self, "filters", filters, ge=1)
        self.depth = validation.check_setting(self, "depth", depth, ge=1)
        self.stacks = validation.check_setting(self, "stacks", stacks, ge=1)
        self.condition_dim = validation.check_setting(
            self, "condition_dim", condition_dim, ge=0
        )

    @property
    def receptive_field(self):
        """Number of earlier steps that an output depends on."""
        return 2 + self.stacks * (2**self.depth - 1)

    def build(self, input_shape):
        row = self.row_shape(input_shape)
        data_channels = self.shape_of(input_shape)[-1]
        channels = 1 if self.head.orders_channels else data_channels
        validation.check_setting(self, "filters", self.filters, ge=channels)
        settings = {"channels": channels, "dtype": self.dtype_policy}
        # A 1x5 kernel; mask A leaves the two previous steps of it.
        self.first = MaskedConv2D(self.filters, (1, 5), "A", **settings)
        self.first.build(row)
        self.blocks = []
        for k in range(self.stacks * self.depth):
            dilation = 2 ** (k % self.depth)
            block = CausalBlock(
                self.filters, dilation, condition_dim=self.condition_dim, **settings
            )
            block.build((*row[:-1], self.filters))
            self.blocks.append(block)
        self.last = MaskedConv2D(self.filters, 1, **settings)
        self.out = MaskedConv2D(self.head.params_size(data_channels), 1, **settings)
        self.last.build((*row[:-1], self.filters))
        self.out.build((*row[:-1], self.filters))
        super().build(input_shape)

    def network(self, h, apply):
        h = apply(self.first, h)
        total = 0.0
        for block in self.blocks:
            h, skip = apply(block, h)
            total = total + skip
        return apply(self.out, ops.relu(apply(self.last, ops.relu(total))))


@estimator
class WaveNet(SequenceEstimator):
    """Density of sequences (sound, time series), by dilated causal convolutions.

    Args:
        filters: features of the residual and of the skip path, >= channels of the data.
        layers: dilated convolutions per stack, >= 1, with dilations 1, 2, 4, 8 ...
        stacks: number of stacks, >= 1. An output depends on the 2 + stacks *
            (2**layers - 1) steps before it: 2048 with the defaults.
        conditional: whether to model x given y, labels or vectors.
        head: distribution of a value. "auto" chooses by the data: Bernoulli for binary
            sequences, Categorical for integers in 0..255 (for sound see
            `kgen.data.mu_law_encode`), MixtureOfNormals for floats.

    Shape:
        X: (n, steps) or (n, steps, channels). The training data have one length; the
            fitted model takes any length.
        y: if conditional, (n,) labels of any type, or (n, k) condition vectors.

    References:
        Van den Oord et al., WaveNet: A Generative Model for Raw Audio, 2016.
        https://arxiv.org/abs/1609.03499

    Example:
        >>> from kgen.data.toy import waves
        >>> X = waves(64, length=20, random_state=0)
        >>> model = WaveNet(filters=8, layers=3, stacks=1, epochs=1, random_state=0)
        >>> model.fit(X).sample(2, length=50, random_state=0).shape
        (2, 50)
        >>> model.log_prob(X).shape
        (64,)
    """

    filters: int = param(32, ge=1, le=WIDEST, search=Range(16, 128, log=True, step=2))
    layers: int = param(10, ge=1, le=DEEPEST, search=Range(4, 10))
    stacks: int = param(2, ge=1, le=DEEPEST, search=Range(1, 3))
    conditional: bool = param(False)
    batch_size: int = param(16, ge=1)
    learning_rate: LearningRate = param(2e-3, gt=0)

    _many_levels: ClassVar[type[Head]] = Categorical

    def build_model(self, event_shape: tuple[int, ...]) -> WaveNetModel:
        """Build the Keras model for examples of that shape."""
        return WaveNetModel(
            self.head_,
            self.filters,
            self.layers,
            self.stacks,
            self.condition_dim_,
            dtype=self.policy_,
        )
