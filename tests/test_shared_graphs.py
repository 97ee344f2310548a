"""What XLA compiled is shared: new data are no reason to compile anew."""

import json

import keras
import numpy as np
import pytest

import kgen
from kgen.core import _tensorflow
from kgen.models import MADEModel


def fitted(loc, scale, **settings):
    X = np.random.default_rng(0).normal(loc, scale, (60, 3))
    return kgen.MADE(hidden=(8,), epochs=1, random_state=0, **settings).fit(X)


def test_units_are_no_part_of_the_key(eager):
    first, second = (fitted(loc, 2.0).model_ for loc in (0.0, 100.0))
    assert first.head.loc != second.head.loc
    key = _tensorflow._configuration(first)
    assert key == _tensorflow._configuration(second)
    # Their number is, and so are the other settings.
    names = [f"[{loc}]" for loc in first.head.loc]
    assert not any(name in key for name in names)
    assert json.loads(key)[1]["hidden"]
    one = MADEModel("normal", hidden=(8,))
    one.build((None, 3))
    assert _tensorflow._configuration(one) != key


def test_a_stand_in_has_the_weights_and_other_units():
    model = MADEModel(kgen.heads.Normal(loc=[1.0, 2.0], unit=[3.0, 4.0]), hidden=(8,))
    model.build((None, 2))
    other = model.with_units({"loc": np.zeros(2, "f"), "unit": np.ones(2, "f")})
    z = np.random.default_rng(0).normal(size=(5, 2)).astype("float32")
    x = z * model.units["unit"] + model.units["loc"]
    log_prob = keras.ops.convert_to_numpy(model._log_prob(x))
    expected = keras.ops.convert_to_numpy(other._log_prob(z)) - np.log(12.0)
    np.testing.assert_allclose(log_prob, expected, rtol=1e-4)
    assert model.head.loc == [1.0, 2.0]


@pytest.mark.slow
def test_fits_on_other_data_compile_nothing_anew():
    models = [fitted(loc, scale) for loc, scale in ((0.0, 1.0), (50.0, 3.0))]
    xla = type(models[0].model_).sampler.xla
    traced = []
    for model in models:
        drawn = model.sample(200, random_state=0)
        slow = model.set_params(jit_compile=False).sample(200, random_state=0)
        np.testing.assert_allclose(drawn, slow, rtol=1e-3, atol=1e-3)
        graph = xla.shared[_tensorflow._configuration(model.model_)].graph
        traced.append((graph, graph.experimental_get_tracing_count()))
    assert traced[0] == traced[1]
