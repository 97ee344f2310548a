"""What keeps the codes of an autoencoder near the prior."""

from kgen.core.backend import register, tfd
from kgen.core.config import ConfigMixin


@register
class KL(ConfigMixin):
    """weight * KL(q(z|x) || p(z)), in closed form. weight=1 gives the evidence bound.

    Args:
        weight: factor of the divergence in the loss, >= 0; beta in beta-VAEs.

    References:
        Kingma and Welling, Auto-Encoding Variational Bayes, 2014, appendix B.
        https://arxiv.org/abs/1312.6114
    """

    name = "kl"

    def __init__(self, weight=1.0):
        if not weight >= 0:
            raise ValueError(f"KL(weight={weight!r}): `weight` must be >= 0.")
        self.weight = weight

    def __call__(self, posterior, prior):
        """Unweighted divergence of every example, shape (n,), in nats."""
        return tfd.kl_divergence(posterior, prior)
