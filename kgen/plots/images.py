"""Images side by side."""

from typing import Any

import numpy as np

from kgen.core import messages, validation
from kgen.plots.style import FRAME, new_axes


def image_grid(
    images: np.ndarray,
    *,
    pairs: Any = None,
    columns: int | None = None,
    title: str = "",
    ax: Any = None,
) -> Any:
    """Show images side by side.

    Grey images are drawn from their smallest to their largest value, colour images in
    0..255 if they are integers and in 0..1 otherwise.

    Args:
        images: shape (n, height, width) or (n, height, width, channels), with 1 or 3
            channels.
        pairs: images of the same shape, such as reconstructions: each is drawn below
            its own image, with a line between the two.
        columns: images (or pairs) in a row, >= 1; None makes the grid roughly square.
        title: text above the grid.
        ax: matplotlib Axes to draw on; None makes a new figure.

    Returns:
        The Axes.

    Raises:
        ValueError: for arrays of another shape.

    Example:
        >>> from kgen.data.toy import bars
        >>> image_grid(bars(9, random_state=0), title="bars").get_title()
        'bars'
    """
    import matplotlib.pyplot as plt

    images = checked("images", images)
    if columns is not None:
        validation.check_setting("image_grid", "columns", columns, ge=1)
    if pairs is not None:
        pairs = checked("pairs", pairs)
        if images.shape != pairs.shape:
            raise messages.other_pairs(images.shape, pairs.shape)
    columns = columns or int(np.ceil(np.sqrt(len(images))))
    ax = new_axes(ax)
    colour = images.shape[-1] == 3
    frame = _paper(ax) if colour else np.nan
    if pairs is not None:
        line = np.broadcast_to(frame, images[:, :1].shape)
        images = np.concatenate([images, line, pairs], axis=1)
    canvas = lay_out(images, columns, frame)
    # Frames have a separate colour: white ones would merge with white strokes.
    grey = plt.get_cmap("gray").with_extremes(bad=FRAME)
    ax.imshow(np.clip(canvas, 0, 1) if colour else canvas[..., 0], cmap=grey)
    ax.set_title(title)
    ax.set_axis_off()
    return ax


def _paper(ax):
    """Colour of the figure: white, or that of a dark style."""
    from matplotlib.colors import to_rgba

    *colour, opacity = to_rgba(ax.figure.get_facecolor())
    return colour if opacity else (1.0, 1.0, 1.0)


def checked(name: str, images: Any) -> np.ndarray:
    """Images as floats, (n, height, width, channels); colour images in 0..1.

    Raises:
        ValueError: for arrays of another shape; the message has `name`.
    """
    images = np.asarray(images)
    shape = images.shape
    if images.ndim == 3:
        images = images[..., np.newaxis]
    if images.ndim != 4 or images.shape[-1] not in (1, 3) or images.size == 0:
        raise messages.not_images(name, shape)
    if images.shape[-1] == 3 and images.dtype.kind in "iu":
        images = images / 255.0
    return images.astype("float32")


def lay_out(images: np.ndarray, columns: int, frame: Any) -> np.ndarray:
    """One picture of images (n, height, width, channels), with a line around each.

    Args:
        images: what to lay out, row by row.
        columns: images in a row.
        frame: value or colour of the lines, and of empty places.
    """
    n, height, width, channels = images.shape
    rows = -(-n // columns)
    canvas = np.empty(
        (rows * (height + 1) + 1, columns * (width + 1) + 1, channels), "float64"
    )
    canvas[:] = frame
    for i, image in enumerate(images):
        top, left = (i // columns) * (height + 1) + 1, (i % columns) * (width + 1) + 1
        canvas[top : top + height, left : left + width] = image
    return canvas
