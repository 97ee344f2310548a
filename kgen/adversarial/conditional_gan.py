"""Conditional generative adversarial network.

    V(D, G) = E over x, y of log D(x|y)  +  E over z, y of log(1 - D(G(z|y)|y))  (eq. 2)

The condition y joins the code as an input of the generator, and the data as an input of
the discriminator: as further features of a table, as constant planes of an image.

References:
    Mirza and Osindero, Conditional Generative Adversarial Nets, 2014, sec. 3.2.
    https://arxiv.org/abs/1411.1784
"""

from kgen.adversarial.estimator import AdversarialEstimator
from kgen.base.fields import estimator


@estimator
class ConditionalGAN(AdversarialEstimator):
    """Conditional GAN: samples of a class of your choice.

    Args:
        latent_dim: dimensions of the code, >= 1.
        architecture: how to build both networks: "conv" (the DCGAN guidelines),
            "resnet", "mlp", "auto" (conv for images, mlp for tables), or a builder with
            other settings, such as `kgen.networks.Conv(width=32)`.
        objective: "non_saturating", "minimax", or a `kgen.objectives.Objective`.
        discriminator_steps: steps of the discriminator, each on its own batch, per
            step of the generator, >= 1.

    Shape:
        X: (n, features), (n, height, width) or (n, height, width, channels).
        y: (n,) labels of any type, or (n, k) condition vectors.

    References:
        Mirza and Osindero, Conditional Generative Adversarial Nets, 2014.
        https://arxiv.org/abs/1411.1784

    Example:
        >>> from kgen.data.toy import mixture
        >>> X, y = mixture(256, random_state=0)
        >>> gan = ConditionalGAN(latent_dim=8, epochs=1, random_state=0).fit(X, y)
        >>> gan.sample(5, y=3, random_state=0).shape
        (5, 2)
        >>> gan.sample(y=[0, 0, 7]).shape
        (3, 2)
    """

    conditional = True
