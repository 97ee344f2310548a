"""Normalizing flows: bijections to noise, with exact densities."""

from kgen.flows.estimator import FlowEstimator

__all__ = ["FlowEstimator"]
