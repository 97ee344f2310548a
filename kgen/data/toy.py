"""Data of known entropy, for tests and tutorials."""

import itertools

import numpy as np
from sklearn.utils import check_random_state


def bars(n_samples: int, size: int = 4, random_state=None) -> np.ndarray:
    """Images of one full row or one full column, all equally likely.

    There are 2 * size of them, so the entropy is log(2 * size) nats (for size 1 the
    row and the column are the same image, and the entropy is 0).

    Args:
        n_samples: number of images, >= 1.
        size: height and width, >= 1.
        random_state: None, int or RandomState, as in scikit-learn.

    Returns:
        uint8 in {0, 1}, shape (n_samples, size, size).

    Example:
        >>> bars(3, size=4, random_state=0).sum(axis=(1, 2)).tolist()
        [4, 4, 4]
    """
    which = check_random_state(random_state).randint(2 * size, size=n_samples)
    images = np.zeros((n_samples, size, size), "uint8")
    line = which % size
    rows = which < size
    images[rows, line[rows], :] = 1
    images[~rows, :, line[~rows]] = 1
    return images


def every_image(shape: tuple[int, ...], levels: int = 2) -> np.ndarray:
    """All possible images, to sum a density over.

    Args:
        shape: shape of one image.
        levels: values a pixel can take, 0 to levels - 1.

    Returns:
        uint8, shape (levels ** pixels, *shape).

    Example:
        >>> every_image((2, 2)).shape
        (16, 2, 2)
    """
    values = itertools.product(range(levels), repeat=int(np.prod(shape)))
    return np.array(list(values), "uint8").reshape(-1, *shape)


def waves(n_samples: int, length: int = 100, random_state=None) -> np.ndarray:
    """Noisy oscillations with a period of about ten steps: a linear process.

    x[t] = 1.5 x[t-1] - 0.9 x[t-2] + 0.3 e[t], with standard normal e, starting from
    the stationary distribution. Every step but the first two costs log(0.3) + 0.5
    log(2 pi e) = 0.215 nats: no density can do better.

    Args:
        n_samples: number of sequences, >= 1.
        length: number of steps, >= 1.
        random_state: None, int or RandomState, as in scikit-learn.

    Returns:
        float32, shape (n_samples, length).

    Example:
        >>> waves(3, length=20, random_state=0).shape
        (3, 20)
    """
    a, b, scale = 1.5, -0.9, 0.3
    noise = check_random_state(random_state).normal(size=(n_samples, max(length, 2)))
    correlation = a / (1 - b)  # of neighbours, by the Yule-Walker equations
    spread = scale / np.sqrt((1 - b**2) * (1 - correlation**2))
    x = spread * noise
    x[:, 1] = correlation * x[:, 0] + np.sqrt(1 - correlation**2) * x[:, 1]
    for t in range(2, length):
        x[:, t] = a * x[:, t - 1] + b * x[:, t - 2] + scale * noise[:, t]
    return x[:, :length].astype("float32")


def mixture(n_samples: int, random_state=None) -> tuple[np.ndarray, np.ndarray]:
    """Points around eight centres on a circle of radius 2, standard deviation 0.2.

    Args:
        n_samples: number of points, >= 1.
        random_state: None, int or RandomState, as in scikit-learn.

    Returns:
        Points, float32 of shape (n_samples, 2), and the index of the centre each one
        belongs to, shape (n_samples,).

    Example:
        >>> points, centre = mixture(100, random_state=0)
        >>> points.shape
        (100, 2)
    """
    random = check_random_state(random_state)
    centre = random.randint(8, size=n_samples)
    angle = centre * np.pi / 4
    points = 2 * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    points += 0.2 * random.normal(size=points.shape)
    return points.astype("float32"), centre
