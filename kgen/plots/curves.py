"""Losses over the epochs."""

from collections.abc import Sequence
from typing import Any

from sklearn.utils.validation import check_is_fitted

from kgen.core import messages
from kgen.plots.style import colours, new_axes

VALIDATION = "val_"


def history(
    estimator: Any,
    names: str | Sequence[str] | None = None,
    *,
    title: str = "",
    ax: Any = None,
) -> Any:
    """Draw the terms of `history_` over the epochs.

    A term and its twin for validation data have the same colour; the twin is dashed.

    Args:
        estimator: a fitted estimator.
        names: terms to draw, such as "loss" or ["reconstruction", "kl"], with their
            twins; None is all of them.
        title: text above the curves.
        ax: matplotlib Axes to draw on; None makes a new figure.

    Returns:
        The Axes.

    Raises:
        ValueError: for a term that `history_` does not have.

    Example:
        >>> import kgen
        >>> from kgen.data.toy import bars
        >>> X = bars(64, size=4, random_state=0)
        >>> vae = kgen.VAE(latent_dim=2, epochs=2, random_state=0)
        >>> ax = history(vae.fit(X, validation_data=X[:9]), "loss")
        >>> [line.get_label() for line in ax.lines]
        ['loss', 'val_loss']
    """
    from matplotlib.ticker import MaxNLocator

    check_is_fitted(estimator)
    curves = estimator.history_
    own = [name for name in curves if not name.startswith(VALIDATION)]
    names = own if names is None else [names] if isinstance(names, str) else names
    for name in names:
        if name not in own:
            raise messages.no_curve(name, own)
    ax, palette = new_axes(ax), colours()
    for i, name in enumerate(names):
        style = {
            "color": palette[i % len(palette)],
            "marker": "." if len(curves[name]) == 1 else "",
        }
        ax.plot(range(1, len(curves[name]) + 1), curves[name], label=name, **style)
        if (twin := curves.get(VALIDATION + name)) is not None:
            # Validation data may have come with a later fit: the last epochs.
            first = len(curves[name]) - len(twin) + 1
            epochs = range(first, first + len(twin))
            ax.plot(epochs, twin, "--", label=VALIDATION + name, **style)
    ax.set(xlabel="epoch", ylabel="nats per example", title=title)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.legend()
    return ax
