"""Models whose density is a product of conditionals.

These are the base classes for your own models.
"""

from kgen.autoregressive.estimator import AutoregressiveEstimator, SequenceEstimator
from kgen.autoregressive.model import AutoregressiveModel
from kgen.autoregressive.raster import RasterModel
from kgen.autoregressive.samplers import Sampler, SamplingOptions, ScalarCache
from kgen.autoregressive.sequences import SequenceModel
from kgen.autoregressive.vectors import VectorModel

__all__ = [
    "AutoregressiveEstimator",
    "AutoregressiveModel",
    "RasterModel",
    "Sampler",
    "SamplingOptions",
    "ScalarCache",
    "SequenceEstimator",
    "SequenceModel",
    "VectorModel",
]
