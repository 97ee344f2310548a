"""VAE/GAN: a VAE with the likelihood of a discriminator's features.

    z = mu + sigma * epsilon,  (mu, log sigma) = Enc(x);   z_p ~ Normal(0, I)
    L_prior = KL(q(z|x) || p(z))                                             (eq. 5)
    L_llike = - E over q(z|x) of log Normal(Dis_l(x); Dis_l(Dec(z)), I)      (eq. 8)
    L_GAN   = log Dis(x) + log(1 - Dis(Dec(z_p))) + log(1 - Dis(Dec(z)))  (sec. 2.4)

    Enc minimises  L_prior + L_llike                                         (alg. 1)
    Dec minimises  gamma * L_llike + what deceives Dis
    Dis minimises  - L_GAN

A pixel-wise error makes reconstructions smooth. Here reconstructions have to agree with
the data in the features by which a discriminator tells real from fake. All three
networks learn from one forward pass. The encoder learns nothing from L_GAN, the
discriminator nothing from L_llike. The decoder maximises the log-probability that its
images are real according to Dis. It does not minimise that of the opposite, whose
gradient vanishes where Dis wins (Goodfellow et al., 2014, sec. 3).

References:
    Larsen et al., Autoencoding beyond pixels using a learned similarity metric, 2016.
    https://arxiv.org/abs/1512.09300
"""

from collections import UserList
from typing import ClassVar

import numpy as np
from keras import ops

from kgen.base.chunks import largest_layer
from kgen.base.codes import CodeEstimator, LatentSampler
from kgen.base.density import NoDensity
from kgen.base.drawing import DrawsAtOnce
from kgen.base.fields import WIDEST, LearningRate, estimator, param
from kgen.base.players import Player, PlayersModel
from kgen.base.scaled import ScaledEstimator
from kgen.base.spaces import Range
from kgen.core import backend, validation
from kgen.core.backend import compiled, register, tfd
from kgen.core.sizes import rows_at_once
from kgen.networks import with_features
from kgen.objectives import NonSaturating
from kgen.variational.posteriors import NormalPosterior

ADAM = {"learning_rate": 5e-4, "beta_1": 0.5}

_NORMAL, _OBJECTIVE = NormalPosterior(), NonSaturating()


@register
class VAEGANModel(DrawsAtOnce, PlayersModel):
    """Keras model behind `VAEGAN`: encoder, decoder and discriminator.

    Args:
        encoder: `keras.Model` from data, in their own units, to means, then log-scales
            of codes, (n, 2 * latent_dim).
        decoder: `keras.Model` from codes (n, latent_dim) to data in their own units.
        discriminator: `keras.Model` from data in their own units to logits (n, 1),
            large for real data; the inputs of its last layer are the features.
        gamma: weight of the features' likelihood in the decoder's loss, >= 0.
        seed: seed of the noise; None draws one from NumPy's global state.
        ema_momentum: largest momentum of the moving averages of the encoder's and the
            decoder's weights, in [0, 1), or None for no averages: see
            `kgen.base.averaging`.
        **kwargs: see `keras.Model`.

    Input: (n, *event_shape), in the units of the data.
    Output shape: the same: reconstructions from posterior means.

    Raises:
        ValueError: for a setting out of range, or networks that do not match.
    """

    default_optimizer = ADAM

    def __init__(
        self,
        encoder,
        decoder,
        discriminator,
        gamma=0.1,
        seed=None,
        ema_momentum=None,
        **kwargs,
    ):
        super().__init__(seed=seed, **kwargs)
        self.encoder = encoder
        self.decoder = decoder
        self.discriminator = discriminator
        self.gamma = validation.check_number(self, "gamma", gamma, ge=0)
        self.latent_dim = decoder.input_shape[-1]
        self.event_shape = tuple(decoder.output_shape[1:])
        self.rows = rows_at_once(max(largest_layer(encoder), largest_layer(decoder)))
        self._check_networks()
        # Not a list: Keras would take it for another part of the model.
        self.parts = UserList([with_features(discriminator)])
        players = ("encoder", "decoder", "discriminator")
        self.set_players(
            Player("encoder", "e_loss", (encoder,)),
            Player("decoder", "g_loss", (decoder,)),
            Player("discriminator", "d_loss", (discriminator,)),
            turns=(players,),
            reports=("reconstruction", "kl", *_OBJECTIVE.reports()),
        )
        self.average_weights(ema_momentum, encoder, decoder)

    def _check_networks(self):
        shapes = [tuple(n.input_shape[1:]) for n in (self.encoder, self.discriminator)]
        outputs = self.encoder.output_shape[-1]
        if shapes != [self.event_shape] * 2 or outputs != 2 * self.latent_dim:
            raise ValueError(
                f"`decoder` makes {self.event_shape} of {self.latent_dim} latent "
                "dimensions. `encoder` and `discriminator` must take such examples, "
                f"and `encoder` output (n, {2 * self.latent_dim}): means, then "
                f"log-scales. Got networks from {shapes[0]} and {shapes[1]}, and "
                f"{outputs} outputs."
            )

    def _decode(self, z, *, training):
        return ops.cast(self.decoder(z, training=training), "float32")

    def _posterior(self, x, *, training):
        return self.encoder(ops.cast(x, "float32"), training=training)

    def call(self, x, training=False):  # noqa: FBT002 (Keras' hook)
        means = _NORMAL.mean(self._posterior(x, training=training))
        return self._decode(means, training=training)

    def losses_of(self, turn, data, training):
        x = ops.cast(data, "float32")
        shape = (ops.shape(x)[0], self.latent_dim)
        noise = self.noise("encoder", shape, training=training)
        params = self._posterior(x, training=training)
        z = _NORMAL.codes(params, noise[:, None])[:, 0]
        z_prior = self.noise("decoder", shape, training=training)

        def seen(x):
            found = self.parts[0](x, training=training)
            return [ops.cast(part, "float32") for part in found]

        features, real = seen(x)
        similar, again = seen(self._decode(z, training=training))
        _, fake = seen(self._decode(z_prior, training=training))

        prior = tfd.MultivariateNormalDiag(np.zeros(self.latent_dim, "float32"))
        kl = ops.mean(tfd.kl_divergence(_NORMAL(params), prior))
        reconstruction = 0.5 * ops.mean(ops.sum((features - similar) ** 2, axis=-1))
        deceived = ops.mean(ops.softplus(-again)) + ops.mean(ops.softplus(-fake))
        told = ops.mean(ops.softplus(-real)) + ops.mean(ops.softplus(again))
        return {
            "encoder": kl + reconstruction,
            "decoder": self.gamma * reconstruction + deceived,
            "discriminator": told + ops.mean(ops.softplus(fake)),
            "reconstruction": reconstruction,
            "kl": kl,
            **_OBJECTIVE.report(real, ops.concatenate([again, fake])),
        }

    @compiled
    def encode(self, x, condition=None):
        """Codes (posterior means), shape (n, latent_dim)."""
        return _NORMAL.mean(self._posterior(x, training=False))

    @compiled
    def decode(self, z, condition=None):
        """Dec(z) in inference mode: data in their own units."""
        return self._decode(z, training=False)

    @compiled
    def _draw(self, seed, first, count, condition=None):
        uniform = backend.keyed_uniform(seed, first, count, (self.latent_dim,))
        return self._decode(backend.normal_quantile(uniform), training=False)


