"""Bases and tools for authors of models: estimators, Keras models, strategies."""

from kgen.base.averaged import AveragingEstimator
from kgen.base.chunks import draw_in_chunks, in_chunks
from kgen.base.codes import CodeEstimator, LatentEstimator, LatentSampler
from kgen.base.density import Density, NoDensity
from kgen.base.estimator import GenerativeEstimator
from kgen.base.fields import estimator, param
from kgen.base.head import HeadEstimator
from kgen.base.model import GenerativeModel
from kgen.base.players import Player, PlayersModel
from kgen.base.scaled import ScaledEstimator
from kgen.base.spaces import OneOf, Range, Widths
from kgen.core import validation
from kgen.core.backend import (
    compiled,
    keyed_uniform,
    normal_quantile,
    register,
    row_normal,
    stateless_normal,
    tfd,
    whole_batch,
)
from kgen.core.registry import Registry
from kgen.core.strategy import Strategy

__all__ = [
    "AveragingEstimator",
    "CodeEstimator",
    "Density",
    "GenerativeEstimator",
    "GenerativeModel",
    "HeadEstimator",
    "LatentEstimator",
    "LatentSampler",
    "NoDensity",
    "OneOf",
    "Player",
    "PlayersModel",
    "Range",
    "Registry",
    "ScaledEstimator",
    "Strategy",
    "Widths",
    "compiled",
    "draw_in_chunks",
    "estimator",
    "in_chunks",
    "keyed_uniform",
    "normal_quantile",
    "param",
    "register",
    "row_normal",
    "stateless_normal",
    "tfd",
    "validation",
    "whole_batch",
]
