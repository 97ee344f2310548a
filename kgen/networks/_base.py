"""The contract of an architecture: an object that builds networks."""

import dataclasses
import inspect
from collections.abc import Callable
from typing import Any

import keras

from kgen.core import encoding, messages
from kgen.core.registry import Registry
from kgen.core.strategy import Strategy


class Builder(Strategy):
    """Base of the architectures, which build networks from data to vectors, and back.

    To write one, implement `down` and `up`, check the settings in `__init__`, and
    register the class with `keras.saving.register_keras_serializable`, so that files
    can hold it. `@architectures.register("name")` gives the defaults a name.

    Event shapes have no batch axis: (features,) or (height, width, channels).
    """

    images_only = False
    """Whether event shapes have to be (height, width, channels)."""

    flattens = False
    """Whether `down` treats an example as a vector, which a condition then joins."""

    maps = False
    """Whether its networks are between data and maps (height, width, units) instead of
    vectors. Only models that use maps take such a builder."""

    grows = False
    """Whether its networks have to be told about training steps: see `Progressive`."""

    takes_condition: Any = False
    """Whether `up` takes `condition_dim`, the length of condition vectors, and then
    builds a network of [vectors, conditions], with
    `kgen.layers.ConditionalBatchNormalization` everywhere."""

    def down(
        self,
        event_shape: tuple[int, ...],
        units: int,
        *,
        dtype: Any = None,
        wrap: Callable | None = None,
    ) -> keras.Model:
        """Build a network from data to vectors: an encoder, or a discriminator.

        Args:
            event_shape: shape of one example, with values roughly in [-1, 1].
            units: length of the output vector, >= 1.
            dtype: Keras dtype policy for every layer.
            wrap: a function from a layer to a layer, such as
                `kgen.layers.SpectralNormalization`, which is applied to every layer
                with a kernel.

        Returns:
            A fresh, built model from (n, *event_shape) to (n, units).
        """
        raise NotImplementedError

    def up(
        self,
        units: int,
        event_shape: tuple[int, ...],
        *,
        dtype: Any = None,
        wrap: Callable | None = None,
    ) -> keras.Model:
        """Build a network from vectors to data: a decoder, or a generator.

        Args:
            units: length of the input vector, >= 1.
            event_shape: shape of one output. There is no last activation.
            dtype: see `down`.
            wrap: see `down`.

        Returns:
            A fresh, built model from (n, units) to (n, *event_shape).
        """
        raise NotImplementedError


architectures = Registry("architecture", Builder)


@dataclasses.dataclass(frozen=True)
class _Function:
    """A user's function, which gets `wrap` only if there is one."""

    function: Callable[..., keras.Model]

    def __call__(self, *shapes, wrap=None, **options):
        if wrap is not None:
            options["wrap"] = wrap
            try:
                inspect.signature(self.function).bind(*shapes, **options)
            except TypeError as problem:
                raise messages.without_wrap(self.function) from problem
        return self.function(*shapes, **options)

    def __repr__(self):
        return repr(self.function)


class Architecture(Builder):
    """A pair of functions, each of which builds a fresh, built `keras.Model`.

    Files cannot hold functions, but they can hold the name that
    `architectures.register("name")(Architecture(down, up))` gives the pair.

    Args:
        down: `down(event_shape, units, *, dtype)`, from data (roughly in [-1, 1]) to a
            vector of `units` numbers: encoders and discriminators.
        up: `up(units, event_shape, *, dtype)`, from a vector of `units` numbers to
            an array of shape `event_shape`, without a last activation: decoders and
            generators.

    Models that wrap layers, for example in spectral normalisation, also pass `wrap`,
    as in `Builder`. For other models, the functions need no such argument.

    Raises:
        ValueError: if one of them cannot be called.

    Example:
        >>> from kgen.networks import MLP
        >>> pair = Architecture(MLP(widths=8).down, MLP().up)
        >>> pair.down((28, 28, 1), 64, dtype="float32").output_shape
        (None, 64)
        >>> pair.up(32, (28, 28, 1), dtype="float32").output_shape
        (None, 28, 28, 1)
    """

    def __init__(
        self, down: Callable[..., keras.Model], up: Callable[..., keras.Model]
    ) -> None:
        self.down = _as_function("down", down)  # type: ignore[method-assign]
        self.up = _as_function("up", up)  # type: ignore[method-assign]

    def __sklearn_clone__(self):
        # Copies of functions would not equal them, and would not be found by name.
        return Architecture(self.down, self.up)


