"""Autoencoder.

    z = encoder(x),   loss = - log p(x|z)

A network copies its input through a bottleneck of `latent_dim` numbers, which therefore
have to hold what matters about x. Nothing says which codes are likely, so there is
neither a density nor a sampler. The loss is the negative log-likelihood of a head: the
cross-entropy for binary data, the squared error for reals with a fixed scale.

References:
    Hinton and Salakhutdinov, Reducing the Dimensionality of Data with Neural Networks,
    2006. https://doi.org/10.1126/science.1127647
"""

from kgen.base.density import NoDensity
from kgen.base.fields import WIDEST, estimator, param
from kgen.variational.estimator import AutoencoderEstimator
from kgen.variational.model import VAEModel


@estimator
class Autoencoder(NoDensity, AutoencoderEstimator):
    """Plain autoencoder: features through a bottleneck, and back to the data.

    It has no density and draws no samples: `log_prob` and `sample` raise errors that
    say what to use instead.

    Args:
        latent_dim: dimensions of the code, >= 1.
        architecture: see `VAE`.
        head: see `VAE`.
        scale: see `VAE`.

    Shape:
        X: (n, features), (n, height, width) or (n, height, width, channels).

    References:
        Hinton and Salakhutdinov, Reducing the Dimensionality of Data with Neural
        Networks, 2006. https://doi.org/10.1126/science.1127647

    Example:
        >>> from kgen.data.toy import bars
        >>> X = bars(64, size=4, random_state=0)
        >>> autoencoder = Autoencoder(latent_dim=2, epochs=1, random_state=0).fit(X)
        >>> autoencoder.transform(X).shape
        (64, 2)
        >>> autoencoder.reconstruct(X).shape
        (64, 4, 4)
    """

    # More dimensions always reconstruct better: the use of the codes decides.
    latent_dim: int = param(32, ge=1, le=WIDEST, search=None)

    def build_model(self, event_shape: tuple[int, ...]) -> VAEModel:
        """Build the Keras model for examples of that shape."""
        return self._autoencoder(event_shape, "point", penalty=None)
