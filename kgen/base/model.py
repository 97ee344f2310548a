"""What the Keras models of kgen have in common."""

from pathlib import Path
from typing import Any

import keras
import numpy as np

from kgen.base import exporting
from kgen.base._train_step_tensorflow import SingleTrainStep
from kgen.base.adam import Adam
from kgen.base.averaging import AveragesWeights
from kgen.base.chunks import FEW
from kgen.core import backend, messages, persistence
from kgen.core.config import ConfigMixin
from kgen.core.state import add_state

# On JAX, Keras' own step is used.
_TrainStep: type = (
    SingleTrainStep if backend.NAME == "tensorflow" else type("KerasStep", (), {})
)


# Arguments of `compile` for models that are trained on targets.
_TARGETS = ("loss", "loss_weights", "metrics", "weighted_metrics")


class GenerativeModel(ConfigMixin, AveragesWeights, _TrainStep, keras.Model):
    """A `keras.Model` that draws samples.

    A subclass implements `sample(n, seed=None, condition=None, ...)`, which returns a
    float32 array of shape (n, *event_shape) in the units of the data; sample i depends
    on the seed and on i, not on n. If it has a density, it also implements `log_prob(x,
    condition=None, ...)`. A model of p(x|y) sets `condition_dim`; its inputs are then
    dicts of "x" and "condition". `save` leaves the old file intact if it fails.
    """

    condition_dim = 0
    """Length of the vectors that it is conditional on; 0 if it is not."""

    def unpack(self, inputs, name="x"):
        """Return data and condition of an input; the condition may be None.

        Args:
            inputs: data alone; for a conditional model a dict with the data under
                `name`, and with "condition", shape (n, condition_dim).
            name: "x" for data, "z" for codes.

        Raises:
            ValueError: if a condition is missing, or given to an unconditional model.
        """
        if not self.condition_dim:
            if isinstance(inputs, dict):
                raise ValueError(
                    f"{type(self).__name__} is not conditional and takes data alone. "
                    f"Got a dict of {sorted(inputs)}."
                )
            return inputs, None
        if not isinstance(inputs, dict) or {name, "condition"} - set(inputs):
            got = type(inputs).__name__
            if isinstance(inputs, dict):
                got = f"a dict of {sorted(inputs)}"
            raise ValueError(
                f"{type(self).__name__} takes {{{name!r}: data, 'condition': vectors "
                f"(n, {self.condition_dim})}}. Got {got}."
            )
        return inputs[name], inputs["condition"]

    def with_condition(self, x, condition):
        """Return the input of a network: x, or a list of both if there is a condition.

        Raises:
            ValueError: if a condition is missing, or given to an unconditional model,
                or its vectors have another length.
        """
        self._check_presence(condition)
        if condition is None:
            return x
        x, condition = map(keras.ops.convert_to_tensor, (x, condition))
        if len(condition.shape) != 2 or condition.shape[-1] != self.condition_dim:
            raise ValueError(
                f"`condition` must have shape (n, {self.condition_dim}). Got "
                f"{condition.shape}."
            )
        return [x, condition]

    def check_condition(self, condition, n: int) -> np.ndarray | None:
        """Return condition vectors as float32 of shape (n, condition_dim), or None.

        Raises:
            ValueError: for shapes other than this and (1, condition_dim); if the
                vectors are missing, or given to an unconditional model.
        """
        self._check_presence(condition, n)
        if condition is None:
            return None
        condition, dim = np.asarray(condition, "float32"), self.condition_dim
        if condition.shape not in ((n, dim), (1, dim)):
            raise ValueError(
                f"`condition` must have shape ({n}, {dim}). Got {condition.shape}."
            )
        return np.broadcast_to(condition, (n, dim))

    def _check_presence(self, condition, n="n"):
        owner, dim = type(self).__name__, self.condition_dim
        if condition is None and dim:
            raise ValueError(f"{owner} needs a `condition` of shape ({n}, {dim}).")
        if condition is not None and not dim:
            raise ValueError(f"{owner} is not conditional and takes no `condition`.")

    traced: Any = {}
    """Functions of `fit`, by number of steps; see `kgen.base.execution`."""

    owner_entry: Any = None
    """Function that returns what files hold about the estimator it belongs to."""

    def compile(
        self,
        optimizer="rmsprop",
        loss=None,
        loss_weights=None,
        metrics=None,
        weighted_metrics=None,
        **kwargs,
    ):
        """Configure training as Keras does, except for losses and metrics.

        Args:
            optimizer: see `keras.Model.compile`.
            loss: must be None: the model has its own.
            loss_weights: must be None.
            metrics: must be None: there are no targets.
            weighted_metrics: must be None.
            **kwargs: see `keras.Model.compile`.

        Raises:
            ValueError: if a loss or metrics are given.
        """
        given = (loss, loss_weights, metrics, weighted_metrics)
        for name, value in zip(_TARGETS, given, strict=True):
            if value is not None:
                raise messages.no_targets(type(self).__name__, name, value)
        super().compile(Adam() if optimizer == "adam" else optimizer, **kwargs)
        self.traced = {}

    def compile_from_config(self, config):
        config = keras.saving.deserialize_keras_object(config)
        # In files of old versions there may be a loss, which was not used.
        self.compile(**{k: part for k, part in config.items() if k not in _TARGETS})
        self.build_optimizers()

    def save(self, filepath, overwrite=True, **kwargs):  # noqa: FBT002 (Keras' own)
        """Save as Keras does; a `.keras` file is replaced only once it is complete.

        The file of an estimator's model is also one of the estimator: use `kgen.load`.
        """
        path = Path(filepath)
        keeps = path.is_file() and not overwrite
        if (
            path.suffix != ".keras"
            or path.is_dir()
            or keeps
            or not path.parent.is_dir()
        ):
            super().save(filepath, overwrite=overwrite, **kwargs)
            return
        entry = self.owner_entry and self.owner_entry()
        with persistence.atomic(path) as written:
            backend.outside_strategy(super().save, written, **kwargs)
            if entry:
                persistence.append(written, entry)

    input_name = "x"
    """What `call` takes: "x", data, or "z", codes."""

    def export(
        self,
        filepath,
        format="tf_saved_model",
        verbose=None,
        input_signature=None,
        **kwargs,
    ):
        """Write an artifact for inference, as Keras does; it runs without kgen.

        A SavedModel, the default, has an endpoint `serve`, the model's `call`, and one
        for whatever else the model can do, in float32 and data units:

        - `log_prob(x)`, `encode(x)`, `decode(z)`: see the methods;
        - `sample(n, seed)`, where n is an int32 and seed an int64 tensor: example i
          depends on the seed and on i. The examples follow the model's distribution,
          but may differ from those that the method `sample` draws with this seed.

        In a conditional model, each takes a further argument: condition vectors (n,
        condition_dim).

        Args:
            filepath: folder to write.
            format: see `keras.Model.export`; other formats have `serve` only.
            verbose: whether to print the endpoints; None prints them.
            input_signature: signature of `serve`; None is that of the data.
            **kwargs: see `keras.Model.export`.
        """
        if format == "tf_saved_model" and backend.NAME == "tensorflow":
            exporting.export(self, filepath, verbose, input_signature, **kwargs)
        else:
            input_signature = input_signature or exporting.signature(self)
            super().export(filepath, format, verbose, input_signature, **kwargs)

    def _maybe_symbolic_build(self, iterator=None, data_batch=None):
        """Do nothing if everything is built.

        Keras' own method averages over the parts of a batch, which fails if replicas
        have different numbers of examples.
        """
        if self.built:
            with self.distribute_strategy.scope():
                self.build_optimizers()
        parts = [self, self.optimizer, *self.metrics]
        if not all(getattr(part, "built", True) for part in parts):
            super()._maybe_symbolic_build(iterator, data_batch)

    def add_counter(self, name):
        """Add an integer that is saved with the weights and shared by all replicas."""
        return add_state(self, name, dtype="int32")

    def weighted(self, losses, sample_weight=None):
        """Losses of examples, (n,), times their weights, (n,) or (n, 1) of any dtype.

        Raises:
            ValueError: for weights of another shape, such as one for every pixel.
        """
        if sample_weight is None:
            return losses
        weights = keras.ops.cast(sample_weight, losses.dtype)
        if len(weights.shape) == 2 and weights.shape[1] == 1:
            weights = weights[:, 0]
        if len(weights.shape) != 1:
            raise messages.wrong_loss_weights(tuple(weights.shape))
        return losses * weights

    def add_number(self, name, value):
        """Add a float32 that training reads, and that callbacks can set.

        It is saved with the weights. Files written before the model had it leave it
        as it is.
        """
        constant = keras.initializers.Constant(value)
        return add_state(self, name, initializer=constant)

    def with_penalties(self, loss, networks=None):
        """Add the losses of layers in the model, or in some of its networks."""
        for network in networks or (self,):
            for penalty in network.losses:
                loss = loss + keras.ops.cast(penalty, "float32")
        return loss

    def training_variables(self) -> list:
        """All variables that training changes: weights, statistics, optimizers."""
        own = [] if self.optimizer is None else self.optimizer.variables
        return [*self.weights, *own]

    rows = FEW
    """Rows that `encode`, `decode` and `sample` compute at once, fixed for a model."""

    players: Any = {}  # see `PlayersModel`

    def optimizer_list(self) -> list:
        """Optimizers the model was compiled with, one for each player."""
        if self.players:
            return list(self.optimizers.values())
        return [self.optimizer] if self.optimizer is not None else []

    def build_optimizers(self) -> None:
        """Create the optimizers' variables: for some, inside `fit` is too late."""
        needed = self.optimizer is not None and not self.optimizer.built
        if needed and self.built:
            self.optimizer.build(self.trainable_variables)
