"""p(x) as a product of conditionals."""

from typing import Any, ClassVar

import numpy as np
from keras import ops

from kgen import heads
from kgen.autoregressive import sampling
from kgen.base.likelihood import LikelihoodEstimator
from kgen.base.model import GenerativeModel, in_chunks
from kgen.core import messages, validation
from kgen.core.backend import compiled
from kgen.core.random import as_seed, new_seed


class AutoregressiveModel(GenerativeModel):
    """An image model p(x) = product over i of p(x[i] | x[<i]), in raster order.

    Pixels come row by row from the left, the channels of a pixel one after the other.

    A subclass implements `build` (which ends by calling this one) and `call(x)`, which
    returns the head's parameters, (n, height, width, head.params_size(channels)). Those
    of a scalar depend on earlier scalars only: `kgen.testing.check_model` verifies it.

    Args:
        head: name or instance of a `kgen.heads.Head`.
        **kwargs: see `keras.Model`.
    """

    def __init__(self, head, **kwargs):
        # Not by Keras: 16-bit floats are too coarse for data in their own units.
        super().__init__(autocast=False, **kwargs)
        self.head = heads.get(head)

    def embed(self, x):
        """Data to network inputs in the compute dtype."""
        return ops.cast(self.head.embed(ops.cast(x, "float32")), self.compute_dtype)

    def build(self, input_shape):
        if len(input_shape) != 4 or None in input_shape[1:]:
            raise ValueError(
                f"{type(self).__name__} takes images (n, height, width, channels), all "
                f"of one size. Got shape {tuple(input_shape)}."
            )
        self.event_shape = tuple(input_shape[1:])
        self.built = True

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, **kwargs):
        loss = -self.head(y_pred).log_prob(ops.cast(x, "float32"))
        loss = loss if sample_weight is None else loss * sample_weight
        return self.with_penalties(ops.mean(loss))

    @compiled
    def log_prob(self, x):
        """Exact log-density, shape (n,), in nats and data units.

        Args:
            x: data, shape (n, height, width, channels).
        """
        x = ops.cast(x, "float32")
        return self.head(self(x)).log_prob(x)

    def sample(self, n, seed=None, *, temperature=1.0, verbose=0):
        """Draw images, one scalar after the other.

        Args:
            n: number of images, >= 1.
            seed: whole number; None draws one from NumPy's global state.
            temperature: > 0; below 1 the likely values get likelier.
            verbose: 1 shows a progress bar.

        Returns:
            Float32 array of shape (n, height, width, channels), in data units.
        """
        self._check_built()
        blank = np.zeros((validation.check_n_samples(n), *self.event_shape), "float32")
        how = {"temperature": temperature, "verbose": verbose}
        return self.complete(blank, blank > 0, seed, **how)

    def complete(self, x, mask, seed=None, *, temperature=1.0, verbose=0):
        """Redraw the scalars where `mask` is False, each given all before it.

        Args:
            x: data, shape (n, height, width, channels).
            mask: boolean, same shape; True keeps the value of x.
            seed: see `sample`.
            temperature: see `sample`.
            verbose: see `sample`.

        Returns:
            Float32 array of the shape of x.
        """
        self._check_built()
        seed, mask = as_seed(seed), np.asarray(mask, bool)
        if self.head.orders_channels and (mask != mask[..., :1]).any():
            raise messages.split_pixel(type(self.head).__name__)
        return sampling.full_pass(self, x, mask, seed, temperature, verbose)

    def _check_built(self):
        if not self.built:
            raise ValueError(
                f"This {type(self).__name__} does not know the size of its images yet: "
                "call fit, or build((None, height, width, channels)), first."
            )

    @compiled
    def fill_row(self, x, mask, noise, row, temperature):
        """Redraw one row of images by full passes: the sampler's inner loop.

        Args:
            x: as in `complete`.
            mask: as in `complete`.
            noise: uniform, shape (n, height, width, *per scalar).
            row: index of the row.
            temperature: > 0.
        """
        return sampling.fill_row(self, x, mask, noise, row, temperature)


class AutoregressiveEstimator(LikelihoodEstimator):
    """What estimators around an `AutoregressiveModel` have in common."""

    _ranks: ClassVar[tuple[int, ...]] = (3, 4)

    def log_prob(self, X: Any, y: Any = None) -> np.ndarray:
        """Exact log-density of every example, shape (n,), float32, in nats.

        Args:
            X: array like the training data.
            y: ignored.
        """
        x = self._inputs(X)
        return in_chunks(self.model_.log_prob, x)

    def sample(
        self,
        n_samples: int | None = None,
        *,
        y: Any = None,
        temperature: float = 1.0,
        random_state: Any = None,
    ) -> np.ndarray:
        """Draw examples like the training data.

        Args:
            n_samples: how many, >= 1; None is 1, or as many as there are in y.
            y: labels or condition vectors, for conditional estimators only.
            temperature: > 0; below 1 the likely values get likelier.
            random_state: None (fresh draws), int or RandomState. Sample i depends on
                it and on i, not on how many are drawn.

        Returns:
            Array of shape (n_samples, *event_shape_) and dtype of the training data.
        """
        temperature = validation.check_temperature(temperature)
        verbose = self.verbose
        return self._draw(
            n_samples, y, random_state, temperature=temperature, verbose=verbose
        )

    def complete(
        self, X: Any, mask: Any, *, y: Any = None, random_state: Any = None
    ) -> np.ndarray:
        """Redraw what `mask` does not keep, each value given all before it.

        Values after it, in raster order, do not speak: what is kept above and to the
        left is continued, what is kept below is not looked forward to.

        Args:
            X: array like the training data.
            mask: boolean, broadcast to X; True keeps a value, False redraws it.
            y: for conditional estimators only.
            random_state: None (fresh draws), int or RandomState.

        Returns:
            Array of the shape of X and the dtype of the training data.
        """
        x = self._inputs(X)
        if y is not None:
            raise messages.unwanted_y(type(self).__name__)
        mask, shape = np.asarray(mask), (len(x), *self.event_shape_)
        try:
            if mask.dtype != bool:
                raise ValueError
            mask = np.broadcast_to(mask, shape)
        except ValueError:
            raise messages.wrong_mask(mask, shape) from None
        completed = self.model_.complete(
            x, mask.reshape(x.shape), new_seed(random_state), verbose=self.verbose
        )
        # Kept values as they came: those of the model went through float32.
        return np.where(mask, np.asarray(X, self.dtype_), self._outputs(completed))
