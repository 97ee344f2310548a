"""How good samples are: distances, tests, coverage, each with an error and a floor.

Every metric takes real and fake examples by name, arrays of data or of features, and
returns an `Estimate`.
"""

from kgen.metrics.estimate import Estimate
from kgen.metrics.features import Features, default_features
from kgen.metrics.frechet import frechet_distance
from kgen.metrics.gaussian_mmd import mmd
from kgen.metrics.kernel import kernel_distance
from kgen.metrics.likelihood import bits_per_dim
from kgen.metrics.memorisation import nearest_training
from kgen.metrics.modes import ModeCoverage, mode_coverage
from kgen.metrics.precision_recall import PRDC, prdc
from kgen.metrics.sliced import sliced_wasserstein
from kgen.metrics.two_sample import classifier_two_sample

__all__ = [
    "PRDC",
    "Estimate",
    "Features",
    "ModeCoverage",
    "bits_per_dim",
    "classifier_two_sample",
    "default_features",
    "frechet_distance",
    "kernel_distance",
    "mmd",
    "mode_coverage",
    "nearest_training",
    "prdc",
    "sliced_wasserstein",
]
