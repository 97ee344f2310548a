"""Codes on a plane, and what they decode to."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from kgen import latent
from kgen.core import messages, validation
from kgen.plots.images import image_grid
from kgen.plots.style import colours as style_colours
from kgen.plots.style import new_axes

MOST_ROWS = 10
"""Latent dimensions that `traversal` draws, if it is not told which."""

MOST_CLASSES = 20
"""Numbers in y of which each has a colour and a line in the legend."""


def latent_map(
    model: Any,
    X: Any,
    y: Any = None,
    *,
    dims: Sequence[int] | None = None,
    title: str = "",
    ax: Any = None,
) -> Any:
    """Draw the codes of examples as points on a plane.

    Args:
        model: fitted estimator with `encode`.
        X: examples like the training data, n of them.
        y: what the colours show: labels (n,), or real numbers (n,), which get a colour
            bar. For conditional estimators it is also the condition; then it may be
            condition vectors, which get no colours.
        dims: the two latent dimensions to draw. None takes both dimensions of a code of
            two, and for a longer code the first two principal components, in which
            codes vary most.
        title: text above the map.
        ax: matplotlib Axes to draw on; None makes a new figure.

    Returns:
        The Axes. Codes of a single dimension are drawn along a line.

    Raises:
        ValueError: for estimators without `encode`, dimensions that do not exist, or X
            and y of different lengths.

    Example:
        >>> import kgen
        >>> from kgen.data.toy import bars
        >>> X = bars(64, size=4, random_state=0)
        >>> vae = kgen.VAE(latent_dim=2, epochs=1, random_state=0).fit(X)
        >>> latent_map(vae, X, X[:, 0, 0]).get_xlabel()
        'latent dimension 0'
    """
    _check(model, "latent_map", "encode")
    codes = model.encode(X, y)
    points, labels = _plane(codes, dims)
    colours = _colours(y, len(codes), getattr(model, "conditional", False))
    ax = new_axes(ax)
    _scatter(ax, points, colours)
    ax.set(xlabel=labels[0], ylabel=labels[1], title=title)
    if codes.shape[1] == 1:
        ax.set_yticks([])
    return ax


def traversal(
    model: Any,
    x: Any,
    dims: int | Sequence[int] | None = None,
    values: Any = (-3, -2, -1, 0, 1, 2, 3),
    *,
    y: Any = None,
    title: str = "",
    ax: Any = None,
) -> Any:
    """Draw what every latent dimension does to an image, one row for each.

    Args:
        model: fitted estimator of images, with `decode`.
        x: an image, or, for estimators without `encode`, a code, (latent_dim,).
        dims: one or more latent dimensions, from 0 to latent_dim - 1. None takes up to
            ten, first those whose codes vary most over samples of the model, which
            carry the most information; for estimators without `encode` or `sample`, the
            first ones.
        values: what the dimension is set to, column by column, (n,). Under the priors
            of VAEs and GANs its standard deviation is 1.
        y: for conditional estimators, the label or condition vector of x.
        title: text above the images.
        ax: matplotlib Axes to draw on; None makes a new figure.

    Returns:
        The Axes. Every row is labelled with the number of its dimension.

    Raises:
        ValueError: as in `kgen.latent.traverse`, and for estimators of data other than
            images.

    Example:
        >>> import kgen
        >>> from kgen.data.toy import bars
        >>> X = bars(64, size=4, random_state=0)
        >>> vae = kgen.VAE(latent_dim=2, epochs=1, random_state=0).fit(X)
        >>> traversal(vae, X[0], dims=[1], title="bars").get_title()
        'bars'
    """
    _check(model, "traversal", "decode", images=True)
    limits = {"ge": 0, "lt": model.model_.latent_dim}
    dims = _most_active(model, y) if dims is None else dims
    rows = validation.check_settings("traversal", "dims", dims, **limits)
    images = [latent.traverse(model, x, dim, values, y=y) for dim in rows]
    columns, height = len(images[0]), images[0].shape[1]
    ax = image_grid(np.concatenate(images), columns=columns, title=title, ax=ax)
    for i, dim in enumerate(rows):
        middle = 1 + i * (height + 1) + (height - 1) / 2
        ax.text(-1.5, middle, f"z[{dim}]", ha="right", va="center")
    return ax


def reconstructions(
    model: Any,
    X: Any,
    y: Any = None,
    *,
    columns: int | None = None,
    title: str = "",
    ax: Any = None,
) -> Any:
    """Draw images, each with its reconstruction below.

    Args:
        model: fitted estimator of images, with `encode` and `decode`.
        X: images like the training data.
        y: labels or condition vectors, for conditional estimators only.
        columns: pairs in a row, >= 1; None for ten, or all if there are fewer.
        title: text above the images.
        ax: matplotlib Axes to draw on; None makes a new figure.

    Returns:
        The Axes.

    Raises:
        ValueError: for estimators without `encode`, or of data other than images.

    Example:
        >>> import kgen
        >>> from kgen.data.toy import bars
        >>> X = bars(64, size=4, random_state=0)
        >>> vae = kgen.VAE(latent_dim=2, epochs=1, random_state=0).fit(X)
        >>> reconstructions(vae, X[:8], title="bars").get_title()
        'bars'
    """
    _check(model, "reconstructions", "encode", images=True)
    X = np.asarray(X)
    decoded = model.decode(model.encode(X, y), y)
    columns = min(len(X), MOST_ROWS) if columns is None else columns
    return image_grid(X, pairs=decoded, columns=columns, title=title, ax=ax)


def _check(model, tool, method, *, images=False):
    """Raise an error if a model lacks a method, a fit, or images if need be."""
    owner = type(model).__name__
    if not isinstance(model, BaseEstimator) or not hasattr(model, method):
        raise messages.no_codes(tool, getattr(model, "__name__", owner), method)
    check_is_fitted(model)
    if images and len(model.event_shape_) not in (2, 3):
        raise messages.no_images(tool, owner, model.event_shape_)


def _plane(codes, dims):
    """Codes as points (n, 2), and what the two axes are."""
    n, latent_dim = codes.shape
    if dims is None and latent_dim == 1:
        return np.column_stack([codes, np.zeros(n)]), ("latent dimension 0", "")
    if dims is None and latent_dim == 2:
        dims = (0, 1)
    if dims is None:
        return _principal(codes)
    dims = validation.check_settings("latent_map", "dims", dims, ge=0, lt=latent_dim)
    if len(dims) != 2 or dims[0] == dims[1]:
        raise messages.wrong_pair(dims, latent_dim)
    return codes[:, list(dims)], [f"latent dimension {dim}" for dim in dims]


def _principal(codes):
    """The first two principal components, and their shares of the variance."""
    centred = codes.astype("float64") - codes.mean(axis=0, dtype="float64")
    variances, axes = np.linalg.eigh(centred.T @ centred)  # in ascending order
    axes = axes[:, :-3:-1]
    # An axis has no sign of its own: make its largest number positive.
    largest = np.take_along_axis(axes, np.abs(axes).argmax(axis=0)[np.newaxis], axis=0)
    share = variances[:-3:-1] / max(variances.sum(), 1e-300)
    labels = [
        f"principal component {i + 1} ({part:.0%} of the variance)"
        for i, part in enumerate(share)
    ]
    return centred @ (axes * np.sign(largest)), labels


def _colours(y, n, conditional):
    """One label or number for every point; None if there is none."""
    if y is None:
        return None
    y = np.asarray(y)
    if conditional and (y.ndim == 2 or y.size == 1):
        return None  # condition vectors, or one condition for all
    if y.shape != (n,):
        raise messages.wrong_colours(y.shape, n)
    return y


def _scatter(ax, points, y):
    """Points of one colour, of one for every class, or on a scale."""
    import matplotlib.pyplot as plt

    style = {"s": 12, "alpha": 0.7, "linewidths": 0}
    if y is None:
        ax.scatter(*points.T, color=style_colours()[0], **style)
        return
    classes = np.unique(y)
    numbers = y.dtype.kind in "iuf"
    fractions = y.dtype.kind == "f" and (y != np.rint(y)).any()
    if fractions or (numbers and len(classes) > MOST_CLASSES):
        ax.figure.colorbar(ax.scatter(*points.T, c=y, **style), ax=ax)
        return
    colours = style_colours()
    if len(classes) > len(colours):
        colours = plt.get_cmap("turbo", len(classes))(range(len(classes)))
    for label, colour in zip(classes, colours, strict=False):
        ax.scatter(*points[y == label].T, color=colour, label=str(label), **style)
    ax.legend(markerscale=2, ncols=-(-len(classes) // MOST_CLASSES))


def _most_active(model, y):
    """Up to ten latent dimensions, those whose codes vary most first."""
    latent_dim = model.model_.latent_dim
    if not (hasattr(model, "encode") and hasattr(model, "sample")):
        return tuple(range(min(latent_dim, MOST_ROWS)))
    samples = model.sample(256, y=y, random_state=0)
    spread = np.var(model.encode(samples, y), axis=0)
    return tuple(np.argsort(-spread, kind="stable")[:MOST_ROWS].tolist())
