"""Variational autoencoder.

References:
    Kingma and Welling, Auto-Encoding Variational Bayes, 2014.
    https://arxiv.org/abs/1312.6114
    Burda et al., Importance Weighted Autoencoders, 2016 (`n_importance`,
    `active_units`). https://arxiv.org/abs/1509.00519
"""

from typing import Any, ClassVar

import keras
import numpy as np
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin

from kgen import heads
from kgen.base.chunks import in_chunks
from kgen.base.fields import estimator, param
from kgen.base.latent import LatentMixin
from kgen.base.likelihood import LikelihoodEstimator
from kgen.core import validation
from kgen.heads import MixtureOfLogistics
from kgen.layers import Embed
from kgen.networks import Builder
from kgen.networks import _base as networks
from kgen.variational.model import VAEModel


@estimator
class VAE(
    ClassNamePrefixFeaturesOutMixin, TransformerMixin, LatentMixin, LikelihoodEstimator
):
    """Variational autoencoder: a bounded density, and codes for other tasks.

    Args:
        latent_dim: dimensions of the code, >= 1.
        architecture: "mlp", "conv" (images only; the DCGAN guidelines), "auto" (conv
            for images, mlp for tables), or a `kgen.networks.Architecture`.
        n_importance: codes per example in the training objective, >= 1.
        head: what the data are; "auto" reads it from them: Bernoulli for binary data,
            for integers in 0..255 Categorical up to 31 levels and MixtureOfLogistics
            above, Normal for floats.

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

    latent_dim: int = param(32, ge=1)
    architecture: str | Builder = param("mlp")
    n_importance: int = param(1, ge=1)
    batch_size: int = param(128, ge=1)

    _many_levels: ClassVar[type[heads.Head]] = MixtureOfLogistics

    def build_model(self, event_shape: tuple[int, ...]) -> VAEModel:
        """Build the Keras model for examples of that shape."""
        policy, head, latent_dim = self.policy_, self.head_, int(self.latent_dim)
        architecture = networks.get(self.architecture, event_shape)
        encoder = keras.Sequential(
            [
                keras.Input(event_shape, dtype="float32"),
                Embed(head, dtype=policy),
                architecture.down(event_shape, 2 * latent_dim, dtype=policy),
            ],
            name="encoder",
        )
        params_shape = (*event_shape[:-1], head.params_size(event_shape[-1]))
        return VAEModel(
            encoder,
            architecture.up(latent_dim, params_shape, dtype=policy),
            head,
            n_importance=int(self.n_importance),
            seed=self.seed_,
            dtype=policy,
        )

    def log_prob(self, X: Any, y: Any = None, n_importance: int = 64) -> np.ndarray:
        """Lower bound of the log-density, shape (n,), float32, in nats and data units.

        Deterministic: the noise is fixed by the fitted seed and the row itself.

        Args:
            X: array like the training data.
            y: ignored.
            n_importance: codes per example, >= 1. 1 gives the evidence lower bound;
                the more, the tighter.
        """
        validation.check_setting("log_prob", "n_importance", n_importance, ge=1)
        k = int(n_importance)
        return in_chunks(lambda x: self.model_.log_prob(x, k), self._inputs(X))

    def encode(self, X: Any) -> np.ndarray:
        """Posterior means, shape (n, latent_dim), float32."""
        x = self._inputs(X)
        return in_chunks(self.model_.encode, x)

    def transform(self, X: Any) -> np.ndarray:
        """Alias of `encode`, for pipelines."""
        return self.encode(X)

    def decode(self, z: Any) -> np.ndarray:
        """Data for codes of shape (n, latent_dim): the mean of p(x|z).

        Integers are rounded; for binary data it is the likelier value.
        """
        codes = self._codes(z)
        return self._outputs(in_chunks(self.model_.decode, codes))

    def reconstruct(self, X: Any) -> np.ndarray:
        """Decoded posterior means: X as the model sees it."""
        return self.decode(self.encode(X))

    def active_units(self, X: Any) -> int:
        """How many latent dimensions carry information about X.

        Those whose posterior mean has a variance above 0.01 over X (Burda et al.,
        2016, sec. 5).
        """
        return int(np.sum(np.var(self.encode(X), axis=0) > 0.01))

    @property
    def _n_features_out(self) -> int:
        return self.model_.latent_dim

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float32"]
        return tags
