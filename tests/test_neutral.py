"""Models with a density on Keras' JAX backend, in an environment without TensorFlow.

KERAS_BACKEND=jax python -m pytest tests/test_neutral.py
"""

import sys

import keras
import numpy as np
import pytest

import kgen
from kgen import heads, layers, models, networks
from kgen.autoregressive import SequenceModel
from kgen.core import backend
from kgen.data.toy import bars, every_image
from kgen.models import PixelCNNModel, VAEModel
from kgen.networks import MLP, Spatial, assemble
from kgen.testing import check_bijection, check_head, check_layer, check_model
from kgen.testing.autoregressive import check_incremental, check_order
from kgen.testing.spaces import check_normalised

if keras.backend.backend() != "jax":
    pytest.skip("runs with KERAS_BACKEND=jax only", allow_module_level=True)

POLICIES = ["float32", "mixed_bfloat16"]


def pixelcnn(policy, shape, head="bernoulli"):
    return PixelCNNModel(head, filters=8, blocks=1, dtype=policy)


def vae(policy, shape, head="bernoulli", latent_dim=1, condition_dim=0, **options):
    head, mlp, k = heads.get(head), MLP(widths=(32,)), condition_dim
    codes = latent_dim if "posterior" in options else 2 * latent_dim
    down = mlp.down((*shape[:-1], shape[-1] + k), codes, dtype=policy)
    outputs = (*shape[:-1], head.params_size(shape[-1]))
    up = mlp.up(latent_dim + k, outputs, dtype=policy)
    embed = layers.Embed(head, dtype=policy)
    encoder = assemble(shape, embed, down, condition_dim=k, before=1)
    decoder = assemble((latent_dim,), up, condition_dim=k)
    if k:
        options["prior"] = mlp.down((k,), 2 * latent_dim, dtype=policy)
    return VAEModel(encoder, decoder, head, seed=1, dtype=policy, **options)


def conditional_vae(policy, shape):
    return vae(policy, shape, condition_dim=2)


def autoencoder(policy, shape):
    return vae(policy, shape, posterior="point", penalty=None)


def wasserstein_autoencoder(policy, shape):
    return vae(policy, shape, posterior="point", penalty="mmd")


def test_tensorflow_is_not_there():
    assert backend.NAME == "jax"
    assert "tensorflow" not in sys.modules


RELATIVES = [conditional_vae, autoencoder, wasserstein_autoencoder]
CASES = [(make, policy) for make in (pixelcnn, vae) for policy in POLICIES]
CASES += [(make, "float32") for make in RELATIVES]


@pytest.mark.parametrize(("make", "policy"), CASES)
def test_contract(make, policy):
    """Training, density, samples, files: what `check_model` checks, on JAX."""
    shape = (2, 3, 1)
    model = make(policy, shape)
    model.compile("adam")
    check_model(model, every_image(shape, 2))


@pytest.mark.parametrize(
    "model",
    [
        models.NADEModel(heads.Categorical(3), hidden=6, order=2),
        models.MADEModel(heads.Categorical(3), hidden=(8, 3), orders=2, direct=True),
        models.PixelRNNModel(layer="row_lstm", hidden=4, depth=1),
        models.PixelRNNModel(layer="diagonal_bilstm", hidden=4, depth=1),
        models.GatedPixelCNNModel(filters=6, depth=2),
        models.WaveNetModel("bernoulli", filters=6, depth=2, stacks=1),
        models.SequenceRNNModel("bernoulli", hidden=8),
    ],
    ids=lambda model: type(model).__name__ + getattr(model, "layer", ""),
)
def test_autoregressive_models(model):
    shape = (6, 1) if isinstance(model, SequenceModel) else (2, 3, 1)
    x = every_image(shape, 2).astype("float32")
    model.compile("adam")
    history = model.fit(x, epochs=3, batch_size=64, verbose=0).history
    assert history["loss"][-1] < history["loss"][0]
    check_order(model, shape)
    check_incremental(model)
    if model.head.levels == 2:
        check_normalised(model)


@pytest.mark.parametrize("policy", POLICIES)
def test_vqvae(policy):
    networks = Spatial(width=8, halvings=1, blocks=1)
    encoder = networks.down((3, 2, 1), 4, dtype=policy)
    decoder = networks.up(4, (3, 2, 1), dtype=policy)
    model = models.VQVAEModel(encoder, decoder, codebook_size=8, seed=0, dtype=policy)
    model.compile("adam")
    x = every_image((3, 2, 1), 2)
    check_model(model, x)
    assert int(model.quantizer.step.value) > 0
    codes = np.asarray(model.encode(x.astype("float32")))
    assert codes.shape == (64, 2, 1)
    assert model.decode(codes).shape == (64, 3, 2, 1)


