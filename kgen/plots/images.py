"""Images side by side."""

from typing import Any

import numpy as np

from kgen.core import validation


def image_grid(
    images: np.ndarray, *, columns: int | None = None, title: str = "", ax: Any = None
) -> Any:
    """Show images side by side.

    Grey images are drawn from their smallest to their largest value, colour images in
    0..255 if they are integers and in 0..1 otherwise.

    Args:
        images: shape (n, height, width) or (n, height, width, channels), with 1 or 3
            channels.
        columns: images in a row, >= 1; None makes the grid roughly square.
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

    images = np.asarray(images)
    if images.ndim == 3:
        images = images[..., np.newaxis]
    if images.ndim != 4 or images.shape[-1] not in (1, 3) or images.size == 0:
        raise ValueError(
            "`images` must have shape (n, height, width[, 1 or 3]). Got "
            f"{images.shape}."
        )
    if columns is not None:
        validation.check_setting("image_grid", "columns", columns, ge=1)
    n, height, width, channels = images.shape
    columns = columns or int(np.ceil(np.sqrt(n)))
    rows = -(-n // columns)
    colour = channels == 3
    if colour and images.dtype.kind in "iu":
        images = images / 255.0
    images = images.astype("float32")
    # Frames have a separate colour: white ones would merge with white strokes.
    canvas = np.full(
        (rows * (height + 1) + 1, columns * (width + 1) + 1, channels), 1.0
    )
    if not colour:
        canvas *= np.nan
    for i, image in enumerate(images):
        top, left = (i // columns) * (height + 1) + 1, (i % columns) * (width + 1) + 1
        canvas[top : top + height, left : left + width] = image
    if ax is None:
        _, ax = plt.subplots(layout="constrained")
    grey = plt.get_cmap("gray").with_extremes(bad="steelblue")
    ax.imshow(np.clip(canvas, 0, 1) if colour else canvas[..., 0], cmap=grey)
    ax.set_title(title)
    ax.set_axis_off()
    return ax
