"""Estimators around autoregressive models."""

from typing import Any, ClassVar

import numpy as np

from kgen.autoregressive.orders import best_orders, known_first
from kgen.base.chunks import FEW, in_chunks
from kgen.base.density import Density
from kgen.base.head import HeadEstimator
from kgen.core import backend, messages, validation
from kgen.core.random import new_seed
from kgen.core.sizes import rows_at_once
from kgen.heads import Head, MixtureOfNormals


class ExactEstimator(Density, HeadEstimator):
    """Density and completion, for estimators around an `AutoregressiveModel`."""

    def log_prob(self, X: Any, y: Any = None) -> np.ndarray:
        """Exact log-density of every example, shape (n,), float32, in nats.

        It is -inf, with a warning, for integers to which the head gives no probability.

        Args:
            X: array like the training data.
            y: labels or condition vectors, for conditional estimators only.
        """
        x = self._inputs(X)
        condition = self._conditions_of(len(x), y, "log_prob")
        model = self.model_
        # Compiled by XLA if training is: chunks have one size.
        xla = self._loops and model.compiled and model.jit_compile
        xla = xla and backend.can_compile()
        log_prob = model.log_prob_xla if xla else model.log_prob
        rows = rows_at_once(model.largest(x.shape[1:]), FEW)
        return self._warn_of_impossible(in_chunks(log_prob, x, condition, rows=rows))

    def complete(
        self, X: Any, mask: Any = None, *, y: Any = None, random_state: Any = None
    ) -> Any:
        """Draw what is missing, or what `mask` does not keep, given all before it.

        Later values are ignored: in raster order, what is kept above and to the left is
        continued, and what is kept below has no influence. (`MADE(orders="any")` has
        orders in which everything that is kept comes first.)

        Args:
            X: array or DataFrame like the training data.
            mask: boolean, broadcast to X; True keeps a value, False redraws it,
                whatever it is. None redraws the NaNs.
            y: labels or condition vectors, for conditional estimators only.
            random_state: None (fresh draws), int or RandomState.

        Returns:
            Array of the shape of X. Its dtype is that of the training data, unless that
            cannot hold the values that are kept. A DataFrame if `fit` was given one.
        """
        values = self._array(X)
        mask = _checked_mask(mask, values)
        x = self._as_inputs(np.where(mask, values, values.dtype.type(0)))
        condition = self._conditions_of(len(x), y, "complete")
        if condition is None and y is not None:
            raise messages.unwanted_y(type(self).__name__)
        completed = self.model_.complete(
            x,
            mask.reshape(x.shape),
            new_seed(random_state),
            condition,
            **self._sampling(1.0),
        )
        # Kept values as they were: those of the model went through float32.
        return self._framed(_merged(mask, values, self._outputs(completed)), X)

    def completion_log_prob(self, X: Any, mask: Any, *, y: Any = None) -> np.ndarray:
        """Log-density of what `mask` does not keep, given all before it: in nats, (n,).

        It is the log-density of what `complete` draws, with the mean over the orders
        that it may draw in. Where no known value comes after the missing ones, it is
        the density of the missing values given the known ones.

        Args:
            X: array like the training data, without missing values.
            mask: boolean, broadcast to X; see `complete`.
            y: labels or condition vectors, for conditional estimators only.
        """
        values, model = self._array(X), self.model_
        if mask is None:
            raise messages.wrong_mask(np.asarray(mask), values.shape)
        mask, x = _checked_mask(mask, values), self._as_inputs(values)
        mask = mask.reshape(x.shape)
        if model.head.orders_channels and (mask != mask[..., :1]).any():
            raise messages.split_pixel(type(model.head).__name__)
        condition = self._conditions_of(len(x), y, "completion_log_prob")
        best = best_orders(model, mask)
        found = np.full(len(x), -np.inf, "float32")
        # Examples with orders of their own have masks of their own.
        largest = model.largest(x.shape[1:]) * (x[0].size if model.any_order else 1)

        def log_prob(x, mask, order, condition=None):
            if not model.any_order:
                order = order[0] if model.n_orders > 1 else None
            return model.completion_log_prob(x, mask, condition, order)

        for which in range(model.n_orders):
            rows = np.flatnonzero(best[:, which])
            if not len(rows):
                continue
            order = np.full(len(rows), which, "int32")
            if model.any_order:
                order = known_first(model, mask[rows], which)
            given = (
                x[rows],
                mask[rows],
                order,
                None if condition is None else condition[rows],
            )
            each = in_chunks(log_prob, *given, rows=rows_at_once(largest, FEW))
            found[rows] = np.logaddexp(found[rows], each)
        return found - np.log(best.sum(axis=1)).astype("float32")

    def _sampling(self, temperature: float) -> dict[str, Any]:
        """Options of the model's sampler."""
        return {
            "temperature": validation.check_temperature(temperature),
            "verbose": self.verbose,
            "jit_compile": self.jit_compile,
        }


