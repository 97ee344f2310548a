"""Checks of all Keras models, and the registry of the families' own checks."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np

from kgen.base.exporting import has_density
from kgen.testing.spaces import check_objective, draw, with_condition

# Which models a check is for, the check, and whether it compiles with XLA.
_CHECKS: list[tuple[Callable[[Any], bool], Callable, bool]] = []


def model_check(
    can: Callable[[Any], bool], *, xla: bool = False
) -> Callable[[Callable], Callable]:
    """Return a decorator that registers a check with `check_model`.

    Args:
        can: function of a model that says whether the check applies, by what it can do.
        xla: whether the check compiles with XLA, which takes seconds.

    Example:
        >>> @model_check(lambda model: hasattr(model, "halve"))
        ... def check_halving(model, x):
        ...     assert model.halve(2.0) == 1.0
    """

    def decorate(check: Callable) -> Callable:
        _CHECKS.append((can, check, xla))
        return check

    return decorate


@model_check(lambda model: has_density(model) and not hasattr(model, "posterior"))
def check_exact_density(model: Any, x: np.ndarray) -> None:
    """An exact density is what training maximises."""
    check_objective(model, x)


def check_model(model: Any, x: np.ndarray, *, xla: bool = True) -> None:
    """Verify that a model keeps its contract.

    All models: the seed determines each sample; saving keeps samples, the head and the
    state of every optimizer; layers compute in the model's dtype policy, and every
    optimizer scales its loss if that is mixed_float16; training changes all weights,
    and lowers the loss if there is a single one.

    Families register further checks by what a model can do (`model_check`). Models with
    an exact density: training maximises it. Autoregressive models: their order, an
    incremental sampler equal to full passes, independent noise for every scalar, a
    density that sums to one, samples that follow it. Models with a posterior: training
    maximises the bound, the bound approaches the true density, and samples follow that.
    (Sums only if the space has at most 1,000 examples; for bounds, one latent
    dimension.)

    Args:
        model: a compiled model, which will be trained.
        x: data it can be trained on, float32 in data units, shape (n, ...).
        xla: whether to run the checks that compile with XLA as well.

    Raises:
        AssertionError: if any of this does not hold; the message says what.
    """
    x = np.asarray(x, "float32")
    if not model.built:
        model.build((None, *x.shape[1:]))
    check_policy(model)
    check_loss_scaling(model)
    check_seeds(model)
    for can, check, compiles in _CHECKS:
        if can(model) and (xla or not compiles):
            check(model, x)
    check_training(model, x)
    check_saving(model)


def check_loss_scaling(model: Any) -> None:
    """Under mixed_float16 every optimizer must scale its loss."""
    if model.dtype_policy.name != "mixed_float16":
        return
    for optimizer in model.optimizer_list():
        assert isinstance(optimizer, keras.optimizers.LossScaleOptimizer), (
            f"{optimizer.name} does not scale its loss: small gradients vanish"
        )


def check_seeds(model: Any) -> None:
    """Sample i must be a function of the seed and of i."""
    first = draw(model, 17, 5)
    assert np.array_equal(first, draw(model, 17, 5)), (
        "a seed does not determine the samples"
    )
    assert np.allclose(first[:3], draw(model, 3, 5), atol=1e-4), (
        "samples depend on their number"
    )
    if np.prod(first.shape[1:]) > 1:
        assert not np.array_equal(first, draw(model, 17, 6)), (
            "two seeds give the same samples"
        )
        # Samples that are drawn together, and those that come next.
        assert not np.array_equal(first[:8], first[8:16]), "chunks share their noise"


def check_training(model: Any, x: np.ndarray) -> None:
    """Training must change the weights (loss scaling may skip the first steps).

    A single loss must also fall on a repeated batch: soon, or after a while if it is as
    noisy as that of a bound.
    """
    data = with_condition(model, x)
    before = [weight.numpy() for weight in model.trainable_weights]
    losses: list[float] = []
    for _ in range(8):
        history = model.fit(data, epochs=12, batch_size=len(x), verbose=0).history
        losses += history.get("loss", [])
        first, last = losses[:6], losses[-6:]
        if not losses or np.mean(last) < np.mean(first):
            break
    else:
        raise AssertionError(f"the loss went from {first} to {last}")
    kept = [
        weight.path
        for old, weight in zip(before, model.trainable_weights, strict=True)
        if np.array_equal(old, weight.numpy())
    ]
    # With masks, and at the edges of small images, some weights have no effect.
    masks = hasattr(model, "conditionals") or all("masked" in path for path in kept)
    masked = masks and len(kept) < len(before)
    # For a critic only differences count, not the bias of its last layer.
    critic = getattr(getattr(model, "objective", None), "threshold", 0.0) is None
    assert masked or len(kept) <= critic, f"training did not change {kept}"


def check_policy(model: Any) -> None:
    """Every layer must compute in the policy of the model.

    Layers without weights may be float32: those that handle data in their own units. So
    may layers with an attribute `computes_in_float32`, and the layers inside them.
    """
    wanted, exempt = model.dtype_policy, set()
    for layer in model._flatten_layers(include_self=False):
        if getattr(layer, "computes_in_float32", False):
            exempt |= {id(part) for part in layer._flatten_layers()}
    for layer in model._flatten_layers(include_self=False):
        if isinstance(layer, keras.Model):
            continue  # computes nothing that its layers do not
        allowed = {wanted.compute_dtype}
        if not layer.weights or id(layer) in exempt:
            allowed.add("float32")
        assert layer.compute_dtype in allowed, (
            f"{layer.name} computes in {layer.compute_dtype}, the model in "
            f"{wanted.compute_dtype}"
        )
        for weight in layer.trainable_weights:
            assert weight.dtype == wanted.variable_dtype, (
                f"{weight.path} is {weight.dtype}, and not {wanted.variable_dtype}"
            )


def check_saving(model: Any) -> None:
    """A loaded model must be the same: samples, class, policy, optimizers."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model.keras")
        model.save(path)
        again = keras.saving.load_model(path, safe_mode=True)
    assert type(again) is type(model)
    assert again.dtype_policy.name == model.dtype_policy.name
    if hasattr(model, "head"):
        assert again.head.get_config() == model.head.get_config(), "the head differs"
    assert np.array_equal(draw(again, 3, 0), draw(model, 3, 0)), (
        "the loaded model draws other samples"
    )
    pairs = zip(model.training_variables(), again.training_variables(), strict=True)
    for saved, loaded in pairs:
        assert np.array_equal(saved.numpy(), loaded.numpy()), (
            f"{saved.path} was not restored"
        )
