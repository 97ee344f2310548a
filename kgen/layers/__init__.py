"""Keras layers that the model families are made of."""

from kgen.layers.batch_normalization import BatchNormalization
from kgen.layers.cache import CachedLayer
from kgen.layers.causal import CausalBlock, PastRNN
from kgen.layers.conditional_batch_normalization import (
    ConditionalBatchNormalization,
)
from kgen.layers.embed import Embed
from kgen.layers.gated import GatedBlock, VerticalConv2D
from kgen.layers.lstm import DiagonalBiLSTM, RowLSTM
from kgen.layers.masked_conv import MaskedConv2D
from kgen.layers.masked_dense import MaskedDense
from kgen.layers.masks import hidden_degrees, hidden_mask, output_mask
from kgen.layers.residual import MaskedResidualBlock
from kgen.layers.scaling import Scaling
from kgen.layers.shared_scale import SharedScale
from kgen.layers.spectral_normalization import SpectralNormalization
from kgen.layers.vector_quantizer import VectorQuantizer

__all__ = [
    "BatchNormalization",
    "CachedLayer",
    "CausalBlock",
    "ConditionalBatchNormalization",
    "DiagonalBiLSTM",
    "Embed",
    "GatedBlock",
    "MaskedConv2D",
    "MaskedDense",
    "PastRNN",
    "MaskedResidualBlock",
    "RowLSTM",
    "Scaling",
    "SharedScale",
    "SpectralNormalization",
    "VectorQuantizer",
    "VerticalConv2D",
    "hidden_degrees",
    "hidden_mask",
    "output_mask",
]
