"""How many modes of the data samples reach, and how evenly.

References:
    Metz et al., Unrolled Generative Adversarial Networks, 2017, sec. 3.3 (coverage and
    divergence). https://arxiv.org/abs/1611.02163
    Srivastava et al., VEEGAN, 2017, sec. 5.1 (modes of a mixture, good samples).
    https://arxiv.org/abs/1705.07761
"""

from typing import Any, NamedTuple

import numpy as np

from kgen.core import messages, validation
from kgen.core.random import new_seed
from kgen.metrics._pairs import squared_distances
from kgen.metrics._samples import apply, as_array, features_of
from kgen.metrics.estimate import Estimate


class ModeCoverage(NamedTuple):
    """What `mode_coverage` finds.

    Attributes:
        covered: share of the modes that samples reach, in [0, 1]: higher is better.
        good: share of the samples that are at a mode, in [0, 1]: higher is better.
        divergence: KL divergence, in nats, of the frequencies of modes among good
            samples from those among real data: lower is better. It also notices modes
            that are reached too rarely.
        counts: samples at every mode, int, shape (k,).
    """

    covered: Estimate
    good: Estimate
    divergence: Estimate
    counts: np.ndarray


def mode_coverage(
    *,
    real: Any,
    fake: Any,
    modes: Any = None,
    radius: float | None = None,
    features: Any = None,
    min_count: int = 1,
    n_resamples: int = 200,
    random_state: Any = None,
) -> ModeCoverage:
    """Shares of modes reached and of good samples, and how evenly samples are spread.

    Modes are points or classes. With points, a sample belongs to the nearest mode, and
    is good if it is no further from it than `radius`. With classes, `real` and `fake`
    are labels that a classifier finds, or `features` returns such labels; the modes are
    the labels that occur in `real`.

    All samples count. More samples reach more modes, so compare numbers at the same n.
    The floor is what as many draws from the real data get, on average.

    Args:
        real: real data, (n, ...), or labels, (n,).
        fake: samples of a model, (m, ...), like real data.
        modes: centres of the modes, (k, features), or None for labels.
        radius: how far from its mode a good sample may be, > 0. For normal components
            of standard deviation s, 3 s and 4 s are usual.
        features: None, a `keras.Model` or a function; without `modes` it returns labels
            (n,), as the `predict` of a classifier does.
        min_count: good samples that a mode needs to be covered, >= 1.
        n_resamples: bootstrap resamples for standard errors and floors, >= 2, or 0 for
            none.
        random_state: None, int or RandomState, as in scikit-learn.

    Raises:
        ValueError: for modes, a radius or labels that do not fit, data of different
            shapes, NaN, or too few examples.

    Example:
        >>> from kgen.data.toy import mixture
        >>> points, centre = mixture(2000, random_state=0)
        >>> angles = np.arange(8) * np.pi / 4
        >>> modes = 2 * np.stack([np.cos(angles), np.sin(angles)], axis=1)
        >>> half = points[centre < 4]
        >>> found = mode_coverage(
        ...     real=points, fake=half, modes=modes, radius=0.8, random_state=0
        ... )
        >>> float(found.covered), round(float(found.divergence), 1)
        (0.5, 0.7)

    References:
        Metz et al., Unrolled Generative Adversarial Networks, 2017, sec. 3.3.
        https://arxiv.org/abs/1611.02163
        Srivastava et al., VEEGAN: Reducing Mode Collapse in GANs using Implicit
        Variational Learning, 2017, sec. 5.1. https://arxiv.org/abs/1705.07761
    """
    owner = "mode_coverage"
    least = validation.check_setting(owner, "min_count", min_count, ge=1)
    validation.check_setting(owner, "n_resamples", n_resamples, ge=0)
    fits = radius is None
    if modes is not None:
        fits = radius is not None and validation.is_a(radius, float) and radius > 0
    if not fits:
        raise messages.wrong_radius(radius)
    given = {"real": real, "fake": fake}
    if modes is None:
        found, k = _by_label(owner, features, given)
    else:
        found, k = _by_place(owner, features, given, modes, radius)
    random = np.random.default_rng(new_seed(random_state))
    counts, expected = (
        np.bincount(found[x], minlength=k + 1) for x in ("fake", "real")
    )
    n_fake, n_real = counts.sum(), expected.sum()
    errors, floors = np.full((2, 3), np.nan)
    if n_resamples:
        drawn = random.multinomial(n_fake, counts / n_fake, size=n_resamples)
        errors = np.std([_found(each, expected, least) for each in drawn], axis=0)
        # As if both were drawn from the real data, so that both are noisy.
        pairs = zip(
            random.multinomial(n_fake, expected / n_real, size=n_resamples),
            random.multinomial(n_real, expected / n_real, size=n_resamples),
            strict=True,
        )
        floors = np.mean([_found(*pair, least) for pair in pairs], axis=0)
    estimates = [
        Estimate(float(value), float(error), float(bound), int(n_real), int(n_fake))
        for value, error, bound in zip(
            _found(counts, expected, least), errors, floors, strict=True
        )
    ]
    return ModeCoverage(estimates[0], estimates[1], estimates[2], counts[:-1])


def _by_label(owner, features, given):
    """Number of the mode of every example, k for none, and k."""
    labels = {}
    for name, x in given.items():
        try:
            found = np.asarray(x) if features is None else apply(owner, features, x)
        except ValueError as problem:
            raise messages.wrong_mode_labels(name, "something ragged") from problem
        if found.ndim != 1 or not len(found) or found.dtype.kind not in "biuUSO":
            got = f"dtype {found.dtype} and shape {found.shape}"
            raise messages.wrong_mode_labels(name, got)
        labels[name] = found
    known = np.unique(labels["real"])
    modes = {}
    for name, found in labels.items():
        place = np.minimum(np.searchsorted(known, found), len(known) - 1)
        modes[name] = np.where(known[place] == found, place, len(known))
    return modes, len(known)


def _by_place(owner, features, given, modes, radius):
    """The same for modes that are points."""
    arrays = {"real": as_array(owner, "real", given["real"])}
    for name, x in given.items():
        arrays[name] = as_array(owner, name, x, arrays["real"])
    found = {name: features_of(owner, features, x) for name, x in arrays.items()}
    width = found["real"].shape[1]
    modes = np.asarray(modes)
    numeric = modes.dtype.kind in "biuf" and modes.ndim == 2 and modes.size
    if not numeric or modes.shape[1] != width or not np.isfinite(modes).all():
        raise messages.wrong_modes(modes.shape, width)
    centres, nearest = modes.astype("float64"), {}
    for name, x in found.items():
        nearest[name] = np.empty(len(x), int)
        for rows, squared in squared_distances(x, centres):
            best = squared.argmin(axis=1)
            far = squared.min(axis=1) > radius**2
            nearest[name][rows] = np.where(far, len(centres), best)
    return nearest, len(centres)


def _found(counts: np.ndarray, real: np.ndarray, least: int) -> list:
    """Covered, good and divergence, of examples at every mode and, last, at none."""
    at_modes = counts[:-1]
    share = at_modes / max(at_modes.sum(), 1)
    expected = real[:-1] / max(real[:-1].sum(), 1)
    some = share > 0
    with np.errstate(divide="ignore"):
        terms = share[some] * np.log(share[some] / expected[some])
    divergence = max(terms.sum(), 0.0) if some.any() else np.inf
    return [(at_modes >= least).mean(), at_modes.sum() / counts.sum(), divergence]