@pytest.mark.parametrize("policy", POLICIES)
def test_flows(policy):
    settings = {"hidden": (8,), "dtype": policy}
    parts = [
        layers.Units([1.0, -2.0], [0.5, 2.0], dtype=policy),
        layers.ActNorm(dtype=policy),
        layers.InvertibleLinear(dtype=policy),
        layers.Coupling("spline", **settings),
        layers.Permutation(dtype=policy),
        layers.MaskedAutoregressive(**settings),
    ]
    chain = layers.Chain(parts, dtype=policy)
    model = models.FlowModel(chain, seed=0, dtype=policy)
    model.compile("adam")
    x = np.random.default_rng(0).normal([1.0, -2.0], [0.5, 2.0], (64, 2))
    check_model(model, x)
    assert int(parts[1].begun.value) == 1
    np.testing.assert_allclose(parts[1].mean.value, 0, atol=0.3)

    parts = [layers.Logit(0, 2, dtype=policy), layers.Coupling(**settings)]
    chain = layers.Chain(parts, dtype=policy)
    model = models.FlowModel(chain, integers=(0, 1), seed=0, dtype=policy)
    model.compile("adam")
    check_model(model, np.eye(2)[np.arange(32) % 2])
    assert int(model.step.value) > 0


def test_pixelcnn_learns_bars_to_their_entropy():
    X = bars(256, size=3, random_state=0)[..., np.newaxis].astype("float32")
    model = PixelCNNModel(filters=16, blocks=1)
    model.compile(keras.optimizers.Adam(1e-2))
    model.fit(X, epochs=60, batch_size=64, verbose=0)
    log_prob = keras.ops.convert_to_numpy(model.log_prob(X))
    assert -log_prob.mean() == pytest.approx(np.log(6), abs=0.15)
    samples = model.sample(100, seed=0)
    hits = sum(any((s == k).all() for k in np.unique(X, axis=0)) for s in samples)
    assert hits > 85


def test_compiled_methods_follow_the_weights():
    model = pixelcnn("float32", None)
    model.build((None, 2, 2, 1))
    x = np.ones((3, 2, 2, 1), "float32")
    before = np.asarray(model.log_prob(x))
    for variable in model.trainable_variables:
        variable.assign(variable + 0.1)
    after = np.asarray(model.log_prob(x))
    assert not np.allclose(before, after)
    np.testing.assert_allclose(after, model.head(model(x)).log_prob(x), rtol=1e-5)


def test_vae_learns_and_draws_fresh_noise_in_every_step():
    keras.utils.set_random_seed(0)
    X = np.random.default_rng(0).normal(3.0, 2.0, size=(256, 2)).astype("float32")
    model = vae("float32", (2,), heads.Normal(loc=3.0, unit=2.0))
    model.compile(keras.optimizers.Adam(1e-3))
    history = model.fit(X, epochs=20, verbose=0).history
    entropy = np.log(2 * np.pi * np.e * 4.0)
    bound = -keras.ops.convert_to_numpy(model.log_prob(X, n_importance=64)).mean()
    assert bound == pytest.approx(entropy, abs=0.25)
    assert history["loss"][-1] < history["loss"][0]
    assert int(model.step.value) == 20 * 8


@pytest.mark.parametrize(
    "head",
    [heads.Bernoulli(), heads.MixtureOfLogistics()],
    ids=lambda head: type(head).__name__,
)
def test_heads(head):
    check_head(head)


@pytest.mark.parametrize(
    "head",
    [
        heads.Categorical(7),
        heads.Normal(),
        heads.MixtureOfNormals(3),
        heads.CoupledMixtureOfLogistics(2, 4),
    ],
    ids=lambda head: type(head).__name__,
)
def test_other_heads_run(head):
    """What they compute is checked on TensorFlow; this takes a fifth of the time."""
    random = np.random.default_rng(0)
    params = random.normal(size=(5, 2, head.params_size(3))).astype("float32")
    noise = random.uniform(size=(5, *head.noise_shape((2, 3)))).astype("float32")
    drawn = head.draw(params, noise)
    assert drawn.shape == head.mean(params).shape == (5, 2, 3)
    log_prob = head(params).log_prob(drawn)
    assert log_prob.shape == (5,)
    assert np.isfinite(log_prob).all()


def test_layers():
    check_layer(layers.MaskedConv2D(7, 5, "A", channels=3), (5, 4, 3))
    check_layer(layers.Embed(heads.Normal(loc=[1.0, 2.0])), (2,))
    check_layer(layers.SpectralNormalization(keras.layers.Dense(3)), (4,))
    check_bijection(layers.Coupling("spline", hidden=(8,), condition_dim=2), (3,))
    check_bijection(layers.InvertibleLinear(), (2, 2, 3))
    convolutions = networks.Convolutions(4)
    inner = layers.CheckerboardCoupling(networks.ResidualConvolutions(4, blocks=1))
    step = layers.Coupling(network=convolutions)
    parts = [layers.Squeeze((2, 1)), step, layers.FactorOut(inner)]
    check_bijection(layers.Chain(parts), (2, 2, 1))


def test_what_needs_tensorflow_says_so():
    with pytest.raises(RuntimeError, match="KERAS_BACKEND=tensorflow"):
        kgen.PixelCNN().fit(bars(8, size=3, random_state=0))
    mlp = MLP()
    with pytest.raises(RuntimeError, match="GANModel"):
        kgen.models.GANModel(
            mlp.up(2, (2,), dtype="float32"), mlp.down((2,), 1, dtype="float32")
        )
