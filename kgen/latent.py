"""What lies between examples: paths, single dimensions and sums of codes.

These functions take fitted estimators whose examples have a code, a vector of
`latent_dim` numbers. Give examples to those with `encode` (VAEs and other
autoencoders), and codes to the others (GANs). Every function returns what `decode`
returns: examples like the training data.
"""

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from kgen.core import messages, validation

__all__ = ["arithmetic", "interpolate", "traverse"]


def interpolate(
    model: Any, a: Any, b: Any, steps: int, *, spherical: bool = False, y: Any = None
) -> Any:
    """Examples on the path from one example to another, both ends included.

    The straight path between codes z(a) and z(b) is, for t from 0 to 1,

        z(t) = (1 - t) z(a) + t z(b).

    In many dimensions it passes through codes that are much shorter than draws from the
    prior. The spherical path turns at constant speed in the plane of the two codes, by
    Shoemake's formula, while its length changes linearly:

        z(t) = r(t) (sin((1 - t) w) u(a) + sin(t w) u(b)) / sin(w),
        r(t) = (1 - t) |z(a)| + t |z(b)|,   u = z / |z|,   w = the angle between them.

    For codes of the same length this is White's formula. Codes in the same direction,
    codes in opposite directions (which determine no plane) and codes that are zero
    (which have no direction) are joined by the straight path.

    Args:
        model: fitted estimator with `decode`.
        a: where the path begins: an example, shape event_shape_ (or a row of a
            DataFrame). For estimators without `encode`, a code, (latent_dim,).
        b: where it ends, like `a`.
        steps: examples on the path, both ends included, >= 2.
        spherical: whether to take the spherical path.
        y: for conditional estimators, the label or condition vector of all examples.

    Returns:
        Examples, shape (steps, *event_shape_), at equally spaced t. The first is the
        reconstruction of a, the last that of b.

    Raises:
        ValueError: for estimators without codes, a or b of another shape, too few
            steps, or a y that is missing or not wanted.

    Example:
        >>> import kgen
        >>> from kgen.data.toy import bars
        >>> X = bars(64, size=4, random_state=0)
        >>> vae = kgen.VAE(latent_dim=2, epochs=1, random_state=0).fit(X)
        >>> interpolate(vae, X[0], X[1], 5).shape
        (5, 4, 4)

    References:
        Shoemake, Animating Rotation with Quaternion Curves, 1985, sec. 3.3 (the
        spherical path between unit vectors). https://doi.org/10.1145/325334.325242
        White, Sampling Generative Networks, 2016, sec. 2.1 (for codes).
        https://arxiv.org/abs/1609.04468
    """
    steps = validation.check_setting("interpolate", "steps", steps, ge=2)
    y = _one_condition(model, "interpolate", y)
    start, end = (_code(model, name, x, y) for name, x in (("a", a), ("b", b)))
    t = np.linspace(0, 1, steps)[:, np.newaxis]
    path = (_arc if spherical else _line)(start, end, t)
    return model.decode(path, y)


def traverse(model: Any, x: Any, dim: int, values: Any, *, y: Any = None) -> Any:
    """An example with one dimension of its code set to other values.

    Args:
        model: fitted estimator with `decode`.
        x: an example, shape event_shape_ (or a row of a DataFrame). For estimators
            without `encode`, a code, (latent_dim,).
        dim: the latent dimension, from 0 to latent_dim - 1.
        values: the values it is set to in turn, (n,). Under the priors of VAEs and GANs
            its standard deviation is 1.
        y: for conditional estimators, the label or condition vector of x.

    Returns:
        Examples, shape (n, *event_shape_), one for every value.

    Raises:
        ValueError: for estimators without codes, x of another shape, a dimension that
            does not exist, no values or infinite ones, or a y that is missing or not
            wanted.

    Example:
        >>> import kgen
        >>> from kgen.data.toy import bars
        >>> X = bars(64, size=4, random_state=0)
        >>> vae = kgen.VAE(latent_dim=2, epochs=1, random_state=0).fit(X)
        >>> traverse(vae, X[0], dim=1, values=[-2, 0, 2]).shape
        (3, 4, 4)

    References:
        Higgins et al., beta-VAE: Learning Basic Visual Concepts with a Constrained
        Variational Framework, 2017, fig. 1. https://openreview.net/forum?id=Sy2fzU9gl
    """
    y = _one_condition(model, "traverse", y)
    code = _code(model, "x", x, y)
    dim = validation.check_setting("traverse", "dim", dim, ge=0, lt=len(code))
    try:
        numbers = np.asarray(values, "float64")
    except (TypeError, ValueError):
        raise messages.wrong_values(values) from None
    if numbers.ndim != 1 or not numbers.size or not np.isfinite(numbers).all():
        raise messages.wrong_values(values)
    codes = np.tile(code, (len(numbers), 1))
    codes[:, dim] = numbers
    return model.decode(codes, y)


