"""What is special about VQ-VAE: codes, the codebook, a prior, one file for both."""

import json
import zipfile

import keras
import numpy as np
import pytest
import tensorflow as tf
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

import kgen
from kgen.core import encoding, persistence
from kgen.data.toy import bars
from kgen.layers import VectorQuantizer
from kgen.models import VQVAEModel
from kgen.networks import MLP, Architecture, Spatial
from kgen.testing.statistics import check_frequencies
from tests.conftest import tiny
from tests.test_faults import rewrite
from tests.test_saving import Crash

X = bars(32, size=4, random_state=0)
SMALL = Spatial(width=8, halvings=1, blocks=1)
# Four patterns of four scalars, so far apart that they need a code each.
PATTERNS = np.array([[0, 0, 0, 0], [1, 1, 0, 0], [0, 0, 1, 1], [1, 0, 1, 0]], "uint8")
LAW = np.array([0.4, 0.3, 0.2, 0.1])


def quantizer(vectors, **settings):
    layer = VectorQuantizer(len(vectors), **settings)
    layer.build((None, len(vectors[0])))
    layer.codebook.assign(vectors)
    return layer


def small(**settings):
    """A model of eight scalars with two positions, of a dense layer each way."""
    reshape = keras.layers.Reshape
    layers = [keras.Input((8,)), keras.layers.Dense(6), reshape((2, 3))]
    encoder = keras.Sequential(layers)
    layers = [keras.Input((2, 3)), reshape((6,)), keras.layers.Dense(8)]
    return VQVAEModel(encoder, keras.Sequential(layers), seed=0, **settings)


