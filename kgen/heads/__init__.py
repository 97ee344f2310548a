"""Output heads: from the outputs of a network to a distribution of the data."""

from kgen.heads._base import Head, Support, heads
from kgen.heads._levels import LevelHead
from kgen.heads._reals import RealHead
from kgen.heads.auto import get
from kgen.heads.bernoulli import Bernoulli
from kgen.heads.categorical import Categorical
from kgen.heads.coupled_mixture_of_logistics import CoupledMixtureOfLogistics
from kgen.heads.mixture_of_logistics import MixtureOfLogistics
from kgen.heads.mixture_of_normals import MixtureOfNormals
from kgen.heads.normal import Normal

register = heads.register

__all__ = [
    "Bernoulli",
    "Categorical",
    "CoupledMixtureOfLogistics",
    "Head",
    "LevelHead",
    "MixtureOfLogistics",
    "MixtureOfNormals",
    "Normal",
    "RealHead",
    "Support",
    "get",
    "heads",
    "register",
]
