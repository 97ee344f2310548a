"""Random changes of images that gradients pass through, for small data sets.

The discriminator sees all images, real and fake, after the same kind of random changes
T, so it cannot learn the few real ones by heart. The generator learns through T, and
its images show no such changes.

References:
    Zhao et al., Differentiable Augmentation for Data-Efficient GAN Training, 2020, eq.
    5, 6 and sec. 4. https://arxiv.org/abs/2006.10738
"""

import math

from keras import ops

from kgen.core import messages

NAMES = ("color", "translation", "cutout")
"""Changes there are, in the order in which they are made."""

NUMBERS = 7
"""Uniform numbers that the changes of an image take."""


def changes(policy, event_shape):
    """Names from a comma-separated string, as a tuple; None gives none.

    Raises:
        ValueError: for other names, and for examples that are not images.

    Example:
        >>> changes("color,cutout", (28, 28, 1))
        ('color', 'cutout')
    """
    if policy is None:
        return ()
    names = tuple(str(policy).split(","))
    if len(event_shape) != 3 or any(name not in NAMES for name in names):
        raise messages.wrong_augmentation(policy, NAMES, event_shape)
    return names


def augment(x, names, uniform, middle, half):
    """Images after random changes, differentiable.

    - "color": brightness shifts by up to half of `half`, saturation changes by a factor
      from 0 to 2, contrast by a factor from 0.5 to 1.5;
    - "translation": a shift by up to an eighth of height and width;
    - "cutout": a rectangle of half the height and width, anywhere, becomes `middle`.

    Args:
        x: images (n, height, width, channels).
        names: some of `NAMES`.
        uniform: numbers in (0, 1), (n, NUMBERS).
        middle: middle of the data's range, used where there is no image.
        half: half of the data's range.
    """
    u = ops.reshape(uniform, (-1, 1, 1, 1, NUMBERS))
    if "color" in names:
        x = x + (u[..., 0] - 0.5) * half
        grey = ops.mean(x, axis=-1, keepdims=True)
        x = (x - grey) * (2.0 * u[..., 1]) + grey
        mean = ops.mean(x, axis=(1, 2, 3), keepdims=True)
        x = (x - mean) * (u[..., 2] + 0.5) + mean
    if "translation" in names:
        x = _translated(x - middle, uniform[:, 3], uniform[:, 4]) + middle
    if "cutout" in names:
        x = (x - middle) * _kept(x.shape[1:3], uniform[:, 5], uniform[:, 6]) + middle
    return x


def _translated(x, down, right):
    for axis, part in ((1, down), (2, right)):
        size = x.shape[axis]
        most = math.ceil(size / 8)
        shift = ops.floor(part * (2 * most + 1)) - most
        # A product with a matrix of zeros and ones, which has a gradient on every
        # backend: row i of the result is row i - shift.
        index = ops.arange(size, dtype="float32")
        source = index[:, None] - ops.reshape(shift, (-1, 1, 1))
        matrix = ops.cast(ops.abs(source - index) < 0.5, x.dtype)
        pattern = "nij,njwc->niwc" if axis == 1 else "nij,nhjc->nhic"
        x = ops.einsum(pattern, matrix, x)
    return x


def _kept(sizes, down, right):
    """Zeros in a rectangle of every image, ones elsewhere, (n, height, width, 1)."""
    inside = []
    for size, part in zip(sizes, (down, right), strict=True):
        length = size // 2
        centre = ops.floor(part * (size + 1 - size % 2))[:, None]
        apart = ops.arange(size, dtype="float32") - centre + length // 2
        inside.append(ops.cast((apart >= 0) & (apart < length), "float32"))
    return (1.0 - inside[0][:, :, None] * inside[1][:, None, :])[..., None]
