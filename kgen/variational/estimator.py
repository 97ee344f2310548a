"""Bases of the estimators around a `VAEModel`."""

import warnings
from typing import Any, ClassVar

import keras
import numpy as np

from kgen.base.chunks import FEW, in_chunks
from kgen.base.codes import CodeEstimator, LatentSampler
from kgen.base.density import Density
from kgen.base.fields import param
from kgen.base.head import HeadEstimator
from kgen.base.spaces import OneOf
from kgen.core import messages, validation
from kgen.heads import Head, MixtureOfLogistics, Normal
from kgen.layers import Embed, SharedScale
from kgen.networks import Builder
from kgen.variational.model import VAEModel
from kgen.variational.posteriors import Posterior, posteriors


class AutoencoderEstimator(CodeEstimator, HeadEstimator):
    """An encoder to codes and a decoder to the parameters of a head.

    Args:
        scale: how the scale of the head `Normal` is learned: "per_pixel", the decoder
            computes one for every scalar of every example, or "shared", one weight for
            each channel (each feature of a table). `Normal(scale=0.1)` fixes it.
    """

    architecture: str | Builder = param(
        "mlp", search=OneOf(("mlp", "conv"), only="images")
    )
    batch_size: int = param(128, ge=1)
    scale: str = param("per_pixel", choices=("per_pixel", "shared"))

    _many_levels: ClassVar[type[Head]] = MixtureOfLogistics

    def _coder(
        self, event_shape: tuple[int, ...], posterior: str | Posterior
    ) -> dict[str, Any]:
        """Arguments of the Keras model: networks, head, posterior, seed and dtype."""
        head = self.head_
        latent_dim = int(self.latent_dim) + self._categories
        outputs = posteriors.resolve(posterior).params_size(latent_dim)
        embed = Embed(head, dtype=self.policy_)
        size, after = head.params_size(event_shape[-1]), []
        if self.scale == "shared":
            if not isinstance(head, Normal) or head.scale is not None:
                raise messages.no_scale_to_share(type(self).__name__, head)
            size, after = event_shape[-1], [SharedScale()]
        params_shape = (*event_shape[:-1], size)
        return {
            "encoder": self._network_down(event_shape, outputs, embed, "encoder"),
            "decoder": self._network_up(params_shape, *after, name="decoder"),
            "head": head,
            "posterior": posterior,
            "seed": self.seed_,
            "dtype": self.policy_,
        }

    def _autoencoder(
        self,
        event_shape: tuple[int, ...],
        posterior: str | Posterior = "normal",
        **options: Any,
    ) -> VAEModel:
        """Build the Keras model of a posterior; options are those of `VAEModel`."""
        coder = self._coder(event_shape, posterior)
        return VAEModel(**coder, ema_momentum=self.ema_momentum, **options)


class VariationalEstimator(Density, LatentSampler, AutoencoderEstimator):
    """An autoencoder with a density, bounded from below."""

    # As Burda et al., 2016: see decision 20.
    weight_decay: float | None = param(0.02, ge=0)

    density: ClassVar[str] = "lower bound"

    def log_prob(self, X: Any, y: Any = None, n_importance: int = 64) -> np.ndarray:
        """Lower bound on the log-density, shape (n,), float32, in nats and data units.

        It is deterministic: the noise is fixed by the fitted seed and the row itself.
        Integers to which the head gives no probability get -inf, with a warning.

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
        et al., 2016, sec. 5). If none counts, that is the first sign that the posterior
        has collapsed to the prior; `fit` warns of it.

        Args:
            X: array like the training data.
            y: labels or condition vectors, for conditional estimators only.
        """
        return _active(self.encode(X, y))

    def _review(self, rows: Any) -> None:
        super()._review(rows)
        model, owner = self.model_, type(self).__name__
        # At first no dimension is in use, and the first rows may be equal. A user's own
        # penalty may report something else.
        kl = self.history_.get("kl", [np.inf])[-1]
        if int(model.step) >= _ENOUGH and kl < _NOTHING:
            means = keras.ops.convert_to_numpy(model.encode(*model.unpack(rows)))
            if len(means) > 1 and not _active(means):
                text = messages.collapsed(owner, model.latent_dim)
                warnings.warn(text, UserWarning, stacklevel=5)


_ENOUGH = 500
"""Training steps after which a code that is not used will hardly be used any more."""

_NOTHING = 0.1
"""Nats: a divergence below it says that codes tell next to nothing."""


def _active(means: np.ndarray) -> int:
    return int(np.sum(np.var(means, axis=0) > 0.01))
