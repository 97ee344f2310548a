"""What is special about the VAE's relatives: no density, a label, a discrepancy."""

import keras
import numpy as np
import pytest
from keras import layers, ops
from scipy import special

import kgen
from kgen.data.toy import bars
from kgen.networks import MLP, Architecture
from kgen.penalties import MMD, mmd
from kgen.testing import check_model
from kgen.testing.spaces import scatter
from kgen.variational import VariationalEstimator
from tests.conftest import drawn, tiny

X = bars(64, size=3, random_state=0)
Y = np.where((X.sum(axis=1) == 3).any(axis=1), "column", "row")
SMALL = MLP(widths=(32,))


def test_an_autoencoder_says_what_it_has_not(eager):
    fitted = tiny("Autoencoder").fit(X)
    for name in ("log_prob", "score", "score_samples", "bits_per_dim"):
        with pytest.raises(kgen.ImplicitDensityError, match=r"no `\w+`: it learns co"):
            getattr(fitted, name)
    with pytest.raises(AttributeError, match="no `sample`.*VAE or WAE"):
        fitted.sample(2)
    assert not hasattr(fitted, "sample")
    with pytest.raises(kgen.ImplicitDensityError, match="it draws samples"):
        tiny("WAE").fit(X).log_prob  # noqa: B018
    assert set(fitted.history_) == {"loss", "reconstruction"}
    assert fitted.history_["loss"] == fitted.history_["reconstruction"]


def test_the_loss_of_an_autoencoder_against_numpy(eager):
    fitted = tiny("Autoencoder").fit(X)
    x = X.reshape(64, 3, 3, 1).astype("float32")
    logits = fitted.model_.decoder(fitted.encode(X)).numpy().reshape(64, 9)
    flat = X.reshape(64, 9)
    expected = (np.log1p(np.exp(logits)) - flat * logits).sum(axis=1).mean()
    found = fitted.model_.evaluate(x, verbose=0, return_dict=True)
    assert found["loss"] == pytest.approx(expected, rel=1e-5)


@pytest.mark.slow
def test_without_a_penalty_codes_say_all():
    """beta = 0 is the autoencoder; with a large beta codes say nothing."""
    settings = {
        "latent_dim": 3, "architecture": SMALL, "epochs": 130, "batch_size": 16,
        "learning_rate": 5e-3, "random_state": 0,
    }  # fmt: skip
    plain = kgen.Autoencoder(**settings).fit(X)
    free = kgen.BetaVAE(**settings, beta=0).fit(X)
    pressed = kgen.BetaVAE(**settings, beta=50.0)
    with pytest.warns(UserWarning, match="none of the 3 latent dim.*collapsed"):
        pressed.fit(X)
    for fitted in (plain, free):
        assert (fitted.reconstruct(X) == X).all()
        assert fitted.history_["reconstruction"][-1] < 0.05
    assert free.active_units(X) == 3
    assert free.history_["kl"][-1] > 3
    assert pressed.active_units(X) == 0
    assert pressed.history_["kl"][-1] < 0.01
    independent = X.reshape(64, 9).mean(axis=0)
    entropy = (special.entr(independent) + special.entr(1 - independent)).sum()
    assert pressed.history_["reconstruction"][-1] == pytest.approx(entropy, abs=0.2)


class Gapped(VariationalEstimator):
    """A VAE with a penalty of another name than the divergence's."""

    def build_model(self, event_shape):
        return self._autoencoder(event_shape, penalty=MMD(1.0))


def test_a_penalty_of_another_name_is_no_collapse(eager):
    fitted = Gapped(latent_dim=2, architecture=SMALL, epochs=1).fit(X)
    assert set(fitted.history_) == {"loss", "reconstruction", "mmd"}
    fitted.model_.step.assign(1000)
    fitted._review(X.reshape(64, 3, 3, 1).astype("float32"))  # warnings are errors


def brute_force(z, prior):
    """Tolstikhin et al., 2018, alg. 2, a pair at a time."""
    n, scale, total = len(z), 2 * z.shape[1], 0.0

    def k(a, b):
        return scale / (scale + np.sum((a - b) ** 2))

    for i in range(n):
        for j in range(n):
            if i != j:
                total += (k(z[i], z[j]) + k(prior[i], prior[j])) / (n * (n - 1))
            total -= 2 * k(z[i], prior[j]) / n**2
    return total


def test_mmd_against_a_loop():
    random = np.random.default_rng(0)
    z, prior = random.normal(1.0, 2.0, (7, 3)), random.normal(size=(7, 3))
    found = mmd(z.astype("float32"), prior.astype("float32"))
    assert float(found) == pytest.approx(brute_force(z, prior), abs=1e-5)
    assert float(mmd(*ops.ones((2, 1, 3)))) == 0  # a batch of one example


def test_mmd_is_zero_on_average_only_for_equal_laws():
    random = np.random.default_rng(0)

    def t_value(shift):
        values = [
            float(mmd(*random.normal([[[0]], [[shift]]], size=(2, 64, 2)).astype("f4")))
            for _ in range(300)
        ]
        return np.mean(values) / (np.std(values) / np.sqrt(len(values)))

    assert abs(t_value(0.0)) < 4
    assert t_value(0.5) > 20


