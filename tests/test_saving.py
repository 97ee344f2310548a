"""Files: the same model in a new process, training that goes on, and no half files."""

import json
import os
import subprocess
import sys
import typing
import zipfile
from pathlib import Path

import keras
import numpy as np
import pytest
from sklearn.base import clone

import kgen
from kgen.core import encoding, persistence
from kgen.core.strategy import Strategy
from kgen.data.sources import with_channel
from kgen.data.toy import bars, mixture
from kgen.networks import MLP, Architecture, ResNet, architectures
from tests.conftest import (
    ROOTS,
    drawn,
    is_conditional,
    takes_sequences,
    tiny,
    unless_slow,
)

NAMES = unless_slow(*ROOTS)

X = bars(48, size=4, random_state=0)
Y = np.array(["row", "column"])[X[:, 0, 0]]

# What another process does: loads through both doors, reports, trains on, reports.
SCRIPT = """
import sys, json, os
import keras, numpy as np, kgen
from tests.test_saving import X, report, keras_data

folder, answers = sys.argv[1], {}
for name in kgen.estimators:
    path = f"{folder}/{name}.keras"
    if not os.path.exists(path):
        continue
    loaded = kgen.load(path)
    answers[name] = {"loaded": report(loaded)}
    model = keras.saving.load_model(path, safe_mode=True)
    model.fit(keras_data(name), epochs=6, initial_epoch=3, verbose=0, shuffle=False)
    answers[name]["keras"] = [w.tolist() for w in model.get_weights()]
    from tests.test_saving import fit
    fit(loaded.set_params(warm_start=True))
    answers[name]["trained"] = report(loaded)
    answers[name]["epochs"] = len(next(iter(loaded.history_.values())))
json.dump(answers, open(f"{folder}/answers.json", "w"))
"""


def fit(estimator):
    return estimator.fit(X, Y if is_conditional(estimator) else None)


