"""Lossless compression: what is probable gets a short code.

An entropy coder spends -log2 p(x[i] | x[<i]) bits on scalar i, so all of an example
takes -log2 p(x) bits: the density's `bits_per_dim`, times the number of scalars.

References:
    Shannon, A mathematical theory of communication, 1948, sec. 9.
"""

import hashlib
import json
import math
from typing import Any

import keras
import numpy as np
from sklearn.utils.validation import check_is_fitted

from kgen.autoregressive.estimator import ExactEstimator
from kgen.core import backend, messages
from kgen.data.frames import is_frame
from kgen.data.sources import with_channel
from kgen.heads import LevelHead
from kgen.tasks import _code_format
from kgen.tasks._coding import Coder, code, library

ROWS = (1, 16, 64, 256)
"""Numbers of examples that are coded in lockstep: few, so that few graphs are traced. A
code holds which one it was, since the last bits of probabilities depend on it."""


class Compressor:
    """Lossless compression of integers, by a density that draws scalar by scalar.

    The code of X is as long as the density's `bits_per_dim` says, plus about 60 bytes
    for shape and dtype, checksums, and a fingerprint of the density. With another
    density it cannot be decompressed.

    The code depends on the last bits of the density's floats. They are the same on one
    machine, with the same versions of kgen, Keras and TensorFlow, the same device and
    the same number of threads. Elsewhere `decompress` returns the same X or raises a
    ValueError, and never returns anything else.

    Args:
        density: fitted estimator with an exact density of integers: NADE, MADE with
            orders=1, PixelCNN, GatedPixelCNN, ConditionalPixelCNN, PixelRNN, WaveNet
            or SequenceRNN.

    Raises:
        ImportError: if the package `constriction` is not installed.
        TypeError: for a density of another kind.
        ValueError: for a density of real numbers, or one that averages several orders.

    References:
        Bamler, Understanding Entropy Coding With Asymmetric Numeral Systems (ANS): a
        Statistician's Perspective, 2022 (the library `constriction`).
        https://arxiv.org/abs/2201.01741

    Example:
        >>> import kgen
        >>> from kgen.data.toy import bars
        >>> X = bars(256, size=4, random_state=0)
        >>> density = kgen.MADE(hidden=(32,), epochs=20, random_state=0).fit(X)
        >>> compressor = Compressor(density)
        >>> code = compressor.compress(X)
        >>> len(code) < X.size / 8
        True
        >>> bool((compressor.decompress(code) == X).all())
        True
    """

    def __init__(self, density: Any) -> None:
        library()
        self.density = density
        self._check_density()

    def __repr__(self) -> str:
        return f"Compressor({self.density!r})"

    def compress(self, X: Any, y: Any = None) -> bytes:
        """Compress examples into bytes.

        Args:
            X: array or DataFrame like the training data, of integers that the head
                gives probability to, in any numeric dtype.
            y: labels or condition vectors, for conditional densities only. The code
                does not hold them.

        Raises:
            ValueError: for X that is empty, of another shape, or with other values.
        """
        self._check_density()
        density = self.density
        values = density._array(X)
        x = density._as_inputs(values)
        self._check_values(values)
        condition = self._condition(len(x), y, "compress")
        rows = next((r for r in ROWS if len(x) <= r), ROWS[-1])
        coder = self._coder(x.reshape(len(x), -1).astype("int32"))
        self._code(coder, x.shape[1:], condition, rows)
        return _code_format.written(
            _code_format.Code(
                self._fingerprint(),
                _code_format.digest(values),
                _code_format.digest(condition),
                rows,
                is_frame(X),
                values.dtype,
                values.shape,
                coder.words,
            )
        )

    def decompress(self, data: bytes, y: Any = None) -> Any:
        """Recover the compressed examples exactly.

        Args:
            data: what `compress` returned.
            y: the same as in `compress`.

        Returns:
            Array of the shape and dtype of X; if X was a DataFrame like that in `fit`,
            a DataFrame of the same columns and dtypes, with a new index.

        Raises:
            TypeError: if `data` is not bytes.
            ValueError: if they are damaged, come from another density or another `y`,
                or were written where the last bits of the probabilities differ.
        """
        self._check_density()
        if not isinstance(data, (bytes, bytearray, memoryview)):
            raise messages.not_bytes(data)
        found = _code_format.read(bytes(data))
        density, owner = self.density, type(self.density).__name__
        if found.fingerprint != self._fingerprint():
            raise messages.other_density(owner)
        n, sequences = found.shape[0], density._any_length
        condition = self._condition(n, y, "decompress")
        if found.condition != _code_format.digest(condition):
            raise messages.other_conditions()
        shape = with_channel(found.shape, sequences=sequences)[1:]
        x = np.zeros((n, math.prod(shape)), "int32")
        self._code(self._coder(x, found.words), shape, condition, found.rows)
        values = x.astype(found.dtype).reshape(found.shape)
        if _code_format.digest(values) != found.digest:
            raise messages.other_arithmetic()
        return density._framed(values) if found.frame else values

    def _check_density(self) -> None:
        backend.need_tensorflow("Compressor")
        density, owner = self.density, type(self.density).__name__
        if not isinstance(density, ExactEstimator):
            raise messages.not_coded(density)
        check_is_fitted(density)
        head, model = density.head_, density.model_
        if density.levels_ is None:
            raise messages.real_head(owner, type(head).__name__)
        if model.n_orders != 1:
            raise messages.several_orders(
                owner, getattr(density, "orders", model.n_orders)
            )
        formula = getattr(head, "_log_masses", None)
        known = isinstance(head, LevelHead)
        if not known or (head.orders_channels and formula is None):
            raise messages.head_without_masses(type(head).__name__)

    def _check_values(self, values: np.ndarray) -> None:
        """Raise a ValueError for values that have no code, or that differ from it."""
        levels, low, high = self.density.levels_, values.min(), values.max()
        negative = values.dtype.kind == "f" and np.signbit(values).any()
        if low < 0 or high >= levels or negative:
            held = f"values in {low}..{high}"
            raise messages.outside_code(type(self.density).__name__, held, levels)

    def _condition(self, n: int, y: Any, method: str) -> np.ndarray | None:
        condition = self.density._conditions_of(n, y, method)
        if condition is None and y is not None:
            raise messages.unwanted_y(type(self.density).__name__)
        return None if condition is None else np.asarray(condition, "float32")

    def _coder(self, x: np.ndarray, words: Any = None) -> Coder:
        order = self.density.model_.permutations
        order = np.arange(x.shape[1]) if order is None else np.asarray(order[0])
        return Coder(type(self.density).__name__, x, words, order)

    def _code(self, coder: Coder, shape: tuple, condition: Any, rows: int) -> None:
        density = self.density
        code(density.model_, coder, shape, condition, rows, density.verbose)

    def _fingerprint(self) -> bytes:
        """Digest of all that the probabilities depend on, 16 bytes."""
        density, model = self.density, self.density.model_
        config = keras.saving.serialize_keras_object(model.get_config())
        config.pop("name", None)
        facts = [type(model).__name__, config, density._model_shape(), density.policy_]
        found = hashlib.blake2b(json.dumps(facts, default=str).encode(), digest_size=16)
        for weight in model.weights:
            array = keras.ops.convert_to_numpy(weight)
            found.update(f"{array.dtype}{array.shape}".encode() + array.tobytes())
        return found.digest()
