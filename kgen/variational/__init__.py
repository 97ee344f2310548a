"""Models with an encoder and a decoder; most have a lower bound on the density."""

from kgen.variational.estimator import AutoencoderEstimator, VariationalEstimator
from kgen.variational.posteriors import (
    CategoricalPosterior,
    NormalPosterior,
    PointPosterior,
    Posterior,
    posteriors,
)

__all__ = [
    "AutoencoderEstimator",
    "CategoricalPosterior",
    "NormalPosterior",
    "PointPosterior",
    "Posterior",
    "VariationalEstimator",
    "posteriors",
]
