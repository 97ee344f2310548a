"""Masks that make a network of dense layers autoregressive.

Every unit has a degree m. A unit sees those of the layer before whose degrees allow it:

    M[k, d] = 1(m(k) >= d)    for a hidden unit k, and an input or hidden unit d
    M[d, k] = 1(d > m(k))     for an output d, and a hidden unit or input k

Degrees start at 0 here, not at 1. The degree of an input or an output is its place in
the order. Masks have the shape of a layer's kernel, (inputs, units), so they are the
transposes of these.

References:
    Germain et al., MADE: Masked Autoencoder for Distribution Estimation, 2015, sec. 4.
    https://arxiv.org/abs/1502.03509
"""

import numpy as np
from keras import ops


def hidden_degrees(dim, units):
    """Degrees of a hidden layer, integers (units,), spread evenly and ascending.

    (The paper draws them at random. Spread evenly, no degree is missing.)

    Args:
        dim: number of scalars, >= 1.
        units: number of hidden units, >= 1.

    Example:
        >>> hidden_degrees(4, 6).tolist()
        [0, 0, 1, 1, 2, 2]
    """
    return np.linspace(0, max(dim - 2, 0), units).round().astype(int)


def hidden_mask(inputs, units):
    """Mask of a layer whose units see inputs of a degree up to their own.

    Args:
        inputs: degrees of its inputs, (..., inputs).
        units: degrees of its units, (..., units).

    Returns:
        Boolean, (..., inputs, units).
    """
    return ops.expand_dims(inputs, -1) <= ops.expand_dims(units, -2)


def output_mask(inputs, places):
    """Mask of a layer whose outputs see inputs of a degree below their place.

    Args:
        inputs: degrees of its inputs, (..., inputs).
        places: places of its outputs in the order, (..., outputs).

    Returns:
        Boolean, (..., inputs, outputs).

    Example:
        >>> import numpy as np
        >>> np.asarray(output_mask(np.arange(3), np.arange(3))).astype(int).tolist()
        [[0, 1, 1], [0, 0, 1], [0, 0, 0]]
    """
    return ops.expand_dims(inputs, -1) < ops.expand_dims(places, -2)
