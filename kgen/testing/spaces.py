"""Helpers of several checks: a model's data, samples and probabilities as arrays."""

import math
from typing import Any

import keras
import numpy as np

from kgen.data.toy import every_image
from kgen.testing.statistics import check_frequencies


def enumerable(model: Any) -> bool:
    """Whether the space can be enumerated: at most 1,000 examples."""
    levels = model.head.levels if hasattr(model, "head") else None
    return levels is not None and levels ** math.prod(model.event_shape) <= 1000


def space(model: Any) -> np.ndarray:
    """All possible examples, float32, shape (levels ** scalars, *event_shape)."""
    return every_image(model.event_shape, model.head.levels).astype("float32")


def condition(model: Any, n: int) -> np.ndarray | None:
    """The first unit vector n times for a conditional model, None for others."""
    dim = model.condition_dim
    return np.eye(dim, dtype="float32")[np.zeros(n, int)] if dim else None


def with_condition(model: Any, x: np.ndarray) -> Any:
    """Data as `fit` takes them."""
    given = condition(model, len(x))
    return x if given is None else {"x": x, "condition": given}


def incremental(model: Any) -> bool:
    """Whether the model has a sampler that avoids full passes for every scalar."""
    return hasattr(model, "sampler") and model.sampler.incremental


def draw(model: Any, n: int, seed: int) -> np.ndarray:
    """Samples."""
    options: dict[str, Any] = {}
    if model.condition_dim:
        options["condition"] = condition(model, n)
    if incremental(model):
        options["jit_compile"] = False  # compiling would take longer than drawing
    return model.sample(n, seed=seed, **options)


def log_prob(model: Any, x: np.ndarray, **options: Any) -> np.ndarray:
    """Log-densities, shape (n,)."""
    found = model.log_prob(x, condition(model, len(x)), **options)
    return keras.ops.convert_to_numpy(found)


def scatter(model: Any, seed: int = 0, spread: float = 0.3) -> None:
    """Give all weights random values, so that no density is uniform by accident."""
    random = np.random.default_rng(seed)
    for variable in model.trainable_variables:
        variable.assign(spread * random.normal(size=variable.shape))


def check_samples(model: Any, probability: np.ndarray, n: int = 20_000) -> None:
    """Frequencies of samples must follow the density: a chi-square test."""
    if incremental(model):
        n //= 4  # it is compared with full passes, too, draw by draw
    samples, every = draw(model, n, 1), space(model)
    base = model.head.levels ** np.arange(every[0].size)
    codes = samples.reshape(n, -1) @ base
    order = {code: i for i, code in enumerate(every.reshape(len(every), -1) @ base)}
    counts = np.bincount([order[code] for code in codes], minlength=len(every))
    check_frequencies(counts, probability)


def check_normalised(model: Any) -> None:
    """Probabilities of all examples must add up to one."""
    total = np.exp(log_prob(model, space(model)).astype("float64")).sum()
    assert np.isclose(total, 1, atol=1e-4), f"probabilities add up to {total}, not 1"


def check_objective(model: Any, x: np.ndarray, **options: Any) -> None:
    """The loss must be the mean of -log p(x); options are those of `log_prob`."""
    data = with_condition(model, x)
    loss = model.evaluate(data, batch_size=len(x), verbose=0, return_dict=True)["loss"]
    expected = -float(np.mean(log_prob(model, x, **options)))
    # 16-bit sums depend on the order of their terms.
    half = model.compute_dtype not in ("float32", "float64")
    assert np.isclose(loss, expected, rtol=2e-2 if half else 1e-4), (
        f"the loss is {loss}, but -log_prob has the mean {expected}"
    )
