"""Checks of models with a code, an encoder and a bound."""

from typing import Any

import keras
import numpy as np

from kgen.base.exporting import has_density
from kgen.penalties import KL
from kgen.testing.models import model_check
from kgen.testing.spaces import (
    check_objective,
    check_samples,
    condition,
    enumerable,
    log_prob,
    space,
    with_condition,
)


def _has_posterior(model: Any) -> bool:
    return hasattr(model, "posterior")


@model_check(_has_posterior)
def check_fresh_noise(model: Any, x: np.ndarray) -> None:
    """Codes are redrawn in every training step, and fixed in evaluation."""
    data = with_condition(model, x)

    def codes(*, training):
        return keras.ops.convert_to_numpy(model(data, training=training)["z"])

    if has_density(model):
        first, second = codes(training=True), codes(training=True)
        assert not np.allclose(first, second), "two training steps share their noise"
    assert np.array_equal(codes(training=False), codes(training=False)), (
        "the noise of evaluation is not fixed"
    )


@model_check(lambda model: _has_posterior(model) and has_density(model))
def check_bound(model: Any, x: np.ndarray) -> None:
    """With one code the loss is minus the bound; with many the bound nears log p(x).

    Samples follow p(x). Both for one latent dimension, over which p(x) is integrated.
    """
    if model.n_importance == 1 and model.penalty == KL():
        check_objective(model, x, n_importance=1)
    if model.latent_dim > 1 or not enumerable(model):
        return
    # Codes near the prior: importance sampling is only as good as its proposal.
    for variable in model.encoder.trainable_variables:
        variable.assign(0.3 * variable)
    every = space(model)
    exact = np.log(marginal(model, every))
    one = log_prob(model, every, n_importance=1)
    # 2,000 codes for about 64 examples: all would take half a minute.
    step = -(-len(every) // 64)
    many = log_prob(model, every[::step], n_importance=2000)
    apart = np.abs(many - exact[::step]).max()
    assert apart < 0.15, f"the bound with 2,000 codes is up to {apart:.3f} nats off"
    # A bound holds on average over the noise, which differs from row to row.
    if len(every) > 200:
        assert one.mean() < exact.mean() + 0.05, "the bound is above the density"
    check_samples(model, np.exp(exact))


def marginal(model: Any, x: np.ndarray) -> np.ndarray:
    """p(x), by quadrature over the one latent dimension."""
    z, width = np.linspace(-8, 8, 2001, retstep=True)
    codes = z[:, np.newaxis].astype("float32")
    given = condition(model, len(codes))
    prior = np.exp(keras.ops.convert_to_numpy(model.prior_of(given).log_prob(codes)))
    inputs = codes if given is None else [codes, given]
    params = model.decoder(inputs, training=False)
    likelihood = [
        np.exp(keras.ops.convert_to_numpy(model.head(params).log_prob(row[np.newaxis])))
        for row in x
    ]
    return np.asarray(likelihood, "float64") @ (prior * width)
