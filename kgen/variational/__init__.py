"""Models that learn a code and a way back, with a density bounded from below."""

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
