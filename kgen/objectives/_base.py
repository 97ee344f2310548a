"""The contract of an objective."""

from keras import ops

from kgen.core import backend
from kgen.core.registry import Registry
from kgen.core.strategy import Strategy


class Objective(Strategy):
    """The losses of both players, scalars to be minimised.

    To write one, implement `discriminator` and `generator`, and decorate the class with
    `kgen.base.register`. To register it under a name, use
    `kgen.objectives.objectives.register` as well. Settings, such as the weight
    of a penalty, are arguments of `__init__`.
    """

    threshold: float | None = 0.0
    """Logits above it take an example for a real one; None where they do not judge."""

    has_penalty = False
    """Whether there is a penalty on the discriminator's gradients with respect to
    examples. Its output for one must not depend on the others then: no batch
    normalisation."""

    def discriminator(self, real, fake):
        """Loss of the discriminator (or critic)."""
        raise NotImplementedError

    def generator(self, fake):
        """Loss of the generator."""
        raise NotImplementedError

    def slope_penalty(self, gradient, real, fake, mix):
        """A scalar added to the discriminator's loss, if `has_penalty`.

        Args:
            gradient: a function from examples to the gradients of the discriminator's
                outputs with respect to them, (n, d), in units of half the data's range.
            real: examples from the data, as the discriminator sees them.
            fake: as many from the generator.
            mix: uniform in (0, 1), one number for every example, (n, 1, ...).
        """
        raise NotImplementedError

    def constrain(self, variables):
        """Change the discriminator's weights after each of its steps, or do nothing."""

    def reports(self):
        """Names of what `report` returns."""
        if self.threshold is None:
            return ("d_distance",)
        return ("d_accuracy_real", "d_accuracy_fake")

    def report(self, real, fake):
        """What training reports in addition to the losses: scalars by name.

        They are the shares of real and of fake examples that the discriminator
        classifies correctly; or, if it does not classify, how far apart its outputs
        are. For a Wasserstein critic this estimates the distance, in units of the slope
        that it may have.
        """
        if self.threshold is None:
            return {"d_distance": ops.mean(real) - ops.mean(fake)}
        shares = real > self.threshold, fake < self.threshold
        shares = (ops.mean(ops.cast(share, "float32")) for share in shares)
        return dict(zip(self.reports(), shares, strict=True))


def discriminator_loss(objective, score, real, fake, mix, unit=1.0):
    """Loss of a discriminator with its penalty, and its logits for real and fake.

    Args:
        objective: an `Objective`.
        score: a function from examples to logits (n, 1).
        real: examples, (n, ...).
        fake: as many.
        mix: function that makes the `mix` of `Objective.slope_penalty`.
        unit: half the range of the data, one number or one per feature.
    """
    logits = score(real), score(fake)
    loss = objective.discriminator(*logits)
    if objective.has_penalty:

        def gradient(x):
            slopes = backend.gradient(score, x) * ops.convert_to_tensor(unit, x.dtype)
            return ops.reshape(slopes, (ops.shape(x)[0], -1))

        loss = loss + objective.slope_penalty(gradient, real, fake, mix())
    return loss, *logits


objectives = Registry("objective", Objective)
