"""Objectives of generator and discriminator, as functions of the logits.

`real` and `fake` are outputs of the discriminator before any activation, shape (n, 1),
float32: logit D(x) and logit D(G(z)) in the notation of Goodfellow et al.
"""

from keras import ops

from kgen.core.backend import register
from kgen.core.registry import Registry
from kgen.core.strategy import Strategy

__all__ = ["Minimax", "NonSaturating", "Objective", "cross_entropy", "objectives"]


class Objective(Strategy):
    """The losses of both players, scalars to be minimised.

    To write one, implement both methods and decorate the class with
    `kgen.base.register`. To register it under a name, use
    `kgen.objectives.objectives.register` as well. Settings, such as the weight
    of a penalty, are arguments of `__init__`.
    """

    def discriminator(self, real, fake):
        """Loss of the discriminator (or critic)."""
        raise NotImplementedError

    def generator(self, fake):
        """Loss of the generator."""
        raise NotImplementedError


objectives = Registry("objective", Objective)


def cross_entropy(real, fake):
    """Cross-entropy of telling real from fake, in nats: log 4 at chance level.

    -E[log D(x)] - E[log(1 - D(G(z)))], Goodfellow et al., 2014, eq. 1.
    """
    return ops.mean(ops.softplus(-real)) + ops.mean(ops.softplus(fake))


@objectives.register("minimax")
@register
class Minimax(Objective):
    """The generator minimises E[log(1 - D(G(z)))].

    Its gradient vanishes where the discriminator wins: for theory, not for practice.

    References:
        Goodfellow et al., Generative Adversarial Nets, 2014, eq. 1.
        https://arxiv.org/abs/1406.2661
    """

    def discriminator(self, real, fake):
        return cross_entropy(real, fake)

    def generator(self, fake):
        return -ops.mean(ops.softplus(fake))


@objectives.register("non_saturating")
@register
class NonSaturating(Objective):
    """The generator maximises E[log D(G(z))].

    References:
        Goodfellow et al., Generative Adversarial Nets, 2014, sec. 3.
        https://arxiv.org/abs/1406.2661
    """

    def discriminator(self, real, fake):
        return cross_entropy(real, fake)

    def generator(self, fake):
        return ops.mean(ops.softplus(-fake))
