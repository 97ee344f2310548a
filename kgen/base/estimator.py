"""The scikit-learn side: what every estimator does around its Keras model."""

import os
import typing
from typing import Any, ClassVar, Self

import keras
import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from kgen.base import inputs, training
from kgen.base.fields import collect_fields, estimators, param
from kgen.core import backend, messages, persistence, precision, replicas, validation
from kgen.core.random import new_seed, seed_scope
from kgen.data.sources import ArraySource, StreamSource, with_channel
from kgen.data.summary import Summary, summarise


@typing.dataclass_transform(
    kw_only_default=True, eq_default=False, field_specifiers=(param,)
)
class GenerativeEstimator(BaseEstimator):
    """Base of all estimators: fit, sample, save.

    A subclass adds fields and implements

    - `build_model(event_shape)`: an uncompiled model for examples of that
      shape, (features,) or (height, width, channels), in the dtype policy
      `self.policy_`;
    - `_adapt(summary)`: what to read from the training data before that.

    Args:
        epochs: passes over the data, >= 1.
        batch_size: examples in a training step, >= 1.
        learning_rate: step size of the optimizer, > 0.
        optimizer: name or instance of a Keras optimizer; an instance is copied for
            every fit and keeps its own learning rate.
        precision: name of a Keras dtype policy. "auto" is mixed_bfloat16 or
            mixed_float16 on GPUs that are quick at it, float32 elsewhere.
        jit_compile: whether XLA compiles training steps; "auto" leaves it to Keras
            (NADE's it compiles, and its density). False also leaves it out of
            incremental samplers.
        warm_start: go on training in `fit` where the last one ended.
        verbose: 0 is silent, 1 shows progress bars, 2 a line per epoch.
        random_state: None, int or RandomState. The same int gives the same fit.
    """

    epochs: int = param(10, ge=1)
    batch_size: int = param(64, ge=1)
    learning_rate: float = param(1e-3, gt=0)
    optimizer: str | keras.optimizers.Optimizer = param("adam")
    precision: str = param("auto")
    jit_compile: bool | str = param("auto", choices=("auto", True, False))
    warm_start: bool = param(False)
    verbose: int = param(0, choices=(0, 1, 2))
    random_state: Any = param(None)

    _ranks: ClassVar[tuple[int, ...]] = (2, 3, 4)
    # Whether examples are sequences, which may differ in length from those in fit.
    _any_length: ClassVar[bool] = False
    # A loop of many small operations: "auto" means XLA, where functions are compiled.
    _loops: ClassVar[bool] = False
    _optimizer_options: ClassVar[dict[str, dict]] = {}

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        collect_fields(cls)

    def build_model(self, event_shape: tuple[int, ...]) -> Any:
        """Build the Keras model for examples of that shape."""
        raise NotImplementedError

    def _adapt(self, summary: Summary) -> None:
        raise NotImplementedError

    @property
    def _batches_per_step(self) -> int:
        """Batches that one training step uses up."""
        return 1

    def fit(
        self,
        X: Any,
        y: Any = None,
        *,
        validation_data: Any = None,
        callbacks: Any = (),
        backup_dir: str | os.PathLike | None = None,
    ) -> Self:
        """Train on X.

        Args:
            X: array of shape (n, features), (n, height, width) or (n, height, width,
                channels); or a finite `tf.data.Dataset` or `keras.utils.PyDataset`
                that yields batches x, (x, y) or {"x": x, "condition": y}.
            y: labels (n,) or condition vectors (n, k) for conditional estimators,
                ignored by the others.
            validation_data: X, (X, y) or a dataset, evaluated after every epoch.
            callbacks: Keras callbacks: none, one, or a list.
            backup_dir: folder for a backup after every epoch, from which the same
                call takes an interrupted fit up again; emptied when the fit ends.

        Returns:
            The estimator itself, with `model_`, `history_` and `event_shape_`.

        Raises:
            ValueError: for data or hyper-parameters that cannot work, before training.
            TypeError: for a hyper-parameter of the wrong type.
            FloatingPointError: if the loss is no longer a finite number.
        """
        backend.need_tensorflow(f"{type(self).__name__}.fit")
        validation.check_params(self)
        former, weights = dict(vars(self)), []
        if self._continues():
            weights = training.snapshot(self.model_)
        keeper = training.KeepEpoch(self)
        try:
            callbacks = keras.tree.flatten(callbacks or [])
            self._fit(X, y, validation_data, callbacks, backup_dir, keeper)
        except BaseException as problem:
            if not (isinstance(problem, KeyboardInterrupt) and keeper.rewind()):
                self.__dict__.clear()
                self.__dict__.update(former)
                for variable, value in weights:
                    variable.assign(value)
            raise
        return self

    def _continues(self) -> bool:
        return self.warm_start and hasattr(self, "model_")

    def _fit(self, X, y, validation_data, callbacks, backup_dir, keeper) -> None:
        continues = self._continues()
        if continues and not replicas.made_in_current_strategy(vars(self)["model_"]):
            raise messages.other_strategy(type(self).__name__)
        if not continues:
            for name in [name for name in vars(self) if name.endswith("_")]:
                delattr(self, name)
        source = self._source(X, y, reset=not continues)
        held_out = None
        if validation_data is not None:
            X, y = inputs.split_validation(validation_data)
            held_out = self._source(X, y, reset=False)
        if not continues:
            self.seed_ = replicas.agreed(new_seed(self.random_state))
            self.policy_ = precision.resolve(self.precision)
            self.history_: dict[str, list[float]] = {}
            with seed_scope(self.seed_):
                self.model_ = self.build_model(self._model_shape())
                if not self.model_.built:
                    self.model_.build((None, *self._model_shape()))
                self._compile()
        elif isinstance(self.optimizer, str):
            for optimizer in self.model_.optimizer_list():
                optimizer.learning_rate = float(self.learning_rate)
        first = training.epochs_in(self.history_)
        last = first + int(self.epochs)
        callbacks = [training.StopOnNaN(type(self).__name__), *callbacks, keeper]
        if backup_dir is not None:
            backup = training.Backup(self, backup_dir)
            first = backup.restore(first, last)
            callbacks.append(backup)
        if first < last:
            size = int(self.batch_size) * self._batches_per_step
            self.model_.fit(
                source.batches(size, self.seed_, first),
                initial_epoch=first,
                epochs=last,
                steps_per_epoch=source.steps(size),
                validation_data=held_out and held_out.batches(size),
                shuffle=False,  # the source shuffles, with our seed
                verbose=int(self.verbose),
                callbacks=callbacks,
            )
        if backup_dir is not None:
            backup.remove()

    def _compile(self) -> None:
        optimizer = self.optimizer
        if isinstance(optimizer, str):
            optimizer = training.named_optimizer(
                optimizer, self.learning_rate, self._optimizer_options
            )
        else:
            optimizer = type(optimizer).from_config(optimizer.get_config())
        self._compile_model(optimizer)
        self.model_.build_optimizers()

    def _compile_model(self, optimizer: keras.optimizers.Optimizer) -> None:
        jit_compile = self.jit_compile
        if self._loops and jit_compile == "auto":
            jit_compile = backend.can_compile()
        self.model_.compile(optimizer, jit_compile=jit_compile)

    def _source(self, X: Any, y: Any, *, reset: bool) -> ArraySource | StreamSource:
        """Check training data, and read from them what the model has to know."""
        owner = type(self).__name__
        source = inputs.source_of(self, X, self._ranks, reset=reset)
        summary = summarise(source.chunks(), owner, sequences=self._any_length)
        inputs.check_rank(owner, (summary.count, *summary.event_shape), self._ranks)
        if reset:
            self.event_shape_ = summary.event_shape
            self.dtype_ = summary.dtype
            self.discrete_ = summary.discrete
            if len(self.event_shape_) == 1 and not self._any_length:
                self.n_features_in_ = self.event_shape_[0]
            self._adapt(summary)
        else:
            self._check_known(summary)
        self._attach_conditions(source, y, reset=reset)
        return source

    def _attach_conditions(self, source: Any, y: Any, *, reset: bool) -> None:
        """Nothing: y is ignored, unless a `ConditionalMixin` stands before."""

    def _check_known(self, summary: Summary) -> None:
        """Raise a ValueError for data of another shape than in fit."""
        skip = int(self._any_length)
        if summary.event_shape[skip:] != self.event_shape_[skip:]:
            raise messages.other_shape(
                type(self).__name__, summary.event_shape, self.event_shape_
            )

    def _inputs(self, X: Any) -> np.ndarray:
        """Checked data as the model takes them."""
        check_is_fitted(self)
        x = inputs.check_x(self, X, self._ranks, reset=False)
        sequences = self._any_length
        chunks = ArraySource(x).chunks()
        self._check_known(summarise(chunks, type(self).__name__, sequences=sequences))
        return x.astype("float32").reshape(with_channel(x.shape, sequences=sequences))

    def _model_shape(self) -> tuple[int, ...]:
        shape = (None, *self.event_shape_)
        return with_channel(shape, sequences=self._any_length)[1:]

    def _outputs(self, x: np.ndarray) -> np.ndarray:
        """Model samples as data like the training data: shape, dtype, integers."""
        x = np.asarray(x, "float64")
        if x.ndim - 1 > len(self.event_shape_):
            x = x[..., 0]
        if self.discrete_:
            x = np.rint(x)
        if self.dtype_.kind == "b":
            x = np.clip(x, 0, 1)
        elif self.dtype_.kind in "iu":
            limits = np.iinfo(self.dtype_)
            # The largest float64 below max + 1, which for 64 bits is below max, too.
            x = np.clip(x, limits.min, np.nextafter(float(limits.max) + 1, 0))
        return x.astype(self.dtype_)

    def _draw(self, n_samples, y, random_state, **options) -> np.ndarray:
        """What `sample` does, in every family."""
        check_is_fitted(self)
        if n_samples is not None:
            n_samples = validation.check_count("n_samples", n_samples)
        seed = new_seed(random_state)
        n, condition = self._conditions_to_draw(n_samples, y, seed)
        if condition is not None:
            options["condition"] = condition
        return self._outputs(self.model_.sample(n, seed=seed, **options))

    def _conditions_to_draw(self, n, y, seed) -> tuple[int, np.ndarray | None]:
        """How many to draw, and the condition of each; see `ConditionalMixin`."""
        if y is not None:
            raise messages.unwanted_y(type(self).__name__)
        return 1 if n is None else n, None

    def _conditions_of(self, n: int, y: Any, method: str) -> np.ndarray | None:
        """The condition of each of n examples: none here, see `ConditionalMixin`."""
        return None

    def save(self, path: str | os.PathLike) -> None:
        """Write the fitted estimator to one file, without pickle.

        `kgen.load` reads the estimator back, `keras.saving.load_model` its model. If
        writing fails, the file that was there before stays whole.

        Args:
            path: where to, usually ending in ".keras".
        """
        check_is_fitted(self)
        if estimators.name_of(type(self)) != type(self).__name__:
            raise messages.unregistered(type(self).__name__)
        fitted = {k: v for k, v in vars(self).items() if k.endswith("_")}
        fitted.pop("model_")
        facts = {"class": type(self).__name__, "params": self.get_params(deep=False)}
        persistence.write(path, self.model_, {**facts, "fitted": fitted})

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = 2 in self._ranks and not self._any_length
        tags.input_tags.three_d_array = 3 in self._ranks
        return tags


collect_fields(GenerativeEstimator)