def test_the_discrepancy_is_weighted_in_the_loss_but_not_in_the_log():
    encoder = keras.Sequential([keras.Input((9,)), layers.Dense(2)])
    decoder = keras.Sequential([keras.Input((2,)), layers.Dense(9)])
    model = kgen.models.VAEModel(
        encoder, decoder, penalty=MMD(30.0), posterior="point", seed=0
    )
    scatter(model)
    model.compile("adam")
    x = X.reshape(64, 9).astype("float32")
    terms = model.evaluate(x, batch_size=64, verbose=0, return_dict=True)
    total = terms["reconstruction"] + 30 * terms["mmd"]
    assert terms["loss"] == pytest.approx(total, rel=1e-5)
    assert abs(terms["mmd"]) > 1e-3
    with pytest.raises(ValueError, match="weight=-1"):
        MMD(-1)


@pytest.mark.slow
def test_codes_of_a_wasserstein_autoencoder_follow_the_prior():
    many = bars(2000, size=4, random_state=0)
    settings = {"latent_dim": 2, "epochs": 30, "random_state": 0, "learning_rate": 3e-3}
    random = np.random.default_rng(0)
    discrepancies = []
    for cls in (kgen.WAE, kgen.Autoencoder):
        codes = cls(**settings).fit(many).encode(many)
        prior = random.normal(size=codes.shape).astype("float32")
        discrepancies.append(float(mmd(codes, prior)))
    assert discrepancies[0] < 0.1 * discrepancies[1]
    wae = kgen.WAE(**settings).fit(many)
    known = np.unique(many, axis=0)
    samples = wae.sample(300, random_state=0)
    assert np.mean([(s == known).all(axis=(1, 2)).any() for s in samples]) > 0.5


def test_a_prior_that_depends_on_the_label(eager):
    estimator = tiny("ConditionalVAE", prior="conditional", architecture=SMALL)
    model = estimator.fit(X, Y).model_
    scatter(model)
    y = np.eye(2, dtype="float32")
    mean, log_scale = np.split(model.prior(y).numpy(), 2, axis=1)
    assert np.abs(mean[0] - mean[1]).max() > 0.05
    prior, q = model.prior_of(y), model.posterior(np.zeros((2, 4), "float32"))
    expected = 0.5 * (2 * log_scale + (1 + mean**2) * np.exp(-2 * log_scale) - 1).sum(
        axis=1
    )
    np.testing.assert_allclose(q.kl_divergence(prior), expected, rtol=1e-4)
    z = model.prior_codes(np.ones((2, 2), "float32"), y)
    np.testing.assert_allclose(z, mean + np.exp(log_scale), rtol=1e-4)
    with pytest.raises(ValueError, match=r"`prior` must be a network of a conditional"):
        kgen.models.VAEModel(model.encoder, model.decoder, prior=model.decoder)


@pytest.mark.parametrize("prior", ["normal", "conditional"])
def test_a_density_given_labels_is_one(prior, eager):
    """The bound nears p(x|y), by quadrature over the code, and samples follow it."""
    estimator = tiny("ConditionalVAE", prior=prior, latent_dim=1, architecture=SMALL)
    few = X[:, :2, :2]
    model = estimator.fit(few, few[:, 0, 0]).model_
    check_model(model, few.reshape(64, 2, 2, 1))


@pytest.mark.slow
def test_samples_of_a_label_are_of_that_label():
    many = bars(600, size=4, random_state=0)
    y = np.where((many.sum(axis=1) == 4).any(axis=1), "column", "row")
    vae = kgen.ConditionalVAE(
        latent_dim=3, epochs=60, batch_size=32, random_state=0, prior="conditional"
    )
    vae.fit(many, y)
    for label in ("column", "row"):
        samples = vae.sample(200, y=label, random_state=0)
        found = np.where((samples.sum(axis=1) == 4).any(axis=1), "column", "row")
        assert (found == label).mean() > 0.8
    right = vae.log_prob(many, y) - vae.log_prob(many, y[::-1])
    assert right[y != y[::-1]].mean() > 2


def build(inputs, outputs, dtype):
    return keras.Sequential(
        [
            keras.Input(inputs),
            layers.Flatten(dtype=dtype),
            layers.Dense(int(np.prod(outputs)), dtype=dtype),
            layers.Reshape(outputs, dtype=dtype),
        ]
    )


def pair(down=0, up=0):
    """Networks of a user's, too wide by so much."""
    return Architecture(
        lambda shape, units, *, dtype=None: build(shape, (units + down,), dtype),
        lambda units, shape, *, dtype=None: build(
            (units,), (*shape[:-1], shape[-1] + up), dtype
        ),
    )


@pytest.mark.parametrize("name", ["VAE", "Autoencoder", "ConditionalVAE", "GAN"])
def test_networks_of_a_user(name, eager):
    y = Y if name == "ConditionalVAE" else None
    fitted = tiny(name, architecture=pair()).fit(X, y)
    assert drawn(fitted, 2).shape == (2, 3, 3)
    with pytest.raises(ValueError, match=r"`down` must build a network from \(n, 3,"):
        tiny(name, architecture=pair(down=1)).fit(X, y)
    with pytest.raises(ValueError, match=r"`up` must build a network from \(n, \d\)"):
        tiny(name, architecture=pair(up=1)).fit(X, y)


@pytest.mark.parametrize("head", ["bernoulli", kgen.heads.Normal(scale=1.0)])
def test_a_scale_can_be_shared_only_if_it_is_learned(head, eager):
    with pytest.raises(ValueError, match=r"scale='shared'\) needs the head Normal\(\)"):
        tiny("VAE", head=head, scale="shared").fit(X)


def test_sequences_go_through_dense_networks(eager):
    """(n, steps, features): to these models an image of one channel."""
    t = np.random.default_rng(0).normal(size=(20, 7, 2))
    for name in ("VAE", "WAE", "Autoencoder"):
        assert tiny(name, architecture="mlp").fit(t).reconstruct(t).shape == t.shape