def _as_function(name: str, function: Any) -> _Function:
    if not callable(function):
        raise ValueError(
            f"Architecture({name}={function!r}): `{name}` must be a function."
        )
    return function if isinstance(function, _Function) else _Function(function)


def get(
    architecture: str | Builder, event_shape: tuple[int, ...], *, maps: bool = False
) -> Builder:
    """Resolve a name to a builder of networks for data of that shape.

    Args:
        architecture: "auto" (conv for images, or spatial where there are maps; mlp for
            tables), a name among `architectures`, or a `Builder`, which is copied.
        event_shape: shape of one example.
        maps: whether a builder of maps may be returned.

    Raises:
        ValueError: for an unknown name, a builder of images for other data, one of
            maps where there are none, or one whose networks grow.

    Example:
        >>> get("auto", (28, 28, 1))
        Conv()
    """
    if isinstance(architecture, str) and architecture == "auto":
        images = "spatial" if maps else "conv"
        architecture = images if len(event_shape) == 3 else "mlp"
    builder = architectures.resolve(architecture)
    if builder.maps and not maps:
        raise messages.wrong_maps(architecture)
    if builder.grows:
        raise messages.grows_unasked(architecture)
    if builder.images_only:
        check_images(architecture, event_shape)
    return builder


def in_place_of_batch(builder: Builder, normalisation: str | None) -> Builder:
    """The builder with another normalisation, if its own is over batches.

    Args:
        builder: a builder, which is changed in place.
        normalisation: None or "layer" for the critics of objectives with a gradient
            penalty; None with spectral normalisation, since both fix the scale of
            features (Miyato et al., 2018).

    Example:
        >>> in_place_of_batch(architectures.resolve("conv"), None)
        Conv(normalisation=None)
    """
    if getattr(builder, "normalisation", None) != "batch":
        return builder
    return builder.set_params(normalisation=normalisation)


def for_wrapped(builder: Builder) -> Builder:
    """The builder with LeakyReLU, if its own activation is SiLU.

    Around zero, SiLU halves its input. Under spectral normalisation no kernel can make
    up for that, and after some layers the discriminator can no longer tell anything.

    Args:
        builder: a builder, which is changed in place.

    Example:
        >>> for_wrapped(architectures.resolve("mlp"))
        MLP(activation='leaky_relu')
    """
    if getattr(builder, "activation", None) != "silu":
        return builder
    return builder.set_params(activation="leaky_relu")


def check_shapes(
    architecture: str | Builder,
    part: str,
    network: keras.Model,
    taken: tuple[int, ...],
    made: tuple[int, ...],
) -> None:
    """Raise a ValueError if a network does not have the shapes that were asked for.

    Args:
        architecture: the builder, as the user gave it.
        part: the method that built the network, "down" or "up".
        network: the network that it built.
        taken: expected shape of one input; with conditions, the shape of a code.
        made: expected shape of one output.
    """
    first = network.input_shape
    first = first[0] if isinstance(first, list) else first
    found = tuple(first), tuple(network.output_shape)
    if found != ((None, *taken), (None, *made)):
        raise messages.wrong_network(architecture, part, found, taken, made)


def check_images(architecture: str | Builder, event_shape: tuple[int, ...]) -> None:
    """Raise a ValueError if the event shape is not an image's."""
    if len(event_shape) != 3:
        raise ValueError(
            f"architecture={architecture!r} needs images (n, height, width[, "
            f"channels]). Got examples of shape {event_shape}. Use "
            "architecture='mlp'."
        )


def _to_name(name: str, builder: Builder) -> str:
    registered = architectures.name_of(builder)
    if registered is None:
        raise messages.unwritable(name, builder)
    return registered


# Files cannot hold functions: what Keras cannot recreate from its settings, such as
# pairs of functions, is written by its registered name.
encoding.add_codec(
    "architecture",
    lambda value: isinstance(value, Builder) and not encoding.is_registered(value),
    _to_name,
    architectures.resolve,
)
