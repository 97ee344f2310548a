"""The sides of images from scale to scale."""


def halves(height: int, width: int) -> tuple[int, int]:
    """Height and width of the blocks that a squeeze turns into channels: 2 if even.

    Example:
        >>> halves(28, 20), halves(7, 4), halves(7, 5)
        ((2, 2), (1, 2), (1, 1))
    """
    return 2 - height % 2, 2 - width % 2


def parts(height: int, width: int) -> tuple[int, int]:
    """The same, with the smallest prime factor of an odd side.

    Example:
        >>> parts(28, 20), parts(9, 35), parts(7, 1)
        ((2, 2), (3, 5), (7, 1))
    """
    return _smallest_factor(height), _smallest_factor(width)


def _smallest_factor(side):
    return next((k for k in range(2, side + 1) if side % k == 0), 1)
