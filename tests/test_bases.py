"""Estimators of one's own, combined from what they can do: three that kgen has not."""

import math

import keras
import numpy as np
import pytest
from keras import layers, ops
from scipy import stats
from sklearn.base import clone

import kgen
from kgen import networks, penalties
from kgen.base import (
    Density,
    GenerativeModel,
    HeadEstimator,
    LatentEstimator,
    NoDensity,
    compiled,
    draw_in_chunks,
    in_chunks,
    keyed_uniform,
    param,
    register,
    tfd,
)
from kgen.core.backend import normal_quantile
from kgen.data.toy import bars
from kgen.models import VAEModel
from kgen.testing import check_estimator, check_model
from kgen.variational import AutoencoderEstimator, VariationalEstimator
from tests.conftest import eagerly


@register
class ScaledShift(layers.Layer):
    """x * scale + shift, in float32 whatever the policy."""

    computes_in_float32 = True

    def build(self, input_shape):
        shape = (input_shape[-1],)
        self.shift = self.add_weight(shape, "zeros", dtype="float32")
        self.log_scale = self.add_weight(shape, "zeros", dtype="float32")

    def call(self, x):
        return ops.cast(x, "float32") * ops.exp(self.log_scale) + self.shift


@register
class NormalizerModel(GenerativeModel):
    """The simplest flow: z = x * scale + shift is standard normal."""

    def __init__(self, **kwargs):
        super().__init__(autocast=False, **kwargs)
        self.affine = ScaledShift(dtype="float32")

    def build(self, input_shape):
        self.event_shape = tuple(input_shape[1:])
        self.affine.build(input_shape)
        self.built = True

    def call(self, x):
        return self.affine(x)

    def density(self, z):
        base = tfd.MultivariateNormalDiag(np.zeros(self.event_shape, "float32"))
        return base.log_prob(z) + ops.sum(self.affine.log_scale)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, **kwargs):
        return self.with_penalties(-ops.mean(self.density(y_pred)))

    @compiled
    def log_prob(self, x, condition=None):
        return self.density(self(x))

    @compiled
    def generate(self, seed, first, count):
        z = normal_quantile(keyed_uniform(seed, first, count, self.event_shape))
        return (z - self.affine.shift) * ops.exp(-self.affine.log_scale)

    def sample(self, n, seed=None, condition=None):
        return draw_in_chunks(self.generate, n, seed)


class Normalizer(Density):
    """A density without a head."""

    _ranks = (2,)

    def build_model(self, event_shape):
        return NormalizerModel(dtype=self.policy_)

    def log_prob(self, X, y=None):
        x = self._inputs(X)
        return in_chunks(self.model_.log_prob, x)

    def sample(self, n_samples=None, *, y=None, random_state=None):
        return self._draw(n_samples, y, random_state)


def tables(n):
    return np.random.default_rng(0).normal([1.0, -2.0], [2.0, 0.5], (n, 2))


def test_a_density_without_a_head():
    X = tables(600)
    fitted = Normalizer(epochs=60, learning_rate=0.02, random_state=0).fit(X)
    expected = stats.norm.logpdf(X, X.mean(axis=0), X.std(axis=0)).sum(axis=1)
    assert fitted.score(X) == pytest.approx(expected.mean(), abs=0.02)
    assert np.abs(fitted.log_prob(X) - expected).mean() < 0.1
    samples = fitted.sample(2000, random_state=0)
    np.testing.assert_allclose(samples.std(axis=0), X.std(axis=0), rtol=0.1)
    assert not hasattr(fitted, "head_")
    assert "head" not in fitted.get_params()


@pytest.mark.slow
def test_a_density_without_a_head_keeps_the_contract(monkeypatch):
    monkeypatch.setitem(kgen.estimators._entries, "Normalizer", Normalizer)
    tiny = Normalizer(epochs=1, jit_compile=False)
    with eagerly():
        check_estimator(tiny, tables(32))
    for precision in ("float32", "mixed_bfloat16"):
        model = tiny.set_params(precision=precision).fit(tables(32)).model_
        check_model(model, tables(32))


class Plain(NoDensity, AutoencoderEstimator):
    """A head, and codes, without a density."""

    def build_model(self, event_shape):
        return self._autoencoder(event_shape, "point", penalty=Small())


@register
class Small(penalties.Penalty):
    """Codes are to be small."""

    name = "size"

    def __call__(self, posterior, prior, z, z_prior=None, step=None):
        size = ops.mean(ops.sum(z**2, axis=-1), axis=-1)
        return size, 1e-3 * size


