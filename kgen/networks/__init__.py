"""Networks between data and vectors: encoders, decoders, generators, discriminators."""

from kgen.networks._base import Architecture, architectures
from kgen.networks.conv import conv
from kgen.networks.mlp import mlp

__all__ = ["Architecture", "architectures", "conv", "mlp"]
