"""Orders of the scalars of an example: which of them are drawn after which."""

from typing import Any

import numpy as np

from kgen.core.random import keyed_uniform, permutation


def as_permutation(owner: str, order: Any, dim: int) -> np.ndarray:
    """The permutation that `order` stands for: None, a seed, or a permutation.

    Args:
        owner: name of the model or estimator, for messages.
        order: the setting; None leaves scalars as they are.
        dim: number of scalars.

    Raises:
        ValueError: if it is none of these.
    """
    if order is None:
        return np.arange(dim)
    if np.ndim(order) == 0:
        return permutation(int(order), 0, dim)
    order = np.asarray(order)
    if order.shape != (dim,) or not np.array_equal(np.sort(order), np.arange(dim)):
        raise ValueError(
            f"{owner}: `order` must be None, a seed, or a permutation of the {dim} "
            f"scalars of an example. Got {order.size} numbers"
            f"{' ' + str(order.tolist()) if order.size < 20 else ''}."
        )
    return order


def choose_orders(model: Any, mask: np.ndarray, seed: int) -> np.ndarray:
    """One of the model's orders for every example.

    It is the one in which most known scalars come first, and if the model has any
    order one in which all of them do. Ties are broken at random, keyed by seed and
    example.

    Args:
        model: an `AutoregressiveModel`.
        mask: what is known, boolean, (n, *event_shape).
        seed: integer.

    Returns:
        Which of the orders, (n,), or the orders themselves, (n, dim), int32.
    """
    n = len(mask)
    if model.n_orders == 1:
        return np.zeros(n, "int32")
    known = mask.reshape(n, -1)[:, model.permutations]
    first = np.where(known.all(axis=2), known.shape[2], known.argmin(axis=2))
    # A separate stream: the sampler uses that of `seed`.
    tie = keyed_uniform(seed + 2**33, 0, n, (model.n_orders,))
    if not model.any_order:
        return np.argmax(first + tie, axis=1).astype("int32")
    which = np.argmax(tie, axis=1)
    known = known[np.arange(n), which]
    order = np.argsort(~known, axis=1, kind="stable")
    return model.permutations[which[:, np.newaxis], order].astype("int32")


def drawn_together(model: Any, chosen: np.ndarray) -> list[np.ndarray]:
    """Indices of the examples, grouped by their order; one group if that may differ.

    Args:
        model: an `AutoregressiveModel`.
        chosen: see `choose_orders`.
    """
    if model.any_order:
        return [np.arange(len(chosen))]
    return [np.flatnonzero(chosen == order) for order in np.unique(chosen)]
