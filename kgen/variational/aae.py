"""Adversarial autoencoder.

    min over encoder, decoder of  - E over x of log p(x|z),   z = encoder(x)

    min over encoder, max over D of
        E over z' ~ p(z) of log D(z')  +  E over x of log(1 - D(encoder(x)))

Where a VAE has a divergence, a discriminator of codes keeps the distribution of all
codes together near the prior. Every step has two phases (sec. 2): encoder and decoder
learn to reconstruct; then the discriminator learns, and the encoder learns to deceive
it. The encoder maps an example to a single code, without noise.

With categories, the code has a second part: the probabilities of k categories. A
discriminator of their own compares them with one-hot vectors, so the encoder sorts
examples into clusters, without labels (sec. 5, fig. 8).

Left out: other priors, the noisy encoders of sec. 2, labels (sec. 2.3 and 4).

References:
    Makhzani et al., Adversarial Autoencoders, 2015. https://arxiv.org/abs/1511.05644
"""

from typing import Any, ClassVar

import keras
from keras import ops

from kgen import networks
from kgen.base.codes import LatentSampler
from kgen.base.density import NoDensity
from kgen.base.fields import WIDEST, estimator, param
from kgen.base.players import Player, PlayersModel
from kgen.base.spaces import Widths
from kgen.core.backend import register
from kgen.networks import MLP
from kgen.objectives import Objective, discriminator_loss, objectives
from kgen.variational.coder import Coder
from kgen.variational.estimator import AutoencoderEstimator
from kgen.variational.posteriors import CategoricalPosterior

ADAM = {"learning_rate": 1e-3, "beta_1": 0.5}


@register
class AAEModel(Coder, PlayersModel):
    """Keras model behind `AAE`: an encoder, a decoder, and discriminators of codes.

    Args:
        encoder: `keras.Model` from data, in their own units, to codes (n, latent_dim);
            with categories, to numbers followed by logits. In a conditional model, from
            [data, conditions (n, condition_dim)].
        decoder: `keras.Model` from codes (n, latent_dim), or [codes, conditions], to
            the head's parameters, (n, *event_shape[:-1], head.params_size(channels)).
        discriminator: `keras.Model` from codes, without the categories, to logits (n,
            1), large for draws from the prior.
        category_discriminator: the same for probabilities (n, k) of categories; None
            if the posterior has no categories.
        head: name or instance of a `kgen.heads.Head`: p(x|z).
        posterior: "point", a code of real numbers, or a `CategoricalPosterior`, which
            appends the probabilities of k categories.
        objective: name or instance of a `kgen.objectives.Objective`.
        seed: seed of the noise; None draws one from NumPy's global state.
        ema_momentum: largest momentum of the moving averages of the encoder's and the
            decoder's weights, in [0, 1), or None for no averages: see
            `kgen.base.averaging`.
        **kwargs: see `keras.Model`.

    Input: (n, *event_shape), in the units of the data, or {"x": data, "condition":
        conditions}.
    Output: dict of "posterior", the encoder's outputs, "z" (n, 1, latent_dim), and
        "params" (n, ...), the head's parameters.

    Raises:
        ValueError: for networks that do not match.
    """

    default_optimizer = ADAM

    def __init__(
        self,
        encoder,
        decoder,
        discriminator,
        category_discriminator=None,
        head="bernoulli",
        posterior="point",
        objective="non_saturating",
        seed=None,
        ema_momentum=None,
        **kwargs,
    ):
        super().__init__(seed=seed, **kwargs)
        self.set_networks(encoder, decoder, head, posterior, self.seed)
        self.discriminator = discriminator
        self.category_discriminator = category_discriminator
        self.objective = objectives.resolve(objective)
        self.categories = getattr(self.posterior, "categories", 0)
        self._check_discriminators()
        parts = (discriminator, category_discriminator)
        self.set_players(
            Player("autoencoder", "reconstruction", (encoder, decoder)),
            Player("discriminator", "d_loss", parts if self.categories else parts[:1]),
            Player("encoder", "g_loss", (encoder,)),
            reports=self.objective.reports(),
        )
        self.average_weights(ema_momentum, encoder, decoder)

    def _check_discriminators(self):
        sizes = [self.latent_dim - self.categories, self.categories]
        found = [
            0 if network is None else network.input_shape[-1]
            for network in (self.discriminator, self.category_discriminator)
        ]
        if self.posterior.has_density or found != sizes:
            raise ValueError(
                f"A code of posterior={self.posterior} that `decoder` takes has "
                f"{sizes[0]} numbers and {sizes[1]} categories, and the encoder adds "
                "no noise to it. `discriminator` and `category_discriminator` must "
                f"take as many. Got ones of {found[0]} and {found[1]}."
            )

    def prior_codes(self, noise, condition):
        if not self.categories:
            return noise
        numbers = noise[..., : -self.categories]
        # The index of the largest of independent, equal draws is uniform.
        largest = ops.argmax(noise[..., -self.categories :], axis=-1)
        category = ops.one_hot(largest, self.categories, dtype="float32")
        return ops.concatenate([numbers, category], axis=-1)

    def _parts(self, z):
        """The part of codes (n, latent_dim) that every discriminator sees."""
        if not self.categories:
            return [z]
        return [z[:, : -self.categories], z[:, -self.categories :]]

    def _scores(self, *, training):
        """Functions from those parts to logits (n, 1), float32."""
        networks = (self.discriminator, self.category_discriminator)

        def scorer(network):
            return lambda z: ops.cast(network(z, training=training), "float32")

        return [scorer(network) for network in networks if network is not None]

    def call(self, inputs, training=False):  # noqa: FBT002 (Keras' hook)
        x, condition = self.unpack(inputs)
        params = self.posterior_params(x, condition, training=training)
        z = self.posterior.mean(params)[:, None]
        outputs = self.head_params(z, condition, training=training)
        return {"posterior": params, "z": z, "params": outputs}

    def losses_of(self, turn, data, training):
        (player,) = turn
        if player == "autoencoder":
            x, _ = self.unpack(data)
            params = self(data, training=training)["params"]
            return {player: -ops.mean(self.log_likelihood(x, params, 1))}
        x, condition = self.unpack(data)
        params = self.posterior_params(x, condition, training=training)
        z = self.posterior.mean(params)
        scores = self._scores(training=training)
        fakes = self._parts(z)
        if player == "encoder":
            logits = [score(fake) for score, fake in zip(scores, fakes, strict=True)]
            return {player: sum(map(self.objective.generator, logits))}
        noise = self.noise(player, ops.shape(z), training=training)
        reals = self._parts(self.prior_codes(noise, condition))

        def mix():
            options = {"training": training, "stream": 1, "uniform": True}
            return self.noise(player, (ops.shape(z)[0], 1), **options)

        losses, *logits = zip(
            *(
                discriminator_loss(self.objective, score, real, fake, mix)
                for score, real, fake in zip(scores, reals, fakes, strict=True)
            ),
            strict=True,
        )
        real, fake = map(ops.concatenate, logits)
        return {player: sum(losses), **self.objective.report(real, fake)}

    def after_step(self, player):
        if player == "discriminator":
            self.objective.constrain(self.variables_of(player))