@pytest.mark.slow
def test_a_head_and_codes_without_a_density(monkeypatch):
    monkeypatch.setitem(kgen.estimators._entries, "Plain", Plain)
    X = bars(200, size=3, random_state=0)
    fitted = Plain(latent_dim=4, epochs=60, learning_rate=3e-3, random_state=0).fit(X)
    assert set(fitted.history_) == {"loss", "reconstruction", "size"}
    assert fitted.head_ == kgen.heads.Bernoulli()
    assert (fitted.reconstruct(X) == X).mean() > 0.97
    codes = fitted.transform(X)
    np.testing.assert_array_equal(fitted.inverse_transform(codes), fitted.decode(codes))
    for name in ("log_prob", "score", "score_samples", "bits_per_dim"):
        with pytest.raises(kgen.ImplicitDensityError, match=f"Plain has no `{name}`"):
            getattr(fitted, name)
    with eagerly():
        check_estimator(Plain(latent_dim=2, epochs=1, jit_compile=False), X[:32])


class Labelled(VariationalEstimator):
    """A VAE of p(x|y)."""

    conditional = True

    def build_model(self, event_shape):
        policy, head, k = self.policy_, self.head_, self.condition_dim_
        architecture = networks.get(self.architecture, event_shape)
        latent_dim, flat = int(self.latent_dim), math.prod(event_shape)
        x, z, y = (keras.Input(s) for s in (event_shape, (latent_dim,), (k,)))
        seen = layers.Flatten()(kgen.layers.Embed(head, dtype=policy)(x))
        down = architecture.down((flat + k,), 2 * latent_dim, dtype=policy)
        shape = (*event_shape[:-1], head.params_size(event_shape[-1]))
        up = architecture.up(latent_dim + k, shape, dtype=policy)
        return VAEModel(
            keras.Model([x, y], down(layers.Concatenate()([seen, y]))),
            keras.Model([z, y], up(layers.Concatenate()([z, y]))),
            head,
            seed=self.seed_,
            dtype=policy,
        )


def has_column(images):
    return (images.sum(axis=1) == images.shape[1]).any(axis=1)


@pytest.mark.slow
def test_codes_given_labels(monkeypatch):
    monkeypatch.setitem(kgen.estimators._entries, "Labelled", Labelled)
    X = bars(200, size=3, random_state=0)
    y = np.where(has_column(X), "column", "row")
    small = networks.MLP(widths=(32,))
    vae = Labelled(latent_dim=2, architecture=small, epochs=20, random_state=0)
    vae.set_params(learning_rate=1e-2, batch_size=16).fit(X, y)
    assert vae.classes_.tolist() == ["column", "row"]
    assert vae.encode(X, y).shape == (200, 2)
    np.testing.assert_array_equal(
        vae.reconstruct(X, y), vae.decode(vae.encode(X, y), y)
    )
    shares = [
        has_column(vae.sample(200, y=y, random_state=0)) for y in ("column", "row")
    ]
    assert shares[0].mean() > 0.5 > 5 * shares[1].mean()
    short = clone(vae).set_params(epochs=1)
    codes = short.fit_transform(X, y)
    np.testing.assert_array_equal(codes, short.encode(X, y))
    with pytest.raises(AttributeError, match="not conditional, or not fitted"):
        getattr(clone(vae), "classes_")  # noqa: B009
    for call in (vae.log_prob, vae.encode, vae.reconstruct):
        with pytest.raises(ValueError, match="requires y"):
            call(X)
    with eagerly():
        settings = {"latent_dim": 2, "architecture": small, "epochs": 1}
        check_estimator(Labelled(**settings, jit_compile=False), X[:32], y[:32])


class Low(LatentEstimator):
    latent_dim: int = param(3)
    batch_size: int = param(7)


class Both(Low, HeadEstimator):
    epochs: int = param(5)


def test_a_field_is_that_of_the_nearest_class():
    """The first base's defaults, although a later base has inherited its own."""
    assert Both().get_params() == {
        **HeadEstimator().get_params(),
        "architecture": "auto",
        "ema_momentum": 0.999,
        "latent_dim": 3,
        "batch_size": 7,
        "epochs": 5,
    }
    assert Both(latent_dim=9).latent_dim == 9
    with pytest.raises(TypeError, match="latent_dimm"):
        Both(latent_dimm=9)

    class Other(HeadEstimator):
        batch_size: int = param(9)

    class Diamond(Low, Other):
        pass

    class Last(Both, Other):  # what was copied into Both is not its own
        pass

    assert Diamond().batch_size == 7
    assert Last().batch_size == 7
    assert (Last().epochs, Last().latent_dim) == (5, 3)
    with pytest.raises(TypeError, match="Plainly.batch_size = 5 hides"):
        type("Plainly", (Both,), {"batch_size": 5})
