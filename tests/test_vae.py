"""What is special about VAE: terms of the bound, codes, pipelines."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

import kgen
from kgen.core import backend
from kgen.data.toy import bars
from kgen.models import VAEModel
from kgen.penalties import KL, Penalty
from kgen.testing import check_model
from kgen.testing.spaces import scatter
from kgen.testing.variational import marginal
from tests.conftest import tiny


def small(head="bernoulli", shape=(6,), latent_dim=2, **options):
    """A model with two dense layers."""
    head = kgen.heads.get(head)
    outputs = head.params_size(shape[-1])
    encoder = keras.Sequential([keras.Input(shape), keras.layers.Dense(2 * latent_dim)])
    decoder = keras.Sequential(
        [keras.Input((latent_dim,)), keras.layers.Dense(outputs)]
    )
    return VAEModel(encoder, decoder, head, seed=0, **options)


def test_bound_against_numpy():
    """Every term of the bound, by hand, with the noise that the model draws."""
    model = small()
    scatter(model)
    x = np.random.default_rng(0).integers(2, size=(5, 6)).astype("float32")
    out = {k: v.numpy() for k, v in model(x).items()}
    noise = backend.row_normal(x, (1, 2), 0).numpy()[:, 0]
    mean, log_scale = np.split(out["posterior"], 2, axis=1)
    z = mean + np.exp(log_scale) * noise
    np.testing.assert_allclose(out["z"][:, 0], z, rtol=1e-5)
    logits = z @ model.decoder.get_weights()[0] + model.decoder.get_weights()[1]
    reconstruction = (np.log1p(np.exp(logits)) - x * logits).sum(axis=1)
    kl = 0.5 * (mean**2 + np.exp(2 * log_scale) - 1 - 2 * log_scale).sum(axis=1)
    model.compile("adam")
    found = model.evaluate(x, verbose=0, return_dict=True)
    assert found["reconstruction"] == pytest.approx(reconstruction.mean(), rel=1e-5)
    assert found["kl"] == pytest.approx(kl.mean(), rel=1e-5)
    assert found["loss"] == pytest.approx((reconstruction + kl).mean(), rel=1e-5)
    np.testing.assert_allclose(
        model.log_prob(x, n_importance=1), -(reconstruction + kl), rtol=1e-5
    )


def test_importance_weighting_against_numpy():
    model = small(n_importance=3)
    scatter(model)
    x = np.random.default_rng(0).integers(2, size=(5, 6)).astype("float32")
    out = {k: v.numpy().astype("float64") for k, v in model(x).items()}
    mean, log_scale = np.split(out["posterior"][:, None], 2, axis=2)
    z, logits = out["z"], out["params"].reshape(5, 3, 6)
    log_x = (x[:, None] * logits - np.log1p(np.exp(logits))).sum(axis=2)
    log_z = -0.5 * (z**2 + np.log(2 * np.pi)).sum(axis=2)
    noise = (z - mean) / np.exp(log_scale)
    log_q = -0.5 * (noise**2 + np.log(2 * np.pi) + 2 * log_scale).sum(axis=2)
    bound = np.log(np.mean(np.exp(log_x + log_z - log_q), axis=1))
    np.testing.assert_allclose(model.log_prob(x, n_importance=3), bound, rtol=1e-4)
    model.compile("adam")
    loss = model.evaluate(x, verbose=0, return_dict=True)["loss"]
    assert loss == pytest.approx(-bound.mean(), rel=1e-4)


@pytest.mark.parametrize("k", [63, 64, 65, 200])
def test_groups_of_codes_add_up(k):
    model = small(latent_dim=1)
    scatter(model)
    model.encoder.set_weights([0.2 * w for w in model.encoder.get_weights()])
    x = np.random.default_rng(0).integers(2, size=(40, 6)).astype("float32")
    apart = model.log_prob(x, n_importance=k).numpy() - np.log(marginal(model, x))
    assert np.abs(apart).max() < 0.3
    assert abs(apart.mean()) < 0.05


def test_penalty_is_weighted_in_the_loss_but_not_in_the_log():
    x = np.random.default_rng(0).integers(2, size=(50, 6)).astype("float32")
    model = small(penalty=KL(4.0))
    scatter(model)
    model.compile("adam")
    terms = model.evaluate(x, verbose=0, return_dict=True)
    assert terms["kl"] > 0.05
    assert terms["loss"] == pytest.approx(terms["reconstruction"] + 4 * terms["kl"])
    with pytest.raises(ValueError, match="weight=-1"):
        KL(-1)


def test_warm_up_is_linear_in_the_steps_and_over_in_evaluation():
    x = np.random.default_rng(0).integers(2, size=(50, 6)).astype("float32")
    model = small(penalty=KL(2.0, warm_up=4))
    scatter(model)
    model.compile(keras.optimizers.SGD(0.0))
    for step in range(1, 7):
        model.reset_metrics()
        terms = model.train_on_batch(x, return_dict=True)
        assert terms["kl"] > 0.05
        expected = terms["reconstruction"] + 2.0 * min(step / 4, 1) * terms["kl"]
        assert terms["loss"] == pytest.approx(expected, rel=1e-5)
    terms = model.evaluate(x, verbose=0, return_dict=True)
    expected = terms["reconstruction"] + 2.0 * terms["kl"]
    assert terms["loss"] == pytest.approx(expected, rel=1e-5)


def test_free_bits_against_numpy():
    x = np.random.default_rng(0).integers(2, size=(50, 6)).astype("float32")
    model = small(penalty=KL(free_bits=0.1))
    scatter(model)
    model.compile("adam")
    terms = model.evaluate(x, batch_size=50, verbose=0, return_dict=True)
    mean, log_scale = np.split(model(x)["posterior"].numpy(), 2, axis=1)
    of_dimension = 0.5 * (mean**2 + np.exp(2 * log_scale) - 1 - 2 * log_scale)
    of_dimension = of_dimension.mean(axis=0)
    limit = of_dimension.mean()  # above one dimension and below the other
    model = small(penalty=KL(free_bits=limit))
    scatter(model)
    model.compile("adam")
    terms = model.evaluate(x, batch_size=50, verbose=0, return_dict=True)
    expected = terms["reconstruction"] + np.maximum(of_dimension, limit).sum()
    assert terms["loss"] == pytest.approx(expected, rel=1e-4)
    assert terms["kl"] == pytest.approx(of_dimension.sum(), rel=1e-4)


@kgen.base.register
class MeanGap(Penalty):
    """How far the mean code is from that of codes from the prior."""

    name = "gap"
    needs_prior_codes = True

    def __init__(self, weight=10.0):
        self.weight = weight

    def __call__(self, posterior, prior, z, z_prior=None, step=None):
        assert z_prior.shape == z.shape
        gap = keras.ops.mean(z, axis=(0, 1)) - keras.ops.mean(z_prior, axis=(0, 1))
        gap = keras.ops.sum(gap**2) + 0.0 * z[:, 0, 0]
        return gap, self.weight * gap


@kgen.base.register
class Unnamed(MeanGap):
    name = "loss"


def test_a_penalty_of_your_own_with_point_codes(tmp_path):
    """A plain autoencoder with a term of its own: no density, and it says so."""
    X = bars(64, size=3, random_state=0).reshape(64, 9).astype("float32")
    encoder = keras.Sequential([keras.Input((9,)), keras.layers.Dense(2)])
    decoder = keras.Sequential([keras.Input((2,)), keras.layers.Dense(9)])
    settings = {"penalty": MeanGap(3.0), "posterior": "point", "seed": 0}
    model = VAEModel(encoder, decoder, **settings)
    model.compile(keras.optimizers.Adam(0.05))
    history = model.fit(X, epochs=20, verbose=0).history
    assert set(history) == {"loss", "reconstruction", "gap"}
    total = history["reconstruction"][-1] + 3 * history["gap"][-1]
    assert history["loss"][-1] == pytest.approx(total, rel=1e-5)
    assert history["loss"][-1] < history["loss"][0]
    np.testing.assert_allclose(model.encode(X), encoder(X), rtol=1e-6)
    with pytest.raises(kgen.ImplicitDensityError, match="Point"):
        model.log_prob(X)
    check_model(model, X)
    model.save(tmp_path / "a.keras")
    assert keras.saving.load_model(tmp_path / "a.keras").penalty == MeanGap(3.0)
    with pytest.raises(ValueError, match=r"KL\(.*needs a posterior with a density"):
        VAEModel(encoder, decoder, posterior="point")
    with pytest.raises(ValueError, match="Give it a name of its own"):
        VAEModel(encoder, decoder, "bernoulli", Unnamed(), "point")
    with pytest.raises(ValueError, match="Did you mean 'point'"):
        VAEModel(encoder, decoder, posterior="pint")


def conditional(k=3, latent_dim=1, levels=2, scalars=2):
    """A VAE of p(x|y), by hand: the condition joins data and codes."""
    head, join = kgen.heads.Categorical(levels), keras.layers.Concatenate
    x, z, y = keras.Input((scalars,)), keras.Input((latent_dim,)), keras.Input((k,))
    hidden = keras.layers.Dense(4, "tanh")(join()([x, y]))
    encoder = keras.Model([x, y], keras.layers.Dense(2 * latent_dim)(hidden))
    hidden = keras.layers.Dense(4, "tanh")(join()([z, y]))
    outputs = keras.layers.Dense(head.params_size(scalars))(hidden)
    return VAEModel(encoder, keras.Model([z, y], outputs), head, seed=0)


@pytest.mark.slow
def test_a_conditional_model_keeps_the_contract():
    model = conditional()
    model.compile("adam")
    assert model.condition_dim == 3
    x = np.random.default_rng(0).integers(2, size=(20, 2)).astype("float32")
    check_model(model, x)
    scatter(model)
    a, b = np.eye(3, dtype="float32")[:2]
    first, second = (model.log_prob(x, np.tile(y, (20, 1))) for y in (a, b))
    assert np.abs(first - second).max() > 0.01
    assert model.decode(np.zeros((2, 1), "float32"), np.stack([a, b])).shape == (2, 2)
    for wrong in (lambda: model.sample(2), lambda: model.log_prob(x)):
        with pytest.raises(ValueError, match="needs a `condition`"):
            wrong()
    with pytest.raises(ValueError, match=r"shape \(n, 3\)"):
        model.encode(x, np.ones((20, 2), "float32"))
    with pytest.raises(ValueError, match="'condition'"):
        model.fit(x, verbose=0)
    for wrong in (lambda: small().log_prob(x, x), lambda: small().encode(x, x)):
        with pytest.raises(ValueError, match="takes no `condition`"):
            wrong()
    with pytest.raises(TypeError):
        small().log_prob(x, None, 5)
    with pytest.raises(ValueError, match="both take a condition, or neither"):
        VAEModel(model.encoder, small().decoder)


def test_beta_one_is_the_vae(eager):
    X = bars(64, size=3, random_state=0)
    plain = tiny("VAE", epochs=3).fit(X)
    one = tiny("BetaVAE", epochs=3, beta=1).fit(X)
    np.testing.assert_array_equal(plain.log_prob(X), one.log_prob(X))
    assert plain.history_ == one.history_
    with pytest.raises(ValueError, match="beta=-1"):
        tiny("BetaVAE", beta=-1).fit(X)


@pytest.mark.slow
def test_a_large_beta_presses_the_code(eager):
    X = bars(64, size=3, random_state=0)
    free, pressed = (
        tiny("BetaVAE", epochs=15, beta=beta, learning_rate=1e-2, batch_size=16).fit(X)
        for beta in (0.1, 20.0)
    )
    assert free.history_["kl"][-1] > 5 * pressed.history_["kl"][-1]
    terms = {name: values[-1] for name, values in free.history_.items()}
    total = terms["reconstruction"] + 0.1 * terms["kl"]
    assert terms["loss"] == pytest.approx(total, rel=1e-4)
    assert free.active_units(X) == 2
    grid = GridSearchCV(tiny("BetaVAE"), {"beta": [0.5, np.float64(2)]}, cv=2)
    assert grid.fit(X).best_estimator_.model_.penalty.weight in (0.5, 2.0)


@pytest.mark.slow
def test_learns_bars_near_their_entropy():
    X = bars(512, size=3, random_state=0)  # log 6 = 1.79 nats
    vae = kgen.VAE(latent_dim=4, epochs=80, learning_rate=2e-3, random_state=0).fit(X)
    nats = -vae.score(X)
    assert np.log(6) - 0.02 < nats < np.log(6) + 0.8
    assert vae.history_["loss"][-1] > nats  # the bound with one code is looser
    known = np.unique(X, axis=0)
    samples = vae.sample(200, random_state=0)
    assert sum(any((s == k).all() for k in known) for s in samples) > 120
    assert (vae.reconstruct(X) == X).mean() > 0.97


@pytest.mark.slow
def test_learns_a_table_of_reals_to_its_entropy():
    # One factor and noise: a normal whose entropy is known.
    random = np.random.default_rng(0)
    loadings = np.array([3.0, -2.0, 1.0, 0.5])
    X = 7 + random.normal(size=(2000, 1)) * loadings
    X += 0.3 * random.normal(size=X.shape)
    covariance = np.outer(loadings, loadings) + 0.09 * np.eye(4)
    entropy = 0.5 * np.linalg.slogdet(2 * np.pi * np.e * covariance)[1]
    vae = kgen.VAE(latent_dim=2, epochs=40, random_state=0)
    nats = -vae.fit(X).score(X)
    assert entropy - 0.1 < nats < entropy + 0.25
    assert vae.active_units(X) == 1
    samples = vae.sample(2000, random_state=0)
    np.testing.assert_allclose(np.cov(samples.T), covariance, atol=0.6)
    scaled = -kgen.VAE(**vae.get_params()).fit(100 * X).score(100 * X)
    assert scaled == pytest.approx(nats + 4 * np.log(100), abs=0.15)  # in data units


def test_many_levels_take_a_mixture_of_logistics(eager):
    X = np.random.default_rng(0).integers(256, size=(12, 5, 7)).astype("uint8")
    vae = tiny("VAE").fit(X)
    assert isinstance(vae.head_, kgen.heads.MixtureOfLogistics)
    assert vae.levels_ == 256
    assert vae.sample(4).dtype == np.uint8
    assert isinstance(tiny("PixelCNN").fit(X).head_, kgen.heads.Categorical)


def test_decoding_whole_numbers_gives_whole_numbers(eager):
    X = np.random.default_rng(0).integers(9, size=(30, 4)).astype("float64")
    vae = tiny("VAE", head="categorical").fit(X)
    assert vae.head_.levels == 9
    reconstructed = vae.reconstruct(X)
    assert reconstructed.dtype == "float64"
    np.testing.assert_array_equal(reconstructed, np.rint(reconstructed))
    with pytest.warns(UserWarning, match="stored as floats"):
        vae = tiny("VAE").fit(X)
    assert (vae.reconstruct(X) % 1 != 0).any()


@pytest.mark.slow
def test_the_noise_is_the_same_under_xla():
    rows = np.random.default_rng(0).normal(size=(5, 3)).astype("float32")
    for function in (
        lambda x: backend.row_normal(x, (4,), 7),
        lambda x: backend.stateless_normal((5, 4), (7, 3)),
    ):
        compiled = tf.function(function, jit_compile=True)
        np.testing.assert_allclose(compiled(rows), function(rows), atol=1e-5)


def test_keyword_arguments_and_numpy_numbers():
    model = small()
    x = np.ones((3, 6), "float32")
    by_name = model.log_prob(x, n_importance=5)
    np.testing.assert_array_equal(by_name, model.log_prob(x, n_importance=np.int64(5)))
    assert model.encode(x=x).shape == (3, 2)
    assert np.isfinite(model(x, training=True)["z"]).all()  # before compile, too


def test_weights_and_regularisers_count():
    x = np.random.default_rng(0).integers(2, size=(6, 6)).astype("float32")
    model = small()
    model.compile("adam")
    plain = model.evaluate(x, verbose=0, return_dict=True)
    weights = np.array([3.0, 0, 0, 0, 0, 0])
    weighted = model.evaluate(x, x, sample_weight=weights, verbose=0, return_dict=True)
    assert weighted["loss"] == pytest.approx(
        -float(model.log_prob(x, n_importance=1)[0]) / 2
    )
    total = weighted["reconstruction"] + weighted["kl"]
    assert weighted["loss"] == pytest.approx(total, rel=1e-5)
    decoder = keras.Sequential(
        [keras.Input((2,)), keras.layers.Dense(6, kernel_regularizer="l2")]
    )
    decoder.set_weights(model.decoder.get_weights())
    regularised = VAEModel(model.encoder, decoder, seed=0)
    regularised.compile("adam")
    found = regularised.evaluate(x, verbose=0, return_dict=True)["loss"]
    penalty = 0.01 * np.sum(np.square(decoder.get_weights()[0]))
    assert found == pytest.approx(plain["loss"] + penalty, abs=1e-5)
    assert penalty > 1e-3


def test_callbacks_of_keras(tmp_path, eager):
    X = bars(30, random_state=0)
    file = keras.callbacks.ModelCheckpoint(tmp_path / "a.keras", save_best_only=True)
    rate = keras.callbacks.LearningRateScheduler(lambda epoch: 10.0**-epoch)
    stop = keras.callbacks.EarlyStopping("loss", patience=0, min_delta=1e9)
    vae = tiny("VAE", epochs=9).fit(X, callbacks=[file, rate, stop], validation_data=X)
    assert len(vae.history_["loss"]) == 2  # stopped early
    assert vae.history_["learning_rate"] == pytest.approx([1.0, 0.1])
    assert isinstance(keras.saving.load_model(tmp_path / "a.keras"), VAEModel)
    one = tiny("VAE").fit(X, callbacks=keras.callbacks.TerminateOnNaN())
    assert len(one.fit(X, callbacks=None).history_["loss"]) == 1


def test_numpy_numbers_as_hyper_parameters(eager):
    grid = {
        "latent_dim": np.array([1, 2]),
        "learning_rate": [1, np.float32(1e-3)],
        "verbose": np.array([0]),
        "warm_start": np.array([False]),
    }
    search = GridSearchCV(tiny("VAE"), grid, cv=2, error_score="raise")
    search.fit(bars(20, random_state=0))
    assert np.isfinite(search.cv_results_["mean_test_score"]).any()


def test_numbers_that_float32_cannot_tell_apart():
    X = 1.7e9 + 50 * np.random.default_rng(0).normal(size=(20, 2))
    with pytest.raises(ValueError, match="Subtract an offset"):
        tiny("VAE").fit(X)


def test_samples_fit_the_dtype(eager):
    X = bars(40, random_state=0)
    assert tiny("VAE", head="normal").fit(X.astype(bool)).sample(50).mean() < 0.5
    samples = tiny("VAE", head="normal").fit(X).sample(200, random_state=0)
    assert samples.max() < 10  # below zero is 0, not 255
    reals = tiny("VAE", head="normal").fit(X.astype("float32")).sample(5)
    assert (reals % 1 != 0).any()


def test_what_strays_beyond_its_bounds_comes_back():
    """The gradient of bounded values, against that of the values themselves."""
    x = tf.Variable([-20.0, 0.5, 20.0])
    with tf.GradientTape(persistent=True) as tape:
        y = backend.bounded(x, -15.0, 15.0)
        inside = y[1] * 2
        below, above = tf.exp(y[0]), y[2] ** 2
    np.testing.assert_allclose(y, [-15.0, 0.5, 15.0])
    assert tape.gradient(inside, x)[1] == 2.0
    np.testing.assert_allclose(tape.gradient(below, x)[0], np.exp(-15.0))
    assert tape.gradient(above, x)[2] == 30.0


def test_networks_that_do_not_fit_together():
    encoder = keras.Sequential([keras.Input((6,)), keras.layers.Dense(5)])
    decoder = keras.Sequential([keras.Input((2,)), keras.layers.Dense(6)])
    with pytest.raises(ValueError, match="2 latent"):
        VAEModel(encoder, decoder)
    encoder = keras.Sequential([keras.Input((6,)), keras.layers.Dense(4)])
    with pytest.raises(ValueError, match=r"head's parameters, \(n, 12\)"):
        VAEModel(encoder, decoder, "normal")


def test_names_of_features(eager):
    X, y = bars(20, random_state=0), np.arange(20) % 2
    pipeline = make_pipeline(tiny("VAE"), LogisticRegression())
    names = pipeline.fit(X, y)[:-1].get_feature_names_out()
    assert list(names) == ["vae0", "vae1"]


@pytest.mark.slow
def test_in_front_of_a_classifier():
    X, y = load_digits(return_X_y=True)
    X = X.astype("uint8")
    pipeline = make_pipeline(
        tiny("VAE", latent_dim=8, epochs=15), LogisticRegression(max_iter=2000)
    )
    search = GridSearchCV(pipeline, {"vae__latent_dim": [8]}, cv=2, refit=True)
    search.fit(X[:600], y[:600])
    assert search.score(X[600:900], y[600:900]) > 0.6  # chance: 0.1


def test_bound_does_not_depend_on_other_rows(eager):
    X = bars(100, random_state=0)
    vae = tiny("VAE").fit(X)
    whole = vae.log_prob(X)
    np.testing.assert_array_equal(whole[::-1], vae.log_prob(X[::-1]))
    np.testing.assert_array_equal(whole[70:71], vae.log_prob(X[70:71]))
    variances = vae.encode(X).var(axis=0)
    assert vae.active_units(X) == (variances > 0.01).sum()
