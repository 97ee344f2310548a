"""The base of all estimators: scikit-learn's API around a Keras model."""

import os
from typing import Any, ClassVar, Self, dataclass_transform

import keras
import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from kgen.base import files, fitting, inputs
from kgen.base.chunks import check_room, finished
from kgen.base.conditional import TakesConditions
from kgen.base.fields import LearningRate, collect_fields, param
from kgen.base.spaces import HasSearchSpace, Range
from kgen.core import backend, messages, validation
from kgen.core.random import new_seed
from kgen.core.strategy import readable
from kgen.data.conditions import Conditions, read_conditions
from kgen.data.frames import Columns, in_dtype, is_frame
from kgen.data.sources import ArraySource, with_channel
from kgen.data.streams import StreamSource
from kgen.data.summary import Summary, check_resolution, summarise


@dataclass_transform(kw_only_default=True, eq_default=False, field_specifiers=(param,))
class GenerativeEstimator(HasSearchSpace, TakesConditions, BaseEstimator):
    """Base of all estimators: fit, sample, save.

    A final estimator adds fields (`name: type = param(default, limits)`) and implements
    `build_model(event_shape)`, which returns an uncompiled model for examples of shape
    (features,) or (height, width, channels), in the dtype policy `self.policy_`. Its
    other bases in `kgen.base` determine what it can do. One of p(x|y) sets `conditional
    = True`, or has such a field; `condition_dim_` is the length of the model's vectors.

    Args:
        epochs: passes over the data, >= 1.
        batch_size: examples in a training step, >= 1.
        learning_rate: step size of the optimizer, > 0; or a schedule of
            `keras.optimizers.schedules`, which counts training steps.
        weight_decay: decoupled weight decay (as in AdamW), >= 0: every training step
            shrinks the weights by this share of them, times the learning rate.
            None leaves it to the optimizer: no decay, except for "adamw".
        optimizer: name or instance of a Keras optimizer; an instance is copied for
            every fit and has its own learning rate and weight decay.
        precision: name of a Keras dtype policy. "auto" is mixed_bfloat16 or
            mixed_float16 on GPUs with fast half precision, float32 elsewhere.
        jit_compile: whether XLA compiles training steps; "auto" leaves it to Keras
            (but compiles those of NADE and NSF, and NADE's density). False also turns
            XLA off in incremental samplers.
        warm_start: whether `fit` resumes training where the last one ended.
        verbose: 0 or False is silent; 1, True or "auto" shows progress bars, also while
            sampling; 2 prints a line per epoch. If output goes to a file, 1 means 2.
        random_state: None, int or RandomState. The same int gives the same fit.
    """

    epochs: int = param(10, ge=1)
    batch_size: int = param(64, ge=1, search=Range(16, 256, log=True, step=2))
    learning_rate: LearningRate = param(1e-3, gt=0, search=Range(1e-4, 2e-2, log=True))
    weight_decay: float | None = param(None, ge=0)
    optimizer: str | keras.optimizers.Optimizer = param("adam")
    precision: str = param("auto")
    jit_compile: bool | str = param("auto", choices=("auto", True, False))
    warm_start: bool = param(False)
    verbose: int | bool | str = param(0, choices=("auto", 0, 1, 2, True, False))
    random_state: Any = param(None)

    _ranks: ClassVar[tuple[int, ...]] = (2, 3, 4)
    # Whether examples are sequences, whose length may differ from that in fit.
    _any_length: ClassVar[bool] = False
    # Whether the loss is a mean over examples, which weights could act on.
    _takes_weights: ClassVar[bool] = False
    # What a fit sets, and its types, for the checks of files.
    _learned: ClassVar[dict[str, Any]] = {
        "event_shape_": tuple,
        "dtype_": np.dtype,
        "discrete_": (bool, np.bool_),
        "history_": dict,
        "seed_": int,
        "policy_": str,
        "params_": dict,
        "n_features_in_": int,
        "conditions_": Conditions,
        "columns_": Columns,
    }
    # Settings of optimizers by name. (Adafactor's epsilon, 1e-30, would underflow.)
    _optimizer_options: ClassVar[dict[str, dict]] = {"adafactor": {"epsilon_1": 1e-16}}
    # Further arguments of the model's `compile`.
    _compile_options: ClassVar[Any] = {}
    # Batches that one training step consumes.
    _batches_per_step: ClassVar[Any] = 1
    # Learning rates of players that differ from `learning_rate`, by their names.
    _own_learning_rates: ClassVar[Any] = {}
    # Whether training loops over small operations: "auto" then means XLA.
    _loops: ClassVar[bool] = False

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        collect_fields(cls)

    def __repr__(self, N_CHAR_MAX: int = 700) -> str:  # noqa: N803 (scikit-learn's)
        params = self.get_params(deep=False)
        shown = type(self)(**{name: readable(value) for name, value in params.items()})
        return super(GenerativeEstimator, shown).__repr__(N_CHAR_MAX)

    def build_model(self, event_shape: tuple[int, ...]) -> Any:
        """Build the Keras model for examples of that shape."""
        raise NotImplementedError

    # Hooks that several bases of one estimator may fill in; they also call `super`'s.

    def _adapt(self, summary: Summary) -> None:
        """Learn from the training data what `build_model` needs."""

    def _check_values(self, summary: Summary) -> None:
        """Raise a ValueError for values that the fitted model cannot learn."""

    def _check_kind(self, summary: Summary) -> None:
        """Raise a ValueError for values of a kind that cannot be scored or encoded."""

    def _review(self, rows: Any) -> None:
        """Warn of a fit that went wrong, given some rows as the model takes them."""

    def _train_further(self, source: Any, held_out: Any, backup_dir: Any) -> None:
        """Train what comes after the model, such as a density of its codes."""

    def _constants(self) -> Any:
        """Which features or channels did not vary in fit, and their values; or None."""

    def _draws_bits(self) -> Any:
        """Whether everything that the model draws is exactly 0 or 1."""

    def fit(
        self,
        X: Any,
        y: Any = None,
        *,
        sample_weight: Any = None,
        validation_data: Any = None,
        validation_split: float = 0.0,
        callbacks: Any = (),
        backup_dir: str | os.PathLike | None = None,
    ) -> Self:
        """Train on X.

        Args:
            X: array of shape (n, features), (n, height, width) or (n, height, width,
                channels); or a finite `tf.data.Dataset` or `keras.utils.PyDataset`
                that yields batches x, (x, y), (x, y, sample_weight) or
                {"x": x, "condition": y}.
            y: labels (n,) or condition vectors (n, k) for conditional estimators,
                ignored by the others.
            sample_weight: how much every example counts in the loss, (n,), numbers
                >= 0; only their ratios matter. For estimators with a head and for
                flows, if X is an array.
            validation_data: X, (X, y), (X, y, sample_weight) or a dataset, evaluated
                after every epoch.
            validation_split: share of X, >= 0 and < 1, that is taken from its end and
                evaluated instead; X must be an array.
            callbacks: Keras callbacks: none, one, or a list.
            backup_dir: folder for a backup after every epoch, from which the same
                call resumes an interrupted fit; emptied when the fit ends.

        Returns:
            The estimator itself, with `model_`, `history_` and `event_shape_`.

        Raises:
            ValueError: for invalid data or hyper-parameters, before training.
            TypeError: for a hyper-parameter of the wrong type.
            FloatingPointError: if the loss or a weight is no longer a finite number.
            RuntimeError: if another fit uses `backup_dir`.
        """
        backend.need_tensorflow(f"{type(self).__name__}.fit")
        validation.check_params(self)
        data, held_out = inputs.split_validation(
            (X, y, sample_weight), validation_data, validation_split
        )
        fitting.fit(self, data, held_out, callbacks, backup_dir)
        return self

    def _source(
        self, X: Any, y: Any, sample_weight: Any = None, *, reset: bool
    ) -> ArraySource | StreamSource:
        """Check the training data, and learn from them what the model needs."""
        owner = type(self).__name__
        source = inputs.source_of(self, X, self._ranks, reset=reset)
        inputs.attach_weights(self, source, sample_weight)
        summary = summarise(source.chunks(), owner, sequences=self._any_length)
        source.summary = summary
        inputs.check_rank(owner, (summary.count, *summary.event_shape), self._ranks)
        if reset:
            check_resolution(summary, owner)
            self.event_shape_ = summary.event_shape
            self.dtype_, self.discrete_ = summary.dtype, summary.discrete
            if len(self.event_shape_) == 1 and not self._any_length:
                self.n_features_in_ = self.event_shape_[0]
                if is_frame(X):
                    self.columns_ = Columns.learn(X, summary)
            self._adapt(summary)
        else:
            self._check_shape(summary)
            self._check_values(summary)
        if self.conditional:
            batches = read_conditions(owner, source, y)
            if reset:
                self.conditions_ = Conditions.learn(owner, batches)
            self.conditions_.attach(source, batches)
        if isinstance(source, StreamSource):
            source.check = lambda batch: inputs.check_again(self, batch, summary)
        return source

    def _check_shape(self, summary: Summary) -> None:
        """Raise a ValueError for examples of another shape than those seen in fit."""
        got, own, skip = summary.event_shape, self.event_shape_, int(self._any_length)
        if got[skip:] != own[skip:]:
            raise messages.other_shape(type(self).__name__, got, own)

    def _inputs(self, X: Any) -> np.ndarray:
        """Checked data as the model takes them."""
        return self._as_inputs(self._array(X))

    def _array(self, X: Any) -> np.ndarray:
        """Data as an array of numbers, any of which may be missing."""
        check_is_fitted(self)
        return inputs.check_x(self, X, self._ranks, reset=False)

    def _as_inputs(self, x: np.ndarray) -> np.ndarray:
        sequences = self._any_length
        chunks, owner = ArraySource(x).chunks(copies=4), type(self).__name__
        summary = summarise(chunks, owner, sequences=sequences, spread=False)
        self._check_shape(summary)
        self._check_kind(summary)
        shape = with_channel(x.shape, sequences=sequences)
        return x.astype("float32", copy=False).reshape(shape)

    def _model_shape(self) -> tuple[int, ...]:
        return with_channel((None, *self.event_shape_), sequences=self._any_length)[1:]

    def _outputs(self, x: np.ndarray) -> np.ndarray:
        """Model samples, which are overwritten, in the shape and dtype of the data."""
        return finished(self._settled, np.asarray(x, "float32"))

    def _settled(self, x: np.ndarray) -> np.ndarray:
        """Some model samples, overwritten if they may be, as values of the data."""
        if not np.isfinite(x).all():
            raise messages.not_finite_samples(type(self).__name__)
        if self.discrete_:
            x = np.rint(x, out=x if x.flags.writeable else None)
        return self._cast(x, in_dtype)

    def _cast(self, x: np.ndarray, in_dtype: Any = np.ndarray.astype) -> np.ndarray:
        """Finite model samples in the dtype of the data, rounded if need be."""
        dtype = np.dtype("float64") if self.dtype_.kind == "O" else self.dtype_
        x = x if dtype == x.dtype else in_dtype(x, dtype)
        constant, values = self._constants() or (False, 0.0)
        if np.any(constant):
            x = np.where(constant, values, x).astype(dtype)
        x = self.columns_.settle(x) if hasattr(self, "columns_") else x
        return x[..., 0] if x.ndim - 1 > len(self.event_shape_) else x

    def _framed(self, x: np.ndarray, like: Any = None) -> Any:
        """Data as a DataFrame, with the index of another, if fit was given one."""
        if not hasattr(self, "columns_"):
            return x
        return self.columns_.frame(x, like.index if is_frame(like) else None)

    def _draw(self, n_samples, y, random_state, **options) -> Any:
        """The implementation of `sample`, for all families."""
        check_is_fitted(self)
        if n_samples is not None:
            n_samples = validation.check_count("n_samples", n_samples)
            check_room(n_samples, self.event_shape_)
        seed = new_seed(random_state)
        n, condition = self._conditions_to_draw(n_samples, y, seed)
        options |= {} if condition is None else {"condition": condition}
        x = np.asarray(self.model_.sample(n, seed=seed, **options), "float32")
        settle = self._cast if self._draws_bits() else self._settled
        return self._framed(finished(settle, x))

    def save(self, path: str | os.PathLike) -> None:
        """Write the fitted estimator to one file, without pickle.

        `kgen.load` reads the estimator back; `keras.saving.load_model` reads its model.
        If writing fails, a file that was there before is left intact.

        Args:
            path: file to write, usually ending in ".keras".
        """
        files.save(self, path)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = 2 in self._ranks and not self._any_length
        tags.input_tags.three_d_array = 3 in self._ranks
        return tags


collect_fields(GenerativeEstimator)
