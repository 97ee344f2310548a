"""Generative adversarial network.

    D and G play the game  min over G, max over D  of
        V(D, G) = E over x of log D(x)  +  E over z of log(1 - D(G(z)))        (eq. 1)

in which z is standard normal. In turn (algorithm 1) D takes k steps, each on
its own minibatch, and G takes one. The Keras model is in `kgen.adversarial.model`.

References:
    Goodfellow et al., Generative Adversarial Nets, 2014. https://arxiv.org/abs/1406.2661
    Radford et al., Unsupervised Representation Learning with Deep Convolutional
    Generative Adversarial Networks, 2016. https://arxiv.org/abs/1511.06434
"""

from kgen.adversarial.estimator import AdversarialEstimator
from kgen.base.fields import estimator


@estimator
class GAN(AdversarialEstimator):
    """Generative adversarial network: samples without a density.

    Args:
        latent_dim: dimensions of the code, >= 1.
        architecture: how to build both networks: "conv" (the DCGAN guidelines),
            "resnet", "mlp", "auto" (conv for images, mlp for tables), or a builder with
            other settings, such as `kgen.networks.Conv(width=32)`.
        objective: "non_saturating", "minimax", or a `kgen.objectives.Objective`.
        discriminator_steps: steps of the discriminator, each on its own batch, per
            step of the generator, >= 1 (k in the paper).

    Shape:
        X: (n, features), (n, height, width) or (n, height, width, channels).

    References:
        Goodfellow et al., Generative Adversarial Nets, 2014.
        https://arxiv.org/abs/1406.2661
        Radford et al., Unsupervised Representation Learning with Deep Convolutional
        Generative Adversarial Networks, 2016. https://arxiv.org/abs/1511.06434

    Example:
        >>> from kgen.data.toy import mixture
        >>> X, _ = mixture(256, random_state=0)
        >>> gan = GAN(latent_dim=8, epochs=1, random_state=0).fit(X)
        >>> gan.sample(5, random_state=0).shape
        (5, 2)
        >>> sorted(gan.history_)
        ['d_loss', 'g_loss']
    """
