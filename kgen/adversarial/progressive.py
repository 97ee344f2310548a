"""Progressive growing: images start small, and double in size as training goes on.

In between new layers fade in:  (1 - alpha) * former + alpha * new,  alpha from 0 to 1.
The networks are in `kgen.networks.progressive`.

References:
    Karras et al., Progressive Growing of GANs for Improved Quality, Stability, and
    Variation, 2018, sec. 2. https://arxiv.org/abs/1710.10196
"""

import math
from typing import Any, ClassVar

from kgen import networks
from kgen.base.codes import LatentEstimator
from kgen.base.fields import param
from kgen.core import messages
from kgen.data.summary import Summary


class ProgressiveEstimator(LatentEstimator):
    """Base of the estimators whose networks may grow with the images.

    Args:
        progressive: whether images start small and double in size as training goes on;
            needs `architecture="conv"` or a `kgen.networks.Conv`.
        growth_steps: training steps in each phase of growth (stable, fade, stable,
            fade, and so on), >= 1. None divides half of the first fit's steps among the
            phases.
    """

    progressive: bool = param(False)
    growth_steps: int | None = param(None, ge=1)

    _learned: ClassVar[dict[str, Any]] = {"growth_steps_": int}

    @property
    def _growth_steps(self) -> int:
        return self.growth_steps_ if self.progressive else 0

    def _adapt(self, summary: Summary) -> None:
        """Share half of the training steps among the phases in which networks grow."""
        super()._adapt(summary)
        if not self.progressive:
            return
        if self.jit_compile is True:
            raise messages.growing_with_xla(type(self).__name__)
        shape, steps = self._model_shape(), self.growth_steps
        builder = networks.grown(networks.get(self.architecture, shape), 1, shape)
        if steps is None:
            taken = int(self.batch_size) * self._batches_per_step
            total = int(self.epochs) * math.ceil(summary.count / taken)
            steps = max(1, total // (2 * builder.phases(shape)))
        self.growth_steps_ = int(steps)
