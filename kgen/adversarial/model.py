"""The Keras model of generative adversarial networks.

    D and G play the game  min over G, max over D  of
        V(D, G) = E over x of log D(x)  +  E over z of log(1 - D(G(z)))        (eq. 1)

References:
    Goodfellow et al., Generative Adversarial Nets, 2014. https://arxiv.org/abs/1406.2661
    Mirza and Osindero, Conditional Generative Adversarial Nets, 2014 (conditions).
    https://arxiv.org/abs/1411.1784
"""

from keras import ops

from kgen.base.chunks import largest_layer
from kgen.base.drawing import DrawsAtOnce
from kgen.base.players import Player, PlayersModel
from kgen.core import backend
from kgen.core.backend import compiled, register
from kgen.core.sizes import rows_at_once
from kgen.layers.scaling import renewed
from kgen.objectives import objectives

# Radford et al., 2016, sec. 4: the usual beta_1 of 0.9 makes training oscillate.
ADAM = {"learning_rate": 2e-4, "beta_1": 0.5}


@register
class GANModel(DrawsAtOnce, PlayersModel):
    """Keras model behind `GAN` and `ConditionalGAN`.

    Args:
        generator: `keras.Model` from codes (n, latent_dim) to data in their own units;
            in a conditional model, from [codes, conditions (n, condition_dim)].
        discriminator: `keras.Model` from data in their own units (or [data,
            conditions]) to logits (n, 1), large for real data.
        objective: name or instance of a `kgen.objectives.Objective`.
        seed: seed of the noise; None draws one from NumPy's global state.
        ema_momentum: largest momentum of moving averages of the generator's weights, in
            [0, 1), or None for none: see `kgen.base.averaging`.
        **kwargs: see `keras.Model`.

    Input: codes, (n, latent_dim), or {"z": codes, "condition": conditions}. `fit` takes
        data, or {"x": data, "condition": conditions}.
    Output shape: (n, *event_shape), in data units.
    """

    default_optimizer = ADAM
    input_name = "z"

    def __init__(
        self,
        generator,
        discriminator,
        objective="non_saturating",
        seed=None,
        ema_momentum=None,
        **kwargs,
    ):
        super().__init__(seed=seed, **kwargs)
        self.generator = generator
        self.discriminator = discriminator
        self.objective = objectives.resolve(objective)
        (_, self.latent_dim), *condition = [v.shape for v in generator.inputs]
        self.condition_dim = condition[0][-1] if condition else 0
        self.event_shape = tuple(generator.output_shape[1:])
        self.rows = rows_at_once(largest_layer(generator))
        taken = tuple(discriminator.inputs[0].shape[1:])
        if self.event_shape != taken:
            raise ValueError(
                f"`generator` makes examples of shape {self.event_shape}, but "
                f"`discriminator` takes {taken}. They must be the same."
            )
        if len(generator.inputs) != len(discriminator.inputs):
            raise ValueError(
                "`generator` and `discriminator` must both take a condition, or "
                f"neither. Got {len(generator.inputs)} and "
                f"{len(discriminator.inputs)} inputs."
            )
        self.set_players(
            Player("discriminator", "d_loss", (discriminator,)),
            Player("generator", "g_loss", (generator,)),
        )
        self.average_weights(ema_momentum, generator)

    @classmethod
    def from_config(cls, config):
        return super().from_config(renewed(config))

    def call(self, inputs, training=False):  # noqa: FBT002 (Keras' hook)
        z, condition = self.unpack(inputs, "z")
        return self.generate(z, condition, training=training)

    def generate(self, z, condition, *, training):
        """G(z), or G(z|y): data in their own units, float32."""
        inputs = self.with_condition(z, condition)
        return ops.cast(self.generator(inputs, training=training), "float32")

    def score(self, x, condition, *, training):
        """Logit of D(x), or of D(x|y), float32."""
        inputs = self.with_condition(x, condition)
        return ops.cast(self.discriminator(inputs, training=training), "float32")

    def losses_of(self, turn, data, training):
        (player,) = turn
        x, condition = self.unpack(data)
        z = self.noise(player, (ops.shape(x)[0], self.latent_dim), training=training)
        fake = self.generate(z, condition, training=training)
        if player == "generator":
            fake = self.score(fake, condition, training=training)
            return {"generator": self.objective.generator(fake)}
        real = self.score(x, condition, training=training)
        fake = self.score(ops.stop_gradient(fake), condition, training=training)
        return {"discriminator": self.objective.discriminator(real, fake)}

    @compiled
    def decode(self, z, condition=None):
        """G(z) in inference mode: data in their own units."""
        return self.generate(z, condition, training=False)

    @compiled
    def _draw(self, seed, first, count, condition=None):
        uniform = backend.keyed_uniform(seed, first, count, (self.latent_dim,))
        z = backend.normal_quantile(uniform)
        return self.generate(z, condition, training=False)