def in_new_process(script, path):
    """Run a script, with a path as its argument, and report what it said."""
    root = Path(__file__).parent.parent
    done = subprocess.run(
        [sys.executable, "-c", script, str(path)],
        cwd=root, env={**os.environ, "PYTHONPATH": str(root), "PYTHONHASHSEED": "1"},
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    print(done.stdout, done.stderr)  # noqa: T201 (pytest shows it if a test fails)
    return done


def keras_data(name):
    sequences = takes_sequences(tiny(name))
    x = X.reshape(with_channel(X.shape, sequences=sequences)).astype("float32")
    if not is_conditional(tiny(name)):
        return x
    condition = np.eye(2, dtype="float32")[(Y == "row").astype(int)]
    return {"x": x, "condition": condition}


def report(estimator):
    """Samples and densities as exact numbers, and the state of the optimizers."""
    found = {"sample": drawn(estimator, 4, random_state=0).tolist()}
    if hasattr(estimator, "log_prob"):
        y = Y if is_conditional(estimator) else None
        found["log_prob"] = estimator.log_prob(X, y).tolist()
    found["optimizers"] = [
        [np.asarray(v.value).ravel()[:3].tolist() for v in optimizer.variables]
        for optimizer in estimator.model_.optimizer_list()
    ]
    return found


@pytest.fixture(scope="module")
def other_process(tmp_path_factory):
    """Estimators after three epochs, and what a new process made of their files."""
    folder = tmp_path_factory.mktemp("files")
    fitted = {}
    for name in kgen.estimators:
        fitted[name] = fit(tiny(name, epochs=3))
        fitted[name].save(folder / f"{name}.keras")
    assert in_new_process(SCRIPT, folder).returncode == 0
    return fitted, json.loads((folder / "answers.json").read_text())


@pytest.mark.slow
@pytest.mark.parametrize("name", list(kgen.estimators))
def test_a_new_process_has_the_same_model_to_the_last_bit(name, other_process):
    fitted, answers = other_process
    assert answers[name]["loaded"] == report(fitted[name])


@pytest.mark.slow
@pytest.mark.parametrize("name", list(kgen.estimators))
def test_three_epochs_and_three_in_a_new_process_are_six(name, other_process):
    _, answers = other_process
    six = report(fit(tiny(name, epochs=6)))
    assert answers[name]["epochs"] == 6
    trained = answers[name]["trained"]
    # A prior learns the codes of three epochs first, and then those of six.
    two_stages = "prior" in tiny(name).get_params()
    for key in ("log_prob", "sample"):
        if key in six and not two_stages:
            np.testing.assert_allclose(trained[key], six[key], rtol=1e-4)
    for mine, its in zip(trained["optimizers"], six["optimizers"], strict=True):
        for a, b in zip(mine, its, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("name", list(kgen.estimators))
def test_the_keras_door_trains_on_in_a_new_process(name, other_process):
    _, answers = other_process
    model = fit(tiny(name, epochs=3)).model_  # the same three epochs, never saved
    model.fit(keras_data(name), epochs=6, initial_epoch=3, verbose=0, shuffle=False)
    for mine, its in zip(model.get_weights(), answers[name]["keras"], strict=True):
        np.testing.assert_allclose(mine, its, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_interrupted_training_is_training(name, eager):
    whole = fit(tiny(name, epochs=4))
    parts = fit(tiny(name, epochs=1))
    fit(parts.set_params(epochs=3, warm_start=True))
    assert parts.history_.keys() == whole.history_.keys()
    for key in whole.history_:
        np.testing.assert_allclose(parts.history_[key], whole.history_[key], rtol=1e-3)
    for a, b in zip(
        parts.model_.get_weights(), whole.model_.get_weights(), strict=True
    ):
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-5)


def test_without_warm_start_fit_forgets(eager):
    twice = fit(fit(tiny("VAE", epochs=2)))
    assert len(twice.history_["loss"]) == 2
    np.testing.assert_array_equal(
        twice.log_prob(X), fit(tiny("VAE", epochs=2)).log_prob(X)
    )


def test_a_refit_on_other_data_leaves_nothing_of_the_former(eager):
    vae = tiny("VAE").fit(mixture(20, random_state=0)[0])
    assert vae.n_features_in_ == 2
    fit(vae)
    assert not hasattr(vae, "n_features_in_")
    assert vae.transform(X).shape == (48, 2)


def test_warm_start_takes_the_new_learning_rate(eager):
    vae = fit(tiny("VAE", warm_start=True))
    fit(vae.set_params(learning_rate=0.5))
    assert float(vae.model_.optimizer.learning_rate.value) == 0.5


class Crash(keras.callbacks.Callback):
    """Stop training in the middle of an epoch."""

    def __init__(self, epoch, problem):
        super().__init__()
        self.when, self.problem, self.epoch = epoch, problem, 0

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        if self.epoch == self.when:
            raise self.problem


@pytest.mark.parametrize("name", NAMES)
def test_ctrl_c_leaves_the_last_finished_epoch(name, eager):
    y = Y if is_conditional(tiny(name)) else None
    stopped = tiny(name, epochs=5, batch_size=16)
    with pytest.raises(KeyboardInterrupt):
        stopped.fit(X, y, callbacks=[Crash(2, KeyboardInterrupt)])
    two = tiny(name, epochs=2, batch_size=16).fit(X, y)
    for key in two.history_:
        np.testing.assert_allclose(stopped.history_[key], two.history_[key], rtol=1e-4)
    for a, b in zip(
        stopped.model_.get_weights(), two.model_.get_weights(), strict=True
    ):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("warm_start", [False, True])
def test_a_failed_refit_keeps_the_former_model(warm_start, eager):
    vae = fit(tiny("VAE", warm_start=warm_start))
    before, history = vae.log_prob(X), dict(vae.history_)
    with pytest.raises(ZeroDivisionError):
        vae.fit(X, callbacks=[Crash(int(warm_start), ZeroDivisionError)])
    np.testing.assert_array_equal(vae.log_prob(X), before)
    assert vae.history_ == history
    with pytest.raises(ValueError, match="NaN"):
        vae.fit(np.full((4, 4, 4), np.nan))
    np.testing.assert_array_equal(vae.log_prob(X), before)
    first = tiny("VAE")
    with pytest.raises(KeyboardInterrupt):
        first.fit(X, callbacks=[Crash(0, KeyboardInterrupt)])
    assert not hasattr(first, "model_")


def test_a_backup_takes_an_interrupted_fit_up_again(tmp_path, eager):
    whole = tiny("PixelCNN", epochs=4, batch_size=16).fit(X)
    stopped = tiny("PixelCNN", epochs=4, batch_size=16)
    with pytest.raises(KeyboardInterrupt):
        stopped.fit(X, callbacks=[Crash(2, KeyboardInterrupt)], backup_dir=tmp_path)
    assert list(tmp_path.iterdir())
    with pytest.raises(ValueError, match="other hyper-parameters"):
        tiny("PixelCNN", epochs=5).fit(X, backup_dir=tmp_path)
    with pytest.raises(ValueError, match="other data"):
        tiny("PixelCNN", epochs=4, batch_size=16).fit(X[:, :3], backup_dir=tmp_path)
    again = tiny("PixelCNN", epochs=4, batch_size=16).fit(X, backup_dir=tmp_path)
    assert len(again.history_["loss"]) == 4
    np.testing.assert_allclose(again.log_prob(X), whole.log_prob(X), rtol=1e-4)
    assert not list(tmp_path.iterdir())


FULL_DISK = """
import resource, signal, sys, kgen
vae = kgen.load(sys.argv[1])
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))
for save in (vae.save, vae.model_.save):
    try:
        save(sys.argv[1])
    except OSError as error:
        print("failed:", error)
"""


@pytest.mark.slow
def test_a_save_that_fails_leaves_the_old_file_whole(tmp_path, eager):
    """No file can grow beyond 10 kB, in a process of its own."""
    pytest.importorskip("resource", reason="needs limits of file sizes")
    path = tmp_path / "vae.keras"
    fit(tiny("VAE")).save(path)
    before = path.read_bytes()
    assert len(before) > 10_000
    done = in_new_process(FULL_DISK, path)
    assert done.stdout.count("failed: ") == 2
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["vae.keras"]


def test_a_backup_with_an_optimizer_of_your_own(tmp_path, eager):
    def make():
        return tiny("VAE", epochs=3, optimizer=keras.optimizers.SGD(1e-3))

    with pytest.raises(KeyboardInterrupt):
        make().fit(X, callbacks=Crash(1, KeyboardInterrupt), backup_dir=tmp_path)
    keras.optimizers.SGD(1e-3)  # Keras numbers their names
    assert len(make().fit(X, backup_dir=tmp_path).history_["loss"]) == 3


@pytest.mark.slow
def test_a_save_that_is_killed_leaves_the_old_file_whole(tmp_path):
    path = tmp_path / "file.keras"
    path.write_bytes(b"old")
    script = (
        "import os, sys; from kgen.core.persistence import atomic\n"
        "with atomic(sys.argv[1]) as written:\n"
        "    written.write_bytes(b'new'); os._exit(9)"
    )
    assert in_new_process(script, path).returncode == 9
    assert path.read_bytes() == b"old"


def test_overwrite_and_other_endings(tmp_path, eager):
    vae = fit(tiny("VAE"))
    vae.save(tmp_path / "vae.model")
    again = kgen.load(tmp_path / "vae.model")
    np.testing.assert_array_equal(again.log_prob(X), vae.log_prob(X))
    vae.model_.save(tmp_path / "a.keras")
    with pytest.raises((ValueError, OSError)):
        vae.model_.save(tmp_path / "missing" / "a.keras")


def test_files_hold_no_pickle(tmp_path, eager):
    fit(tiny("ConditionalGAN")).save(tmp_path / "a.keras")
    with zipfile.ZipFile(tmp_path / "a.keras") as archive:
        facts = json.loads(archive.read(persistence.ENTRY))
        assert all(not name.endswith((".pkl", ".npy")) for name in archive.namelist())
    assert facts["class"] == "ConditionalGAN"


@pytest.mark.parametrize(
    "value",
    [
        None, 3, 2.5, "text", True, [1, (2, "b")], {"a": {1: [2]}}, (1, None),
        np.array([1, 2]), np.array(["x", "yy"]), np.array([True, False]),
        np.array(["2020-01-01"], "M8[D]"), np.array(["a", 3], object), np.float64(2.5),
        np.int8(3), np.dtype("uint8"), kgen.heads.Normal(0.5), float("inf"),
        MLP(widths=(8, 4), dropout=0.5), ResNet(blocks=2, normalisation=None),
    ],
    ids=lambda value: type(value).__name__,  # the same in every process
)  # fmt: skip
def test_what_files_can_hold(value):
    text = json.dumps(encoding.encode("x", value))
    again = encoding.decode(json.loads(text))
    assert type(again) is type(value) or isinstance(value, np.generic)
    if isinstance(value, Strategy):
        assert again == value
        assert again.get_config() == value.get_config()
    else:
        assert np.all(np.asarray(again == value))
    if isinstance(value, np.ndarray):
        assert again.dtype == value.dtype


def test_random_states_go_on_where_they_were():
    state = np.random.RandomState(3)
    state.randint(10, size=5)
    again = encoding.decode(encoding.encode("x", state))
    assert again.randint(1000) == state.randint(1000)


def test_what_files_cannot_hold_is_named(tmp_path, eager):
    mlp = MLP()
    other = Architecture(lambda *args, **how: mlp.down(*args, **how), mlp.up)
    vae = fit(tiny("VAE", architecture=other))
    with pytest.raises(ValueError, match=r"`architecture`.*architectures.register"):
        vae.save(tmp_path / "a.keras")
    assert not (tmp_path / "a.keras").exists()
    architectures.register("test_saving")(other)
    vae.save(tmp_path / "a.keras")
    assert kgen.load(tmp_path / "a.keras").architecture == other
    fit(clone(vae)).save(tmp_path / "a.keras")  # clone copies what it is given


@pytest.mark.parametrize("annotation", [typing.Any, "KnownToTypeCheckersOnly", None])
def test_a_class_of_your_own_is_registered_first(annotation, tmp_path, eager):
    class MyVAE(kgen.VAE):
        def build_model(self, event_shape):
            return super().build_model(event_shape)

    MyVAE.build_model.__annotations__["return"] = annotation

    own = fit(MyVAE(latent_dim=2, epochs=1))
    with pytest.raises(ValueError, match=r"kgen.base.estimator\(MyVAE\)"):
        own.save(tmp_path / "a.keras")
    kgen.base.estimator(MyVAE)
    try:
        own.save(tmp_path / "a.keras")
        assert type(kgen.load(tmp_path / "a.keras")) is MyVAE
    finally:
        del kgen.estimators._entries["MyVAE"]


def test_two_estimators_of_one_name_are_refused():
    with pytest.raises(ValueError, match="'VAE' already"):
        kgen.base.estimator(type("VAE", (kgen.VAE,), {}))


def test_labels_of_any_type_come_back(tmp_path, eager):
    for labels in (Y, (Y == "row"), np.where(Y == "row", 3, -2), Y.astype(object)):
        gan = tiny("ConditionalGAN", architecture="mlp").fit(X, labels)
        gan.save(tmp_path / "a.keras")
        again = kgen.load(tmp_path / "a.keras")
        assert again.classes_.dtype == gan.classes_.dtype
        drawn = [g.sample(y=labels[:3], random_state=0) for g in (gan, again)]
        np.testing.assert_array_equal(*drawn)
