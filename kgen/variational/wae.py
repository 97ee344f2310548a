"""Wasserstein autoencoder, with the maximum mean discrepancy.

    loss = E over x of c(x, decoder(encoder(x)))  +  weight * MMD_k(q(z), p(z))  (eq. 4)

q(z) is the distribution of the codes of all data together. The VAE pulls the posterior
of every single example towards the prior, so that those of different examples overlap;
here only their mixture has to match the prior (fig. 1). The encoder maps an example to
a single code. The cost c is that of a head, - log p(x|z): the squared error of the
paper for reals with a fixed scale. The variant with a discriminator of codes is `AAE`.

References:
    Tolstikhin et al., Wasserstein Auto-Encoders, 2018, alg. 2.
    https://arxiv.org/abs/1711.01558
"""

from kgen.base.codes import LatentSampler
from kgen.base.density import NoDensity
from kgen.base.fields import estimator, param
from kgen.base.spaces import Range
from kgen.penalties import MMD
from kgen.variational.estimator import AutoencoderEstimator
from kgen.variational.model import VAEModel


@estimator
class WAE(NoDensity, LatentSampler, AutoencoderEstimator):
    """Wasserstein autoencoder: codes that follow the prior, without noise.

    Args:
        weight: weight of the discrepancy in the loss, > 0 (lambda in the paper). The
            paper's 10 is for the squared error of images in [0, 1]; a loss in nats that
            is a hundred times as large needs a weight a hundred times as large.
        latent_dim: dimensions of the code, >= 1.
        architecture: see `VAE`.
        head: see `VAE`.
        scale: see `VAE`.

    Shape:
        X: (n, features), (n, height, width) or (n, height, width, channels).

    References:
        Tolstikhin et al., Wasserstein Auto-Encoders, 2018.
        https://arxiv.org/abs/1711.01558

    Example:
        >>> from kgen.data.toy import bars
        >>> X = bars(64, size=4, random_state=0)
        >>> wae = WAE(latent_dim=2, epochs=1, random_state=0).fit(X)
        >>> wae.sample(5).shape
        (5, 4, 4)
        >>> sorted(wae.history_)
        ['loss', 'mmd', 'reconstruction']
    """

    weight: float = param(100.0, gt=0, search=Range(10.0, 1000.0, log=True))

    def build_model(self, event_shape: tuple[int, ...]) -> VAEModel:
        """Build the Keras model for examples of that shape."""
        return self._autoencoder(event_shape, "point", penalty=MMD(self.weight))
