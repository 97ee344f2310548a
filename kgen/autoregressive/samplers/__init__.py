"""Samplers of autoregressive models: a model has one of them.

All of them draw the same examples from the same noise. They differ in how they compute
the parameters of a scalar: `FullPass` runs the whole network again, the others keep
what they need.
"""

from kgen.autoregressive.samplers.base import Batch, Sampler, SamplingOptions
from kgen.autoregressive.samplers.blocks import Blocks
from kgen.autoregressive.samplers.driver import draw, draw_in_graph
from kgen.autoregressive.samplers.full_pass import FullPass
from kgen.autoregressive.samplers.pixels import NetworkCache, Pixels
from kgen.autoregressive.samplers.scalars import ScalarCache, Scalars

__all__ = [
    "Batch",
    "Blocks",
    "FullPass",
    "NetworkCache",
    "Pixels",
    "Sampler",
    "SamplingOptions",
    "ScalarCache",
    "Scalars",
    "draw",
    "draw_in_graph",
]
