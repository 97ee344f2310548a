"""Glow: actnorm, invertible 1x1 convolutions and couplings of channels.

At every scale, positions are squeezed to channels. Then come K steps of flow, each of
three bijections (sec. 3, table 1):

    actnorm,    z_ij = W x_ij with W = P L U,    z_b = exp(s(x_a)) x_b + t(x_a)

Then half of the channels are finished, and the others go on to the next scale. The last
coupling before this moves the half that leaves: it is the learned prior that the
authors' code gives it. (exp(s) is not bounded by a sigmoid as it is there.)

References:
    Kingma and Dhariwal, Glow: Generative Flow with Invertible 1x1 Convolutions, 2018,
    sec. 3. https://arxiv.org/abs/1807.03039
"""

from typing import ClassVar

from kgen.base.fields import DEEPEST, LearningRate, estimator, param
from kgen.base.spaces import Range
from kgen.flows.estimator import FlowEstimator
from kgen.flows.model import FlowModel
from kgen.flows.scales import halves, parts
from kgen.layers import (
    ActNorm,
    Bijection,
    Chain,
    Coupling,
    FactorOut,
    InvertibleLinear,
    Squeeze,
)
from kgen.networks import Convolutions


@estimator
class Glow(FlowEstimator):
    """Flow of images at several scales: an exact density, one pass to draw.

    Integers get uniform noise, and their `log_prob` is a lower bound.

    Args:
        scales: largest number of scales (L), >= 1. Each halves the even sides of the
            one before; there are no more once both sides are odd.
        steps: steps of flow at every scale (K), >= 1.
        filters: features of the convolutions in a coupling, >= 1.
        additive: whether couplings only add t(x_a).
        learning_rate: step size of the optimizer, > 0, or a schedule.

    Shape:
        X: (n, height, width) or (n, height, width, channels).

    References:
        Kingma and Dhariwal, Glow: Generative Flow with Invertible 1x1 Convolutions,
        2018. https://arxiv.org/abs/1807.03039

    Example:
        >>> from kgen.data.toy import bars
        >>> X = bars(16, size=4, random_state=0)
        >>> model = Glow(steps=1, filters=4, epochs=1, random_state=0).fit(X)
        >>> model.sample(2, random_state=0).shape
        (2, 4, 4)
        >>> model.log_prob(X).shape
        (16,)
    """

    scales: int = param(3, ge=1, le=DEEPEST)
    steps: int = param(8, ge=1, le=DEEPEST, search=Range(4, 16))
    filters: int = param(64, ge=1, search=Range(16, 128, log=True, step=2))
    additive: bool = param(False)
    # The paper's is 1e-3, for very many steps: after 600 steps on MNIST it reaches 1.34
    # bits per dimension, and 3e-3 reaches 1.25.
    learning_rate: LearningRate = param(3e-3, gt=0)

    _ranks: ClassVar[tuple[int, ...]] = (3, 4)

    def build_model(self, event_shape: tuple[int, ...]) -> FlowModel:
        """Build the Keras model for examples of that shape."""
        scale = self._scale(event_shape, int(self.scales))
        return self._model(scale, flat=False)

    def _scale(self, shape: tuple[int, ...], left: int) -> list[Bijection]:
        """Bijections of the first scale that is left, and of all after it."""
        (height, width, channels), policy = shape, {"dtype": self.policy_}
        sides = halves(height, width)
        if channels == 1 and sides == (1, 1):
            sides = parts(height, width)  # a coupling needs two channels
        height, width = height // sides[0], width // sides[1]
        channels *= sides[0] * sides[1]
        flow: list[Bijection] = []
        if sides != (1, 1):
            flow.append(Squeeze(sides, **policy))
        for _ in range(int(self.steps)):
            flow += self._step(len(flow) + left * DEEPEST)
        if left == 1 or halves(height, width) == (1, 1):
            return flow
        rest = self._scale((height, width, channels // 2), left - 1)
        return [*flow, FactorOut(Chain(rest, **policy), **policy)]

    def _step(self, seed: int) -> list[Bijection]:
        policy = {"dtype": self.policy_}
        coupling = Coupling(
            "additive" if self.additive else "affine",
            condition_dim=self.condition_dim_,
            network=Convolutions(self.filters),
            **policy,
        )
        return [ActNorm(**policy), InvertibleLinear(seed, **policy), coupling]
