"""The Wasserstein distance, from a critic with a bounded slope.

    W(p, q) = sup of E over x of f(x) - E over z of f(G(z)),  over f of slope <= 1

References:
    Arjovsky et al., Wasserstein GAN, 2017, eq. 2. https://arxiv.org/abs/1701.07875
    Gulrajani et al., Improved Training of Wasserstein GANs, 2017, eq. 3.
    https://arxiv.org/abs/1704.00028
"""

from keras import ops

from kgen.core import validation
from kgen.core.backend import register
from kgen.objectives._base import Objective, objectives


@objectives.register("wasserstein")
@register
class Wasserstein(Objective):
    """The critic's mean difference between real and fake examples.

    A penalty on gradients between real and fake examples keeps the critic's slope near
    1; or clipping all of its weights bounds the slope.

    Args:
        penalty: weight of (|gradient| - 1)^2, > 0, lambda in Gulrajani et al.; None for
            clipping.
        clip: largest absolute value of the critic's weights after each of its steps,
            > 0, c in Arjovsky et al.; None for no clipping. With clipping there is no
            penalty.

    Raises:
        ValueError: for a setting out of range, or if both are None.

    References:
        Gulrajani et al., 2017, eq. 3. https://arxiv.org/abs/1704.00028
        Arjovsky et al., 2017, algorithm 1 (`clip`). https://arxiv.org/abs/1701.07875

    Example:
        >>> Wasserstein().has_penalty, Wasserstein(clip=0.01).has_penalty
        (True, False)
    """

    threshold = None

    def __init__(self, penalty=10.0, clip=None):
        if clip is not None:
            clip = validation.check_number(self, "clip", clip, gt=0)
        elif penalty is None:
            raise ValueError(
                "Wasserstein(penalty=None): nothing would bound the slope of the "
                "critic. Use penalty=10.0, or clip=0.01."
            )
        if penalty is not None:
            penalty = validation.check_number(self, "penalty", penalty, gt=0)
        self.penalty = penalty
        self.clip = clip

    @property
    def has_penalty(self):
        return self.clip is None

    def discriminator(self, real, fake):
        return ops.mean(fake) - ops.mean(real)

    def generator(self, fake):
        return -ops.mean(fake)

    def slope_penalty(self, gradient, real, fake, mix):
        norm = _norm(gradient(mix * real + (1.0 - mix) * fake))
        return self.penalty * ops.mean(ops.square(norm - 1.0))

    def constrain(self, variables):
        if self.clip is not None:
            for variable in variables:
                variable.assign(ops.clip(variable, -self.clip, self.clip))


def _norm(gradients):
    # The root has no derivative at zero, which is the slope of a constant critic.
    return ops.sqrt(ops.sum(ops.square(gradients), axis=-1) + 1e-12)
