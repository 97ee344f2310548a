"""Models in which several players learn, each with its own loss and optimizer.

Two players make a GAN. An autoencoder and a critic of its codes make an AAE. An
encoder, a decoder and a discriminator make a VAE/GAN.
"""

import dataclasses
from typing import Any

import keras

from kgen.base._train_step_tensorflow import PlayersTrainStep
from kgen.base.adam import Adam
from kgen.base.joint_optimizer import JointOptimizer, steps_taken
from kgen.base.model import GenerativeModel
from kgen.base.training import copy_of
from kgen.core import backend, validation
from kgen.core.random import as_seed
from kgen.core.replicas import unscaled


@dataclasses.dataclass(frozen=True)
class Player:
    """A part of a model that learns from its own loss.

    Attributes:
        name: name of the player in `compile` and `losses_of`.
        log: name of its loss in logs and history.
        networks: models or layers whose weights it trains, at least one.
    """

    name: str
    log: str
    networks: tuple[Any, ...]

    @property
    def variables(self):
        """Weights that it trains."""
        return [v for network in self.networks for v in network.trainable_variables]


class PlayersModel(PlayersTrainStep, GenerativeModel):
    """Base of the models whose networks learn from different losses.

    A subclass calls `set_players` at the end of its `__init__`, and implements

    - `losses_of(turn, data, training)`, which returns a dict with the loss of every
      player of the turn, a scalar, under the player's name; further entries are
      reported, under the names passed to `set_players` as `reports`;
    - `call` and `sample`;
    - `after_step(player)`, if anything is to be done after a player's step.

    `noise(player, shape, training=...)` returns random numbers for the losses.

    Args:
        seed: seed of the noise; None draws one from NumPy's global state.
        **kwargs: see `keras.Model`.
    """

    default_optimizer: dict[str, Any] = {}
    """Settings of the Adam that `optimizer="adam"` stands for; Keras' if empty."""

    def __init__(self, seed=None, **kwargs):
        backend.need_tensorflow(type(self).__name__)
        # Keras must not cast: 16-bit floats are too coarse for data in their own units.
        super().__init__(autocast=False, **kwargs)
        self.seed = as_seed(seed)
        self.optimizers = {}
        self.norms = {}
        self.gradient_norms = False

    def set_players(self, *players, turns=None, reports=()):
        """Declare the players.

        Args:
            *players: each a `Player`.
            turns: tuples of players' names, in the order of their turns; the players
                of a tuple share a forward pass. None gives each player a turn.
            reports: names of further scalars that `losses_of` returns.

        Raises:
            ValueError: if two players or reports share a name in the logs, or a player
                has no turn or several turns.
        """
        self.players = {player.name: player for player in players}
        self.turns = turns or tuple((player.name,) for player in players)
        moving = [name for turn in self.turns for name in turn]
        if sorted(moving) != sorted(self.players):
            raise ValueError(
                f"Every player needs one turn. Players: {list(self.players)}. Turns: "
                f"{self.turns}, each of which must be a tuple of names."
            )
        logs = [*(player.log for player in players), *reports]
        if len(set(logs)) < len(logs) or len(self.players) < len(players):
            raise ValueError(f"Two players, or two reports, share one name: {logs}.")
        self.trackers = {name: keras.metrics.Mean(name=name) for name in logs}
        self.steps = dict.fromkeys(self.players, 1)
        self.built = True

    def losses_of(self, turn, data, training):
        """Losses of the players of a turn: see the class."""
        raise NotImplementedError

    def after_step(self, player):
        """Do something after a player's step, such as clip or average its weights."""

    def variables_of(self, player):
        """Weights that a player trains."""
        return self.players[player].variables

    def noise(self, player, shape, *, training, stream=0, uniform=False):
        """Standard normal noise for a batch, in a compiled model.

        It is fresh in every training step of the player, and in every batch of an
        evaluation; the next evaluation gets the same noise again.

        Args:
            player: name of the player whose step it is.
            shape: shape of the noise, (n, ...).
            training: whether this is a training step.
            stream: integer >= 0; use another one for further noise in the same step.
            uniform: whether the noise is uniform in (0, 1) instead.
        """
        if training:
            step = steps_taken(self.optimizers[player])
        else:
            step = -1 - self.optimizer.evaluated
        key = self.seed + list(self.players).index(player) + stream * len(self.players)
        draw = backend.stateless_uniform if uniform else backend.stateless_normal
        return draw(shape, (key, step))

    @property
    def metrics(self):
        """The players' losses; unlike other models, there is no single loss."""
        return [*self.trackers.values(), *self.norms.values()]

    def reset_metrics(self):
        super().reset_metrics()
        if self.optimizer is not None:
            self.optimizer.evaluated.assign(0)

    @property
    def optimizer(self):
        """All optimizers as one, for Keras and its callbacks; None before `compile`."""
        return getattr(self, "_optimizer", None)

    @optimizer.setter
    def optimizer(self, value):
        if not isinstance(value, JointOptimizer):
            raise AttributeError("Set the players' optimizers with `compile`.")
        self._optimizer = value

    def compile(
        self,
        optimizer="adam",
        steps=None,
        run_eagerly=False,  # noqa: FBT002 (Keras' own)
        steps_per_execution=1,
        jit_compile="auto",
        gradient_norms=False,  # noqa: FBT002 (an option, like Keras' own)
    ):
        """Configure training.

        Args:
            optimizer: name or instance of a Keras optimizer, copied for every player;
                or a dict from players to optimizers.
            steps: dict from players to steps per batch, >= 1; 1 for those left out.
                Players that share a turn take their steps together.
                The batch is cut into as many parts as the longest turn has steps, so
                that every step sees different examples (Goodfellow et al., 2014,
                algorithm 1).
            run_eagerly: see `keras.Model.compile`.
            steps_per_execution: see `keras.Model.compile`.
            jit_compile: see `keras.Model.compile`.
            gradient_norms: whether to report the norms of the players' gradients.
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
        self._report_norms(gradient_norms)
        shared = "adam" if isinstance(optimizer, dict) else optimizer
        self.steps = self._steps_by_turn(steps or {})
        self.optimizers = {
            player: self._wrapped(player, self._fresh(given.get(player, shared)))
            for player in self.players
        }
        joint = JointOptimizer(
            (self.players[name], own) for name, own in self.optimizers.items()
        )
        super().compile(optimizer=joint, auto_scale_loss=False, **self._settings)

    def _report_norms(self, wanted):
        self.gradient_norms = bool(wanted)
        logs = {name: player.log for name, player in self.players.items()}
        self.norms = {
            name: keras.metrics.Mean(name=log.removesuffix("_loss") + "_gradient_norm")
            for name, log in (logs.items() if wanted else ())
        }

    def _steps_by_turn(self, steps):
        found = {}
        for turn in self.turns:
            counts = {steps[player] for player in turn if player in steps} or {1}
            if len(counts) > 1:
                raise ValueError(
                    f"The players {turn} share a turn: `steps` must be the same for "
                    f"them. Got {steps}."
                )
            found |= dict.fromkeys(turn, counts.pop())
        return found

    def _check_players(self, given):
        unknown = [name for name in given if name not in self.players]
        if unknown:
            raise ValueError(
                f"{type(self).__name__} has no player {unknown}. Its players are "
                f"{list(self.players)}."
            )

    def _fresh(self, optimizer):
        """A fresh optimizer: players must not share moments."""
        if optimizer == "adam":
            return Adam(**self.default_optimizer)
        return copy_of(keras.optimizers.get(optimizer))

    def _wrapped(self, player, optimizer):
        # Callbacks log its learning rate under its name.
        unscaled(optimizer).name = player
        # Keras does this for the one optimizer it knows about. Without it, small
        # gradients vanish in float16.
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
        return {
            **self._settings,
            "optimizer": optimizers,
            "steps": dict(self.steps),
            "gradient_norms": self.gradient_norms,
        }

    def compile_from_config(self, config):
        optimizers = {
            player: keras.saving.deserialize_keras_object(optimizer)
            for player, optimizer in config["optimizer"].items()
        }
        self.compile(**{**config, "optimizer": optimizers})
        self.build_optimizers()

    def tracked(self):
        """Means since the epoch began. There is no single loss to add."""
        return {tracker.name: tracker.result() for tracker in self.metrics}
