"""Images with a part that is drawn anew."""

from typing import Any

import numpy as np

from kgen.core import messages
from kgen.plots.images import checked, lay_out
from kgen.plots.style import FRAME, MISSING, new_axes


def completions(
    X: np.ndarray, mask: Any, completed: Any, *, title: str = "", ax: Any = None
) -> Any:
    """Draw images, what was kept of them, and how a model completed them.

    Every image has a row: the image, then the image with missing parts in light blue,
    then what was drawn.

    Args:
        X: images (n, height, width) or (n, height, width, channels), with 1 or 3
            channels.
        mask: boolean, broadcast to X; True marks values that were kept, as for
            `complete`. If None, NaN in X is missing, and there is no column of whole
            images.
        completed: what `complete` returned, an array of the shape of X, or several such
            arrays, each a draw: a list, or shape (draws, n, height, width[, channels]).
        title: text above the images.
        ax: matplotlib Axes to draw on; None makes a new figure.

    Returns:
        The Axes.

    Raises:
        ValueError: for arrays of other shapes, or a mask that is not boolean.

    Example:
        >>> import kgen
        >>> from kgen.data.toy import bars
        >>> X = bars(64, size=4, random_state=0)
        >>> upper = np.arange(4)[:, np.newaxis] < 2
        >>> made = kgen.MADE(hidden=16, epochs=1, random_state=0).fit(X)
        >>> draws = [made.complete(X[:3], upper, random_state=i) for i in range(4)]
        >>> ax = completions(X[:3], upper, draws)
        >>> [text.get_text() for text in ax.texts]
        ['original', 'given', 'drawn']
    """
    from matplotlib.colors import to_rgb

    given, shape = checked("X", X), np.shape(X)
    draws = _draws(completed, shape)
    whole = mask is not None
    kept = _kept(np.isnan(np.asarray(X, "float32")) if mask is None else mask, X, whole)
    kept = kept.reshape(given.shape)
    groups = [given] if whole else []
    groups += [given, *draws]
    rows = _colours(np.stack(groups, axis=1))  # (n, columns, height, width, 3)
    # A pixel of three channels is missing if one of them is.
    rows[:, int(whole)][~kept.all(axis=-1)] = np.nan
    rows[np.isnan(rows).any(axis=-1)] = to_rgb(MISSING)
    columns = rows.shape[1]
    canvas = lay_out(rows.reshape(-1, *rows.shape[2:]), columns, to_rgb(FRAME))
    ax = new_axes(ax)
    ax.imshow(canvas)
    ax.set_title(title, pad=18)  # above the headings
    ax.set_axis_off()
    _headings(ax, given.shape[2] + 1, whole, len(draws))
    return ax


def _draws(completed, shape):
    """Every draw as checked images."""
    try:
        completed = np.asarray(completed)
    except ValueError:  # arrays of different shapes
        completed = np.empty(0)
    several = completed[np.newaxis] if completed.shape == shape else completed
    if several.shape[1:] != shape or not len(several):
        raise messages.other_completions(completed.shape, shape)
    return [checked("completed", draw) for draw in several]


def _kept(mask, X, whole):
    """Which values were kept, boolean and of the shape of X."""
    mask = np.asarray(mask)
    try:
        if mask.dtype != bool:
            raise ValueError
        return np.broadcast_to(mask if whole else ~mask, np.shape(X))
    except ValueError:
        raise messages.wrong_mask(mask, np.shape(X)) from None


def _colours(images):
    """Images as red, green and blue in 0..1; grey ones from the lowest to the highest.

    NaN stays NaN.
    """
    if images.shape[-1] == 3:
        return np.clip(images, 0, 1)
    finite = images[np.isfinite(images)]
    low, high = (finite.min(), finite.max()) if finite.size else (0, 1)
    return np.repeat((images - low) / ((high - low) or 1), 3, axis=-1)


def _headings(ax, width, whole, draws):
    """What the columns are, above them."""
    names = {"original": (0, 1)} if whole else {}
    names["given"] = (int(whole), int(whole) + 1)
    names["drawn"] = (whole + 1, whole + 1 + draws)
    for name, (first, end) in names.items():
        x = (first + end) * width / 2
        ax.text(x, -1, name, ha="center", va="bottom", fontsize="small")