@estimator
class VAEGAN(NoDensity, LatentSampler, CodeEstimator, ScaledEstimator):
    """VAE/GAN: a VAE that reconstructs features of a discriminator, not pixels.

    Args:
        gamma: weight of the features' likelihood in the decoder's loss, >= 0: large for
            faithful reconstructions, small for realistic samples.
        latent_dim: dimensions of the code, >= 1.
        architecture: how to build all three networks: "conv", "resnet", "mlp", "auto"
            (conv for images, mlp for tables), or a builder with other settings, such
            as `kgen.networks.Conv(width=32)`.

    Shape:
        X: (n, features), (n, height, width) or (n, height, width, channels).

    References:
        Larsen et al., Autoencoding beyond pixels using a learned similarity metric,
        2016. https://arxiv.org/abs/1512.09300

    Example:
        >>> from kgen.data.toy import mixture
        >>> X, _ = mixture(256, random_state=0)
        >>> model = VAEGAN(latent_dim=2, epochs=1, random_state=0).fit(X)
        >>> model.transform(X).shape, model.sample(5, random_state=0).shape
        ((256, 2), (5, 2))
        >>> sorted(model.history_)[2:]
        ['d_loss', 'e_loss', 'g_loss', 'kl', 'reconstruction']
    """

    gamma: float = param(0.1, ge=0, search=Range(0.01, 1.0, log=True))
    latent_dim: int = param(16, ge=1, le=WIDEST)
    learning_rate: LearningRate = param(
        ADAM["learning_rate"], gt=0, search=Range(5e-5, 2e-3, log=True)
    )

    _optimizer_options: ClassVar[dict[str, dict]] = {"adam": {"beta_1": ADAM["beta_1"]}}

    def build_model(self, event_shape: tuple[int, ...]) -> VAEGANModel:
        """Build the Keras model for examples of that shape."""
        to_data, from_data = self._scalings()
        outputs, down = 2 * int(self.latent_dim), self._network_down
        return VAEGANModel(
            down(event_shape, outputs, from_data, "encoder"),
            self._network_up(event_shape, *to_data, name="decoder"),
            down(event_shape, 1, self._scalings()[1], "discriminator"),
            self.gamma,
            seed=self.seed_,
            ema_momentum=self.ema_momentum,
            dtype=self.policy_,
        )
