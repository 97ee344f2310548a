"""beta-VAE: a VAE whose KL term has the weight beta.

    loss = - E over q of log p(x|z)  +  beta * KL(q(z|x) || p(z))              (eq. 4)

Above 1, beta constrains the code: few dimensions carry information, and tend to carry
one factor of variation each. Network, bound and `log_prob` are those of the VAE.

References:
    Higgins et al., beta-VAE: Learning Basic Visual Concepts with a Constrained
    Variational Framework, 2017, sec. 2. https://openreview.net/forum?id=Sy2fzU9gl
"""

from kgen.base.fields import estimator, param
from kgen.penalties import KL
from kgen.variational.estimator import VariationalEstimator
from kgen.variational.model import VAEModel


@estimator
class BetaVAE(VariationalEstimator):
    """Variational autoencoder whose codes are pushed towards independent factors.

    `history_` has the divergence itself, never multiplied by beta; `log_prob` is a
    bound on the density, without beta.

    Args:
        beta: weight of the divergence in the loss, >= 0; 1 gives the VAE.
        latent_dim: dimensions of the code, >= 1.
        architecture: see `VAE`.
        head: see `VAE`.
        scale: see `VAE`.

    Shape:
        X: (n, features), (n, height, width) or (n, height, width, channels).

    References:
        Higgins et al., beta-VAE, 2017. https://openreview.net/forum?id=Sy2fzU9gl

    Example:
        >>> from kgen.data.toy import bars
        >>> X = bars(64, size=4, random_state=0)
        >>> vae = BetaVAE(beta=4.0, latent_dim=2, epochs=1, random_state=0).fit(X)
        >>> vae.transform(X).shape
        (64, 2)
        >>> float(vae.model_.penalty.weight)
        4.0
    """

    beta: float = param(4.0, ge=0)

    def build_model(self, event_shape: tuple[int, ...]) -> VAEModel:
        """Build the Keras model for examples of that shape."""
        return self._autoencoder(event_shape, penalty=KL(self.beta))
