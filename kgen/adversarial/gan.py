"""Generative adversarial network.

    D and G play the game  min over G, max over D  of
        V(D, G) = E over x of log D(x)  +  E over z of log(1 - D(G(z)))        (eq. 1)

where z is standard normal. They take turns (algorithm 1): D takes k steps, each on its
own minibatch, then G takes one. The Keras model is in `kgen.adversarial.model`.

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
        objective: what both players minimise: "non_saturating", "minimax",
            "least_squares", "hinge", "wasserstein" (with a gradient penalty), "r1", or
            a `kgen.objectives.Objective`, such as `NonSaturating(smoothing=0.1)`.
        discriminator_steps: steps of the discriminator, each on its own batch, per
            step of the generator, >= 1 (k in the paper).
        discriminator_learning_rate: learning rate of the discriminator, > 0, or a
            schedule; None for `learning_rate`, the generator's.
        spectral_normalisation: whether to divide every kernel W of the discriminator by
            its largest singular value, W / sigma(W). If the architecture is chosen by
            name, this replaces the discriminator's batch normalisation.
        simultaneous: whether both players learn from the same samples at once, which
            needs one pass of the generator instead of two.
        instance_noise: standard deviation of the normal noise added to what the
            discriminator sees in training, real and fake, in units of half the data's
            range, >= 0.
        noise_steps: training steps over which that noise fades linearly to nothing,
            >= 1.
        augmentation: random changes, such as "color,translation,cutout", of all images
            that the discriminator sees in training; for small data sets.
        gradient_norms: whether the history also records the norms of the players'
            gradients.
        progressive: whether images start small and double in size as training goes on;
            needs `architecture="conv"` or a `kgen.networks.Conv`.
        growth_steps: training steps in each phase of growth (stable, fade, stable,
            fade, and so on), >= 1. None divides half of the first fit's steps among the
            phases.

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
        ['d_accuracy_fake', 'd_accuracy_real', 'd_loss', 'g_loss']
    """
