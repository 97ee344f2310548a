"""What the estimators around a generator and a discriminator have in common."""

from typing import Any, ClassVar

import keras
import numpy as np
from keras import layers

from kgen.adversarial.objectives import objectives
from kgen.base.estimator import GenerativeEstimator
from kgen.base.fields import param
from kgen.base.latent import LatentMixin
from kgen.core import messages
from kgen.data.summary import Summary
from kgen.networks import Builder
from kgen.networks import _base as networks

_DENSITY = ("log_prob", "score_samples", "score", "bits_per_dim")


class AdversarialEstimator(LatentMixin, GenerativeEstimator):
    """Base of the estimators without a density."""

    latent_dim: int = param(64, ge=1)
    architecture: str | Builder = param("auto")
    objective: str = param("non_saturating")
    discriminator_steps: int = param(1, ge=1)
    learning_rate: float = param(2e-4, gt=0)

    # Radford et al., 2016, sec. 4: the usual 0.9 makes training oscillate.
    _optimizer_options: ClassVar[dict[str, dict]] = {"adam": {"beta_1": 0.5}}

    @property
    def _batches_per_step(self) -> int:
        return int(self.discriminator_steps)

    def _adapt(self, summary: Summary) -> None:
        """Map the range of every feature, or of all pixels, to that of tanh."""
        low, high = summary.low_per_feature, summary.high_per_feature
        if len(summary.event_shape) > 1:
            low, high = np.array([summary.low]), np.array([summary.high])
        self.low_, self.high_ = low, high
        objectives[self.objective]  # unknown names fail here

    def _check_known(self, summary: Summary) -> None:
        super()._check_known(summary)
        low, high = self.low_.min(), self.high_.max()
        # New examples may go a little beyond the training data, not elsewhere.
        margin = 0.5 * (high - low)
        inside = low - margin <= summary.low and summary.high <= high + margin
        if not inside or (self.discrete_ and not summary.integral):
            kind = "integers" if self.discrete_ else "numbers"
            raise messages.other_range(
                type(self).__name__,
                summary.describe(),
                f"{kind} in [{low:g}, {high:g}]",
            )

    def _networks(self, event_shape: tuple[int, ...]) -> Builder:
        return networks.get(self.architecture, event_shape)

    def _scalings(self) -> tuple[list[layers.Layer], layers.Layer]:
        """Layers from a network's output to data, and from data to a network."""
        half, middle = (self.high_ - self.low_) / 2, (self.high_ + self.low_) / 2
        # Data are float32 whatever the policy: half precision would round them.
        to_data = [
            layers.Activation("tanh", dtype="float32"),
            layers.Rescaling(half.tolist(), middle.tolist(), dtype="float32"),
        ]
        inverse = 1 / np.where(half > 0, half, 1.0)  # of constants, too
        scale, offset = inverse.tolist(), (-middle * inverse).tolist()
        return to_data, layers.Rescaling(scale, offset, dtype="float32")

    def _compile_model(self, optimizer: keras.optimizers.Optimizer) -> None:
        self.model_.compile(
            optimizer,
            steps={"discriminator": int(self.discriminator_steps)},
            jit_compile=self.jit_compile,
        )

    def __getattr__(self, name: str) -> Any:
        if name in _DENSITY:
            raise messages.no_density(type(self).__name__, name)
        raise AttributeError(
            f"{type(self).__name__!r} object has no attribute {name!r}"
        )
