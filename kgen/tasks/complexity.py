"""The complexity of an input as the background of a likelihood ratio.

References:
    Serra et al., Input Complexity and Out-of-distribution Detection with
    Likelihood-based Generative Models, 2020, sec. 4. https://arxiv.org/abs/1909.11480
    PNG Specification, 3rd edition, sec. 9 and 12.7. https://www.w3.org/TR/png-3/
"""

import math
import zlib
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, DensityMixin
from sklearn.utils import check_array
from sklearn.utils.validation import check_is_fitted, validate_data

from kgen.core import messages, validation

ROWS = 4096  # at once


class Complexity(DensityMixin, BaseEstimator):
    """Minus the length of every example in a lossless code: Serra et al.

    A code of L bits stands for the probability 2^-L, so lengths define a density like
    any other (whose probabilities, by Kraft's inequality, add up to at most 1).

    Integers are coded as they are, in as few bytes as hold those seen in training;
    floats as the nearest of 256 levels between the smallest and the largest value in
    training (of every column, in tables). Values outside are coded as the nearest
    level. In a table with few columns a code finds nothing to save, and all lengths are
    about equal: use a `Background` there.

    Args:
        codec: "png", "zlib", or "auto": PNG for images of up to 256 levels, with any
            number of channels, zlib (deflate) for everything else. Headers, which are
            equal for all examples, do not count.

    Example:
        >>> images = np.zeros((2, 8, 8), "uint8")
        >>> images[1] = np.random.default_rng(0).integers(256, size=(8, 8))
        >>> bits = -Complexity().fit(images).score_samples(images) / np.log(2)
        >>> bits.tolist()
        [48.0, 616.0]
    """

    def __init__(self, codec="auto"):
        self.codec = codec

    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn the range of the values.

        Args:
            X: numbers, shape (n, ...) of two axes or more.
            y: ignored.

        Raises:
            ValueError: for an unknown codec, or data that PNG cannot hold.
        """
        validation.check_choice(self, "codec", self.codec, ("auto", "png", "zlib"))
        x = self._checked(X, reset=True)
        per_column = 0 if x.ndim == 2 and x.dtype.kind == "f" else None
        self.low_, self.high_ = x.min(axis=per_column), x.max(axis=per_column)
        kinds = np.min_scalar_type(self.low_), np.min_scalar_type(self.high_)
        floats = x.dtype.kind == "f"
        self.dtype_ = np.dtype("uint8") if floats else np.result_type(*kinds, "uint8")
        images = x.ndim in (3, 4) and self.dtype_ == "uint8"
        if self.codec == "png" and not images:
            raise messages.wrong_codec(type(self).__name__, x.shape)
        self.codec_ = "png" if images and self.codec != "zlib" else "zlib"
        return self

    def score_samples(self, X: Any, y: Any = None) -> np.ndarray:
        """Minus the length of every example's code, (n,), in nats."""
        check_is_fitted(self)
        x = self._checked(X, reset=False)
        strategy = zlib.Z_FILTERED if self.codec_ == "png" else zlib.Z_DEFAULT_STRATEGY
        lengths = [
            _deflated(part.tobytes(), strategy)
            for first in range(0, len(x), ROWS)
            for part in self._coded(x[first : first + ROWS])
        ]
        return -8 * math.log(2) * np.array(lengths, "float64")

    def score(self, X: Any, y: Any = None) -> float:
        """Mean of `score_samples`."""
        return float(np.mean(self.score_samples(X)))

    def _checked(self, X: Any, *, reset: bool) -> np.ndarray:
        x = check_array(X, allow_nd=True)
        if x.ndim == 2:
            validate_data(self, X, reset=reset, skip_check_array=True)
        return x

    def _coded(self, x: np.ndarray) -> np.ndarray:
        """Rows as the integers that are coded."""
        x = np.clip(x, self.low_, self.high_)
        if x.dtype.kind == "f":
            width = np.where(self.high_ > self.low_, self.high_ - self.low_, 1)
            x = np.rint((x - self.low_) / width * 255)
        x = x.astype(self.dtype_)
        return _filtered(x.reshape(*x.shape[:3], -1)) if self.codec_ == "png" else x


def _deflated(text: bytes, strategy: int) -> int:
    """Bytes of a text in the code that PNG and zlib share, without its header."""
    packer = zlib.compressobj(9, wbits=-15, memLevel=9, strategy=strategy)
    return len(packer.compress(text)) + len(packer.flush())


def _filtered(x: np.ndarray) -> np.ndarray:
    """Images as PNG compresses them, (n, height, 1 + width * channels), uint8.

    Every line is replaced by its differences from what one of five filters predicts,
    and begins with the number of that filter: the one whose differences, taken as
    signed, have the least sum of absolute values.

    Args:
        x: uint8, (n, height, width, channels).
    """
    lines = x.reshape(*x.shape[:2], -1).astype("int16")
    edge = np.pad(x, ((0, 0), (1, 0), (1, 0), (0, 0))).astype("int16")
    left, up, corner = (
        part.reshape(lines.shape)
        for part in (edge[:, 1:, :-1], edge[:, :-1, 1:], edge[:, :-1, :-1])
    )
    # Paeth's: whichever of the three is nearest to left + up - corner, in that order.
    apart = np.abs([up - corner, left - corner, left + up - 2 * corner])
    paeth = np.choose(np.argmin(apart, axis=0), [left, up, corner])
    guesses = np.stack([np.zeros_like(left), left, up, (left + up) // 2, paeth])
    rests = (lines - guesses).astype("uint8")
    sums = np.abs(rests.astype("int8").astype("int16")).sum(axis=-1)
    best = np.argmin(sums, axis=0)[np.newaxis, ..., np.newaxis]
    chosen = np.take_along_axis(rests, best, axis=0)[0]
    return np.concatenate([best[0].astype("uint8"), chosen], axis=-1)
