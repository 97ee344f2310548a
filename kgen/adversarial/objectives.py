"""What discriminator and generator play for, as pairs of functions of logits."""

from keras import ops

from kgen.core.registry import Registry

objectives = Registry("objective")


def play(objective, player, real, generate, score):
    """Loss of one player of a two-player game, a scalar.

    Args:
        objective: name of a registered objective.
        player: "discriminator" or "generator".
        real: real examples.
        generate: function of no arguments that returns fake examples.
        score: function from examples to the discriminator's logits.
    """
    losses = objectives[objective]
    if player == "generator":
        return losses.generator(score(generate()))
    return losses.discriminator(score(real), score(ops.stop_gradient(generate())))


@objectives.register("minimax")
class Minimax:
    """The generator minimises E[log(1 - D(G(z)))].

    Its gradient vanishes where the discriminator wins: for the theory, not for use.

    References:
        Goodfellow et al., Generative Adversarial Nets, 2014, eq. 1.
        https://arxiv.org/abs/1406.2661
    """

    @staticmethod
    def discriminator(real, fake):
        """Cross-entropy of telling real from fake, in nats: log 4 if it cannot."""
        return ops.mean(ops.softplus(-real)) + ops.mean(ops.softplus(fake))

    @staticmethod
    def generator(fake):
        """Log-probability that the discriminator sees a fake."""
        return -ops.mean(ops.softplus(fake))


@objectives.register("non_saturating")
class NonSaturating:
    """The generator maximises E[log D(G(z))].

    References:
        Goodfellow et al., Generative Adversarial Nets, 2014, sec. 3.
        https://arxiv.org/abs/1406.2661
    """

    discriminator = Minimax.discriminator

    @staticmethod
    def generator(fake):
        """Cross-entropy of passing for real, in nats."""
        return ops.mean(ops.softplus(-fake))
