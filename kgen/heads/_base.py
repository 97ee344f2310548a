"""The contract of an output head."""

from typing import Any, NamedTuple

from keras import ops

from kgen.core.registry import Registry
from kgen.core.strategy import Strategy


class Support(NamedTuple):
    """The values a head gives probability to."""

    low: float
    high: float
    integral: bool

    def holds(self, summary: Any) -> bool:
        """Whether all data described by a `Summary` lie in the support."""
        inside = self.low <= summary.low and summary.high <= self.high
        return inside and (summary.integral or not self.integral)


class Head(Strategy):
    """A strategy without weights: from network outputs to a distribution of the data.

    To write one:

    - say how many network outputs a scalar costs (`size`); outputs are laid out channel
      by channel, so that output k of m belongs to channel k * channels // m. Or set
      `orders_channels` and implement `params_size`, if the head itself makes the
      channels of a pixel depend on each other, in their order;
    - say which values it models (`support`, and `levels` if they are discrete);
    - map data to what a network likes to see (`embed`, about [-1, 1]);
    - give the distribution (`distribution`), its `mean`, and a deterministic `draw`
      from uniform noise by the inverse CDF.

    All methods take network outputs of any float dtype and compute in float32.
    `kgen.testing.check_head` verifies the contract.
    """

    levels: int | None = None
    """How many values a scalar can take, 0 to levels - 1; None for reals."""

    size = 1
    """Network outputs per scalar."""

    orders_channels = False
    """Whether the head draws a pixel at once, each channel given those before it. The
    network in front of it then must not tell the channels of a pixel apart."""

    @property
    def support(self) -> Support:
        """The values it models."""
        if self.levels is None:
            return Support(float("-inf"), float("inf"), integral=False)
        return Support(0, self.levels - 1, integral=True)

    def params_size(self, channels: int) -> int:
        """Network outputs for a pixel of `channels` scalars."""
        return channels * self.size

    def embed(self, x):
        """Map data to network inputs of the same shape, about [-1, 1]."""
        raise NotImplementedError

    def features(self, x):
        """Map data to the inputs of a dense network: like `embed`, or in [0, 1]."""
        return self.embed(x)

    def distribution(self, params):
        """Distribution of a batch, for float32 `params` of shape (n, ..., outputs)."""
        raise NotImplementedError

    def mean(self, params):
        """Expected value of the data, shape (n, ..., channels)."""
        raise NotImplementedError

    def noise_shape(self, event_shape: tuple[int, ...]) -> tuple[int, ...]:
        """Shape of the uniform noise that one example costs in `draw`."""
        return event_shape

    def draw(self, params, noise, temperature=1.0):
        """Turn noise in (0, 1) into data, by the inverse CDF.

        Args:
            params: network outputs, shape (n, ..., outputs).
            noise: uniform, shape (n, *noise_shape(event_shape)).
            temperature: > 0; below 1 the likely values get likelier.
        """
        raise NotImplementedError

    def of_channel(self, index: Any) -> "Head":
        """Head of one channel alone, in its units; the index may be a tensor."""
        return self

    def adapt(self, summary: Any) -> "Head":
        """Head in the units of the data that a `Summary` describes."""
        return self

    def __call__(self, params):
        """The `tfp` distribution of a batch; its `log_prob` has shape (n,), in nats."""
        return self.distribution(ops.cast(params, "float32"))

    def split(self, params):
        """Float32 `params` as (n, ..., channels, size)."""
        params = ops.cast(params, "float32")
        channels = params.shape[-1] // self.size
        between = ops.shape(params)[1:-1]  # of which one may be unknown in a graph
        return ops.reshape(params, (-1, *between, channels, self.size))


heads = Registry("head", Head)
