"""Categorical head: a probability for every value."""

import numpy as np
from keras import ops

from kgen.core import validation
from kgen.core.backend import register, tfd
from kgen.heads._base import heads
from kgen.heads._levels import LevelHead
from kgen.heads._mixtures import choose


@heads.register("categorical")
@register
class Categorical(LevelHead):
    """A softmax over {0, ..., levels - 1} for every scalar (PixelRNN's choice).

    Args:
        levels: number of values, >= 2; 256 for 8-bit images.
        one_hot: whether models of images see a value as a one-hot vector rather than a
            number: for values that have no order, such as the codes of a VQ-VAE.

    References:
        Van den Oord et al., Pixel Recurrent Neural Networks, 2016, sec. 2.3.
        https://arxiv.org/abs/1601.06759

    Example:
        >>> import numpy as np
        >>> head = Categorical(4)
        >>> head.params_size(3)
        12
        >>> np.round(head.mean(np.zeros((1, 4))), 2)
        array([[1.5]], dtype=float32)
    """

    def __init__(self, levels=256, one_hot=False):  # noqa: FBT002 (a setting)
        self.levels = self.size = validation.check_setting(self, "levels", levels, ge=2)
        self.one_hot = validation.check_choice(self, "one_hot", one_hot, (False, True))

    def distribution(self, params):
        logits = self.split(params)
        return tfd.Independent(
            tfd.Categorical(logits=logits, dtype="float32"), len(params.shape) - 1
        )

    def _log_masses(self, params, before):
        return ops.log_softmax(params)

    def mean(self, params):
        probabilities = ops.softmax(self.split(params))
        return ops.sum(probabilities * np.arange(self.levels, dtype="float32"), -1)

    def draw(self, params, noise, temperature=1.0):
        return choose(self.split(params) / temperature, noise)
