"""The contract of an output head."""

from typing import Any, NamedTuple

import numpy as np
from keras import ops

from kgen.core import backend
from kgen.core.registry import Registry
from kgen.core.strategy import Strategy


class Support(NamedTuple):
    """The values that a head gives probability to."""

    low: float
    high: float
    integral: bool

    def holds(self, summary: Any) -> bool:
        """Whether all data described by a `Summary` lie in the support."""
        inside = self.low <= summary.low and summary.high <= self.high
        return inside and (summary.integral or not self.integral)


class Head(Strategy):
    """A strategy without weights: from network outputs to a distribution of the data.

    To write one, subclass `LevelHead` for integers or `RealHead` for reals, which know
    the network's input range and the units of the data. Then

    - say how many network outputs a scalar takes (`size`); outputs are laid out channel
      by channel, so that output k of m belongs to channel k * channels // m. Or set
      `orders_channels` and implement `pixel_size`, if the head itself makes each
      channel of a pixel depend on those before it;
    - say which values it models (`levels`, if they are discrete);
    - implement the distribution (`distribution`), its `mean`, and a deterministic
      `draw` from uniform noise by the inverse CDF, with further numbers for `choices`;
    - for integers, implement `_log_masses` if there is a quick formula, or if the head
      orders the channels and data are to be compressed: see `LevelHead`;
    - decorate it with `kgen.base.register`, so that files can hold it, and with
      `kgen.heads.register("name")` to give it a name.

    All methods take network outputs of any float dtype and compute in float32.
    `kgen.testing.check_head` verifies the contract.
    """

    levels: int | None = None
    """How many values a scalar can take, 0 to levels - 1; None for reals."""

    size = 1
    """Network outputs per scalar."""

    orders_channels = False
    """Whether the head draws a pixel at once, each channel given those before it. The
    network then has to mask whole pixels, not channels."""

    one_hot = False
    """Whether models of images see a level as a one-hot vector rather than a number:
    for levels that have no order."""

    choices = 0
    """Uniform numbers that `draw` takes in addition to one per scalar, to choose a
    mixture's component: per scalar, or per pixel if the head orders the channels."""

    compares = False
    """Whether `draw` only compares its noise with probabilities of 1, which `ones` then
    does: the noise of one-pass models costs half as much."""

    constants: Any = None
    """Which channels it draws as constants, boolean, and their values; or None."""

    _log_mass: Any = None
    """A quicker formula for the distribution's `log_prob`, given float32 `params` and
    integers in the support, if there is one."""

    units: Any = {}
    """Arrays that differ between heads for different data, by name of the setting."""

    @property
    def support(self) -> Support:
        """The values that it models."""
        if self.levels is None:
            return Support(float("-inf"), float("inf"), integral=False)
        return Support(0, self.levels - 1, integral=True)

    def params_size(self, channels: int) -> int:
        """Network outputs for a pixel of `channels` scalars."""
        if self.orders_channels:
            return self.pixel_size(channels)
        return channels * self.size

    def pixel_size(self, channels: int) -> int:
        """Network outputs for a pixel, if the head orders the channels itself."""
        raise NotImplementedError

    def embed(self, x):
        """Map data to network inputs of the same shape, roughly in [-1, 1]."""
        raise NotImplementedError

    def features(self, x):
        """Map data to the inputs of a dense network: integers to [0, 1]."""
        raise NotImplementedError

    def distribution(self, params):
        """Distribution of a batch, for float32 `params` of shape (n, ..., outputs)."""
        raise NotImplementedError

    def mean(self, params):
        """Expected value of the data, shape (n, ..., channels)."""
        raise NotImplementedError

    def noise_shape(self, event_shape: tuple[int, ...]) -> tuple[int, ...]:
        """Shape of the uniform noise that `draw` takes for one example."""
        if not self.choices:
            return event_shape
        if self.orders_channels:
            return (*event_shape[:-1], event_shape[-1] + self.choices)
        return (*event_shape, 1 + self.choices)

    def keyed_noise(self, seed, first, count, event_shape, stream=0):
        """Noise for `draw`, (count, *noise_shape(event_shape)), made in the graph.

        Args:
            seed: seed, as in `kgen.base.keyed_uniform`.
            first: index of the first example.
            count: number of examples.
            event_shape: shape of an example.
            stream: integer; use another one for further noise of the same examples.
        """
        make = backend.keyed_thresholds if self.compares else backend.keyed_uniform
        return make(seed, first, count, self.noise_shape(event_shape), stream)

    def draw(self, params, noise, temperature=1.0):
        """Turn noise in (0, 1) into data, by the inverse CDF.

        Args:
            params: network outputs, shape (n, ..., outputs).
            noise: uniform, shape (n, *noise_shape(event_shape)).
            temperature: > 0; below 1, likely values become likelier.
        """
        raise NotImplementedError

    def ones(self, params, noise):
        """Where `draw` returns 1, boolean, if the head `compares`."""
        raise NotImplementedError

    def of_channel(self, index: Any) -> "Head":
        """Head for a single channel, in its units.

        Args:
            index: index of the channel; a tensor (n, 1) has one for every example.
        """
        raise NotImplementedError

    def adapt(self, summary: Any) -> "Head":
        """The same head in the units of the data that a `Summary` describes."""
        raise NotImplementedError

    def __call__(self, params):
        """The `tfp` distribution of a batch, for data in the head's support."""
        return self.distribution(ops.cast(params, "float32"))

    def log_prob(self, params, x):
        """Log-density of examples, (n,), in nats and data units.

        It is -inf for examples with a value outside the support.

        Args:
            params: network outputs, shape (n, ..., outputs).
            x: data, shape (n, ..., channels).
        """
        x = ops.cast(x, "float32")
        if self.levels is None:
            return self(params).log_prob(x)
        held = ops.clip(x, 0.0, self.levels - 1.0)
        outside = ops.any(x != held, axis=tuple(range(1, len(x.shape))))
        # Infinite where it must be, and nowhere in the graph of other data:
        # `enable_check_numerics` reports even constants.
        nothing = ops.where(outside, np.finfo("float32").min, np.float32(0.0)) * 2.0
        params = ops.cast(params, "float32")
        if self._log_mass is not None:
            return self._log_mass(params, held) + nothing
        return self.distribution(params).log_prob(held) + nothing

    def split(self, params):
        """Float32 `params` as (n, ..., channels, size)."""
        params = ops.cast(params, "float32")
        channels = params.shape[-1] // self.size
        between = ops.shape(params)[1:-1]  # one of them may be unknown in a graph
        return ops.reshape(params, (-1, *between, channels, self.size))


heads = Registry("head", Head)
