"""Every fitted model as a plain Keras model: what its methods and exporters do."""

import os
import pickle
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

import kgen
from kgen.autoregressive.samplers import FullPass
from kgen.base.exporting import endpoints
from kgen.testing.variational import marginal
from tests.conftest import data_for, eagerly, tiny, unless_slow
from tests.test_vae import small as small_vae


@pytest.fixture(scope="module", params=list(kgen.estimators))
def fitted(request):
    """A model of every kind, and data for it."""
    estimator = tiny(request.param)
    X, y = data_for(estimator, n=16)
    with eagerly():
        model = estimator.fit(X, y).model_
    return model, *_data(estimator, X, y)


def _data(estimator, X, y):
    """Data and conditions as the model takes them; no conditions are an empty list."""
    x = X.reshape(len(X), *estimator.model_.event_shape).astype("float32")
    condition = estimator._conditions_of(len(X), y, "log_prob")
    return x, [] if condition is None else [condition]


def test_summary_plot_evaluation_and_configuration(fitted, eager):
    model, x, condition = fitted
    lines = []
    model.summary(print_fn=lines.append)
    text = "".join(lines)
    assert "Optimizer params" in text
    for name in ("encoder", "decoder", "generator", "discriminator"):
        if hasattr(model, name):
            assert getattr(model, name).name == name
            assert f"{name} (" in text
    assert "sequential" not in text
    data = {"x": x, "condition": condition[0]} if condition else x
    assert np.isfinite(model.evaluate(data, verbose=0)).all()
    again = type(model).from_config(model.get_config())
    if not again.built:
        again.build((None, *model.event_shape))
    again.set_weights(model.get_weights())
    for a, b in zip(model.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_the_drawing_of_models(fitted):
    pytest.importorskip("pydot")
    assert keras.utils.model_to_dot(fitted[0], expand_nested=True).get_nodes()


def in_graph(model, *condition):
    """What the endpoint `sample` does, for numbers."""
    draw = tf.function(model.draw_in_graph, autograph=False)

    def call(n, seed):
        numbers = tf.constant(n), tf.constant(seed, tf.int64)
        return np.asarray(draw(*numbers, *(tf.constant(c)[:n] for c in condition)))

    return call


def check_drawing(model, *condition):
    draw = in_graph(model, *condition)
    drawn = draw(5, 2**40)
    assert drawn.shape == (5, *model.event_shape)
    np.testing.assert_allclose(draw(3, 2**40), drawn[:3], atol=1e-5)
    assert not np.array_equal(draw(5, 1), drawn)
    return drawn


def test_a_cached_sampler_draws_in_graphs_what_full_passes_do(monkeypatch):
    made = kgen.models.MADEModel("normal", hidden=(8,), orders=3)
    made.build((None, 3))
    kgen.testing.spaces.scatter(made)
    fast = check_drawing(made)
    monkeypatch.setattr(type(made), "sampler", FullPass())
    np.testing.assert_allclose(in_graph(made)(5, 2**40), fast, atol=1e-4)


@pytest.mark.slow
def test_all_draw_in_graphs(fitted, monkeypatch):
    model, _, condition = fitted
    fast = check_drawing(model, *condition)
    if hasattr(model, "sampler"):
        monkeypatch.setattr(type(model), "sampler", FullPass())
        slow = in_graph(model, *condition)(5, 2**40)
        np.testing.assert_allclose(fast, slow, atol=1e-4)


def test_codes_and_data_of_exported_draws_follow_their_law():
    model = small_vae(shape=(4,), latent_dim=1)
    model.decoder.set_weights([2.0 * w + 0.3 for w in model.decoder.get_weights()])
    drawn = in_graph(model)(20_000, 0)
    every = np.array(list(np.ndindex(2, 2, 2, 2)), "float32")
    base = 2 ** np.arange(4)
    counts = np.bincount((drawn @ base).astype(int))
    order = np.argsort(every @ base)
    kgen.testing.statistics.check_frequencies(counts, marginal(model, every)[order])


def test_endpoints_are_what_the_model_can_do():
    def names(name):
        estimator = tiny(name)
        with eagerly():
            estimator.fit(*data_for(estimator, n=8))
        return list(endpoints(estimator.model_))

    assert names("GAN") == ["serve", "decode", "sample"]
    assert names("VAE") == ["serve", "log_prob", "encode", "decode", "sample"]
    assert names("VQVAE") == ["serve", "encode", "decode", "sample"]
    assert names("MADE") == ["serve", "log_prob", "sample"]
    with eagerly():
        sequences = kgen.models.WaveNetModel(filters=4, depth=1, stacks=1)
        sequences.build((None, None, 1))
    assert list(endpoints(sequences)) == ["serve", "log_prob"]  # of no known length
    point = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    decoder = keras.Sequential([keras.Input((1,)), keras.layers.Dense(4)])
    point = kgen.models.VAEModel(point, decoder, posterior="point", penalty=Zero())
    assert list(endpoints(point)) == ["serve", "encode", "decode", "sample"]


class Zero(kgen.penalties.Penalty):
    name = "zero"

    def __call__(self, posterior, prior, z, z_prior=None, step=None):
        return 0.0 * z[:, 0, 0], 0.0 * z[:, 0, 0]


def expected(model, x, condition):
    """Inputs of the endpoints, and what they are to return."""
    z = np.random.default_rng(0).normal(size=(len(x), getattr(model, "latent_dim", 1)))
    z = z.astype("float32")
    if hasattr(model, "codebook_size"):  # codes are integers
        z = np.asarray(model.encode(x))[::-1]
    inputs = {"log_prob": x, "encode": x, "decode": z}
    pairs = {}
    for name in set(inputs) & set(endpoints(model)):
        found = getattr(model, name)(inputs[name], *condition)
        pairs[name] = [inputs[name], *condition], np.asarray(found)
    drawn = in_graph(model, *condition)(len(x), 3)
    pairs["sample"] = [np.int32(len(x)), np.int64(3), *condition], drawn
    return pairs


def check_exported(loaded, pairs):
    for name, (inputs, outputs) in pairs.items():
        found = getattr(loaded, name)(*map(tf.constant, inputs))
        assert np.allclose(found, outputs, atol=1e-4), name


@pytest.mark.parametrize("name", unless_slow("GAN"))
def test_export(name, tmp_path):
    """In this process; below, all of them in one that has neither kgen nor Keras."""
    estimator = tiny(name, **({"architecture": "mlp"} if name == "GAN" else {}))
    X, y = data_for(estimator, n=16)
    with eagerly():
        model = estimator.fit(X, y).model_
    model.export(tmp_path / "model", verbose=False)
    x, condition = _data(estimator, X, y)
    pairs = expected(model, x, condition)
    check_exported(tf.saved_model.load(tmp_path / "model"), pairs)


SCRIPT = """
import pickle, sys
for name in ("kgen", "keras", "tensorflow_probability"):
    sys.modules[name] = None  # importing it fails
import numpy as np
import tensorflow as tf

for path in sys.argv[1:]:
    loaded = tf.saved_model.load(path + "/model")
    with open(path + "/pairs.pickle", "rb") as stream:
        pairs = pickle.load(stream)
    for name, (inputs, outputs) in pairs.items():
        found = getattr(loaded, name)(*map(tf.constant, inputs))
        assert np.allclose(found, outputs, atol=1e-4), (path, name)
print("all equal")
"""


@pytest.mark.slow
def test_exported_models_run_without_kgen(tmp_path):
    for name in kgen.estimators:
        estimator = tiny(name)
        X, y = data_for(estimator, n=16)
        with eagerly():
            model = estimator.fit(X, y).model_
        x, condition = _data(estimator, X, y)
        model.export(tmp_path / name / "model", verbose=False)
        with (tmp_path / name / "pairs.pickle").open("wb") as stream:
            pickle.dump(expected(model, x, condition), stream)
    folders = [str(tmp_path / name) for name in kgen.estimators]
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, *folders],
        cwd=tmp_path, capture_output=True, text=True,
        env={k: v for k, v in os.environ.items() if k != "PYTHONPATH"},
    )  # fmt: skip
    assert "all equal" in done.stdout, done.stderr[-3000:]


def test_other_formats_know_what_the_model_takes(monkeypatch):
    seen = []
    monkeypatch.setattr(
        keras.Model, "export", lambda *args, **kwargs: seen.append((args, kwargs))
    )
    small_vae().export("somewhere", format="onnx", opset_version=18)
    ((_, path, form, verbose, signature), options), = seen  # fmt: skip
    assert (path, form, verbose) == ("somewhere", "onnx", None)
    assert [spec.shape for spec in signature] == [(None, 6)]
    assert options == {"opset_version": 18}
