"""Generative adversarial network.

References:
    Goodfellow et al., Generative Adversarial Nets, 2014. https://arxiv.org/abs/1406.2661
    Radford et al., Unsupervised Representation Learning with Deep Convolutional
    Generative Adversarial Networks, 2016. https://arxiv.org/abs/1511.06434
"""

from typing import Any

import keras
import numpy as np
from keras import ops

from kgen.adversarial._base import AdversarialModel
from kgen.adversarial.estimator import AdversarialEstimator
from kgen.adversarial.objectives import objectives, play
from kgen.base.chunks import in_chunks
from kgen.base.fields import estimator
from kgen.core.backend import register


@register
class GANModel(AdversarialModel):
    """Keras model behind `GAN`.

    Args:
        generator: `keras.Model` from codes (n, latent_dim) to data in their own units.
        discriminator: `keras.Model` from data in their own units to logits (n, 1),
            large for real.
        objective: "non_saturating" or "minimax".
        seed: seed of the noise; None draws one from NumPy's global state.
        **kwargs: see `keras.Model`.

    Input shape: codes, (n, latent_dim). `fit` takes data.
    Output shape: (n, *event_shape), in data units.
    """

    players = ("discriminator", "generator")

    def __init__(
        self, generator, discriminator, objective="non_saturating", seed=None, **kwargs
    ):
        super().__init__(seed=seed, **kwargs)
        objectives[objective]
        self.generator = generator
        self.discriminator = discriminator
        self.objective = objective
        self.latent_dim = generator.input_shape[-1]
        self.event_shape = tuple(generator.output_shape[1:])

    def call(self, z, training=False):  # noqa: FBT002 (Keras' hook)
        return ops.cast(self.generator(z, training=training), "float32")

    def loss_of(self, player, data, training):
        def generate():
            z = self.noise(player, ops.shape(data)[0], training=training)
            return self(z, training=training)

        def score(x):
            return ops.cast(self.discriminator(x, training=training), "float32")

        return play(self.objective, player, data, generate, score)

    def sample(self, n, seed=None):
        """Draw examples.

        Args:
            n: number of examples, >= 1.
            seed: integer; None draws one from NumPy's global state.

        Returns:
            Float32 array of shape (n, *event_shape), in data units.
        """
        return self._sample(n, seed)


@estimator
class GAN(AdversarialEstimator):
    """Generative adversarial network: samples without a density.

    Args:
        latent_dim: dimensions of the code, >= 1.
        architecture: "conv" (the DCGAN guidelines), "mlp", "auto" (conv for images,
            mlp for tables), or a `kgen.networks.Architecture`.
        objective: "non_saturating" or "minimax".
        discriminator_steps: steps of the discriminator, each on a batch of its own,
            for one of the generator, >= 1 (k in the paper).

    Shape:
        X: (n, features), (n, height, width) or (n, height, width, channels).

    References:
        Goodfellow et al., Generative Adversarial Nets, 2014.
        https://arxiv.org/abs/1406.2661

    Example:
        >>> from kgen.data.toy import mixture
        >>> X, _ = mixture(256, random_state=0)
        >>> gan = GAN(latent_dim=8, epochs=1, random_state=0).fit(X)
        >>> gan.sample(5, random_state=0).shape
        (5, 2)
        >>> sorted(gan.history_)
        ['d_loss', 'g_loss']
    """

    def build_model(self, event_shape: tuple[int, ...]) -> GANModel:
        """Build the Keras model for examples of that shape."""
        architecture = self._networks(event_shape)
        to_data, from_data = self._scalings()
        down = architecture.down(event_shape, 1, dtype=self.policy_)
        latent_dim = int(self.latent_dim)
        up = architecture.up(latent_dim, event_shape, dtype=self.policy_)
        return GANModel(
            keras.Sequential(
                [keras.Input((latent_dim,), dtype="float32"), up, *to_data]
            ),
            keras.Sequential(
                [keras.Input(event_shape, dtype="float32"), from_data, down]
            ),
            objective=str(self.objective),
            seed=self.seed_,
            dtype=self.policy_,
        )

    def decode(self, z: Any) -> np.ndarray:
        """Examples for codes of shape (n, latent_dim)."""
        codes = self._codes(z)
        return self._outputs(in_chunks(self.model_.generate, codes))
