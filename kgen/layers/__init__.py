"""Keras layers that the model families are made of."""

from kgen.layers.causal import CausalBlock, PastRNN
from kgen.layers.embed import Embed
from kgen.layers.gated import GatedBlock, VerticalConv2D
from kgen.layers.lstm import DiagonalBiLSTM, RowLSTM
from kgen.layers.masked_conv import MaskedConv2D
from kgen.layers.masked_dense import MaskedDense

__all__ = [
    "CausalBlock",
    "DiagonalBiLSTM",
    "Embed",
    "GatedBlock",
    "MaskedConv2D",
    "MaskedDense",
    "PastRNN",
    "RowLSTM",
    "VerticalConv2D",
]
