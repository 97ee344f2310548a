"""Least squares in place of the cross-entropy.

References:
    Mao et al., Least Squares Generative Adversarial Networks, 2017.
    https://arxiv.org/abs/1611.04076
"""

from keras import ops

from kgen.core import validation
from kgen.core.backend import register
from kgen.objectives._base import Objective, objectives


@objectives.register("least_squares")
@register
class LeastSquares(Objective):
    """Outputs of 1 for real examples, 0 for fakes: eq. 9, with a = 0 and b = c = 1.

    Its gradients do not vanish on the right side of the boundary.

    Args:
        smoothing: the discriminator's target for real examples is 1 minus this, >= 0
            and < 1.

    References:
        Mao et al., 2017, eq. 9. https://arxiv.org/abs/1611.04076

    Example:
        >>> objective = LeastSquares()
        >>> float(objective.discriminator(0.5, 0.5)), float(objective.generator(0.5))
        (0.25, 0.125)
    """

    threshold = 0.5

    def __init__(self, smoothing=0.0):
        self.smoothing = validation.check_number(
            self, "smoothing", smoothing, ge=0, lt=1
        )

    def discriminator(self, real, fake):
        real = ops.square(real - (1.0 - self.smoothing))
        return 0.5 * ops.mean(real) + 0.5 * ops.mean(ops.square(fake))

    def generator(self, fake):
        return 0.5 * ops.mean(ops.square(fake - 1.0))
