"""The choice of a head for the data."""

import inspect
import warnings
from typing import Any

from kgen.core import messages
from kgen.data.summary import Summary
from kgen.heads._base import Head, heads
from kgen.heads.bernoulli import Bernoulli
from kgen.heads.categorical import Categorical
from kgen.heads.mixture_of_logistics import MixtureOfLogistics
from kgen.heads.normal import Normal

FEW_LEVELS = 31


def get(head: str | Head) -> Head:
    """A head, from its name (with default settings), or a copy of the head given.

    Raises:
        ValueError: if there is no such name; the message suggests the nearest one.

    Example:
        >>> get("bernoulli").levels
        2
    """
    return heads.resolve(head)


def for_data(
    head: str | Head,
    summary: Summary,
    many_levels: type[Head],
    reals: type[Head] = Normal,
) -> Head:
    """Resolve a hyper-parameter to a head that fits the data.

    Args:
        head: "auto", a name, or an instance.
        summary: facts about the training data.
        many_levels: class of the head that "auto" chooses for integers with more than
            31 levels.
        reals: class of the head that "auto" chooses for floats.

    Returns:
        The head, in the units of the data.

    Raises:
        ValueError: if the head cannot model the data, or, for "auto", if they are
            integers outside 0..255.
    """
    if head == "auto":
        resolved = _automatic(summary, many_levels, reals)
    elif isinstance(head, str) and _takes_levels(heads[head]):
        resolved = heads[head](levels=_levels(summary))
    else:
        resolved = get(head).adapt(summary)
    check(resolved, summary)
    return resolved


def check(head: Head, summary: Summary) -> None:
    """Raise a ValueError if the head gives some of the data zero probability."""
    if not head.support.holds(summary):
        kinds: list[Head] = [Bernoulli(), Normal()]
        if summary.integral and 0 <= summary.low and summary.high <= 255:
            levels = max(int(summary.high) + 1, 2)
            kinds += [Categorical(levels), MixtureOfLogistics(levels=levels)]
        can = [call(h) for h in kinds if h.support.holds(summary)]
        soft = head.levels == 2 and 0 <= summary.low and summary.high <= 1
        raise messages.wrong_support(
            summary.describe(), call(head), ", ".join(can), soft=soft
        )


def call(head: Head) -> str:
    """A head as a Python expression, for messages."""
    levels = f"levels={head.levels}" if _takes_levels(type(head)) else ""
    return f"{type(head).__name__}({levels})"


def _takes_levels(kind: type[Head]) -> bool:
    return "levels" in inspect.signature(kind).parameters


def _levels(summary: Summary) -> int:
    few = summary.high < FEW_LEVELS
    return max(int(summary.high) + 1, 2) if few else 256


def _automatic(summary: Summary, many_levels: type[Head], reals: type[Head]) -> Head:
    if summary.binary:
        return Bernoulli()
    if summary.dtype.kind in "iu":
        if not (0 <= summary.low and summary.high <= 255):
            raise ValueError(
                f"head='auto' needs integers within 0..255. X holds "
                f"{summary.describe()}. Subtract the smallest value, or convert X to "
                "float for a density over the reals."
            )
        few: Any = Categorical if summary.high < FEW_LEVELS else many_levels
        return few(levels=_levels(summary))
    warn_of_levels(
        summary, " (For reals without this warning name the head, e.g. head='normal'.)"
    )
    return reals().adapt(summary)


def warn_of_levels(summary: Summary, remark: str = "") -> None:
    """Warn about floats that are levels but will be modelled as reals.

    Args:
        summary: facts about the floats.
        remark: end of the warning about integers that are stored as floats.
    """
    if summary.scaled_by_255 and summary.low >= 0 and summary.high <= 1:
        warnings.warn(
            "X holds floats that are all k/255, as if pixels had been divided by 255. "
            "They will be modelled as reals. For a probability of pixels, pass the "
            "original integers: np.rint(X * 255).astype('uint8').",
            UserWarning,
            stacklevel=2,
        )
    elif summary.integral and summary.low >= 0 and summary.high <= 255:
        warnings.warn(
            f"X holds {summary.describe()}, all of them stored as floats. They will be "
            "modelled as reals. For a probability of each value, pass integers: "
            f"X.astype('uint8').{remark}",
            UserWarning,
            stacklevel=2,
        )
