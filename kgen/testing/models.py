"""Checks of the Keras models."""

import math
import tempfile
from pathlib import Path
from typing import Any

import keras
import numpy as np

from kgen.autoregressive import AutoregressiveModel
from kgen.data.toy import every_image
from kgen.testing.autoregressive import check_incremental, check_order
from kgen.testing.statistics import check_frequencies
from kgen.variational.model import VAEModel


def check_model(model: Any, x: np.ndarray) -> None:
    """Verify that a model keeps its contract.

    All models: seeds determine samples one by one; saving keeps them, the head and the
    state of every optimizer; layers compute in the model's dtype policy, and every
    optimizer scales its loss where that is float16; training changes all weights.
    Models with a density: training minimises what `log_prob` says, and the loss falls.
    Autoregressive ones: their order, an incremental sampler that does what full passes
    do, noise that scalars do not share, a density that
    sums to one, samples that follow it. VAEs: a bound that approaches the true density,
    which samples follow. (Sums where the space is small enough to be enumerated: up to
    1,000 images; for VAEs one latent dimension.)

    Args:
        model: a compiled model, which will be trained.
        x: data it can be trained on, float32 in data units, shape (n, ...).

    Raises:
        AssertionError: which says what does not hold.
    """
    x = np.asarray(x, "float32")
    if not model.built:
        model.build((None, *x.shape[1:]))
    check_policy(model)
    check_loss_scaling(model)
    check_seeds(model)
    if hasattr(model, "log_prob"):
        check_objective(model, x)
    if isinstance(model, AutoregressiveModel):
        check_independent_noise(model)
        scatter(model)
        check_order(model, x.shape[1:])
        if model.sampler.incremental:
            check_incremental(model)
        if _enumerable(model):
            check_normalised(model)
            check_samples(model, np.exp(_log_prob(model, _space(model))))
    if isinstance(model, VAEModel):
        check_fresh_noise(model, x)
    if isinstance(model, VAEModel) and model.latent_dim == 1 and _enumerable(model):
        check_bound(model)
        check_samples(model, _marginal(model, _space(model)))
    check_training(model, x)
    check_saving(model)


def check_normalised(model: Any) -> None:
    """Probabilities of all images must add up to one."""
    total = np.exp(_log_prob(model, _space(model)).astype("float64")).sum()
    assert np.isclose(total, 1, atol=1e-4), f"probabilities add up to {total}, not 1"


def check_bound(model: Any) -> None:
    """With many codes the bound must come near log p(x), with one stay below."""
    # Codes near the prior: importance sampling is only as good as its proposal.
    for variable in model.encoder.trainable_variables:
        variable.assign(0.3 * variable)
    space = _space(model)
    exact = np.log(_marginal(model, space))
    one = _log_prob(model, space, 1)
    step = -(
        -len(space) // 64
    )  # 2,000 codes for some 64 examples: all take half a minute
    apart = np.abs(_log_prob(model, space[::step], 2000) - exact[::step]).max()
    assert apart < 0.15, f"the bound with 2,000 codes is up to {apart:.3f} nats off"
    # A bound holds on average over the noise, which differs from row to row.
    if len(space) > 200:
        assert one.mean() < exact.mean() + 0.05, "the bound is above the density"


def check_samples(model: Any, probability: np.ndarray, n: int = 20_000) -> None:
    """Frequencies of samples must follow the density: a chi-square test."""
    if _incremental(model):
        n //= 4  # it is compared with full passes, too, draw by draw
    samples = _sampler(model)(n, 1)
    space = _space(model)
    base = model.head.levels ** np.arange(space[0].size)
    codes = samples.reshape(n, -1) @ base
    order = {code: i for i, code in enumerate(space.reshape(len(space), -1) @ base)}
    counts = np.bincount([order[code] for code in codes], minlength=len(space))
    check_frequencies(counts, probability)


def check_objective(model: Any, x: np.ndarray) -> None:
    """The loss must be the mean of -log p(x), for VAEs of the bound with one code."""
    options: tuple = ()
    if isinstance(model, VAEModel):
        if model.n_importance > 1 or model.penalty.weight != 1:
            return  # trained on another bound, or not on a bound of log p(x)
        options = (1,)
    data = _with_condition(model, x)
    loss = model.evaluate(data, batch_size=len(x), verbose=0, return_dict=True)["loss"]
    expected = -float(np.mean(_log_prob(model, x, *options)))
    # Sixteen bits in a different order of sums.
    half = model.compute_dtype not in ("float32", "float64")
    assert np.isclose(loss, expected, rtol=2e-2 if half else 1e-4), (
        f"the loss is {loss}, but -log_prob has the mean {expected}"
    )


