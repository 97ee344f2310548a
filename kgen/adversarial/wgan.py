"""Wasserstein GAN.

    min over G, max over f:  E over x of f(x)  -  E over z of f(G(z))       (WGAN eq. 2)

over critics f with a slope of at most 1. The critic pays a penalty of 10 (|gradient
of f| - 1)^2 at points between real and fake examples (WGAN-GP, eq. 3), or its weights
are clipped.

References:
    Arjovsky et al., Wasserstein GAN, 2017. https://arxiv.org/abs/1701.07875
    Gulrajani et al., Improved Training of Wasserstein GANs, 2017, algorithm 1.
    https://arxiv.org/abs/1704.00028
"""

from typing import Any, ClassVar

from kgen.adversarial.estimator import AdversarialEstimator
from kgen.base.fields import LearningRate, estimator, param
from kgen.base.spaces import Range
from kgen.objectives import Objective, objectives


@estimator
class WGAN(AdversarialEstimator):
    """Wasserstein GAN: a critic whose loss says how far samples are from the data.

    If the architecture is chosen by name, the critic has layer normalisation instead of
    batch normalisation, which a gradient penalty rules out.

    Args:
        latent_dim: dimensions of the code, >= 1.
        objective: "wasserstein" has a gradient penalty of weight 10, which suits
            images. `kgen.objectives.Wasserstein(penalty=0.1)` suits small tables, and
            `Wasserstein(clip=0.01)` clips weights instead.
        discriminator_steps: steps of the critic, each on its own batch, per step of the
            generator, >= 1.
        learning_rate: step size of the optimizer, > 0, or a schedule.

    Shape:
        X: (n, features), (n, height, width) or (n, height, width, channels).

    References:
        Arjovsky et al., Wasserstein GAN, 2017. https://arxiv.org/abs/1701.07875
        Gulrajani et al., Improved Training of Wasserstein GANs, 2017.
        https://arxiv.org/abs/1704.00028

    Example:
        >>> from kgen.data.toy import mixture
        >>> X, _ = mixture(640, random_state=0)
        >>> gan = WGAN(latent_dim=8, epochs=1, random_state=0).fit(X)
        >>> gan.sample(5, random_state=0).shape
        (5, 2)
        >>> sorted(gan.history_)
        ['d_distance', 'd_loss', 'g_loss']
    """

    objective: str | Objective = param("wasserstein", registry=objectives, search=None)
    discriminator_steps: int = param(5, ge=1, search=Range(2, 6))
    # Five times that of Gulrajani et al. (algorithm 1, for some 100,000 steps), with
    # which averages of weights get as far in a third of the steps.
    learning_rate: LearningRate = param(5e-4, gt=0)

    # Gulrajani et al., 2017, algorithm 1.
    _optimizer_options: ClassVar[dict[str, dict[str, Any]]] = {
        "adam": {"beta_1": 0.0, "beta_2": 0.9}
    }
