"""The hinge loss, often used with spectral normalisation.

References:
    Lim and Ye, Geometric GAN, 2017. https://arxiv.org/abs/1705.02894
    Miyato et al., Spectral Normalization for Generative Adversarial Networks, 2018.
    https://arxiv.org/abs/1802.05957
"""

from keras import ops

from kgen.core.backend import register
from kgen.objectives._base import Objective, objectives


@objectives.register("hinge")
@register
class Hinge(Objective):
    """The discriminator wants a margin of 1, and gains nothing from more.

    References:
        Miyato et al., 2018, eq. 16 and 17. https://arxiv.org/abs/1802.05957

    Example:
        >>> objective = Hinge()
        >>> float(objective.discriminator(3.0, 0.5)), float(objective.generator(0.5))
        (1.5, -0.5)
    """

    def discriminator(self, real, fake):
        return ops.mean(ops.relu(1.0 - real)) + ops.mean(ops.relu(1.0 + fake))

    def generator(self, fake):
        return -ops.mean(fake)
