"""The game of the first GAN paper, minimax and non-saturating.

References:
    Goodfellow et al., Generative Adversarial Nets, 2014. https://arxiv.org/abs/1406.2661
    Salimans et al., Improved Techniques for Training GANs, 2016, sec. 3.4 (smoothing).
    https://arxiv.org/abs/1606.03498
"""

from keras import ops

from kgen.core import validation
from kgen.core.backend import register
from kgen.objectives._base import Objective, objectives


def cross_entropy(real, fake, smoothing=0.0):
    """Cross-entropy of telling real from fake, in nats: log 4 at chance level.

    -E[log D(x)] - E[log(1 - D(G(z)))], Goodfellow et al., 2014, eq. 1. With one-sided
    label smoothing the target of real examples is 1 - smoothing (Salimans et al., 2016,
    sec. 3.4).
    """
    loss = ops.mean(ops.softplus(-real)) + ops.mean(ops.softplus(fake))
    # softplus(x) - softplus(-x) = x
    return loss + smoothing * ops.mean(real) if smoothing else loss


@objectives.register("minimax")
@register
class Minimax(Objective):
    """The generator minimises E[log(1 - D(G(z)))].

    Its gradient vanishes where the discriminator wins: it is for theory, not for
    practice.

    Args:
        smoothing: the discriminator's target for real examples is 1 minus this, >= 0
            and < 1.

    References:
        Goodfellow et al., Generative Adversarial Nets, 2014, eq. 1.
        https://arxiv.org/abs/1406.2661

    Example:
        >>> round(float(Minimax().discriminator(0.0, 0.0)), 4)
        1.3863
    """

    def __init__(self, smoothing=0.0):
        self.smoothing = validation.check_number(
            self, "smoothing", smoothing, ge=0, lt=1
        )

    def discriminator(self, real, fake):
        return cross_entropy(real, fake, self.smoothing)

    def generator(self, fake):
        return -ops.mean(ops.softplus(fake))


@objectives.register("non_saturating")
@register
class NonSaturating(Objective):
    """The generator maximises E[log D(G(z))].

    Args:
        smoothing: the discriminator's target for real examples is 1 minus this, >= 0
            and < 1: 0.1 keeps it from being too sure.

    References:
        Goodfellow et al., Generative Adversarial Nets, 2014, sec. 3.
        https://arxiv.org/abs/1406.2661
        Salimans et al., Improved Techniques for Training GANs, 2016, sec. 3.4.
        https://arxiv.org/abs/1606.03498

    Example:
        >>> round(float(NonSaturating().generator(0.0)), 4)
        0.6931
    """

    def __init__(self, smoothing=0.0):
        self.smoothing = validation.check_number(
            self, "smoothing", smoothing, ge=0, lt=1
        )

    def discriminator(self, real, fake):
        return cross_entropy(real, fake, self.smoothing)

    def generator(self, fake):
        return ops.mean(ops.softplus(-fake))