def arithmetic(model: Any, plus: Any, minus: Any, *, y: Any = None) -> Any:
    """The example whose code is a sum and difference of mean codes.

    "Smiling woman, minus neutral woman, plus neutral man" is

        arithmetic(model, plus=[smiling_women, neutral_men], minus=[neutral_women]),

    where each is an array of several examples. The codes of an array are averaged,
    since those of single examples vary too much (Radford et al.); the mean codes of
    `plus` are added, those of `minus` subtracted, and the result is decoded.

    Args:
        model: fitted estimator with `decode`.
        plus: list of arrays of examples, each (n, *event_shape_), n >= 1, or a single
            array. For estimators without `encode`, codes, (n, latent_dim).
        minus: the same; it may be an empty list.
        y: for conditional estimators, the label or condition vector of all examples.

    Returns:
        One example, shape (1, *event_shape_).

    Raises:
        ValueError: for estimators without codes, arrays of another shape, nothing to
            add, or a y that is missing or not wanted.

    Example:
        >>> import kgen
        >>> from kgen.data.toy import bars
        >>> X = bars(64, size=4, random_state=0)
        >>> vae = kgen.VAE(latent_dim=2, epochs=1, random_state=0).fit(X)
        >>> arithmetic(vae, plus=[X[:9], X[20:30]], minus=X[9:20]).shape
        (1, 4, 4)

    References:
        Radford et al., Unsupervised Representation Learning with Deep Convolutional
        Generative Adversarial Networks, 2016, sec. 6.3.2.
        https://arxiv.org/abs/1511.06434
    """
    y = _one_condition(model, "arithmetic", y)
    added, subtracted = (
        [_mean_code(model, name, group, y) for group in _groups(groups)]
        for name, groups in (("plus", plus), ("minus", minus))
    )
    if not added:
        raise messages.nothing_to_add()
    code = np.sum(added, axis=0)
    if subtracted:
        code = code - np.sum(subtracted, axis=0)
    return model.decode(code[np.newaxis], y)


def _line(a, b, t):
    """The straight path between two codes; t is (steps, 1)."""
    return (1 - t) * a + t * b


def _arc(a, b, t):
    """The spherical path between two codes; t is (steps, 1)."""
    long_a, long_b = np.linalg.norm(a), np.linalg.norm(b)
    if long_a == 0 or long_b == 0:
        return _line(a, b, t)
    u, v = a / long_a, b / long_b
    # Exact for small and for large angles, where the arc cosine is not.
    angle = 2 * np.arctan2(np.linalg.norm(u - v), np.linalg.norm(u + v))
    # Below, rounding of float32 codes determines the plane, or there is none.
    if np.sin(angle) < 1e-6:
        return _line(a, b, t)
    direction = np.sin((1 - t) * angle) * u + np.sin(t * angle) * v
    return _line(long_a, long_b, t) * direction / np.sin(angle)


def _one_condition(model: Any, tool: str, y: Any) -> Any:
    """The y to pass on to `encode` and `decode`, of a model that has codes.

    Raises:
        ValueError: if the model has no `decode`, or y is missing, several, or not
            wanted.
    """
    owner = type(model).__name__
    latent = hasattr(model, "decode") and hasattr(model, "latent_dim")
    if not isinstance(model, BaseEstimator) or not latent:
        raise messages.no_codes(tool, getattr(model, "__name__", owner), "decode")
    check_is_fitted(model)
    if not getattr(model, "conditional", False):
        if y is not None:
            raise messages.unwanted_y(owner)
        return None
    condition = model.conditions_.of(None, y, tool)
    if len(condition) != 1:
        raise messages.several_y(tool, len(condition))
    return y


def _code(model: Any, name: str, x: Any, y: Any) -> np.ndarray:
    """The code of one example, or a code itself, (latent_dim,) float64."""
    owner = type(model).__name__
    if hasattr(model, "encode"):
        x = x.to_frame().T if hasattr(x, "to_frame") else x  # a row of a DataFrame
        if not hasattr(x, "iloc"):
            x = _numbers(name, owner, x)[np.newaxis]
        if len(x) != 1 or x.shape[1:] != model.event_shape_:
            shape = x.shape if hasattr(x, "iloc") else x.shape[1:]
            raise messages.not_one_example(name, owner, shape, model.event_shape_)
        return np.asarray(model.encode(x, y)[0], "float64")
    code, wanted = _numbers(name, owner, x), model.model_.latent_dim
    if code.shape != (wanted,):
        raise messages.not_one_code(name, owner, code.shape, wanted)
    return code.astype("float64")


def _groups(groups: Any) -> list:
    """Several arrays: those of a list, or the only one."""
    return list(groups) if isinstance(groups, (list, tuple)) else [groups]


def _mean_code(model: Any, name: str, group: Any, y: Any) -> np.ndarray:
    """The mean of the codes of examples, or of codes, (latent_dim,) float64."""
    encodes = hasattr(model, "encode")
    wanted = model.event_shape_ if encodes else (model.model_.latent_dim,)
    if not hasattr(group, "iloc"):
        group = _numbers(name, type(model).__name__, group)
    if group.shape[1:] != wanted or len(group.shape) < 2 or not len(group):
        what = "examples" if encodes else "codes"
        raise messages.not_a_group(name, group.shape, wanted, what)
    codes = model.encode(group, y) if encodes else group
    return np.mean(codes, axis=0, dtype="float64")


def _numbers(name: str, owner: str, x: Any) -> np.ndarray:
    """An array of numbers."""
    try:
        array = np.asarray(x)
    except ValueError as problem:
        raise messages.not_numeric(name, owner, problem) from problem
    if array.dtype.kind not in "biuf":
        raise messages.not_numeric(name, owner, f"dtype {array.dtype}")
    return array
