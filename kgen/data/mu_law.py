"""Mu-law companding: sound in a few levels, finer where it is quiet.

References:
    Van den Oord et al., WaveNet: A Generative Model for Raw Audio, 2016, sec. 2.2.
    https://arxiv.org/abs/1609.03499
    ITU-T Recommendation G.711, 1988.
"""

import numpy as np

from kgen.core import validation


def mu_law_encode(x, levels: int = 256) -> np.ndarray:
    """Quantise sound on a logarithmic scale.

    Args:
        x: reals in [-1, 1], any shape.
        levels: number of values, in 2..256; mu is one less.

    Returns:
        uint8 in 0..levels - 1, same shape.

    Raises:
        ValueError: for values outside [-1, 1].

    Example:
        >>> mu_law_encode([-1.0, -0.01, 0.0, 0.01, 1.0])
        array([  0,  98, 128, 157, 255], dtype=uint8)
    """
    mu = _mu(levels)
    x = np.asarray(x, "float64")
    if x.size and not np.abs(x).max() <= 1:
        raise ValueError(
            "mu_law_encode takes reals in [-1, 1]. `x` holds values in "
            f"[{x.min():g}, {x.max():g}]. Divide 16-bit sound by 32768."
        )
    compressed = np.sign(x) * np.log1p(mu * np.abs(x)) / np.log1p(mu)
    return np.floor((compressed + 1) / 2 * mu + 0.5).astype("uint8")


def mu_law_decode(codes, levels: int = 256) -> np.ndarray:
    """The midpoints of the bins of `mu_law_encode`.

    Args:
        codes: numbers in [0, levels - 1], any shape. Halves are the edges between bins.
        levels: see `mu_law_encode`.

    Returns:
        float32 in [-1, 1], same shape.

    Example:
        >>> mu_law_decode([0, 127.5, 255])
        array([-1.,  0.,  1.], dtype=float32)
    """
    mu = _mu(levels)
    codes = np.asarray(codes, "float64")
    if codes.size and not (codes.min() >= 0 and codes.max() <= mu):
        raise ValueError(
            f"mu_law_decode takes codes in [0, {mu}]. `codes` holds values in "
            f"[{codes.min():g}, {codes.max():g}]."
        )
    compressed = 2 * codes / mu - 1
    x = np.sign(compressed) * np.expm1(np.abs(compressed) * np.log1p(mu)) / mu
    return x.astype("float32")


def _mu(levels):
    validation.check_setting("mu_law", "levels", levels, ge=2, le=256)
    return levels - 1
