"""Models with an encoder and a decoder, and mostly a lower bound on the density."""

from kgen.variational.estimator import AutoencoderEstimator, VariationalEstimator
from kgen.variational.posteriors import (
    NormalPosterior,
    PointPosterior,
    Posterior,
    posteriors,
)

__all__ = [
    "AutoencoderEstimator",
    "NormalPosterior",
    "PointPosterior",
    "Posterior",
    "VariationalEstimator",
    "posteriors",
]
