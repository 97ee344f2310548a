"""A penalty on the slope of the discriminator at the data.

References:
    Mescheder et al., Which Training Methods for GANs do actually Converge?, 2018.
    https://arxiv.org/abs/1801.04406
"""

from keras import ops

from kgen.core import validation
from kgen.core.backend import register
from kgen.objectives._base import Objective, objectives


@objectives.register("r1")
@register
class R1(Objective):
    """Another objective plus gamma / 2 E over x of |gradient of D(x)|^2 (eq. 9).

    At the end of the game nothing tells real from fake. The penalty then keeps the
    discriminator from moving on, so training converges.

    Args:
        gamma: weight of the penalty, > 0.
        objective: name or instance of the other objective, which must not have a
            penalty.

    Raises:
        ValueError: for a setting out of range.

    References:
        Mescheder et al., 2018, eq. 9. https://arxiv.org/abs/1801.04406

    Example:
        >>> round(float(R1(gamma=1.0).generator(0.0)), 4)
        0.6931
    """

    has_penalty = True

    def __init__(self, gamma=10.0, objective="non_saturating"):
        self.gamma = validation.check_number(self, "gamma", gamma, gt=0)
        inner = objectives.resolve(objective)
        if inner.has_penalty:
            raise ValueError(
                f"R1(objective={objective!r}): an objective without a penalty of its "
                "own is needed, such as 'non_saturating'."
            )
        self.objective = objective
        self.threshold = inner.threshold

    def discriminator(self, real, fake):
        return objectives.resolve(self.objective).discriminator(real, fake)

    def generator(self, fake):
        return objectives.resolve(self.objective).generator(fake)

    def slope_penalty(self, gradient, real, fake, mix):
        squares = ops.sum(ops.square(gradient(real)), axis=-1)
        return 0.5 * self.gamma * ops.mean(squares)

    def constrain(self, variables):
        objectives.resolve(self.objective).constrain(variables)
