"""Keras layers that the model families are made of."""

from kgen.layers.embed import Embed
from kgen.layers.masked_conv import MaskedConv2D

__all__ = ["Embed", "MaskedConv2D"]
