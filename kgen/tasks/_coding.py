"""A model's sampler as an entropy coder.

The sampler finds the probabilities of a scalar given those before it, and asks its head
for a value. Here the head asks a coder instead. When encoding, the coder knows the
value: it writes it with these probabilities, and returns it. When decoding, it reads
the value with the same probabilities. Both run the same graph, with tensors of the same
shapes, so the probabilities are the same to the last bit.

References:
    Martin, Range encoding: an algorithm for removing redundancy from a digitised
    message, 1979.
    Bamler, Understanding Entropy Coding With Asymmetric Numeral Systems (ANS): a
    Statistician's Perspective, 2022 (the library `constriction`).
    https://arxiv.org/abs/2201.01741
"""

import importlib
import itertools
import math
from typing import Any

import numpy as np
from keras import ops

from kgen.autoregressive.samplers import Batch
from kgen.base.chunks import pad
from kgen.core import messages, progress
from kgen.core.backend import compiled, tf


def library() -> Any:
    """The package `constriction`.

    Raises:
        ImportError: if it is not installed; the message says how to install it.
    """
    try:
        return importlib.import_module("constriction")
    except ImportError:
        raise messages.no_coder() from None


class Coder:
    """Codes integers with the probabilities it is given, chunk by chunk.

    A probability is a multiple of 2**-24, and never 0.

    Args:
        owner: name of the density, for messages.
        x: integers (n, dim) to be encoded, or zeros, to be decoded.
        words: the code, uint32, to decode; None to encode.
        order: index of the scalar whose turn it is, (dim,).
    """

    def __init__(self, owner, x, words, order):
        stream = library().stream
        self.owner, self.x, self.order = owner, x, order
        self.family = stream.model.Categorical(perfect=False)
        self.encodes, queue = words is None, stream.queue
        self.coder = queue.RangeEncoder() if self.encodes else queue.RangeDecoder(words)
        self.problem = None

    @property
    def words(self):
        """The code, uint32."""
        return self.coder.get_compressed()

    def begin(self, start, rows):
        """Begin a chunk: examples from `start`, as many as there are, at most `rows`.

        Missing rows repeat the last one.
        """
        self.part = self.x[start : start + rows]
        self.rows, self.turn = rows, 0

    def __call__(self, probabilities, index):
        """Values of a scalar of all examples, float32 (rows,).

        Args:
            probabilities: of all levels, float32 (rows, levels).
            index: of the scalar.
        """
        if index != self.order[self.turn]:
            raise messages.unordered_draws(self.owner)
        self.turn += 1
        probabilities = np.ascontiguousarray(probabilities[: len(self.part)])
        if not np.isfinite(probabilities).all():
            raise messages.no_probabilities(self.owner)
        if self.encodes:
            values = np.ascontiguousarray(self.part[:, index])
            self.coder.encode(values, self.family, probabilities)
        else:
            values = self.part[:, index] = self._decoded(probabilities)
        return pad(values.astype("float32"), self.rows)

    def _decoded(self, probabilities):
        try:
            return self.coder.decode(self.family, probabilities)
        except AssertionError:  # no number of the code leads here
            raise messages.other_arithmetic() from None


_open: dict[int, Coder] = {}
_numbers = itertools.count()


def code(
    model: Any, coder: Coder, shape: tuple, condition: Any, rows: int, verbose: Any
) -> None:
    """Have a coder encode or decode all its examples.

    Args:
        model: an `AutoregressiveModel` of one order.
        coder: the coder.
        shape: of an example.
        condition: vectors (n, condition_dim), or None.
        rows: examples that are coded in lockstep.
        verbose: 1 shows a progress bar, on a terminal.
    """
    number = next(_numbers)
    _open[number] = coder
    starts = range(0, len(coder.x), rows)
    tick = progress.ticker(len(starts), verbose)
    try:
        for start in starts:
            coder.begin(start, rows)
            given = condition
            if condition is not None:
                given = ops.convert_to_tensor(
                    pad(condition[start : start + rows], rows)
                )
            # An array is an argument of the graph, a number would be a constant in it.
            code_chunk(model, np.asarray(number), given, rows=rows, shape=shape)
            tick()
    except Exception as problem:
        # TensorFlow raises one of its own errors in place of the coder's.
        raise coder.problem or problem from None
    finally:
        del _open[number]


def _code_chunk(model, number, condition, *, rows, shape):
    """Draw a chunk, with the values that the coder of that number returns."""
    index = ops.reshape(ops.arange(math.prod(shape), dtype="int32"), (1, *shape))
    blank = ops.zeros((rows, *shape), "float32")
    batch = Batch(
        blank,
        blank > 0,
        ops.broadcast_to(index, (rows, *shape)),  # in place of the noise
        ops.ones((), "float32"),
        condition,
        None,
    )
    coded = model.with_head(CodedHead(model.head, number))
    return model.sampler.fill_in_graph(coded, batch)


code_chunk = compiled(_code_chunk, relaxed=False)


class CodedHead:
    """A head that draws what a coder returns for its probabilities.

    Args:
        head: the `LevelHead`.
        number: of the coder, a tensor.
    """

    def __init__(self, head, number):
        self.head, self.number = head, number

    def __getattr__(self, name):
        return getattr(self.head, name)

    def of_channel(self, index):
        return CodedHead(self.head.of_channel(index), self.number)

    def draw(self, params, index, temperature):
        """Values of a scalar, (n, 1), or of a pixel, (n, channels).

        Args:
            params: network outputs, (n, outputs).
            index: of the scalars in an example, of the same shape as the values.
            temperature: not used.
        """
        values = []
        for channel in range(index.shape[-1]):
            masses = ops.exp(self.head.log_masses(params, values))
            asked = [self.number, masses, index[0, channel]]
            value = tf.numpy_function(_answer, asked, tf.float32)
            values.append(ops.reshape(value, (index.shape[0],)))
        return ops.stack(values, axis=-1)


def _answer(number, probabilities, index):
    coder = _open[int(number)]
    try:
        return coder(probabilities, int(index))
    except Exception as problem:
        coder.problem = problem
        raise
