"""The density of the codes of a `VQVAE`: its choice and its training."""

from pathlib import Path
from typing import Any

import numpy as np
from sklearn.base import clone

from kgen.base.chunks import in_chunks
from kgen.base.density import Density
from kgen.base.fields import estimators
from kgen.core import messages, validation
from kgen.heads import Categorical

SHARED = ("epochs", "precision", "jit_compile", "verbose")
"""Hyper-parameters that the prior has from its owner, if it is chosen by "auto"."""


def resolve(owner: Any, codebook_size: int, code_shape: tuple) -> Any:
    """An unfitted prior with a head for that many codes; None if none is wanted.

    Args:
        owner: the estimator; its `prior` is "auto", None, or an estimator.
        codebook_size: number of different codes.
        code_shape: shape of the codes of one example.

    Raises:
        ValueError: if such a prior cannot learn codes.
    """
    if owner.prior is None:
        return None
    prior = _automatic(owner, len(code_shape)) if owner.prior == "auto" else owner.prior
    problem = _problem(prior, code_shape)
    if problem:
        raise messages.wrong_prior(type(owner).__name__, owner.prior, problem)
    prior = clone(prior)
    if "head" in prior.get_params(deep=False):
        if prior.head in ("auto", "categorical"):
            prior.set_params(head=Categorical(codebook_size, one_hot=True))
        levels = getattr(prior.head, "levels", codebook_size)
        if not isinstance(prior.head, str) and levels != codebook_size:
            problem = f"Its head is {prior.head}, and there are {codebook_size} codes."
            raise messages.wrong_prior(type(owner).__name__, owner.prior, problem)
    validation.check_params(prior)
    return prior


def _automatic(owner: Any, rank: int) -> Any:
    """What learns most in little time, since the maps have few positions."""
    shared = {name: getattr(owner, name) for name in SHARED}
    if rank == 2:
        return estimators["GatedPixelCNN"](
            filters=64, layers=6, dilations=(1, 2), learning_rate=1e-3, **shared
        )
    return estimators["MADE"](hidden=(256, 256), **shared)


def _problem(prior: Any, code_shape: tuple) -> str:
    if not isinstance(prior, Density):
        return f"Got {prior!r}."
    if prior.conditional:
        return "It is conditional, and codes have no labels."
    if 1 + len(code_shape) not in prior._ranks:
        shape = ", ".join(["n", *map(str, code_shape)])
        return f"Codes have the shape ({shape}), which {prior!r} does not take."
    return ""


def train(owner: Any, source: Any, held_out: Any, backup_dir: Any) -> None:
    """Fit a prior to the codes of the training data, as the owner's `prior_`.

    If training is interrupted after an epoch or more, the prior is kept as it is then.

    Args:
        owner: the estimator, whose model is trained.
        source: its training data.
        held_out: its validation data, or None.
        backup_dir: folder for backups, or None.
    """
    model = owner.model_
    prior = resolve(owner, model.codebook_size, model.code_shape)
    if prior is None:
        return
    if prior.random_state is None:
        prior.set_params(random_state=owner.seed_)
    settings = prior.get_params(deep=False)
    if owner.warm_start and hasattr(owner, "prior_"):
        prior = owner.prior_.set_params(**{**settings, "warm_start": True})
    codes, weight = _codes(model, source)
    evaluated = held_out and _validation(*_codes(model, held_out))
    options = {} if weight is None else {"sample_weight": weight}
    folder = None if backup_dir is None else Path(backup_dir, "prior")
    try:
        prior.fit(codes, validation_data=evaluated, backup_dir=folder, **options)
    finally:
        if hasattr(prior, "model_"):
            owner.prior_ = prior.set_params(warm_start=settings["warm_start"])
    if folder is not None:
        folder.rmdir()


def _codes(model: Any, source: Any) -> tuple[np.ndarray, np.ndarray | None]:
    """Codes of all examples, and their weights, if they have any."""
    codes, weights = [], []
    for batch in source.batches(model.rows):
        x, weight = (batch[0], batch[2]) if isinstance(batch, tuple) else (batch, None)
        codes.append(in_chunks(model.encode, np.asarray(x), rows=model.rows))
        if weight is not None:
            weights.append(np.asarray(weight))
    return np.concatenate(codes), np.concatenate(weights) if weights else None


def _validation(codes: np.ndarray, weight: np.ndarray | None) -> Any:
    return codes if weight is None else (codes, None, weight)
