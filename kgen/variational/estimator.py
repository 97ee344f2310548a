"""Bases of the estimators around a `VAEModel`."""

from typing import Any, ClassVar

import keras
import numpy as np

from kgen.base.chunks import FEW, in_chunks
from kgen.base.codes import CodeEstimator
from kgen.base.density import Density
from kgen.base.fields import param
from kgen.base.head import HeadEstimator
from kgen.core import validation
from kgen.heads import Head, MixtureOfLogistics
from kgen.layers import Embed
from kgen.networks import Builder
from kgen.variational.model import VAEModel
from kgen.variational.posteriors import Posterior, posteriors


class AutoencoderEstimator(CodeEstimator, HeadEstimator):
    """An encoder to codes and a decoder to the parameters of a head."""

    architecture: str | Builder = param("mlp")
    batch_size: int = param(128, ge=1)

    _many_levels: ClassVar[type[Head]] = MixtureOfLogistics

    def _autoencoder(
        self,
        event_shape: tuple[int, ...],
        posterior: str | Posterior = "normal",
        **options: Any,
    ) -> VAEModel:
        """Build the Keras model of a posterior; options are those of `VAEModel`."""
        policy, head, latent_dim = self.policy_, self.head_, int(self.latent_dim)
        builder = self._builder(event_shape)
        outputs = posteriors.resolve(posterior).params_size(latent_dim)
        encoder = keras.Sequential(
            [
                keras.Input(event_shape, dtype="float32"),
                Embed(head, dtype=policy),
                builder.down(event_shape, outputs, dtype=policy),
            ],
            name="encoder",
        )
        params_shape = (*event_shape[:-1], head.params_size(event_shape[-1]))
        decoder = builder.up(latent_dim, params_shape, dtype=policy)
        decoder.name = "decoder"  # in `summary` and `plot_model`
        return VAEModel(
            encoder,
            decoder,
            head,
            posterior=posterior,
            seed=self.seed_,
            dtype=policy,
            **options,
        )


class VariationalEstimator(Density, AutoencoderEstimator):
    """An autoencoder with a density, bounded from below."""

    density: ClassVar[str] = "lower bound"

    def log_prob(self, X: Any, y: Any = None, n_importance: int = 64) -> np.ndarray:
        """Lower bound on the log-density, shape (n,), float32, in nats and data units.

        Deterministic: the noise is fixed by the fitted seed and the row itself. It is
        -inf, with a warning, for integers to which the head gives no probability.

        Args:
            X: array like the training data.
            y: labels or condition vectors, for conditional estimators only.
            n_importance: codes per example, >= 1. 1 gives the evidence lower bound;
                more give a tighter bound.
        """
        k = validation.check_setting("log_prob", "n_importance", n_importance, ge=1)
        x = self._inputs(X)
        condition = self._conditions_of(len(x), y, "log_prob")

        def bound(x, condition=None):
            return self.model_.log_prob(x, condition, n_importance=k)

        rows = min(FEW, self.model_.rows)
        return self._warn_of_impossible(in_chunks(bound, x, condition, rows=rows))

    def active_units(self, X: Any, y: Any = None) -> int:
        """Number of latent dimensions that carry information about X.

        A dimension counts if its posterior mean has a variance above 0.01 over X (Burda
        et al., 2016, sec. 5).
        """
        return int(np.sum(np.var(self.encode(X, y), axis=0) > 0.01))
