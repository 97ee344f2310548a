"""Every Keras model, through the estimator that builds it: densities and samplers."""

import numpy as np
import pytest

import kgen
from kgen.data.sources import with_channel
from kgen.data.toy import every_image
from kgen.testing import check_model
from kgen.testing.models import (
    _CHECKS,
    check_loss_scaling,
    check_policy,
    check_saving,
    check_seeds,
    check_training,
)
from tests.conftest import (
    ROOTS,
    TWINS,
    data_for,
    is_conditional,
    takes_sequences,
    tiny,
    unless_slow,
)

# Every image of these spaces can be counted: 3x3 binary, a row of two RGB pixels with
# three levels, a single pixel with four.
SPACES = [((3, 3, 1), 2), ((1, 2, 3), 3), ((1, 1, 1), 4)]
# The channels of a pixel are more than further scalars to these.
ORDER_CHANNELS = {"PixelCNN", "GatedPixelCNN"}


def cases():
    """Models and spaces; with --slow all, and with XLA where a model uses it."""
    for name in kgen.estimators:
        for shape, levels in SPACES:
            first = shape == SPACES[0][0] and name not in TWINS
            second = shape == SPACES[1][0] and name in ORDER_CHANNELS
            marks = [] if first or second else [pytest.mark.slow]
            yield pytest.param(name, shape, levels, marks=marks)


@pytest.mark.parametrize("name", list(kgen.estimators))
def test_every_model_is_covered(name):
    quick = [case.values[0] for case in cases() if not case.marks]
    assert name in quick or name in TWINS


def fitted(name, shape, levels):
    """A model after an epoch, and its data: examples of a space that can be counted."""
    estimator = tiny(name)
    if takes_sequences(estimator):
        shape = (shape[0] * shape[1], shape[2])
    X = every_image(shape, levels)[-64:]
    y = X.reshape(len(X), -1)[:, 0] if is_conditional(estimator) else None
    if hasattr(estimator, "architecture"):
        estimator.set_params(architecture="mlp")
    if hasattr(estimator, "latent_dim"):
        estimator.set_params(latent_dim=1)
    return estimator.fit(X, y).model_, X


@pytest.mark.parametrize(("name", "shape", "levels"), [*cases()])
def test_contract(name, shape, levels):
    check_model(*fitted(name, shape, levels), xla=False)


@pytest.mark.slow
@pytest.mark.parametrize(("shape", "levels"), SPACES[:2], ids=str)
@pytest.mark.parametrize("name", list(kgen.estimators))
def test_contract_with_xla(name, shape, levels):
    """What `check_model` leaves out above: the checks that compile with XLA."""
    model, X = fitted(name, shape, levels)
    checks = [check for can, check, xla in _CHECKS if xla and can(model)]
    if not checks:
        pytest.skip(f"{name} compiles nothing of its own")
    for check in checks:
        check(model, X)


@pytest.mark.parametrize("name", unless_slow(*ROOTS))
def test_bfloat16(name):
    check_half_precision(name, "mixed_bfloat16")


@pytest.mark.slow
def test_all_of_the_contract_in_bfloat16():
    check_model(*model_in("mixed_bfloat16", "PixelCNN"))


@pytest.mark.parametrize("name", unless_slow("VAE", "GAN"))
def test_float16(name):
    check_half_precision(name, "mixed_float16")


def model_in(policy, name):
    """A model after an epoch in half precision, and its data, as it takes them."""
    estimator = tiny(name, precision=policy)
    X, y = data_for(estimator)
    if X.ndim == 3:
        X = X[:, :3, :3]  # all such images can be counted
    model = estimator.fit(X, y).model_
    assert model.dtype_policy.name == policy
    assert np.isfinite(list(estimator.history_.values())).all()
    assert model.trainable_variables[0].dtype == "float32"
    x = X.reshape(with_channel(X.shape, sequences=takes_sequences(estimator)))
    return model, x


def check_half_precision(name, policy):
    model, x = model_in(policy, name)
    if policy == "mixed_bfloat16" and name in ("VAE", "NADE"):
        check_model(model, x, xla=False)
    else:  # what the dtype changes
        for check in (check_policy, check_loss_scaling, check_seeds, check_saving):
            check(model)
        check_training(model, x)
    scaled = [type(o).__name__ == "LossScaleOptimizer" for o in model.optimizer_list()]
    assert scaled == [policy == "mixed_float16"] * len(scaled)
