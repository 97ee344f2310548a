"""The contract of an architecture: two functions that build networks."""

import dataclasses
from collections.abc import Callable

import keras

from kgen.core import persistence
from kgen.core.registry import Registry

architectures = Registry("architecture")


@dataclasses.dataclass(frozen=True)
class Architecture:
    """A pair of functions, each of which builds a fresh, built `keras.Model`.

    Attributes:
        down: `down(event_shape, units, *, dtype)`, from data (about [-1, 1]) to a
            vector of `units` numbers: encoders and discriminators.
        up: `up(units, event_shape, *, dtype)`, from a vector of `units` numbers to
            an array of shape `event_shape`, without a last activation: decoders and
            generators.

    Event shapes have no batch axis: (features,) or (height, width, channels).

    Example:
        >>> mlp = architectures["mlp"]
        >>> mlp.down((28, 28, 1), 64, dtype="float32").output_shape
        (None, 64)
        >>> mlp.up(32, (28, 28, 1), dtype="float32").output_shape
        (None, 28, 28, 1)
    """

    down: Callable[..., keras.Model]
    up: Callable[..., keras.Model]


def get(architecture: str | Architecture, event_shape: tuple) -> Architecture:
    """Resolve a name; "auto" is conv for images and mlp for tables.

    Raises:
        ValueError: for an unknown name, or "conv" on a table.
    """
    if architecture == "auto":
        architecture = "conv" if len(event_shape) == 3 else "mlp"
    if architecture == "conv" and len(event_shape) != 3:
        raise ValueError(
            "architecture='conv' needs images (n, height, width[, channels]). Got "
            f"examples of shape {event_shape}. Use architecture='mlp'."
        )
    if isinstance(architecture, Architecture):
        return architecture
    return architectures[architecture]


# An architecture is functions, and files hold none: it is written by its name.
persistence.add_codec(
    "architecture",
    lambda value: architectures.name_of(value) is not None,
    lambda name, value: architectures.name_of(value),
    lambda name: architectures[name],
)
