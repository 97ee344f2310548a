"""The Keras model of generative adversarial networks.

    D and G play the game  min over G, max over D  of
        V(D, G) = E over x of log D(x)  +  E over z of log(1 - D(G(z)))        (eq. 1)

References:
    Goodfellow et al., Generative Adversarial Nets, 2014. https://arxiv.org/abs/1406.2661
    Mirza and Osindero, Conditional Generative Adversarial Nets, 2014 (conditions).
    https://arxiv.org/abs/1411.1784
"""

from keras import ops

from kgen.adversarial.augmentation import NUMBERS, augment, changes
from kgen.base.chunks import largest_layer
from kgen.base.drawing import DrawsAtOnce
from kgen.base.joint_optimizer import steps_taken
from kgen.base.players import Player, PlayersModel
from kgen.core import backend, messages, validation
from kgen.core.backend import compiled, register
from kgen.core.sizes import rows_at_once
from kgen.layers.scaling import renewed
from kgen.networks import growing_layers
from kgen.objectives import discriminator_loss, objectives

# Radford et al., 2016, sec. 4: the usual beta_1 of 0.9 makes training oscillate. Their
# learning rate of 2e-4 takes longer, and averages of weights calm a larger one.
ADAM = {"learning_rate": 1e-3, "beta_1": 0.5}


_BOTH = ("discriminator", "generator")


@register
class GANModel(DrawsAtOnce, PlayersModel):
    """Keras model behind `GAN`, `ConditionalGAN` and `WGAN`.

    Args:
        generator: `keras.Model` from codes (n, latent_dim) to data in their own units;
            in a conditional model, from [codes, conditions (n, condition_dim)].
        discriminator: `keras.Model` from data in their own units (or [data,
            conditions]) to logits (n, 1), large for real data.
        objective: name or instance of a `kgen.objectives.Objective`.
        seed: seed of the noise; None draws one from NumPy's global state.
        ema_momentum: largest momentum of the moving averages of the generator's
            weights, in [0, 1), or None for no averages: see `kgen.base.averaging`.
        simultaneous: whether both players learn from the same samples at once, each
            against the other's previous weights, instead of one after the other.
        instance_noise: standard deviation of the normal noise added to all that the
            discriminator sees in training, real and fake, in units of `unit`, >= 0.
        noise_steps: steps of the generator over which that noise fades linearly to
            nothing, >= 1.
        augmentation: random changes of all images that the discriminator sees in
            training, as comma-separated names: see `kgen.adversarial.augment`.
        middle: middle of the data's range, one number or one per feature.
        unit: half of the data's range, likewise: the unit of penalties and noise.
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
        simultaneous=False,  # noqa: FBT002 (a setting, as in Keras)
        instance_noise=0.0,
        noise_steps=10_000,
        augmentation=None,
        middle=0.0,
        unit=1.0,
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
        check, self.simultaneous = validation.check_number, bool(simultaneous)
        self.instance_noise = check(self, "instance_noise", instance_noise, ge=0)
        self.noise_steps = validation.check_setting(
            self, "noise_steps", noise_steps, ge=1
        )
        self.augmentation = augmentation
        self.changes = changes(augmentation, self.event_shape)
        self.middle, self.unit = middle, unit
        steps = {
            layer.growth_steps for layer in growing_layers(generator, discriminator)
        }
        if len(steps) > 1:
            raise messages.growing_apart(steps)
        self.set_players(
            Player("discriminator", "d_loss", (discriminator,)),
            Player("generator", "g_loss", (generator,)),
            turns=(_BOTH,) if self.simultaneous else None,
            reports=self.objective.reports(),
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
        x, condition = self.unpack(data)
        n, player = ops.shape(x)[0], turn[0]
        z = self.noise(player, (n, self.latent_dim), training=training)
        fake = self.generate(z, condition, training=training)
        fake = self._seen(fake, player, 1, training=training)

        def score(x):
            return self.score(x, condition, training=training)

        if player == "generator":
            return {player: self.objective.generator(score(fake))}
        x = ops.cast(x, "float32")
        for layer in growing_layers(self.discriminator):
            x = layer.as_drawn(x)
        x = self._seen(x, player, 2, training=training)
        if not self.simultaneous:
            fake = ops.stop_gradient(fake)

        def mix():
            shape = (n, *[1] * len(self.event_shape))
            options = {"training": training, "stream": 5, "uniform": True}
            return self.noise(player, shape, **options)

        loss, real_logits, fake_logits = discriminator_loss(
            self.objective, score, x, fake, mix, self.unit
        )
        found = {player: loss, **self.objective.report(real_logits, fake_logits)}
        if self.simultaneous:
            found["generator"] = self.objective.generator(fake_logits)
        return found

    def _seen(self, x, player, stream, *, training):
        """Examples as the discriminator sees them; streams are two apart."""
        if not training:
            return x
        n, middle, unit = ops.shape(x)[0], self.middle, self.unit
        if self.changes:
            options = {"training": training, "stream": stream, "uniform": True}
            uniform = self.noise(player, (n, NUMBERS), **options)
            x = augment(x, self.changes, uniform, middle, unit)
        if self.instance_noise:
            shape = (n, *self.event_shape)
            noise = self.noise(player, shape, training=training, stream=stream + 2)
            step = ops.cast(steps_taken(self.optimizers["generator"]), "float32")
            left = ops.maximum(1.0 - step / self.noise_steps, 0.0)
            noise = noise * ops.convert_to_tensor(unit, "float32")
            x = x + self.instance_noise * left * noise
        return x

    def after_step(self, player):
        if player == "discriminator":
            self.objective.constrain(self.variables_of(player))
        else:
            for layer in growing_layers(self.generator, self.discriminator):
                layer.grow()

    @compiled
    def decode(self, z, condition=None):
        """G(z) in inference mode: data in their own units."""
        return self.generate(z, condition, training=False)

    @compiled
    def _draw(self, seed, first, count, condition=None):
        uniform = backend.keyed_uniform(seed, first, count, (self.latent_dim,))
        z = backend.normal_quantile(uniform)
        return self.generate(z, condition, training=False)