def _checked_mask(mask: Any, values: np.ndarray) -> np.ndarray:
    """Which values are kept, boolean and of their shape."""
    mask = ~np.isnan(values) if mask is None else np.asarray(mask)
    try:
        if mask.dtype != bool:
            raise ValueError
        return np.broadcast_to(mask, values.shape)
    except ValueError:
        raise messages.wrong_mask(mask, values.shape) from None


def _merged(mask, kept, drawn):
    """Kept values where the mask is True, in the dtype of those drawn if it can be."""
    with np.errstate(invalid="ignore"):
        exact = kept.astype(drawn.dtype) == kept
    dtype = drawn.dtype if exact[mask].all() else np.result_type(kept, drawn)
    return np.where(mask, kept, drawn).astype(dtype)


class AutoregressiveEstimator(ExactEstimator):
    """Base of estimators of images and vectors, around an `AutoregressiveModel`."""

    _ranks: ClassVar[tuple[int, ...]] = (3, 4)

    def sample(
        self,
        n_samples: int | None = None,
        *,
        y: Any = None,
        temperature: float = 1.0,
        random_state: Any = None,
    ) -> Any:
        """Draw examples like the training data.

        Args:
            n_samples: how many, >= 1; None is 1, or the length of y.
            y: labels or condition vectors, for conditional estimators only.
            temperature: from 1e-20 to 1e10; below 1, likely values become likelier.
            random_state: None (fresh draws), int or RandomState. Sample i depends on
                it and on i, not on how many are drawn.

        Returns:
            Array of shape (n_samples, *event_shape_), in the dtype of the training
            data; a DataFrame if `fit` was given one.
        """
        return self._draw(n_samples, y, random_state, **self._sampling(temperature))


class SequenceEstimator(ExactEstimator):
    """Base of estimators of sequences, around a `SequenceModel`."""

    _ranks: ClassVar[tuple[int, ...]] = (2, 3)
    _any_length: ClassVar[bool] = True
    _reals: ClassVar[type[Head]] = MixtureOfNormals

    def sample(
        self,
        n_samples: int | None = None,
        *,
        length: int | None = None,
        y: Any = None,
        temperature: float = 1.0,
        random_state: Any = None,
    ) -> np.ndarray:
        """Draw sequences like the training data.

        Args:
            n_samples: how many, >= 1; None is 1, or the length of y.
            length: number of steps, >= 1; None is that of the training data.
            y: labels or condition vectors, for conditional estimators only.
            temperature: from 1e-20 to 1e10; below 1, likely values become likelier.
            random_state: None (fresh draws), int or RandomState. Sample i depends on
                it and on i, not on how many are drawn; a longer sample begins like a
                shorter one.

        Returns:
            Array of shape (n_samples, length, ...), in the dtype of the training data.
        """
        if length is not None:
            length = validation.check_count("length", length)
        options = {"length": length, **self._sampling(temperature)}
        return self._draw(n_samples, y, random_state, **options)
