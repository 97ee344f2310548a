"""Estimators whose examples have a code, a vector of `latent_dim` numbers."""

import math
from typing import Any, ClassVar

import keras
import numpy as np
from keras import layers
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from kgen import networks
from kgen.base.averaged import AveragingEstimator
from kgen.base.chunks import in_chunks
from kgen.base.fields import WIDEST, param
from kgen.base.spaces import Range
from kgen.core import messages
from kgen.networks import Builder


class LatentEstimator(AveragingEstimator):
    """An estimator that makes examples from codes.

    Its Keras model has `latent_dim` and `decode(z, condition=None)`.

    Args:
        latent_dim: dimensions of the code, >= 1.
        architecture: how to build its networks: the name of a `kgen.networks.Builder`
            ("mlp", "conv", "resnet"), an instance of one, or "auto" (conv for images,
            mlp for tables).
    """

    latent_dim: int = param(32, ge=1, le=WIDEST, search=Range(2, 64, log=True))
    architecture: str | Builder = param("auto")

    # Numbers of a code besides `latent_dim`.
    _categories: ClassVar[Any] = 0
    # How conditions join networks: beside their inputs, or in the normalisation of
    # networks from codes, and as a projection in those to logits.
    _projects: ClassVar[Any] = False
    # In networks from data: wrapper of every layer with a kernel, or None; and what
    # replaces batch normalisation if the architecture is a name.
    _wrap: ClassVar[Any] = None
    _for_batch: ClassVar[Any] = "batch"
    # Training steps of a phase of networks that grow, or 0 if they do not.
    _growth_steps: ClassVar[Any] = 0

    def decode(self, z: Any, y: Any = None) -> Any:
        """Examples for codes: the mean of p(x|z), in the dtype of the training data.

        Integers are rounded; for binary data this gives the likelier value.

        Args:
            z: codes, shape (n, latent_dim).
            y: labels or condition vectors, for conditional estimators only.
        """
        codes = self._codes(z)
        condition = self._conditions_of(len(codes), y, "decode")
        model = self.model_
        decode, finish = model.decode, self._settled
        x = in_chunks(decode, codes, condition, rows=model.rows, finish=finish)
        return self._framed(x)

    def inverse_transform(self, X: Any, y: Any = None) -> Any:
        """Alias of `decode`, for pipelines: X are codes."""
        return self.decode(X, y)

    def _builder(self, event_shape: tuple[int, ...]) -> Builder:
        builder = networks.get(self.architecture, event_shape)
        if self._growth_steps:
            return networks.grown(builder, self._growth_steps, event_shape)
        return builder

    def _network_down(
        self,
        event_shape: tuple[int, ...],
        units: int,
        before: layers.Layer,
        name: str,
    ) -> keras.Model:
        """A network from data, or [data, conditions], to vectors.

        Args:
            event_shape: shape of one example.
            units: length of the vectors.
            before: layers from data in their own units to the network's range.
            name: name of the network.
        """
        builder, k = self._builder(event_shape), self.condition_dim_
        if isinstance(self.architecture, str):
            builder = networks.in_place_of_batch(builder, self._for_batch)
            if self._wrap is not None:
                builder = networks.for_wrapped(builder)
        options: dict[str, Any] = {"dtype": self.policy_, "wrap": self._wrap}
        projects = k and self._projects
        joined = 0 if projects else k
        parts, shape = [before], event_shape
        if joined and builder.flattens:
            parts.append(layers.Flatten(data_format="channels_last", dtype="float32"))
            shape = (math.prod(event_shape),)
        shape = (*shape[:-1], shape[-1] + joined)
        down = builder.down(shape, units, **options)
        networks.check_shapes(self.architecture, "down", down, shape, (units,))
        if projects:
            down = networks.project(down, k, **options)
        before_down = {"condition_dim": k, "before": len(parts)}
        return networks.assemble(event_shape, *parts, down, name=name, **before_down)

    def _network_up(
        self, event_shape: tuple[int, ...], *after: layers.Layer, name: str
    ) -> keras.Model:
        """A network from codes, or [codes, conditions], to data.

        Args:
            event_shape: shape of one output of the architecture.
            *after: layers from its outputs to the network's.
            name: name of the network.
        """
        builder, k = self._builder(event_shape), self.condition_dim_
        latent_dim = taken = int(self.latent_dim) + self._categories
        options: dict[str, Any] = {}
        if k and self._projects and builder.takes_condition:
            options["condition_dim"] = k
        else:
            taken += k
        up = builder.up(taken, event_shape, dtype=self.policy_, **options)
        networks.check_shapes(self.architecture, "up", up, (taken,), event_shape)
        return networks.assemble((latent_dim,), up, *after, condition_dim=k, name=name)

    def _codes(self, z: Any) -> np.ndarray:
        """Checked codes, float32 of shape (n, latent_dim)."""
        check_is_fitted(self)
        try:
            codes = np.asarray(z, "float32")
        except (TypeError, ValueError) as problem:
            owner = type(self).__name__
            raise messages.not_numeric("z", owner, problem) from problem
        wanted = self.model_.latent_dim
        fits = codes.ndim == 2 and codes.shape[1] == wanted and len(codes) > 0
        if not fits or not np.isfinite(codes).all():
            raise messages.wrong_codes(codes.shape, wanted)
        return codes


class LatentSampler(LatentEstimator):
    """An estimator that draws a code z from the prior, then x given z."""

    def sample(
        self, n_samples: int | None = None, *, y: Any = None, random_state: Any = None
    ) -> Any:
        """Draw examples like the training data: first z from the prior, then x given z.

        Args:
            n_samples: how many, >= 1; None is 1, or the length of y.
            y: labels or condition vectors, for conditional estimators only.
            random_state: None (fresh draws), int or RandomState. Sample i depends on
                it and on i, not on how many are drawn.

        Returns:
            Array of shape (n_samples, *event_shape_), in the dtype of the training
            data; a DataFrame if `fit` was given one.
        """
        return self._draw(n_samples, y, random_state)


class CodeEstimator(ClassNamePrefixFeaturesOutMixin, TransformerMixin, LatentEstimator):
    """An estimator that also finds the code of an example, a feature vector.

    Its Keras model also has `encode(x, condition=None)`.
    """

    def encode(self, X: Any, y: Any = None) -> np.ndarray:
        """Codes of examples (posterior means), shape (n, latent_dim), float32.

        Args:
            X: array like the training data.
            y: labels or condition vectors, for conditional estimators only.
        """
        x = self._inputs(X)
        condition = self._conditions_of(len(x), y, "encode")
        return in_chunks(self.model_.encode, x, condition, rows=self.model_.rows)

    def fit_transform(self, X: Any, y: Any = None, **options: Any) -> np.ndarray:
        """Fit, and return the codes of X.

        Args:
            X: training data, an array; see `fit`.
            y: see `fit`.
            **options: see `fit`.
        """
        return self.fit(X, y, **options).transform(X, y)

    def transform(self, X: Any, y: Any = None) -> np.ndarray:
        """Alias of `encode`, for pipelines."""
        return self.encode(X, y)

    def reconstruct(self, X: Any, y: Any = None) -> Any:
        """X encoded and decoded again."""
        return self.decode(self.encode(X, y), y)

    @property
    def _n_features_out(self) -> int:
        return self.model_.latent_dim

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float32"]
        return tags
