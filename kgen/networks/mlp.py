"""Dense networks for data of any shape."""

import math
from collections.abc import Callable, Sequence
from typing import Any

from keras import layers

from kgen.core import validation
from kgen.core.backend import register
from kgen.networks import _parts
from kgen.networks._base import architectures
from kgen.networks._parts import LayeredBuilder, Parts, small


@architectures.register("mlp")
@register
class MLP(LayeredBuilder):
    """Dense networks: hidden layers of these widths in `down`, in reverse in `up`.

    A hidden layer is a dense layer, normalisation (if any), the activation, and dropout
    (if any).

    Args:
        widths: units of the hidden layers from the data's side, each >= 1; one integer
            is one layer.
        activation: name of a Keras activation, or a function registered with Keras.
            SiLU learns faster than a leaky ReLU and generalises better.
        normalisation: None, "batch", or "layer" (Ba et al.), after every hidden
            dense layer, which then has no bias of its own.
        dropout: share of every hidden layer's outputs to drop in training, in [0, 1).
        input_dropout: share of the inputs of `down` to drop in training, in [0, 1). An
            encoder that does not see everything fits the training data less closely.

    Raises:
        ValueError: for a setting out of range.

    References:
        Ba et al., Layer Normalization, 2016, sec. 3. https://arxiv.org/abs/1607.06450

    Example:
        >>> encoder = MLP(widths=(64, 32), normalisation="layer").down((28, 28, 1), 8)
        >>> encoder.output_shape
        (None, 8)
    """

    flattens = True

    def __init__(
        self,
        widths: int | Sequence[int] = (512, 256),
        activation: str | Callable = "silu",
        normalisation: str | None = None,
        dropout: float = 0.0,
        input_dropout: float = 0.0,
    ) -> None:
        self.widths = validation.check_settings(self, "widths", widths, ge=1)
        self.activation = _parts.check_activation(self, activation)
        self.normalisation = _parts.check_normalisation(self, normalisation)
        self.dropout = _parts.check_dropout(self, dropout)
        self.input_dropout = _parts.check_dropout(self, input_dropout, "input_dropout")

    def _features(self, parts: Parts, event_shape: tuple[int, ...]) -> list:
        network = [parts.flatten()]
        if self.input_dropout:
            network.append(layers.Dropout(self.input_dropout, dtype=parts.dtype))
        for width in self.widths:
            network += self._hidden(parts, width)
        return network

    def _data(self, parts: Parts, event_shape: tuple[int, ...]) -> list:
        network = []
        for width in reversed(self.widths):
            network += self._hidden(parts, width)
        return [
            *network,
            parts.dense(math.prod(event_shape), kernel_initializer=small()),
            layers.Reshape(event_shape, dtype=parts.dtype),
        ]

    def _hidden(self, parts: Parts, width: int) -> list[layers.Layer]:
        options: dict[str, Any] = {"kernel_initializer": "he_normal"}
        if self.normalisation is None:
            dense = parts.dense(width, activation=self.activation, **options)
            return [dense, *parts.drop()]
        dense = parts.dense(width, use_bias=False, **options)
        return [dense, *parts.normalise(), *parts.activate(self.activation)]
