"""Checks of autoregressive models: their order, and their incremental samplers."""

import math
from typing import Any

import keras
import numpy as np

from kgen.autoregressive.orders import choose_orders, known_first
from kgen.autoregressive.samplers import SamplingOptions, draw
from kgen.autoregressive.samplers.driver import noise_of
from kgen.core import backend
from kgen.testing import spaces
from kgen.testing.models import model_check
from kgen.testing.spaces import (
    check_normalised,
    check_samples,
    enumerable,
    log_prob,
    scatter,
    space,
)


@model_check(lambda model: hasattr(model, "conditionals"))
def check_autoregressive(model: Any, x: np.ndarray) -> None:
    """Check all that must hold for a density by the chain rule, and for its samples."""
    check_independent_noise(model)
    scatter(model)
    check_order(model, x.shape[1:])
    if model.sampler.incremental:
        check_incremental(model)
    if enumerable(model):
        check_normalised(model)
        check_samples(model, np.exp(log_prob(model, space(model))))


@model_check(lambda model: hasattr(model, "sampler"), xla=True)
def check_compiled_sampler(model: Any, x: np.ndarray) -> None:
    """Compiled by XLA, the incremental sampler must do the same."""
    if model.sampler.incremental and backend.NAME == "tensorflow":
        scatter(model)
        check_incremental(model, jit_compile=True)


def check_order(model: Any, event_shape: tuple[int, ...]) -> None:
    """Outputs for a scalar must ignore it and all later ones, and use earlier ones.

    In the model's own order: raster order for images. For a head that orders the
    channels of a pixel itself, the same for whole pixels.
    """
    size = math.prod(event_shape)
    if model.head.orders_channels:
        size //= event_shape[-1]
    # Several examples: in a single one a ReLU may happen to block a path.
    x = np.random.default_rng(0).uniform(size=(8, *event_shape)).astype("float32")
    condition = _condition(model, 8, np.random.default_rng(1))
    for order in range(model.n_orders):
        turns = np.arange(size)
        if model.permutations is not None:
            turns = model.permutations[order]

        def outputs(x, order=order):
            params = _conditionals(model, x, condition, order)
            return params.astype("float64").reshape(len(x), size, -1)

        before = outputs(x)
        used = np.zeros(size, bool)
        for i, index in enumerate(turns):
            moved = x.copy()
            moved.reshape(len(x), size, -1)[:, index] += 1.0
            changed = np.abs(outputs(moved) - before).max(axis=(0, 2)) > 0
            changed = changed[turns]
            seen_by = turns[: i + 1][changed[: i + 1]]
            assert not len(seen_by), f"the outputs for {seen_by} see {index}"
            used[i] = changed[i + 1 :].any()
        assert used[:-1].all(), f"no output sees {turns[:-1][~used[:-1]]}"


def check_incremental(model: Any, n: int = 19, *, jit_compile: bool = False) -> None:
    """The incremental sampler must do what running the whole network again does.

    With the same noise it draws the same samples, except where the noise lies within
    1e-5 of a boundary between values; and the parameters it computes are those of a
    full pass over the finished samples.
    """
    if model.compute_dtype not in ("float32", "float64"):
        return  # rounded differently
    blank = np.zeros((n, *model.event_shape), "float32")
    condition = _condition(model, n, np.random.default_rng(2))
    chosen = choose_orders(model, blank > 0, 4)
    noise = noise_of(model, 4, np.arange(n), model.event_shape)
    slow = model.sample(n, seed=4, condition=condition, incremental=False)
    jit_compile = jit_compile or backend.NAME == "jax"  # where all is compiled
    options = SamplingOptions(jit_compile=jit_compile, return_params=True)
    fast, found = draw(model, blank, blank > 0, 4, condition, options)
    for which in np.unique(chosen):
        rows, order = chosen == which, which
        if model.any_order:
            order = known_first(model, blank[rows] > 0, which)
        given = None if condition is None else condition[rows]
        params = _conditionals(model, fast[rows], given, order)
        apart = np.abs(params - found[rows]).max()
        assert apart < 1e-5 * max(1.0, np.abs(params).max()), (
            f"the sampler's parameters are {apart:g} off those of a full pass"
        )
    apart = np.abs(fast - slow)
    if model.head.levels is None:
        assert (apart <= 1e-4 * np.maximum(1.0, np.abs(slow))).all(), (
            f"samples are up to {apart.max():g} off those of full passes"
        )
        return
    low, high = (
        keras.ops.convert_to_numpy(model.head.draw(found, np.clip(u, 1e-6, 1 - 1e-6)))
        for u in (noise - 1e-5, noise + 1e-5)
    )
    axes = tuple(range(1, fast.ndim))
    differ = (apart > 0).any(axis=axes) & (low == high).all(axis=axes)
    assert not differ.any(), (
        f"samples {np.flatnonzero(differ)} differ from those of full passes"
    )


def _condition(model, n, random):
    dim = model.condition_dim
    return random.normal(size=(n, dim)).astype("float32") if dim else None


def _conditionals(model, x, condition, order):
    params = model.conditionals(x, condition, order if model.n_orders > 1 else None)
    return keras.ops.convert_to_numpy(params)


def check_independent_noise(model: Any, n: int = 1000) -> None:
    """With all weights zero, scalars are independent and must not repeat each other."""
    size = math.prod(model.event_shape)
    if not 1 < size <= 64:
        return
    weights = model.get_weights()
    for variable in model.trainable_variables:
        variable.assign(0.0 * variable)
    samples = spaces.draw(model, n, 3).reshape(n, size)
    correlation = np.corrcoef(samples.T) - np.eye(size)
    model.set_weights(weights)
    # Five standard errors, for up to 2,016 pairs.
    assert np.abs(correlation).max() < 5 / np.sqrt(n), "scalars share their noise"
