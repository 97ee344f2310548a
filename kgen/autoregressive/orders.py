"""Orders in which the scalars of an example are drawn."""

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


def best_orders(model: Any, mask: np.ndarray) -> np.ndarray:
    """In which of the model's orders most known scalars come first: (n, n_orders).

    For a model of any order, all of them are equally good: see `known_first`.

    Args:
        model: an `AutoregressiveModel`.
        mask: what is known, boolean, (n, *event_shape).
    """
    n = len(mask)
    if model.n_orders == 1 or model.any_order:
        return np.ones((n, model.n_orders), bool)
    known = mask.reshape(n, -1)[:, model.permutations]
    first = np.where(known.all(axis=2), known.shape[2], known.argmin(axis=2))
    return first == first.max(axis=1, keepdims=True)


def choose_orders(model: Any, mask: np.ndarray, seed: int) -> np.ndarray:
    """Which of the model's orders every example is drawn in, (n,), int32.

    It is one of the `best_orders`, chosen at random, keyed by seed and example.

    Args:
        model: an `AutoregressiveModel`.
        mask: what is known, boolean, (n, *event_shape).
        seed: integer.
    """
    best = best_orders(model, mask)
    if model.n_orders == 1:
        return np.zeros(len(mask), "int32")
    # A separate stream: the sampler uses the stream of `seed`.
    tie = keyed_uniform(seed + 2**33, 0, len(mask), (model.n_orders,))
    return np.argmax(best + tie, axis=1).astype("int32")


def known_first(model: Any, mask: np.ndarray, which: Any) -> np.ndarray:
    """The orders of some examples, known scalars first, (n, dim), int32.

    Args:
        model: an `AutoregressiveModel` of any order.
        mask: what is known, boolean, (n, *event_shape).
        which: the model's order that both parts keep: an integer, or (n,).
    """
    orders = np.broadcast_to(model.permutations[which], (len(mask), model.dim))
    known = np.take_along_axis(mask.reshape(len(mask), -1), orders, axis=1)
    places = np.argsort(~known, axis=1, kind="stable")
    return np.take_along_axis(orders, places, axis=1).astype("int32")
