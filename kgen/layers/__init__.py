"""Keras layers that the model families are made of."""

from kgen.layers.actnorm import ActNorm
from kgen.layers.batch_normalization import BatchNormalization
from kgen.layers.bijection import Bijection
from kgen.layers.cache import CachedLayer
from kgen.layers.causal import CausalBlock, PastRNN
from kgen.layers.chain import Chain
from kgen.layers.checkerboard import CheckerboardCoupling
from kgen.layers.conditional_batch_normalization import (
    ConditionalBatchNormalization,
)
from kgen.layers.coupling import Coupling
from kgen.layers.coupling_network import CouplingNetwork, DenseNetwork
from kgen.layers.embed import Embed
from kgen.layers.factor_out import FactorOut
from kgen.layers.flat import Flat
from kgen.layers.gated import GatedBlock, VerticalConv2D
from kgen.layers.invertible_linear import InvertibleLinear
from kgen.layers.lstm import DiagonalBiLSTM, RowLSTM
from kgen.layers.masked_autoregressive import MaskedAutoregressive
from kgen.layers.masked_conv import MaskedConv2D
from kgen.layers.masked_dense import MaskedDense
from kgen.layers.masks import hidden_degrees, hidden_mask, output_mask
from kgen.layers.permutation import Permutation
from kgen.layers.residual import MaskedResidualBlock
from kgen.layers.scaling import Scaling
from kgen.layers.shared_scale import SharedScale
from kgen.layers.spectral_normalization import SpectralNormalization
from kgen.layers.spline import (
    Spline,
    inverse_rational_quadratic,
    rational_quadratic,
)
from kgen.layers.squeeze import Squeeze
from kgen.layers.transforms import Additive, Affine, Transform, transforms
from kgen.layers.units import Logit, Units
from kgen.layers.vector_quantizer import VectorQuantizer

__all__ = [
    "ActNorm",
    "Additive",
    "Affine",
    "BatchNormalization",
    "Bijection",
    "CachedLayer",
    "CausalBlock",
    "Chain",
    "CheckerboardCoupling",
    "ConditionalBatchNormalization",
    "Coupling",
    "CouplingNetwork",
    "DenseNetwork",
    "DiagonalBiLSTM",
    "Embed",
    "FactorOut",
    "Flat",
    "GatedBlock",
    "InvertibleLinear",
    "Logit",
    "MaskedAutoregressive",
    "MaskedConv2D",
    "MaskedDense",
    "MaskedResidualBlock",
    "PastRNN",
    "Permutation",
    "RowLSTM",
    "Scaling",
    "SharedScale",
    "SpectralNormalization",
    "Spline",
    "Squeeze",
    "Transform",
    "Units",
    "VectorQuantizer",
    "VerticalConv2D",
    "hidden_degrees",
    "hidden_mask",
    "inverse_rational_quadratic",
    "output_mask",
    "rational_quadratic",
    "transforms",
]
