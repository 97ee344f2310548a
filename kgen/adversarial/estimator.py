"""Base of the estimators around a generator and a discriminator."""

from typing import Any, ClassVar

from kgen.adversarial.model import ADAM, GANModel
from kgen.adversarial.progressive import ProgressiveEstimator
from kgen.base.codes import LatentSampler
from kgen.base.density import NoDensity
from kgen.base.fields import WIDEST, LearningRate, param
from kgen.base.scaled import ScaledEstimator
from kgen.base.spaces import OneOf, Range
from kgen.core import messages
from kgen.layers import SpectralNormalization
from kgen.objectives import Objective, objectives


class AdversarialEstimator(
    NoDensity, LatentSampler, ProgressiveEstimator, ScaledEstimator
):
    """Base of the estimators that learn from a discriminator alone.

    Args:
        epochs: passes over the data, >= 1.
        latent_dim: dimensions of the code, >= 1.
        objective: what both players minimise: "non_saturating", "minimax",
            "least_squares", "hinge", "wasserstein" (with a gradient penalty), "r1", or
            a `kgen.objectives.Objective`, such as `NonSaturating(smoothing=0.1)`.
        discriminator_steps: steps of the discriminator, each on its own batch, per
            step of the generator, >= 1.
        discriminator_learning_rate: learning rate of the discriminator, > 0, or a
            schedule; None for `learning_rate`, the generator's.
        spectral_normalisation: whether to divide every kernel W of the discriminator by
            its largest singular value, W / sigma(W). If the architecture is chosen by
            name, this replaces the discriminator's batch normalisation.
        simultaneous: whether both players learn from the same samples at once, which
            needs one pass of the generator instead of two.
        instance_noise: standard deviation of the normal noise added to what the
            discriminator sees in training, real and fake, in units of half the data's
            range, >= 0.
        noise_steps: training steps over which that noise fades linearly to nothing,
            >= 1.
        augmentation: random changes, such as "color,translation,cutout", of all images
            that the discriminator sees in training; for small data sets.
        gradient_norms: whether the history also records the norms of the players'
            gradients.
    """

    # A game takes longer to train than a single loss. On 10,000 points in 8 clusters,
    # 10 epochs miss a cluster with one seed out of 10, 20 epochs with none out of 18.
    epochs: int = param(20, ge=1)
    latent_dim: int = param(64, ge=1, le=WIDEST, search=Range(8, 128, log=True))
    objective: str | Objective = param(
        "non_saturating",
        registry=objectives,
        search=OneOf(("non_saturating", "hinge", "least_squares")),
    )
    discriminator_steps: int = param(1, ge=1, search=Range(1, 3))
    learning_rate: LearningRate = param(
        ADAM["learning_rate"], gt=0, search=Range(5e-5, 2e-3, log=True)
    )
    discriminator_learning_rate: LearningRate | None = param(None, gt=0)
    spectral_normalisation: bool = param(False, search=OneOf((False, True)))
    simultaneous: bool = param(False)
    instance_noise: float = param(0.0, ge=0)
    noise_steps: int = param(10_000, ge=1)
    augmentation: str | None = param(None)
    gradient_norms: bool = param(False)

    _optimizer_options: ClassVar[dict[str, dict]] = {"adam": {"beta_1": ADAM["beta_1"]}}

    @property
    def _batches_per_step(self) -> int:
        return int(self.discriminator_steps)

    @property
    def _compile_options(self) -> dict:
        steps = int(self.discriminator_steps)
        if self.simultaneous and steps > 1:
            raise messages.not_simultaneous(type(self).__name__, steps)
        given = {} if self.simultaneous else {"steps": {"discriminator": steps}}
        return {**given, "gradient_norms": self.gradient_norms}

    @property
    def _wrap(self) -> Any:
        return SpectralNormalization if self.spectral_normalisation else None

    @property
    def _for_batch(self) -> str | None:
        if self.spectral_normalisation:
            return None
        return "layer" if objectives.resolve(self.objective).has_penalty else "batch"

    @property
    def _own_learning_rates(self) -> dict[str, Any]:
        rate = self.discriminator_learning_rate
        return {} if rate is None else {"discriminator": rate}

    def build_model(self, event_shape: tuple[int, ...]) -> GANModel:
        """Build the Keras model for examples of that shape."""
        penalised = objectives.resolve(self.objective).has_penalty
        if penalised and getattr(self.architecture, "normalisation", None) == "batch":
            raise messages.batch_under_penalty(self.architecture, self.objective)
        to_data, from_data = self._scalings()
        if self.progressive:
            to_data = to_data[1:]  # without the tanh, which images of all sizes have
        middle, half = self._range()
        return GANModel(
            self._network_up(event_shape, *to_data, name="generator"),
            self._network_down(event_shape, 1, from_data, name="discriminator"),
            self.objective,
            seed=self.seed_,
            ema_momentum=self.ema_momentum,
            simultaneous=self.simultaneous,
            instance_noise=self.instance_noise,
            noise_steps=self.noise_steps,
            augmentation=self.augmentation,
            middle=middle.tolist(),
            unit=half.tolist(),
            dtype=self.policy_,
        )