@estimator
class AAE(NoDensity, LatentSampler, AutoencoderEstimator):
    """Adversarial autoencoder: a discriminator makes the codes follow the prior.

    With `categories` it also sorts the data into clusters: `encode` returns (n,
    latent_dim + categories), the style code followed by the probabilities of
    categories.

    Args:
        latent_dim: dimensions of the code, >= 1, standard normal in the prior.
        categories: number of categories k, >= 0, equally likely in the prior. The code
            has k more numbers, their probabilities; 0 means no categories.
        hidden: units of every hidden layer of a discriminator of codes, each >= 1; a
            single number means one layer.
        objective: what discriminators and encoder minimise, a name or an instance of a
            `kgen.objectives.Objective`.
        architecture: see `VAE`.
        head: see `VAE`.
        scale: see `VAE`.

    Shape:
        X: (n, features), (n, height, width) or (n, height, width, channels).

    References:
        Makhzani et al., Adversarial Autoencoders, 2015.
        https://arxiv.org/abs/1511.05644

    Example:
        >>> from kgen.data.toy import bars
        >>> X = bars(64, size=4, random_state=0)
        >>> aae = AAE(latent_dim=2, categories=8, epochs=1, random_state=0).fit(X)
        >>> aae.transform(X).shape
        (64, 10)
        >>> aae.sample(5).shape
        (5, 4, 4)
        >>> sorted(aae.history_)
        ['d_accuracy_fake', 'd_accuracy_real', 'd_loss', 'g_loss', 'reconstruction']
    """

    latent_dim: int = param(8, ge=1, le=WIDEST)
    categories: int = param(0, ge=0, le=WIDEST)
    hidden: int | tuple[int, ...] = param(
        (128, 128), ge=1, le=WIDEST, search=Widths(32, 512)
    )
    objective: str | Objective = param("non_saturating", registry=objectives)

    _takes_weights: ClassVar[bool] = False
    _optimizer_options: ClassVar[dict[str, dict]] = {"adam": {"beta_1": ADAM["beta_1"]}}

    @property
    def _categories(self) -> int:
        return int(self.categories)

    def build_model(self, event_shape: tuple[int, ...]) -> AAEModel:
        """Build the Keras model for examples of that shape."""
        k = self._categories
        posterior: Any = CategoricalPosterior(k) if k else "point"
        return AAEModel(
            **self._coder(event_shape, posterior),
            discriminator=self._critic(int(self.latent_dim), "discriminator"),
            category_discriminator=(
                self._critic(k, "category_discriminator") if k else None
            ),
            objective=self.objective,
            ema_momentum=self.ema_momentum,
        )

    def _critic(self, inputs: int, name: str) -> keras.Model:
        network = MLP(widths=self.hidden).down((inputs,), 1, dtype=self.policy_)
        return networks.assemble((inputs,), network, name=name)
