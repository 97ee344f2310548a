"""Base of the estimators around a generator and a discriminator."""

from typing import ClassVar

from kgen.adversarial.model import ADAM, GANModel
from kgen.base.codes import LatentSampler
from kgen.base.density import NoDensity
from kgen.base.fields import WIDEST, LearningRate, param
from kgen.base.scaled import ScaledEstimator
from kgen.objectives import Objective, objectives


class AdversarialEstimator(NoDensity, LatentSampler, ScaledEstimator):
    """Base of the estimators that learn from a discriminator alone."""

    latent_dim: int = param(64, ge=1, le=WIDEST)
    objective: str | Objective = param("non_saturating", registry=objectives)
    discriminator_steps: int = param(1, ge=1)
    learning_rate: LearningRate = param(ADAM["learning_rate"], gt=0)

    _optimizer_options: ClassVar[dict[str, dict]] = {"adam": {"beta_1": ADAM["beta_1"]}}

    @property
    def _batches_per_step(self) -> int:
        return int(self.discriminator_steps)

    @property
    def _compile_options(self) -> dict:
        return {"steps": {"discriminator": int(self.discriminator_steps)}}

    def build_model(self, event_shape: tuple[int, ...]) -> GANModel:
        """Build the Keras model for examples of that shape."""
        to_data, from_data = self._scalings()
        return GANModel(
            self._network_up(event_shape, *to_data, name="generator"),
            self._network_down(event_shape, 1, from_data, name="discriminator"),
            self.objective,
            seed=self.seed_,
            ema_momentum=self.ema_momentum,
            dtype=self.policy_,
        )
