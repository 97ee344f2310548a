"""Variational autoencoder.

    p(z) = Normal(z; 0, I),   p(x|z) = head(decoder(z)),   q(z|x) near p(z|x)
    q(z|x) = Normal(z; mu, diag(sigma^2)),   (mu, log sigma) = encoder(x)    (eq. 9)

    L(x) = E over q(z|x) of log p(x|z)  -  KL(q(z|x) || p(z))  <=  log p(x)  (eq. 3)
    z = mu + sigma * epsilon,   epsilon ~ Normal(0, I)                       (sec. 2.4)

With several codes per example (`n_importance`) the bound is that of Burda et al., eq.
8. The Keras model is in `kgen.variational.model`.

References:
    Kingma and Welling, Auto-Encoding Variational Bayes, 2014.
    https://arxiv.org/abs/1312.6114
    Burda et al., Importance Weighted Autoencoders, 2016 (`n_importance`,
    `active_units`). https://arxiv.org/abs/1509.00519
"""

from kgen.base.fields import estimator, param
from kgen.variational.estimator import VariationalEstimator
from kgen.variational.model import VAEModel


@estimator
class VAE(VariationalEstimator):
    """Variational autoencoder: a bound on the density, and codes for other tasks.

    Args:
        latent_dim: dimensions of the code, >= 1.
        architecture: how to build both networks: "mlp", "conv" or "resnet" (images
            only), "auto" (conv for images, mlp for tables), or a builder with other
            settings, such as `kgen.networks.MLP(widths=(64, 64))`.
        n_importance: codes per example in the training objective, >= 1.
        head: distribution of x given z; "auto" chooses it by the data: Bernoulli for
            binary data; for integers in 0..255, Categorical up to 31 levels and
            MixtureOfLogistics above; Normal for floats.
        scale: how the scale of the head `Normal` is learned: "per_pixel", the decoder
            computes one for every scalar of every example, or "shared", one weight for
            each channel (each feature of a table). `Normal(scale=0.1)` fixes it.

    Shape:
        X: (n, features), (n, height, width) or (n, height, width, channels).

    References:
        Kingma and Welling, Auto-Encoding Variational Bayes, 2014.
        https://arxiv.org/abs/1312.6114

    Example:
        >>> from kgen.data.toy import bars
        >>> X = bars(64, size=4, random_state=0)
        >>> vae = VAE(latent_dim=2, epochs=1, random_state=0).fit(X)
        >>> vae.transform(X).shape
        (64, 2)
        >>> sorted(vae.history_)
        ['kl', 'loss', 'reconstruction']
    """

    n_importance: int = param(1, ge=1)

    def build_model(self, event_shape: tuple[int, ...]) -> VAEModel:
        """Build the Keras model for examples of that shape."""
        return self._autoencoder(event_shape, n_importance=self.n_importance)
