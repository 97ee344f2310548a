"""Networks between data and vectors or maps: encoders, decoders, and others."""

from kgen.networks._base import (
    Architecture,
    Builder,
    architectures,
    check_shapes,
    for_wrapped,
    get,
    in_place_of_batch,
)
from kgen.networks.condition import assemble, join
from kgen.networks.conv import Conv
from kgen.networks.convolutions import Convolutions, ResidualConvolutions
from kgen.networks.features import with_features
from kgen.networks.growing import GrowingDown, GrowingUp, growing_layers
from kgen.networks.mlp import MLP
from kgen.networks.progressive import Progressive, grown
from kgen.networks.projection import project
from kgen.networks.residual_block import ResidualBlock
from kgen.networks.resnet import ResNet
from kgen.networks.spatial import Spatial

__all__ = [
    "MLP",
    "Architecture",
    "Builder",
    "Conv",
    "Convolutions",
    "GrowingDown",
    "GrowingUp",
    "Progressive",
    "ResNet",
    "ResidualBlock",
    "ResidualConvolutions",
    "Spatial",
    "architectures",
    "assemble",
    "check_shapes",
    "for_wrapped",
    "get",
    "growing_layers",
    "grown",
    "in_place_of_batch",
    "join",
    "project",
    "with_features",
]
