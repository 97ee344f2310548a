"""Conditional generative adversarial network.

The condition joins the code as an input of the generator, and the data as constant
planes at the input of the discriminator.

References:
    Mirza and Osindero, Conditional Generative Adversarial Nets, 2014, sec. 3.2.
    https://arxiv.org/abs/1411.1784
"""

from typing import Any

import keras
import numpy as np
from keras import layers, ops

from kgen.adversarial._base import AdversarialModel
from kgen.adversarial.estimator import AdversarialEstimator
from kgen.adversarial.objectives import objectives, play
from kgen.base.chunks import in_chunks
from kgen.base.conditional import ConditionalMixin
from kgen.base.fields import estimator
from kgen.core import validation
from kgen.core.backend import register


@register
class ConditionalGANModel(AdversarialModel):
    """Keras model behind `ConditionalGAN`.

    Args:
        generator: `keras.Model` from [codes (n, latent_dim), conditions (n, k)] to
            data in their own units.
        discriminator: `keras.Model` from [data, conditions] to logits (n, 1).
        objective: "non_saturating" or "minimax".
        seed: seed of the noise; None draws one from NumPy's global state.
        **kwargs: see `keras.Model`.

    Input: [codes, conditions]. `fit` takes {"x": data, "condition": conditions}.
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
        (_, self.latent_dim), (_, self.condition_dim) = generator.input_shape
        self.event_shape = tuple(generator.output_shape[1:])

    def call(self, inputs, training=False):  # noqa: FBT002 (Keras' hook)
        return ops.cast(self.generator(inputs, training=training), "float32")

    def loss_of(self, player, data, training):
        x, condition = self.unpack(data)

        def generate():
            z = self.noise(player, ops.shape(x)[0], training=training)
            return self([z, condition], training=training)

        def score(x):
            logits = self.discriminator([x, condition], training=training)
            return ops.cast(logits, "float32")

        return play(self.objective, player, x, generate, score)

    def sample(self, n, seed=None, condition=None):
        """Draw examples.

        Args:
            n: number of examples, >= 1.
            seed: integer; None draws one from NumPy's global state.
            condition: shape (n, condition_dim), or (1, condition_dim) for all.

        Returns:
            Float32 array of shape (n, *event_shape), in data units.
        """
        validation.check_count("n_samples", n)
        condition = self.check_condition(condition, n)
        return self._sample(n, seed, condition)


@estimator
class ConditionalGAN(ConditionalMixin, AdversarialEstimator):
    """Conditional GAN: samples of a class of your choice.

    Args:
        latent_dim: dimensions of the code, >= 1.
        architecture: "conv" (the DCGAN guidelines), "mlp", "auto" (conv for images,
            mlp for tables), or a `kgen.networks.Architecture`.
        objective: "non_saturating" or "minimax".
        discriminator_steps: steps of the discriminator, each on a batch of its own,
            for one of the generator, >= 1.

    Shape:
        X: (n, features), (n, height, width) or (n, height, width, channels).
        y: (n,) labels of any type, or (n, k) condition vectors.

    References:
        Mirza and Osindero, Conditional Generative Adversarial Nets, 2014.
        https://arxiv.org/abs/1411.1784

    Example:
        >>> from kgen.data.toy import mixture
        >>> X, y = mixture(256, random_state=0)
        >>> gan = ConditionalGAN(latent_dim=8, epochs=1, random_state=0).fit(X, y)
        >>> gan.sample(5, y=3, random_state=0).shape
        (5, 2)
        >>> gan.sample(y=[0, 0, 7]).shape
        (3, 2)
    """

    def build_model(self, event_shape: tuple[int, ...]) -> ConditionalGANModel:
        """Build the Keras model for examples of that shape."""
        architecture, k = self._networks(event_shape), self.condition_dim_
        latent_dim = int(self.latent_dim)
        to_data, from_data = self._scalings()
        up = architecture.up(latent_dim + k, event_shape, dtype=self.policy_)
        wider = (*event_shape[:-1], event_shape[-1] + k)
        down = architecture.down(wider, 1, dtype=self.policy_)
        z, x, condition = (
            keras.Input(shape, dtype="float32")
            for shape in ((latent_dim,), event_shape, (k,))
        )
        fake = up(layers.Concatenate(dtype="float32")([z, condition]))
        for layer in to_data:
            fake = layer(fake)
        planes = condition
        if len(event_shape) == 3:
            planes = layers.Reshape((1, 1, k), dtype="float32")(planes)
            planes = layers.UpSampling2D(
                event_shape[:2], data_format="channels_last", dtype="float32"
            )(planes)
        both = layers.Concatenate(dtype="float32")([from_data(x), planes])
        return ConditionalGANModel(
            keras.Model([z, condition], fake, name="generator"),
            keras.Model([x, condition], down(both), name="discriminator"),
            objective=str(self.objective),
            seed=self.seed_,
            dtype=self.policy_,
        )

    def decode(self, z: Any, y: Any = None) -> np.ndarray:
        """Examples for codes of shape (n, latent_dim) and their labels."""
        codes = self._codes(z)
        condition = self._conditions_of(len(codes), y, "decode")
        drawn = in_chunks(lambda z, c: self.model_.generate([z, c]), codes, condition)
        return self._outputs(drawn)
