"""What models of sequences have in common: steps of any number, drawn in blocks."""

from typing import Any, ClassVar

import numpy as np
from keras import ops

from kgen.autoregressive._base import AutoregressiveModel
from kgen.autoregressive._estimator import AutoregressiveEstimator
from kgen.autoregressive.raster import RasterModel, Walk
from kgen.core import validation
from kgen.core.backend import compiled
from kgen.core.random import keyed_streams
from kgen.heads import Categorical, Head, MixtureOfNormals

BLOCK = 256
"""Steps that are drawn in one call. One compiled loop serves sequences of all lengths,
and between the calls the sampler shows progress and can be interrupted."""


class SequenceModel(RasterModel):
    """A model of sequences, which are to its layers images of one row.

    A subclass implements `build`, which ends by calling this one, and `network`. No
    output may depend on how far its step is from the first, nor on how many there are
    in all: what is trained on sequences of one length works for others.

    Input shape: (n, steps, channels), values in the head's support; the number of steps
        may be None.
    Output shape: (n, steps, head.params_size(channels)).
    """

    def build(self, input_shape):
        shape = self.shape_of(input_shape)
        if len(shape) != 3 or shape[-1] is None:
            raise ValueError(
                f"{type(self).__name__} takes sequences (n, steps, channels). Got "
                f"shape {tuple(shape)}."
            )
        AutoregressiveModel.build(self, input_shape)

    def row_shape(self, input_shape):
        """Shape of embedded data as its layers see them."""
        _, steps, channels = self.shape_of(input_shape)
        one_hot = isinstance(self.head, Categorical)
        return (None, 1, steps, channels * (self.head.levels if one_hot else 1))

    def embed(self, x):
        """Data to network inputs: one-hot vectors if each value has a probability."""
        if not isinstance(self.head, Categorical):
            return super().embed(x)
        levels = self.head.levels
        h = ops.one_hot(ops.cast(x, "int32"), levels, dtype=self.compute_dtype)
        return ops.reshape(h, (-1, *x.shape[1:-1], x.shape[-1] * levels))

    def call(self, inputs):
        x, condition = self.unpack(inputs)
        h = ops.expand_dims(self.embed(x), 1)
        return self.outputs(h, condition)[:, 0]

    def sample(self, n, seed=None, condition=None, incremental=True, **options):  # noqa: FBT002 (the name is what one passes)
        """Draw sequences, one step after the other.

        Args:
            n: number of sequences, >= 1.
            seed: integer; None draws one from NumPy's global state.
            condition: see `AutoregressiveModel.sample`.
            incremental: see `AutoregressiveModel.sample`.
            **options: `length`, the number of steps, None for that of the training
                data; others see `complete`.

        Returns:
            Float32 array of shape (n, length, channels), in data units. Whatever the
            length, the same seed gives the same beginning.
        """
        self._check_built()
        steps, channels = self.event_shape
        length = options.pop("length", None)
        length = steps if length is None else validation.check_count("length", length)
        if length is None:
            raise ValueError("`length` is needed: the model was built for any.")
        blank = np.zeros(
            (validation.check_count("n_samples", n), length, channels), "float32"
        )
        return self.complete(
            blank, blank > 0, seed, condition, incremental=incremental, **options
        )

    # What the samplers ask for.

    def noise(self, seed, indices, shape):
        return keyed_streams(seed, indices, self.head.noise_shape(shape))

    @property
    def block(self):
        """Steps that are drawn in one call."""
        return min(BLOCK, self.event_shape[0] or BLOCK)

    def calls(self, shape):
        return -(-shape[0] // self.block)

    def fill_all(self, xla, x, mask, noise, temperature, options, tick, *, keep):
        fill, block = self.fill_xla if xla else self.fill_graph, self.block
        n, steps = x.shape[:2]
        memory = Walk(self, n, block, **options).row
        drawn = []
        for start in range(0, steps, block):
            parts = [_block(t, start, block) for t in (x, mask, noise)]
            first = ops.convert_to_tensor(start, "int32")
            found, memory = fill(*parts, temperature, options, memory, first, keep=keep)
            drawn.append([ops.convert_to_numpy(part) for part in found])
            tick()
        return [np.concatenate(p, axis=1)[:, :steps] for p in zip(*drawn, strict=True)]

    def _fill_block(self, x, mask, noise, temperature, options, memory, start, *, keep):
        met = self.room(x) if keep else None
        walk = Walk(self, x.shape[0], x.shape[1], **options)
        walk.enter_row()
        walk.row = memory
        x, met = walk.fill(x, met, mask, noise, temperature, start)
        return [x, met] if keep else [x], walk.row

    fill_graph = compiled(_fill_block, relaxed=False)
    fill_xla = compiled(_fill_block, relaxed=False, jit=True)


def _block(tensor, start, size):
    """Some steps of a tensor (n, steps, ...), with zeros after the last."""
    part = tensor[:, start : start + size]
    missing = size - part.shape[1]
    if not missing:
        return part
    return ops.pad(part, ((0, 0), (0, missing), *[(0, 0)] * (len(part.shape) - 2)))


class SequenceEstimator(AutoregressiveEstimator):
    """What estimators around a `SequenceModel` have in common."""

    _ranks: ClassVar[tuple[int, ...]] = (2, 3)
    _any_length: ClassVar[bool] = True
    _reals: ClassVar[type[Head]] = MixtureOfNormals

    def sample(
        self,
        n_samples: int | None = None,
        *,
        length: int | None = None,
        y: Any = None,
        temperature: float = 1.0,
        random_state: Any = None,
    ) -> np.ndarray:
        """Draw sequences like the training data.

        Args:
            n_samples: how many, >= 1; None is 1, or as many as there are in y.
            length: number of steps, >= 1; None is that of the training data.
            y: labels or condition vectors, for conditional estimators only.
            temperature: > 0; below 1 the likely values get likelier.
            random_state: None (fresh draws), int or RandomState. Sample i depends on
                it and on i, not on how many are drawn; a longer sample begins like a
                shorter one.

        Returns:
            Array of shape (n_samples, length, ...) and dtype of the training data.
        """
        temperature = validation.check_temperature(temperature)
        if length is not None:
            length = validation.check_count("length", length)
        options = {"temperature": temperature, "length": length}
        return self._draw(n_samples, y, random_state, **options, **self._sampling())