def random(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


# --- the layer -----------------------------------------------------------------------


def nearest(z, codebook):
    """Brute force, in double precision."""
    apart = z.astype("float64")[..., np.newaxis, :] - codebook
    return np.argmin((apart**2).sum(axis=-1), axis=-1)


def test_codes_are_nearest_neighbours():
    codebook, z = random(17, 5), random(7, 4, 3, 5, seed=1)
    layer = quantizer(codebook)
    codes = np.asarray(layer.codes(z))
    np.testing.assert_array_equal(codes, nearest(z, codebook))
    assert codes.dtype == "int32"
    np.testing.assert_allclose(layer(z), codebook[codes], atol=1e-6)


def test_of_equally_near_codes_it_is_the_first():
    layer = quantizer([[1.0], [1.0], [-1.0]])
    assert np.asarray(layer.codes(np.array([[0.0], [5.0]]))).tolist() == [0, 0]


def follow(batches, counts, sums, decay, size):
    """The moving averages of appendix A.1, code by code."""
    for z, codes, weight in batches:
        for k in range(size):
            mine = [i for i, code in enumerate(codes) if code == k]
            counts[k] = decay * counts[k] + (1 - decay) * sum(weight[i] for i in mine)
            new = sum((weight[i] * z[i] for i in mine), np.zeros(z.shape[1]))
            sums[k] = decay * sums[k] + (1 - decay) * new
    n = counts.sum()
    smooth = (counts + 1e-5) / (n + size * 1e-5) * n
    return sums / smooth[:, np.newaxis]


def test_the_codebook_follows_by_moving_averages():
    layer = quantizer(random(3, 2), decay=0.8, restart=0.0)
    batches = []
    for step in range(5):
        z = random(20, 2, seed=step + 1)
        codes = np.asarray(layer.codes(z))
        weight = np.random.default_rng(step).uniform(size=20).astype("float32")
        layer.update(z, codes, weight)
        batches.append((z, codes, weight))
    assert {*np.concatenate([codes for _, codes, _ in batches])} == {0, 1, 2}
    counts, sums = np.zeros(3), np.zeros((3, 2))
    expected = follow(batches, counts, sums, 0.8, 3)
    np.testing.assert_allclose(layer.counts.numpy(), counts, rtol=1e-5)
    np.testing.assert_allclose(layer.sums.numpy(), sums, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(layer.codebook.numpy(), expected, rtol=1e-4)


def test_a_code_that_was_never_used_stays_without_restarts():
    layer = quantizer([[0.0], [9.0]], restart=0.0)
    layer(random(6, 1), training=True)
    assert layer.codebook.numpy()[1] == 9.0


def test_dead_codes_start_again_at_vectors_of_the_batch():
    layer = quantizer(np.full((40, 2), 50.0) * np.arange(40)[:, np.newaxis], seed=3)
    z = random(30, 2)
    layer(z, training=True)
    assert (np.asarray(layer.codes(z)) == 0).sum() < 30
    restarted = layer.codebook.numpy()[1:]
    assert all((z == e).all(axis=1).any() for e in restarted)
    assert len(np.unique(restarted, axis=0)) > 10  # not all at one of them
    # By the seed and the step alone.
    again = quantizer(np.full((40, 2), 50.0) * np.arange(40)[:, np.newaxis], seed=3)
    again(z, training=True)
    np.testing.assert_array_equal(again.codebook.numpy(), layer.codebook.numpy())


def test_a_code_dies_when_it_falls_below_the_share():
    layer = quantizer([[0.0], [9.0]], decay=0.5, restart=0.1)
    layer(np.array([[0.0], [9.0]], "float32"), training=True)
    steps = 0
    while layer.codebook.numpy()[1] == pytest.approx(9.0, rel=1e-3):
        layer(np.zeros((2, 1), "float32"), training=True)
        steps += 1
    # N_1 after t steps is 2**-(t + 1), the mean near 1 - 2**-(t + 2).
    first = next(t for t in range(9) if 2.0 ** -(t + 1) < 0.1 * (1 - 2.0 ** -(t + 2)))
    assert abs(steps - first) <= 1


def test_calls_in_training_are_k_means():
    layer = VectorQuantizer(4, decay=0.5, seed=0)
    centres = np.array([[0, 0], [0, 5], [5, 0], [5, 5]], "float32")
    x = np.repeat(centres, 8, axis=0) + 0.1 * random(32, 2)
    for _ in range(60):
        layer(x, training=True)
    codes = np.asarray(layer.codes(x))
    assert len(np.unique(codes)) == 4
    means = [x[codes == k].mean(axis=0) for k in range(4)]
    np.testing.assert_allclose(layer.codebook.numpy(), means, atol=1e-3)


# --- the model -----------------------------------------------------------------------


def test_loss_and_gradients_by_hand():
    """What the decoder's gradient is at q, z gets, and the commitment's beside it."""
    model = small(codebook_size=5, commitment=0.7)
    model.quantizer.codebook.assign(random(5, 3))
    x = np.random.default_rng(0).integers(2, size=(6, 8)).astype("float32")
    with tf.GradientTape() as tape:
        z = model._encode(x, training=True)
        codes = model.quantizer.codes(z)
        q = model.quantizer.lookup(codes)
        straight = model.quantizer.straight_through(z, q)
        tape.watch(straight)
        params = model.decoder(straight)
        parts = {"z": z, "q": q, "codes": codes, "params": params}
        loss = model.compute_loss(x, y_pred=parts, training=False)
    gradient = tape.gradient(loss, z)
    # By hand: logits = q W + b, and the Bernoulli's gradient is sigmoid - x.
    kernel, bias = model.decoder.get_weights()
    z = np.asarray(z)
    e = e_of(model)[nearest(z, e_of(model))]
    np.testing.assert_allclose(q, e)
    logits = e.reshape(6, 6) @ kernel + bias
    reconstruction = (np.log1p(np.exp(logits)) - x * logits).sum()
    commitment = ((z - e) ** 2).sum()
    total = (reconstruction + 0.7 * commitment) / 6
    assert float(loss) == pytest.approx(total, rel=1e-5)
    through = ((1 / (1 + np.exp(-logits)) - x) @ kernel.T).reshape(6, 2, 3)
    expected = (through + 0.7 * 2 * (z - e)) / 6
    np.testing.assert_allclose(gradient, expected, rtol=1e-4, atol=1e-6)


def e_of(model):
    return model.quantizer.codebook.numpy()


def test_history_has_the_terms_as_they_are():
    model = small(codebook_size=4, commitment=2.0)
    model.compile("adam")
    x = np.random.default_rng(0).integers(2, size=(6, 8)).astype("float32")
    found = model.evaluate(x, verbose=0, return_dict=True)
    terms = found["reconstruction"] + 2.0 * found["commitment"]
    assert found["loss"] == pytest.approx(terms, rel=1e-5)
    _, counts = np.unique(model.encode(x), return_counts=True)
    share = counts / counts.sum()
    entropy = -(share * np.log(share)).sum()
    assert found["perplexity"] == pytest.approx(np.exp(entropy), rel=1e-5)


def test_weights_count_for_the_codebook_too():
    x = np.random.default_rng(0).integers(2, size=(6, 8)).astype("float32")
    pairs = []
    for data, weight in ((x, np.array([2.0, 1, 1, 0, 0, 0])), (x[[0, 0, 1, 2]], None)):
        model = small(codebook_size=3, restart=0.0)
        model.quantizer.codebook.assign(random(3, 3))
        for variable in model.trainable_variables:
            variable.assign(random(*variable.shape, seed=7))
        model.compile("sgd")
        model.train_on_batch(data, sample_weight=weight)
        pairs.append(model.quantizer.codebook.numpy())
    np.testing.assert_allclose(*pairs, rtol=1e-5)


def test_samples_given_codes_follow_the_head():
    model = small(codebook_size=3)
    model.quantizer.codebook.assign(random(3, 3))
    codes = np.repeat([[0, 2], [1, 1]], 10_000, axis=0)
    drawn = model.sample(20_000, seed=0, codes=codes)
    q = e_of(model)[[[0, 2], [1, 1]]]
    mean = 1 / (1 + np.exp(-np.asarray(model.decoder(q))))
    found = [drawn[:10_000].mean(axis=0), drawn[10_000:].mean(axis=0)]
    np.testing.assert_allclose(found, mean, atol=0.02)
    some = model.sample(5, seed=0, codes=codes[:5])
    np.testing.assert_array_equal(some, drawn[:5])


@pytest.mark.parametrize(
    ("encoder", "decoder", "words"),
    [
        ((8,), (2, 3), "encoder.*vectors"),
        ((2, 3), (3, 2), "decoder.*must take"),
        ((2, 3), (2, 3), "decoder.*head's parameters.*8, 5"),
    ],
)
def test_networks_that_do_not_fit(encoder, decoder, words):
    def network(start, end):
        layers = [keras.layers.Flatten(), keras.layers.Dense(int(np.prod(end)))]
        reshape = keras.layers.Reshape(end)
        return keras.Sequential([keras.Input(start), *layers, reshape])

    head = kgen.heads.Categorical(5)
    with pytest.raises(ValueError, match=words):
        VQVAEModel(network((8, 1), encoder), network(decoder, (8, 4)), head)


# --- the estimator -------------------------------------------------------------------


def law(n=320):
    """The four patterns at their frequencies."""
    return np.repeat(PATTERNS, (n * LAW).astype(int), axis=0)


@pytest.fixture(scope="module")
def learned():
    return kgen.VQVAE(
        codebook_size=4,
        code_dim=2,
        positions=1,
        architecture=MLP(widths=(16,)),
        epochs=40,
        batch_size=32,
        learning_rate=1e-2,
        decay=0.9,
        prior=kgen.MADE(hidden=(8,), epochs=60, learning_rate=1e-2),
        random_state=0,
    ).fit(law())


def test_four_patterns_get_a_code_each(learned):
    codes = learned.encode(PATTERNS)
    assert codes.shape == (4, 1)
    assert len(np.unique(codes)) == 4
    np.testing.assert_array_equal(learned.reconstruct(PATTERNS), PATTERNS)
    share = np.bincount(learned.encode(law())[:, 0]) / 320
    entropy = -(share * np.log(share)).sum()
    assert np.exp(entropy) == pytest.approx(np.exp(-(LAW * np.log(LAW)).sum()))
    # Of a batch, which is a sample of the law; four equally likely ones would be 4.
    assert learned.history_["perplexity"][-1] == pytest.approx(np.exp(entropy), abs=0.2)


def test_the_perplexity_of_four_equally_likely_patterns_is_four(learned):
    model = clone(learned).set_params(prior=None)
    equal = np.repeat(PATTERNS, 16, axis=0)
    model.set_params(batch_size=64, epochs=200).fit(equal)
    assert model.history_["perplexity"][-1] == pytest.approx(4.0, abs=1e-4)
    assert model.history_["reconstruction"][-1] < 0.1
    np.testing.assert_array_equal(model.reconstruct(PATTERNS), PATTERNS)


def test_samples_follow_the_law(learned):
    drawn = learned.sample(4000, random_state=0)
    patterns = (drawn[:, np.newaxis] == PATTERNS).all(axis=-1)
    assert patterns.any(axis=1).mean() > 0.95  # the head itself draws, pixel by pixel
    share = patterns.sum(axis=0) / patterns.sum()
    np.testing.assert_allclose(share, LAW, atol=0.05)
    entropy = -(LAW * np.log2(LAW)).sum()
    bits = learned.prior_.bits_per_dim(learned.encode(law()))
    assert bits == pytest.approx(entropy, abs=0.05)
    codes = learned.prior_.sample(4000, random_state=0)[:, 0]
    probability = np.exp(learned.prior_.log_prob(np.arange(4)[:, np.newaxis]))
    check_frequencies(np.bincount(codes, minlength=4), probability)


@pytest.mark.parametrize(
    ("shape", "architecture", "codes"),
    [
        ((7, 5, 3), Spatial(width=4, halvings=2), (2, 2)),
        ((1, 1), Spatial(width=4, halvings=3), (1, 1)),
        ((5, 4), Spatial(width=4, halvings=0, blocks=0), (5, 4)),
        ((6, 3, 2), "mlp", (3,)),
        ((5,), "auto", (3,)),
    ],
    ids=str,
)
def test_codes_of_any_shape(shape, architecture, codes, eager):
    X = np.random.default_rng(0).integers(6, size=(10, *shape)).astype("uint8")
    settings = {"codebook_size": 4, "code_dim": 3, "positions": 3, "epochs": 1}
    vq = kgen.VQVAE(architecture=architecture, prior=None, **settings).fit(X)
    assert vq.encode(X).shape == (10, *codes)
    found = vq.decode(vq.encode(X))
    assert found.shape == X.shape
    assert found.dtype == "uint8"
    assert vq.transform(X).shape == (10, np.prod(codes) * 3)


def test_features_are_the_vectors_of_the_codes(eager):
    vq = tiny("VQVAE", architecture=SMALL).fit(X)
    codebook = vq.model_.quantizer.codebook.numpy()
    expected = codebook[vq.encode(X)].reshape(len(X), -1)
    np.testing.assert_array_equal(vq.transform(X), expected)
    noisy = vq.transform(X) + 1e-4
    np.testing.assert_array_equal(vq.inverse_transform(noisy), vq.reconstruct(X))
    with pytest.raises(ValueError, match="shape"):
        vq.inverse_transform(noisy[:, 1:])
    assert vq.get_feature_names_out()[-1] == f"vqvae{expected.shape[1] - 1}"
    pipeline = make_pipeline(clone(vq), LogisticRegression())
    assert pipeline.fit(X, X[:, 0, 0]).predict(X).shape == (32,)


@pytest.mark.parametrize(
    ("codes", "words"),
    [
        (np.zeros((2, 2, 2)), "dtype float64"),
        (np.zeros((2, 2), int), r"shape \(n, 2, 2\).*Got shape \(2, 2\)"),
        (np.zeros((0, 2, 2), int), "n >= 1"),
        (np.full((1, 2, 2), 8), r"0\.\.7 .*values in 8\.\.8"),
        (np.full((1, 2, 2), -1), r"values in -1\.\.-1"),
        ([[1], [2, 3]], "ragged"),
        ([[["a", "b"], ["c", "d"]]], "dtype <U1"),
    ],
)
def test_codes_that_are_none(codes, words, fitted):
    with pytest.raises(ValueError, match=words):
        fitted.decode(codes)


@pytest.fixture(scope="module")
def fitted():
    return tiny("VQVAE", architecture=SMALL).fit(X)


def test_a_prior_can_be_left_out(eager):
    vq = tiny("VQVAE", prior=None, architecture=SMALL)
    assert not hasattr(vq, "sample")
    vq.fit(X)
    assert not hasattr(vq, "prior_")
    with pytest.raises(AttributeError, match="prior='auto'"):
        vq.sample(3)
    with pytest.raises(kgen.ImplicitDensityError):
        vq.log_prob(X)


def test_automatic_priors(eager):
    vq = tiny("VQVAE", prior="auto", architecture=SMALL).fit(X)
    assert type(vq.prior_) is kgen.GatedPixelCNN
    assert vq.prior_.head == kgen.heads.Categorical(8, one_hot=True)
    vq = tiny("VQVAE", prior="auto", architecture="mlp").fit(X)
    assert type(vq.prior_) is kgen.MADE
    assert (vq.prior_.epochs, vq.prior_.event_shape_) == (1, (3,))


def test_many_codes_and_heads_of_priors(eager):
    prior = kgen.GatedPixelCNN(filters=4, layers=2, epochs=1, head="categorical")
    settings = {"codebook_size": 512, "architecture": SMALL, "prior": prior}
    vq = tiny("VQVAE", **settings).fit(X)
    assert vq.prior_.levels_ == 512
    assert prior.head == "categorical"
    assert np.isfinite(vq.prior_.bits_per_dim(vq.encode(X)))
    own = kgen.GatedPixelCNN(filters=4, layers=2, epochs=1)
    own.set_params(head=kgen.heads.MixtureOfLogistics(2, levels=8))
    vq = tiny("VQVAE", prior=own, architecture=SMALL).fit(X)
    assert vq.prior_.head_ == own.head


@pytest.mark.parametrize(
    ("prior", "words"),
    [
        ("pixelcnn", "'auto', None"),
        (kgen.ConditionalPixelCNN(), "conditional"),
        (kgen.GatedPixelCNN(epochs=0), "epochs=0"),
        (kgen.GatedPixelCNN(head=kgen.heads.Categorical(5)), "8 codes"),
    ],
    ids=["name", "conditional", "epochs", "levels"],
)
def test_priors_that_cannot_work_fail_before_training(prior, words, eager):
    vq = tiny("VQVAE", prior=prior, architecture=SMALL)
    with pytest.raises(ValueError, match=words):
        vq.fit(X, callbacks=[Crash(0, ZeroDivisionError)])
    assert not hasattr(vq, "model_")


def test_a_prior_of_maps_takes_no_vectors():
    with pytest.raises(ValueError, match=r"\(n, 3\), which GatedPixelCNN"):
        tiny("VQVAE", prior=kgen.GatedPixelCNN(), architecture="mlp").fit(X)


def test_a_gan_is_no_prior():
    with pytest.raises(TypeError, match="prior.*Density"):
        tiny("VQVAE", prior=kgen.GAN()).fit(X)


@pytest.mark.parametrize("end", ["down", "up"])
def test_networks_of_the_wrong_shape(end):
    mlp = MLP(widths=(4,))
    more = {
        "down": lambda shape, units, dtype: mlp.down(shape, units + 1, dtype=dtype),
        "up": lambda units, shape, dtype: mlp.up(units + 1, shape, dtype=dtype),
    }
    wrong = Architecture(**{"down": mlp.down, "up": mlp.up, end: more[end]})
    wanted = {"down": r"from \(n, 4, 4, 1\) to \(n, 12\)", "up": r"from \(n, 12\)"}[end]
    with pytest.raises(ValueError, match=rf"`{end}` must build a network {wanted}"):
        tiny("VQVAE", architecture=wrong).fit(X)


def test_other_models_take_no_maps():
    with pytest.raises(ValueError, match="makes maps.*'conv'"):
        tiny("VAE", architecture="spatial").fit(X)
    with pytest.raises(ValueError, match="needs images"):
        tiny("VQVAE", architecture=SMALL).fit(PATTERNS)


# --- files, and fits that go on ------------------------------------------------------


def test_one_file_holds_both(fitted, tmp_path):
    fitted.save(tmp_path / "a.keras")
    again = kgen.load(tmp_path / "a.keras")
    assert repr(again) == repr(fitted)
    assert repr(again.prior_) == repr(fitted.prior_)
    same = [m.sample(5, random_state=1) for m in (fitted, again)]
    np.testing.assert_array_equal(*same)
    fitted.model_.save(tmp_path / "b.keras")  # as Keras' callbacks do
    again = kgen.load(tmp_path / "b.keras")
    np.testing.assert_array_equal(again.sample(5, random_state=1), same[0])
    assert type(keras.saving.load_model(tmp_path / "b.keras")) is VQVAEModel


def test_files_that_lie_about_the_prior(fitted, tmp_path, eager):
    path, other = tmp_path / "a.keras", tmp_path / "b.keras"
    fitted.save(path)
    whole = path.read_bytes()

    def replace(name, content):
        path.write_bytes(whole)
        with zipfile.ZipFile(path) as archive:
            kept = {n: archive.read(n) for n in archive.namelist() if n != name}
        with zipfile.ZipFile(path, "w") as archive:
            for part, data in {**kept, name: content}.items():
                archive.writestr(part, data)

    wrong = tiny("MADE").fit(np.arange(12).reshape(4, 3) % 2)
    wrong.save(other)
    for name, content, words in (
        ("prior_.keras", other.read_bytes(), "other codes"),
        ("prior_.keras", b"nothing", "not a file that kgen"),
        ("prior_.keras", whole, "has no density|VQVAE.*not a"),
        ("evil_.keras", other.read_bytes(), "unknown files"),
    ):
        replace(name, content)
        with pytest.raises(ValueError, match=words):
            kgen.load(path)

    def fact(facts):
        facts["fitted"]["dict"].append(["prior_", encoding.encode("a", 3)])

    path.write_bytes(whole)
    rewrite(path, persistence.ENTRY, fact)
    assert kgen.load(path).prior_ != 3
    path.write_bytes(whole)
    rewrite(path, persistence.ENTRY, lambda facts: facts.update(parts={"dict": []}))
    with pytest.raises(ValueError, match="'parts'"):
        kgen.load(path)


def test_a_prior_of_your_own_class_is_written_by_name(tmp_path, eager):
    class MyMADE(kgen.MADE):
        pass

    vq = tiny("VQVAE", prior=MyMADE(hidden=(4,), epochs=1), architecture=SMALL).fit(X)
    with pytest.raises(ValueError, match=r"kgen.base.estimator\(MyMADE\)"):
        vq.save(tmp_path / "a.keras")


def test_warm_start_trains_both_further(eager):
    vq = tiny("VQVAE", architecture=SMALL, prior=kgen.MADE(hidden=(8,), epochs=2))
    vq.fit(X).set_params(warm_start=True, epochs=3, prior__epochs=1)
    first = vq.prior_
    vq.fit(X)
    assert len(vq.history_["loss"]) == 4
    assert len(vq.prior_.history_["loss"]) == 3
    assert vq.prior_ is first
    with pytest.raises(ValueError, match="prior=MADE.*was MADE"):
        vq.set_params(prior__hidden=(9,)).fit(X)


def test_weights_and_validation_data_reach_the_prior(eager):
    weight = np.arange(32.0)
    vq = tiny("VQVAE", architecture=SMALL)
    vq.fit(X, sample_weight=weight, validation_data=(X[:8], None, weight[:8]))
    codes = vq.encode(X)
    prior, held_out = clone(vq.prior_), (codes[:8], None, weight[:8])
    prior.fit(codes, sample_weight=weight, validation_data=held_out)
    np.testing.assert_allclose(prior.history_["loss"], vq.prior_.history_["loss"])
    np.testing.assert_allclose(
        prior.history_["val_loss"], vq.prior_.history_["val_loss"]
    )


def test_a_dataset_is_as_good_as_an_array(eager):
    dataset = tf.data.Dataset.from_tensor_slices(X).batch(5)
    vq = tiny("VQVAE", architecture=SMALL).fit(dataset)
    prior = clone(vq.prior_).fit(vq.encode(X))
    assert prior.history_ == vq.prior_.history_


def interrupt(monkeypatch, epoch):
    """Ctrl-C in an epoch of the prior's training."""
    fit = kgen.MADE.fit

    def interrupted(self, *args, **kwargs):
        crash = Crash(epoch, KeyboardInterrupt)
        return fit(self, *args, callbacks=[crash], **kwargs)

    monkeypatch.setattr(kgen.MADE, "fit", interrupted)


@pytest.mark.parametrize("epoch", [0, 2])
def test_ctrl_c_in_the_priors_training(epoch, monkeypatch, eager):
    prior = kgen.MADE(hidden=(8,), epochs=4)
    vq = tiny("VQVAE", architecture=SMALL, prior=prior, epochs=2)
    whole = clone(vq).fit(X)
    with monkeypatch.context() as patch:
        interrupt(patch, epoch)
        with pytest.raises(KeyboardInterrupt):
            vq.fit(X)
    np.testing.assert_array_equal(vq.encode(X), whole.encode(X))
    assert vq.history_ == whole.history_
    if epoch == 0:
        with pytest.raises(NotFittedError, match="no `prior_` yet"):
            vq.sample(2)
    else:
        losses = whole.prior_.history_["loss"][:2]
        assert vq.prior_.history_["loss"] == pytest.approx(losses)
        assert vq.sample(2).shape == (2, 4, 4)


def test_a_backup_takes_up_the_priors_training(tmp_path, monkeypatch, eager):
    prior = kgen.MADE(hidden=(8,), epochs=4)
    vq = tiny("VQVAE", architecture=SMALL, prior=prior, epochs=2)
    whole = clone(vq).fit(X)
    with monkeypatch.context() as patch:
        interrupt(patch, 2)
        with pytest.raises(KeyboardInterrupt):
            clone(vq).fit(X, backup_dir=tmp_path)
    vq.fit(X, backup_dir=tmp_path)
    assert not list(tmp_path.iterdir())
    assert vq.history_ == whole.history_
    np.testing.assert_allclose(
        vq.prior_.history_["loss"], whole.prior_.history_["loss"], rtol=1e-4
    )


def test_facts_have_no_pickle(fitted, tmp_path):
    fitted.save(tmp_path / "a.keras")
    with zipfile.ZipFile(tmp_path / "a.keras") as archive:
        names = archive.namelist()
        facts = json.loads(archive.read(persistence.ENTRY))
    assert "prior_.keras" in names
    prior = dict(facts["params"]["dict"])["prior"]["estimator"]
    assert dict(prior["dict"])["class"] == "MADE"
