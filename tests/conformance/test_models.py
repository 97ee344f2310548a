"""Every Keras model, through the estimator that builds it: densities and samplers."""

import numpy as np
import pytest

import kgen
from kgen.data.toy import every_image
from kgen.testing import check_model
from tests.conftest import data_for, is_conditional, tiny

# Every image of these spaces can be counted: 3x3 binary, 2x2 with four levels, a row of
# two RGB pixels with three levels, a single pixel.
SPACES = [((3, 3, 1), 2), ((2, 2, 1), 4), ((1, 2, 3), 3), ((1, 1, 1), 2)]


@pytest.mark.parametrize("name", list(kgen.estimators))
@pytest.mark.parametrize(("shape", "levels"), SPACES, ids=str)
def test_contract(name, shape, levels):
    estimator = tiny(name)
    X = every_image(shape, levels)[-64:]
    y = X.reshape(len(X), -1)[:, 0] if is_conditional(estimator) else None
    if hasattr(estimator, "architecture"):
        estimator.set_params(latent_dim=1, architecture="mlp")
    model = estimator.fit(X, y).model_
    check_model(model, X)


@pytest.mark.parametrize("name", list(kgen.estimators))
@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_half_precision(name, policy):
    estimator = tiny(name, precision=policy)
    X, y = data_for(estimator)
    if X.ndim == 3:
        X = X[:, :3, :3]  # all such images can be counted
    model = estimator.fit(X, y).model_
    assert model.dtype_policy.name == policy
    assert np.isfinite(list(estimator.history_.values())).all()
    assert model.trainable_variables[0].dtype == "float32"
    x = X if X.ndim != 3 else X[..., np.newaxis]
    check_model(model, x)
    scaled = [type(o).__name__ == "LossScaleOptimizer" for o in model.optimizer_list()]
    assert scaled == [policy == "mixed_float16"] * len(scaled)