def check_fresh_noise(model: Any, x: np.ndarray) -> None:
    """Codes are drawn anew in every training step, and stay in evaluation."""

    def codes(*, training):
        z = model(x, training=training)["z"]
        return keras.ops.convert_to_numpy(z)

    first, second = codes(training=True), codes(training=True)
    assert not np.allclose(first, second), "two training steps share their noise"
    assert np.array_equal(codes(training=False), codes(training=False)), (
        "the noise of evaluation is not fixed"
    )


def check_independent_noise(model: Any, n: int = 1000) -> None:
    """With all weights zero, scalars are independent and must not repeat each other."""
    size = math.prod(model.event_shape)
    if not 1 < size <= 64:
        return
    weights = model.get_weights()
    for variable in model.trainable_variables:
        variable.assign(0.0 * variable)
    samples = _sampler(model)(n, 3).reshape(n, size)
    correlation = np.corrcoef(samples.T) - np.eye(size)
    model.set_weights(weights)
    # Five standard errors, for up to 2,016 pairs.
    assert np.abs(correlation).max() < 5 / np.sqrt(n), "scalars share their noise"


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
    draw = _sampler(model)
    first = draw(17, 5)
    assert np.array_equal(first, draw(17, 5)), "a seed does not determine the samples"
    assert np.allclose(first[:3], draw(3, 5), atol=1e-4), (
        "samples depend on their number"
    )
    if np.prod(first.shape[1:]) > 1:
        assert not np.array_equal(first, draw(17, 6)), "two seeds give the same samples"
        # Those that samplers draw together, and those that come next.
        assert not np.array_equal(first[:8], first[8:16]), "chunks share their noise"


def check_training(model: Any, x: np.ndarray) -> None:
    """Training must change the weights (loss scaling may skip the first steps).

    And the loss, where there is a single one, must fall on a batch that repeats: soon,
    or where it is as noisy as a bound's, after a while.
    """
    data = _with_condition(model, x)
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
    # Masks and the edges of small images leave some weights nothing to learn.
    masked = isinstance(model, AutoregressiveModel) and len(kept) < len(before)
    assert masked or not kept, f"training did not change {kept}"


def check_policy(model: Any) -> None:
    """Every layer must compute in the policy of the model.

    Layers without weights may be float32: those that handle data in their own units.
    """
    wanted = model.dtype_policy
    for layer in model._flatten_layers(include_self=False):
        if isinstance(layer, keras.Model):
            continue  # computes nothing that its layers do not
        allowed = {wanted.compute_dtype}
        if not layer.weights:
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
        assert again.head.get_config() == model.head.get_config(), "another head"
    assert np.array_equal(_sampler(again)(3, 0), _sampler(model)(3, 0)), (
        "the loaded model draws other samples"
    )
    pairs = zip(model.training_variables(), again.training_variables(), strict=True)
    for mine, loaded in pairs:
        assert np.array_equal(mine.numpy(), loaded.numpy()), (
            f"{mine.path} was not restored"
        )


def scatter(model: Any, seed: int = 0, spread: float = 0.3) -> None:
    """Give all weights random values, so that no density is uniform by accident."""
    random = np.random.default_rng(seed)
    for variable in model.trainable_variables:
        variable.assign(spread * random.normal(size=variable.shape))


def _condition(model, n):
    """The first unit vector n times for a conditional model, None for others."""
    dim = getattr(model, "condition_dim", 0)
    return np.eye(dim, dtype="float32")[np.zeros(n, int)] if dim else None


def _with_condition(model, x):
    condition = _condition(model, len(x))
    return x if condition is None else {"x": x, "condition": condition}


def _sampler(model):
    def sample(n, seed):
        condition = _condition(model, n)
        given = {} if condition is None else {"condition": condition}
        if _incremental(model):
            given["jit_compile"] = False  # compiling would take longer than drawing
        return model.sample(n, seed=seed, **given)

    return sample


def _incremental(model):
    return isinstance(model, AutoregressiveModel) and model.sampler.incremental


def _enumerable(model):
    levels = model.head.levels
    return levels is not None and levels ** math.prod(model.event_shape) <= 1000


def _space(model):
    return every_image(model.event_shape, model.head.levels).astype("float32")


def _log_prob(model, x, *options):
    condition = _condition(model, len(x))
    options = options if condition is None else (*options, condition)
    return keras.ops.convert_to_numpy(model.log_prob(x, *options))


def _marginal(model, x):
    """p(x), by quadrature over the one latent dimension."""
    z, width = np.linspace(-8, 8, 2001, retstep=True)
    prior = np.exp(-0.5 * z**2) / np.sqrt(2 * np.pi)
    params = model.decoder(z[:, np.newaxis].astype("float32"), training=False)
    likelihood = [
        np.exp(keras.ops.convert_to_numpy(model.head(params).log_prob(row[np.newaxis])))
        for row in x
    ]
    return np.asarray(likelihood, "float64") @ (prior * width)
