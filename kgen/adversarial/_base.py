"""Models that several players train, each with a loss and an optimizer of its own."""

import keras

from kgen.adversarial._train_step_tensorflow import AlternatingTrainStep
from kgen.base.chunks import draw_in_chunks
from kgen.base.model import GenerativeModel, iterations
from kgen.core import backend, validation
from kgen.core.backend import compiled
from kgen.core.random import as_seed


class AdversarialModel(AlternatingTrainStep, GenerativeModel):
    """A game of networks.

    A subclass sets `players`, the names of its networks in the order in which they
    move, `latent_dim` and `event_shape`, and implements `loss_of(player, data,
    training)`, a scalar; `call`, from codes to data in their own units; and `sample`,
    by `_sample`. `self.noise(player, n, training=training)` gives it codes.

    Args:
        seed: seed of the noise; None draws one from NumPy's global state.
        **kwargs: see `keras.Model`.
    """

    players: tuple[str, ...] = ()

    def __init__(self, seed=None, **kwargs):
        backend.need_tensorflow(type(self).__name__)
        # Not by Keras: 16-bit floats are too coarse for data in their own units.
        super().__init__(autocast=False, **kwargs)
        self.seed = as_seed(seed)
        self.trackers = {
            player: keras.metrics.Mean(name=f"{player[0]}_loss")
            for player in self.players
        }
        self.optimizers = {}
        self.steps = dict.fromkeys(self.players, 1)
        self.built = True

    def variables_of(self, player):
        """Weights that a player learns."""
        return getattr(self, player).trainable_variables

    def noise(self, player, n, *, training):
        """Codes from the prior, standard normal, (n, latent_dim).

        Fresh in every training step, the same in every evaluation.
        """
        step = iterations(self.optimizers[player]) if training else -1
        stream = self.seed + self.players.index(player)
        return backend.stateless_normal((n, self.latent_dim), (stream, step))

    @property
    def metrics(self):
        """The players' losses; the single loss of other models is not among them."""
        return list(self.trackers.values())

    @property
    def optimizer(self):
        """All optimizers as one, for callbacks that set a learning rate."""
        return _Together(self.optimizer_list()) if self.optimizer_list() else None

    @optimizer.setter
    def optimizer(self, value):
        if value is not None:
            raise AttributeError("Give a game its optimizers by `compile`.")

    def compile(
        self,
        optimizer="adam",
        steps=None,
        run_eagerly=False,  # noqa: FBT002 (Keras' own)
        steps_per_execution=1,
        jit_compile="auto",
    ):
        """Configure training.

        Args:
            optimizer: name or instance of a Keras optimizer, of which every player
                gets a copy, or a dict from players to such. "adam" is that of the
                DCGAN paper: learning rate 2e-4, beta_1 0.5.
            steps: dict from players to steps per batch, >= 1; 1 for those left out.
                The batch is cut into as many parts as the longest turn has steps, so
                that every step sees examples of its own (Goodfellow et al., 2014,
                algorithm 1).
            run_eagerly: see `keras.Model.compile`.
            steps_per_execution: see `keras.Model.compile`.
            jit_compile: see `keras.Model.compile`.
        """
        given = optimizer if isinstance(optimizer, dict) else {}
        self._check_players(given)
        self._check_players(steps or {})
        for player, count in (steps or {}).items():
            validation.check_setting("compile", f"steps[{player!r}]", count, ge=1)
        self._settings = {
            "run_eagerly": run_eagerly,
            "steps_per_execution": steps_per_execution,
            "jit_compile": jit_compile,
        }
        super().compile(optimizer=None, **self._settings)
        shared = "adam" if isinstance(optimizer, dict) else optimizer
        self.steps = {p: (steps or {}).get(p, 1) for p in self.players}
        self.optimizers = {
            player: self._wrapped(_copy(given.get(player, shared)))
            for player in self.players
        }

    def _check_players(self, given):
        unknown = [name for name in given if name not in self.players]
        if unknown:
            raise ValueError(
                f"{type(self).__name__} has no player {unknown}. Its players are "
                f"{list(self.players)}."
            )

    def _wrapped(self, optimizer):
        # Keras does this for the one optimizer it knows of. Without it small gradients
        # vanish in float16.
        scaled = isinstance(optimizer, keras.optimizers.LossScaleOptimizer)
        if self.dtype_policy.name == "mixed_float16" and not scaled:
            return keras.optimizers.LossScaleOptimizer(optimizer)
        return optimizer

    def get_compile_config(self):
        if not self.compiled:
            return {}
        optimizers = {
            player: keras.saving.serialize_keras_object(optimizer)
            for player, optimizer in self.optimizers.items()
        }
        return {**self._settings, "optimizer": optimizers, "steps": dict(self.steps)}

    def compile_from_config(self, config):
        optimizers = {
            player: keras.saving.deserialize_keras_object(optimizer)
            for player, optimizer in config["optimizer"].items()
        }
        self.compile(**{**config, "optimizer": optimizers})
        self.build_optimizers()

    def build_optimizers(self):
        for player, optimizer in self.optimizers.items():
            if not optimizer.built:
                optimizer.build(self.variables_of(player))

    def optimizer_list(self):
        return list(self.optimizers.values())

    def tracked(self):
        """Means since the epoch began. A game has no single loss to add to them."""
        return {tracker.name: tracker.result() for tracker in self.trackers.values()}

    @compiled
    def generate(self, inputs):
        """Data in their own units, in inference mode."""
        return self(inputs, training=False)

    def _sample(self, n, seed, *conditions):
        def draw(noise, *conditions):
            z = backend.normal_quantile(noise)
            return self.generate([z, *conditions] if conditions else z)

        return draw_in_chunks(draw, n, seed, self.latent_dim, *conditions)


class _Together:
    """The learning rate of several optimizers; setting it sets it for all."""

    def __init__(self, optimizers):
        self._optimizers = optimizers

    @property
    def built(self):
        return all(optimizer.built for optimizer in self._optimizers)

    @property
    def learning_rate(self):
        return self._optimizers[0].learning_rate

    @learning_rate.setter
    def learning_rate(self, value):
        for optimizer in self._optimizers:
            optimizer.learning_rate = value


def _copy(optimizer):
    """A fresh optimizer: players must not share moments."""
    if optimizer == "adam":
        return keras.optimizers.Adam(2e-4, beta_1=0.5)
    optimizer = keras.optimizers.get(optimizer)
    return type(optimizer).from_config(optimizer.get_config())
