"""Every Keras model, through the estimator that builds it: densities and samplers."""

import numpy as np
import pytest

import kgen
from kgen.data.sources import with_channel
from kgen.data.toy import every_image
from kgen.testing import check_model
from kgen.testing.models import (
    check_loss_scaling,
    check_policy,
    check_saving,
    check_seeds,
    check_training,
)
from tests.conftest import (
    FAMILIES,
    data_for,
    is_conditional,
    takes_sequences,
    tiny,
    unless_slow,
)

# Every image of these spaces can be counted: 3x3 binary, a row of two RGB pixels with
# three levels, a single pixel with four.
SPACES = [
    ((3, 3, 1), 2),
    ((1, 2, 3), 3),
    pytest.param((1, 1, 1), 4, marks=pytest.mark.slow),
]


@pytest.mark.parametrize("name", list(kgen.estimators))
@pytest.mark.parametrize(("shape", "levels"), SPACES, ids=str)
def test_contract(name, shape, levels):
    estimator = tiny(name)
    if takes_sequences(estimator):
        shape = (shape[0] * shape[1], shape[2])
    X = every_image(shape, levels)[-64:]
    y = X.reshape(len(X), -1)[:, 0] if is_conditional(estimator) else None
    if hasattr(estimator, "architecture"):
        estimator.set_params(latent_dim=1, architecture="mlp")
    model = estimator.fit(X, y).model_
    check_model(model, X)


@pytest.mark.parametrize("name", list(kgen.estimators))
def test_bfloat16(name):
    check_half_precision(name, "mixed_bfloat16")


@pytest.mark.parametrize("name", unless_slow(*FAMILIES))
def test_float16(name):
    check_half_precision(name, "mixed_float16")


def check_half_precision(name, policy):
    estimator = tiny(name, precision=policy)
    X, y = data_for(estimator)
    if X.ndim == 3:
        X = X[:, :3, :3]  # all such images can be counted
    model = estimator.fit(X, y).model_
    assert model.dtype_policy.name == policy
    assert np.isfinite(list(estimator.history_.values())).all()
    assert model.trainable_variables[0].dtype == "float32"
    x = X.reshape(with_channel(X.shape, sequences=takes_sequences(estimator)))
    if policy == "mixed_bfloat16" and name in ("PixelCNN", "VAE", "NADE"):
        check_model(model, x)
    else:  # what the dtype changes
        for check in (check_policy, check_loss_scaling, check_seeds, check_saving):
            check(model)
        check_training(model, x)
    scaled = [type(o).__name__ == "LossScaleOptimizer" for o in model.optimizer_list()]
    assert scaled == [policy == "mixed_float16"] * len(scaled)
