"""Densities side by side."""

from typing import Any

import numpy as np

from kgen.core import messages

UNITS = {"nats": "nats per example", "bits_per_dim": "bits per dimension"}
COLUMNS = ("stderr", "difference", "difference_stderr")


def comparison(table: Any, *, title: str = "", ax: Any = None) -> Any:
    """Draw what `kgen.tasks.compare` found: a point for each density, the best on top.

    A thin bar shows two standard errors of the mean, to either side: how much it
    depends on which examples are tested. A thick bar shows two standard errors of the
    difference from the best density. It tells two densities apart: if it does not reach
    the dashed line at the best density, the density is worse. The difference and its
    standard error are written beside it.

    Args:
        table: the DataFrame that `compare` returned.
        title: text above the points.
        ax: matplotlib Axes to draw on; None makes a new figure.

    Returns:
        The Axes. A density with a mean of -inf has a name, but no point.

    Raises:
        ValueError: if the table is not such a DataFrame.

    Example:
        >>> from sklearn.datasets import load_iris
        >>> from sklearn.mixture import GaussianMixture
        >>> from kgen.tasks import compare
        >>> X = np.random.default_rng(0).permutation(load_iris().data)
        >>> found = compare({"one": GaussianMixture(), "two": GaussianMixture(2)}, X)
        >>> [label.get_text() for label in comparison(found).get_yticklabels()]
        ['two', 'one']
    """
    import matplotlib.pyplot as plt

    names = list(getattr(table, "columns", []))
    unit = names[0] if names else ""
    if unit not in UNITS or not set(COLUMNS) <= set(names) or not len(table):
        got = f"columns {names}" if names else type(table).__name__
        raise messages.not_a_comparison(got)
    mean, *errors = (table[name].to_numpy("float64") for name in (unit, *COLUMNS))
    stderr, difference, paired = errors
    if ax is None:
        _, ax = plt.subplots(figsize=(7, 1.5 + 0.5 * len(table)), layout="constrained")
    rows = np.arange(len(table))
    finite = np.isfinite(mean)
    style = {"fmt": "none", "ecolor": "C0"}
    for error, width, words in ((stderr, 1, "the mean"), (paired, 5, "the difference")):
        known = finite & np.isfinite(error)
        ax.errorbar(
            mean[known],
            rows[known],
            xerr=2 * error[known],
            elinewidth=width,
            alpha=0.5 if width > 1 else 1,
            label=f"2 standard errors of {words}",
            **style,
        )
    ax.plot(mean[finite], rows[finite], "o", color="C0")
    if finite[0]:
        ax.axvline(mean[0], linestyle="--", color="grey", linewidth=1)
    for row in rows[1:]:
        text = f"{difference[row]:+.3g}"
        text += f" ± {paired[row]:.2g}" if np.isfinite(paired[row]) else ""
        ax.annotate(
            text,
            (1.01, row),
            xycoords=("axes fraction", "data"),
            va="center",
            fontsize="small",
        )
    ax.set_yticks(rows, [str(name) for name in table.index])
    ax.set(xlabel=UNITS[unit], title=title, ylim=(len(table) + 0.3, -0.5))
    ax.legend(fontsize="small", loc="lower center", ncols=2)
    return ax
