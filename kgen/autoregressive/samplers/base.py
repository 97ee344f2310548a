"""The contract of a sampler, its settings, and its input."""

import dataclasses
from typing import Any, NamedTuple

from keras import ops

from kgen.core import backend, validation
from kgen.core.backend import compiled


@dataclasses.dataclass(frozen=True)
class SamplingOptions:
    """Settings of a sampler.

    Args:
        incremental: False runs the whole network again for every scalar.
        temperature: from 1e-20 to 1e10; below 1, likely values become likelier.
        verbose: 1 shows a progress bar, on a terminal.
        jit_compile: False turns XLA off in the cached samplers.
        return_params: whether to return the head's parameters as well, as the sampler
            computed them.
    """

    incremental: bool = True
    temperature: float = 1.0
    verbose: int = 0
    jit_compile: bool | str = "auto"
    return_params: bool = False

    def __post_init__(self) -> None:
        validation.check_temperature(self.temperature)

    @property
    def xla(self) -> bool:
        """Whether XLA compiles the cached samplers."""
        return self.jit_compile is not False and backend.can_compile()


class Batch(NamedTuple):
    """Input of a sampler: tensors of n examples.

    Attributes:
        x: data, (n, *event_shape).
        mask: boolean, like x; True keeps the value of x.
        noise: uniform, (n, *head.noise_shape(event_shape)).
        temperature: > 0, a scalar.
        condition: vectors (n, condition_dim), or None.
        order: index of the model's order, an integer; for a model with `any_order`, the
            order of every example, (n, dim); None if there is only one order.
    """

    x: Any
    mask: Any
    noise: Any
    temperature: Any
    condition: Any
    order: Any


class Sampler:
    """How a model draws the unknown scalars of a batch.

    It has no state, so that all models of a class can share it.
    """

    incremental = True
    """Whether it avoids running the whole network again for every scalar."""

    pieces = 1
    """Number of pieces that a chunk is cut into if XLA compiles the sampler, so that
    the cores of a CPU draw in parallel."""

    def calls(self, model, shape):
        """Number of calls of a graph that it takes to draw an example of that shape."""
        raise NotImplementedError

    def fill(self, model, batch, options, tick):
        """Draw what `batch.mask` does not keep.

        Args:
            model: the `AutoregressiveModel`.
            batch: a `Batch`.
            options: `SamplingOptions`.
            tick: function to be called after every call of a graph.

        Returns:
            List of the filled x and, if `return_params`, the head's parameters.
        """
        raise NotImplementedError

    def fill_in_graph(self, model, batch):
        """Draw all of a batch within a graph: the filled x."""
        raise NotImplementedError


class OneCall(Sampler):
    """Draws all of a batch in one call of a graph.

    Args:
        function: `function(model, batch, *, return_params)`, to be compiled; it returns
            what `fill` returns.
        pieces: see `Sampler`.
    """

    def __init__(self, function, pieces=1):
        self.function = function
        self.graph = compiled(function, relaxed=False)
        self.xla = compiled(function, relaxed=False, jit=True)
        self.pieces = pieces

    def calls(self, model, shape):
        return 1

    def fill(self, model, batch, options, tick):
        compiled_fill = self.xla if options.xla else self.graph
        drawn = compiled_fill(model, batch, return_params=options.return_params)
        tick()
        return drawn

    def fill_in_graph(self, model, batch):
        return self.function(model, batch, return_params=False)[0]


def params_buffer(model, x):
    """Zeros in place of the head's parameters for x."""
    size = model.head.params_size(x.shape[-1])
    return ops.zeros((*x.shape[:-1], size), model.compute_dtype)
