"""WaveNet, SequenceRNN, and what comes with them: mu-law, sequences of any length."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from sklearn.base import clone

import kgen
from kgen.data import mu_law_decode, mu_law_encode
from kgen.data.toy import bars, waves
from kgen.models import SequenceRNNModel, WaveNetModel
from kgen.testing import check_estimator, check_model
from kgen.testing.autoregressive import check_incremental, check_order
from kgen.testing.spaces import scatter
from tests.conftest import moved_by, tiny

BOTH = ["WaveNet", "SequenceRNN"]


def seen(model, steps=24, last=20):
    """How far back from a step lie those that its output depends on."""
    x = np.random.default_rng(0).uniform(size=(1, steps, 1))
    changed = moved_by(model, x, np.eye(steps)[..., None])[:, last].any(axis=1)
    return {last - int(t) for t in np.flatnonzero(changed)}


@pytest.mark.parametrize(("depth", "stacks"), [(1, 1), (3, 1), (3, 2), (2, 4)])
def test_wavenet_sees_its_receptive_field_and_nothing_more(depth, stacks):
    """Two steps of the first convolution, and the sum of the dilations (fig. 3)."""
    keras.utils.set_random_seed(0)
    model = WaveNetModel("normal", 8, depth, stacks)
    model.build((None, 24, 1))
    scatter(model)
    assert model.receptive_field == 2 + stacks * (2**depth - 1)
    assert seen(model) == set(range(1, model.receptive_field + 1))


def test_every_block_of_a_wavenet_has_a_way_to_the_output():
    """By its skip connection alone (fig. 4)."""
    keras.utils.set_random_seed(0)
    model = WaveNetModel("normal", 8, 2, 2)
    model.build((None, 9, 1))
    x = np.random.default_rng(0).normal(size=(4, 9, 1)).astype("float32")
    before = keras.ops.convert_to_numpy(model(x))
    for block in model.blocks:
        kernel = block.out.kernel.numpy()
        shut = kernel.copy()
        shut[..., 8:] = 0.0
        block.out.kernel.assign(shut)
        assert np.abs(keras.ops.convert_to_numpy(model(x)) - before).max() > 1e-4
        block.out.kernel.assign(kernel)


@pytest.mark.parametrize("cell", ["gru", "lstm"])
def test_rnn_sees_the_whole_past(cell):
    keras.utils.set_random_seed(0)
    model = SequenceRNNModel("normal", cell, 8)
    model.build((None, 24, 1))
    scatter(model)
    assert seen(model) == set(range(1, 21))


@pytest.mark.parametrize(
    ("model", "channels"),
    [
        (WaveNetModel(kgen.heads.Categorical(3), 8, 2, 2, condition_dim=2), 3),
        pytest.param(
            WaveNetModel(kgen.heads.MixtureOfNormals(2), 9, 3, 1),
            1,
            marks=pytest.mark.slow,
        ),
        (WaveNetModel(kgen.heads.CoupledMixtureOfLogistics(2, 5), 6, 2, 1), 3),
        pytest.param(
            SequenceRNNModel(kgen.heads.Categorical(3), "lstm", 8, 2),
            1,
            marks=pytest.mark.slow,
        ),
        (SequenceRNNModel("normal", "gru", 9, 2), 3),
    ],
    ids=["conditional", "mixture", "coupled", "lstm", "gru"],
)
def test_sampler_does_what_full_passes_do(model, channels, jit):
    model = type(model).from_config(model.get_config())
    keras.utils.set_random_seed(0)
    model.build((None, 7, channels))
    scatter(model)
    check_order(model, (7, channels))
    check_incremental(model, n=5, jit_compile=jit)


@pytest.mark.slow
def test_conditional_wavenet_keeps_the_contract():
    model = WaveNetModel("bernoulli", 8, 2, 1, condition_dim=2)
    model.compile("adam")
    x = np.random.default_rng(0).integers(2, size=(32, 5, 1))
    check_model(model, x)


@pytest.mark.slow
def test_conditional_estimator_keeps_the_contract(eager):
    X = bars(32, size=4, random_state=0)
    check_estimator(tiny("WaveNet", conditional=True), X, X[:, 0, 0])


@pytest.mark.parametrize("name", BOTH)
def test_any_length(name, monkeypatch):
    """Blocks do not show: a longer sample is exact, and begins like a shorter one."""
    monkeypatch.setattr("kgen.autoregressive.samplers.blocks.BLOCK", 7)
    X = waves(64, length=20, random_state=0)
    model = tiny(name).fit(X)
    short, long = (model.sample(3, length=t, random_state=0) for t in (5, 30))
    assert (short.shape, long.shape) == ((3, 5), (3, 30))
    np.testing.assert_allclose(short, long[:, :5], atol=1e-5)
    slow = model.model_.sample(3, seed=1, length=30, incremental=False)
    fast = model.model_.sample(3, seed=1, length=30)
    np.testing.assert_allclose(fast, slow, atol=1e-3)
    # What comes later does not change the density of what came before.
    both = model.log_prob(long)
    assert both.shape == (3,)
    x = long[..., np.newaxis]
    params = model.model_(x)
    head = model.head_
    first = head(params[:, :11]).log_prob(x[:, :11])
    np.testing.assert_allclose(model.log_prob(long[:, :11]), first, rtol=1e-4)
    rest = head(params[:, 11:]).log_prob(x[:, 11:])
    np.testing.assert_allclose(both, first + rest, rtol=1e-4)


@pytest.mark.parametrize("name", BOTH)
def test_completion_at_another_length(name):
    X = waves(32, length=12, random_state=0)
    model = tiny(name).fit(X)
    longer = waves(4, length=19, random_state=1)
    known = np.arange(19) < 9
    done = model.complete(longer, known, random_state=0)
    np.testing.assert_array_equal(done[:, :9], longer[:, :9])
    assert not np.isclose(done[:, 9:], longer[:, 9:]).any()


@pytest.mark.parametrize("name", BOTH)
@pytest.mark.slow
def test_learns_a_linear_process_to_its_entropy(name):
    settings = {
        "WaveNet": {"filters": 16, "layers": 3, "stacks": 1},
        "SequenceRNN": {"hidden": 24},
    }[name]
    X = waves(256, length=40, random_state=0)
    model = kgen.estimators[name](
        **settings,
        head="normal",
        epochs=15,
        batch_size=16,
        learning_rate=1e-2,
        random_state=0,
    ).fit(X)
    unseen = waves(256, length=40, random_state=1)
    entropy = np.log(0.3) + 0.5 * np.log(2 * np.pi * np.e)
    nats = -model.score(unseen) / 40
    assert entropy < nats < entropy + 0.1
    samples = model.sample(200, length=60, random_state=0)[:, 20:]
    # Correlations at lags 1 and 2: 1.5 / 1.9 and 1.5 * that - 0.9.
    for lag, wanted in ((1, 0.789), (2, 0.284)):
        pairs = samples[:, lag:].ravel(), samples[:, :-lag].ravel()
        assert np.corrcoef(*pairs)[0, 1] == pytest.approx(wanted, abs=0.06)


@pytest.mark.slow
def test_characters():
    """A law of letters: what follows on which, and each phrase to its end."""
    text = "abcd" * 300
    codes = np.array([ord(c) - ord("a") for c in text], "uint8")
    X = np.stack([codes[i : i + 20] for i in range(200)])
    model = kgen.SequenceRNN(hidden=16, epochs=20, learning_rate=1e-2, random_state=0)
    model.fit(X)
    assert type(model.head_).__name__ == "Categorical"
    assert -model.score(X) == pytest.approx(np.log(4), abs=0.2)
    sample = model.sample(length=60, random_state=0)[0]
    assert (np.diff(sample.astype(int)) % 4 == 1).mean() > 0.95


@pytest.mark.slow
def test_conditional_wavenet():
    up = np.tile(np.arange(12) % 3, (40, 1))
    X = np.concatenate([up, up[:, ::-1]]).astype("uint8")
    y = np.array(["up"] * 40 + ["down"] * 40)
    model = kgen.WaveNet(
        filters=16,
        layers=2,
        stacks=1,
        conditional=True,
        epochs=30,
        batch_size=16,
        learning_rate=1e-2,
        random_state=0,
    ).fit(X, y)
    assert -model.score(X, y) < 0.3
    assert model.log_prob(X[:1], "down") < model.log_prob(X[:1], "up") - 5
    drawn = model.sample(y=["up", "down"], length=6, random_state=0)
    np.testing.assert_array_equal(drawn, [X[0, :6], X[-1, :6]])
    for call in (model.log_prob, lambda X: clone(model).fit(X)):
        with pytest.raises(ValueError, match="y"):
            call(X)
    plain = tiny("WaveNet").fit(X, y)  # as other estimators, it ignores labels
    assert np.isfinite(plain.log_prob(X)).all()
    with pytest.raises(ValueError, match="y"):
        plain.sample(y=["up"])


def test_batches_of_several_lengths():
    short, long = waves(32, 10, random_state=0), waves(16, 17, random_state=1)
    data = tf.data.Dataset.from_generator(
        lambda: iter([short[:16], long, short[16:]]),
        output_signature=tf.TensorSpec((None, None), tf.float32),
    )
    model = tiny("WaveNet", epochs=2).fit(data, validation_data=waves(8, 30))
    assert model.event_shape_ == (10,)
    assert np.isfinite(model.history_["val_loss"]).all()


@pytest.mark.parametrize("kind", [WaveNetModel, SequenceRNNModel])
def test_any_length_of_levels(kind):
    """Levels enter as one-hot vectors, also in a graph that serves several lengths."""
    keras.utils.set_random_seed(0)
    settings = {"depth": 1, "stacks": 1} if kind is WaveNetModel else {"hidden": 8}
    model = kind(kgen.heads.Categorical(3), **settings)
    model.build((None, 6, 2))
    x = np.random.default_rng(0).integers(3, size=(4, 9, 2)).astype("float32")
    short, whole = model.log_prob(x[:, :6]), model.log_prob(x)
    params = model(x)
    rest = model.head(params[:, 6:]).log_prob(x[:, 6:])
    np.testing.assert_allclose(whole, short + rest, rtol=1e-5)


@pytest.mark.parametrize("name", BOTH)
def test_batches_of_levels_of_several_lengths(name):
    parts = [np.random.default_rng(0).integers(3, size=(8, t)) for t in (6, 4, 6)]
    data = tf.data.Dataset.from_generator(
        lambda: iter(parts), output_signature=tf.TensorSpec((None, None), tf.int64)
    )
    model = tiny(name, batch_size=8, head=kgen.heads.Categorical(3)).fit(data)
    assert np.isfinite(model.history_["loss"]).all()
    assert model.log_prob(parts[1]).shape == (8,)


@pytest.mark.parametrize("cell", ["gru", "lstm"])
def test_weights_of_16_bits(cell, eager):
    """Orthogonal matrices are made in 32: QR has no kernel for bfloat16."""
    model = SequenceRNNModel("normal", cell, 8, dtype="bfloat16")
    model.build((None, 6, 1))
    kernel = model.past.recurrent[0].cell.recurrent_kernel
    assert kernel.dtype == "bfloat16"
    q = np.array(keras.ops.cast(kernel, "float32"))
    np.testing.assert_allclose(q @ q.T, np.eye(8), atol=0.02)
    assert np.isfinite(model.log_prob(np.zeros((2, 6, 1), "float32"))).all()


@pytest.mark.parametrize("name", BOTH)
def test_bad_settings_and_lengths(name):
    X = waves(16, length=6, random_state=0)
    model = tiny(name).fit(X)
    for length in (0, 1.5, "9", True):
        with pytest.raises(ValueError, match="length"):
            model.sample(1, length=length)
    with pytest.raises(ValueError, match="shape"):
        model.log_prob(np.zeros((2, 6, 3), "float32"))
    with pytest.raises(ValueError, match="hidden|filters"):
        tiny(name).set_params(
            **{"hidden": 2} if name == BOTH[1] else {"filters": 2}
        ).fit(np.zeros((4, 5, 3), "float32") + 0.1 * np.arange(5)[:, np.newaxis])


def test_no_length_is_known():
    model = WaveNetModel("bernoulli", 8, 2, 1)
    model.build((None, None, 1))
    with pytest.raises(ValueError, match="length"):
        model.sample(1)
    assert model.sample(1, seed=0, length=4).shape == (1, 4, 1)


def test_mu_law_comes_back():
    codes = np.arange(256)
    np.testing.assert_array_equal(mu_law_encode(mu_law_decode(codes)), codes)
    x = np.linspace(-1, 1, 10_001)
    apart = np.abs(mu_law_decode(mu_law_encode(x)) - x)
    assert apart.max() < 0.023  # half of the widest bin
    assert apart[np.abs(x) < 0.01].max() < 2.5e-4
    edges = mu_law_decode(np.arange(255) + 0.5)
    np.testing.assert_array_equal(mu_law_encode(edges - 1e-6), np.arange(255))
    np.testing.assert_array_equal(mu_law_encode(edges + 1e-6), np.arange(1, 256))
    with pytest.raises(ValueError, match="32768"):
        mu_law_encode([300])
    with pytest.raises(ValueError, match=r"\[0, 15\]"):
        mu_law_decode([16], levels=16)


def test_waves_are_the_process_they_say():
    X = waves(4000, length=12, random_state=0).astype("float64")
    covariance = np.cov(X.T)
    spread = 0.09 / ((1 - 0.81) * (1 - (1.5 / 1.9) ** 2))
    assert np.diag(covariance) == pytest.approx(np.full(12, spread), rel=0.1)
    rest = X[:, 2:] - 1.5 * X[:, 1:-1] + 0.9 * X[:, :-2]
    assert rest.std() == pytest.approx(0.3, rel=0.01)
