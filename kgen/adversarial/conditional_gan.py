"""Conditional generative adversarial networks.

    V(D, G) = E over x, y of log D(x|y)  +  E over z, y of log(1 - D(G(z|y)|y))

(Mirza and Osindero, eq. 2). With features phi of the data, the logit of D is

    w . phi(x) + b + (V y) . phi(x)

(Miyato and Koyama, sec. 3), and y sets the scale and offset of every normalisation in
G. Alternatively, the condition joins the code as an input of the generator, and the
data as an input of the discriminator: as extra features of a table, as constant planes
of an image.

References:
    Miyato and Koyama, cGANs with Projection Discriminator, 2018, sec. 3 and app. A.
    https://arxiv.org/abs/1802.05637
    Miyato et al., Spectral Normalization for Generative Adversarial Networks, 2018.
    https://arxiv.org/abs/1802.05957
    Mirza and Osindero, Conditional Generative Adversarial Nets, 2014, sec. 3.2.
    https://arxiv.org/abs/1411.1784
"""

from typing import ClassVar

from kgen.adversarial.estimator import AdversarialEstimator
from kgen.base.fields import estimator, param
from kgen.base.spaces import OneOf


@estimator
class ConditionalGAN(AdversarialEstimator):
    """Conditional GAN: samples of a class of your choice.

    Args:
        latent_dim: dimensions of the code, >= 1.
        architecture: how to build both networks: "conv" (the DCGAN guidelines),
            "resnet", "mlp", "auto" (conv for images, mlp for tables), or a builder with
            other settings, such as `kgen.networks.Conv(width=32)`.
        discriminator_steps: steps of the discriminator, each on its own batch, per
            step of the generator, >= 1.
        conditioning: how y enters the networks: "projection" (Miyato and Koyama),
            through conditional batch normalisation in the generator (beside the code if
            the architecture has no batch normalisation) and a projection of the
            discriminator's features; or "concatenation" (Mirza and Osindero), beside
            the code and the data.
        spectral_normalisation: whether to divide every kernel W of the discriminator by
            its largest singular value, W / sigma(W). If the architecture is chosen by
            name, this replaces the discriminator's batch normalisation.

    Shape:
        X: (n, features), (n, height, width) or (n, height, width, channels).
        y: (n,) labels of any type, or (n, k) condition vectors.

    References:
        Mirza and Osindero, Conditional Generative Adversarial Nets, 2014.
        https://arxiv.org/abs/1411.1784
        Miyato and Koyama, cGANs with Projection Discriminator, 2018.
        https://arxiv.org/abs/1802.05637
        Miyato et al., Spectral Normalization for Generative Adversarial Networks, 2018.
        https://arxiv.org/abs/1802.05957

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

    conditioning: str = param(
        "projection",
        choices=("projection", "concatenation"),
        search=OneOf(("projection", "concatenation")),
    )
    spectral_normalisation: bool = param(True)

    _former_values: ClassVar[dict] = {
        "conditioning": "concatenation",
        "spectral_normalisation": False,
    }

    @property
    def _projects(self) -> bool:
        return self.conditioning == "projection"
