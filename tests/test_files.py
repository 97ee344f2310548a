"""Files that lie, places that cannot be written, and backups of other fits."""

import json
import os
import stat
import sys
import threading
import time
import zipfile
from pathlib import Path

import keras
import numpy as np
import pytest

import kgen
from kgen.core import encoding, persistence, places
from kgen.data.toy import bars
from tests.conftest import eagerly, tiny
from tests.test_faults import rewrite
from tests.test_saving import Crash, in_new_process

X = bars(24, size=3, random_state=0)
Y = X[:, 0, 0]


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A VAE, a MADE and a GAN, fitted once, and their files."""
    folder = tmp_path_factory.mktemp("files")
    with eagerly():
        fitted = {name: tiny(name).fit(X) for name in ("VAE", "MADE", "GAN")}
    for name, estimator in fitted.items():
        estimator.save(folder / f"{name}.keras")
    return fitted, folder


def changed(saved, tmp_path, change, name="VAE"):
    """A copy of a file whose facts were changed."""
    path = tmp_path / "changed.keras"
    path.write_bytes((saved[1] / f"{name}.keras").read_bytes())
    rewrite(path, persistence.ENTRY, change)
    return path


# --- what a file may say -------------------------------------------------------------


def fact(group, name, value):
    def change(facts):
        pairs = facts[group]["dict"]
        pairs[:] = [pair for pair in pairs if pair[0] != name]
        pairs.append([name, encoding.encode(name, value)])

    return change


@pytest.mark.parametrize(
    ("group", "name", "value", "match"),
    [
        ("fitted", "sample", 3, "'sample'"),
        ("fitted", "__class__", 3, "'__class__'"),
        ("fitted", "__dict__", {}, "'__dict__'"),
        ("fitted", "model_", 3, "'model_'"),
        ("fitted", "classes_", 3, "'classes_'"),
        ("fitted", "event_shape_", (4, 4, 1), "examples have shape"),
        ("fitted", "event_shape_", "3", "event_shape_='3'"),
        ("fitted", "event_shape_", (3, -3), "event_shape_"),
        ("fitted", "seed_", "0", "seed_='0'"),
        ("fitted", "dtype_", np.dtype("O"), "dtype_"),
        ("fitted", "history_", {"loss": ["x"]}, "history_"),
        ("fitted", "head_", kgen.heads.Normal(), "another head"),
        ("params", "epochs", -5, "epochs=-5"),
        ("params", "epochs", "many", "epochs='many'"),
        ("params", "evil", 1, "evil"),
    ],
)
def test_facts_that_no_fit_writes_are_refused(
    group, name, value, match, saved, tmp_path, eager
):
    with pytest.raises(ValueError, match=match):
        kgen.load(changed(saved, tmp_path, fact(group, name, value)))


def test_the_facts_of_another_estimator_are_refused(saved, tmp_path, eager):
    facts = json.loads(zipfile.ZipFile(saved[1] / "VAE.keras").read(persistence.ENTRY))
    with pytest.raises(ValueError, match="GANModel is not the model of a VAE"):
        kgen.load(changed(saved, tmp_path, lambda own: own.update(facts), "GAN"))


def test_the_facts_of_a_file_are_small(saved, tmp_path, monkeypatch, eager):
    vae, path = saved[0]["VAE"], tmp_path / "a.keras"
    vae.save(path)
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("assets/zeros", bytes(2**25))
    with pytest.raises(ValueError, match="100 times"):
        kgen.load(path)
    vae.save(path)
    monkeypatch.setattr(persistence, "LIMIT", 100)
    with pytest.raises(ValueError, match="larger than 100 bytes"):
        kgen.load(path)
    with pytest.raises(ValueError, match="files hold 100"):
        vae.save(path)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_one_entry_has_one_name(saved, tmp_path):
    path = tmp_path / "a.keras"
    path.write_bytes((saved[1] / "VAE.keras").read_bytes())
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(persistence.ENTRY, "{}")
    with pytest.raises(ValueError, match="two of its entries"):
        kgen.load(path)


def test_files_of_a_newer_format_say_so(saved, tmp_path):
    path = changed(saved, tmp_path, lambda facts: facts.update(format=99, new=[]))
    with pytest.raises(ValueError, match=r"format is 99.*Upgrade kgen"):
        kgen.load(path)


def test_a_file_that_is_replaced_meanwhile_is_one_of_both(tmp_path, saved, monkeypatch):
    """The facts and the model come from the same file."""
    path, other = tmp_path / "a.keras", tmp_path / "b.keras"
    path.write_bytes((saved[1] / "VAE.keras").read_bytes())
    other.write_bytes((saved[1] / "MADE.keras").read_bytes())

    class ThenReplace(zipfile.ZipFile):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            if other.exists():
                os.replace(other, path)

    monkeypatch.setattr(persistence.zipfile, "ZipFile", ThenReplace)
    loaded = kgen.load(path)
    assert type(loaded) is kgen.VAE
    assert isinstance(loaded.model_, kgen.models.VAEModel)


# --- what cannot be loaded is not saved ----------------------------------------------


class OwnHead(kgen.heads.Normal):
    """A head that nobody registered."""


class OwnOptimizer(keras.optimizers.SGD):
    """An optimizer that nobody registered."""


class OwnLayer(keras.layers.Layer):
    """A layer that nobody registered."""

    def call(self, x):
        return x


@pytest.mark.parametrize(
    ("setting", "match"),
    [
        ({"head": OwnHead()}, "head.*register_keras_serializable"),
        ({"optimizer": OwnOptimizer(0.1)}, "optimizer.*register_keras_serializable"),
    ],
)
def test_what_is_not_registered_is_refused_by_save(setting, match, tmp_path, eager):
    made = tiny("MADE", **setting).fit(X.astype("float32"))
    with pytest.raises(ValueError, match=match):
        made.save(tmp_path / "a.keras")
    assert not list(tmp_path.iterdir())


def test_a_layer_that_is_not_registered_is_refused_by_save(tmp_path, saved, eager):
    for layer in (OwnLayer(), keras.layers.Lambda(lambda x: x)):
        vae = tiny("VAE").fit(X)
        vae.model_.encoder = keras.Sequential([*vae.model_.encoder.layers, layer])
        vae.model_.encoder(np.zeros((1, 3, 3, 1), "float32"))
        with pytest.raises(ValueError, match="could be written.*register"):
            vae.save(tmp_path / "a.keras")
        assert not list(tmp_path.iterdir())


def dates(unit):
    return np.where(Y == 1, np.timedelta64(3, unit), np.timedelta64(7, unit))


@pytest.mark.parametrize(
    "labels",
    [
        dates("D"),
        dates("ns"),
        np.where(Y == 1, np.datetime64("2020-01-01T03"), np.datetime64("NaT")),
        np.array([np.int64(v) for v in Y], object),
        Y.astype("float16"),
    ],
    ids=["days", "nanoseconds", "dates", "objects", "float16"],
)
def test_labels_that_were_saved_come_back(labels, tmp_path, eager):
    if labels.dtype.kind == "M":
        labels = np.where(Y == 1, labels, np.datetime64("1999-01-01T00"))
    gan = tiny("ConditionalGAN").fit(X, labels)
    gan.save(tmp_path / "a.keras")
    again = kgen.load(tmp_path / "a.keras")
    np.testing.assert_array_equal(again.classes_, gan.classes_)
    assert again.classes_.dtype == gan.classes_.dtype
    drawn = [g.sample(y=labels[:3], random_state=0) for g in (gan, again)]
    np.testing.assert_array_equal(*drawn)


def odd_labels():
    from decimal import Decimal

    import pandas

    yield np.array([Decimal(int(v)) for v in Y], object)
    yield np.array([pandas.Timestamp(2020, 1, 1 + v) for v in Y], object)
    yield Y.astype(complex)
    if np.dtype("longdouble").itemsize > 8:
        yield Y.astype("longdouble")


def test_labels_that_files_cannot_hold_are_refused_by_fit(eager):
    for labels in odd_labels():
        with pytest.raises(ValueError, match="labels of type"):
            tiny("ConditionalGAN").fit(X, labels)


@pytest.mark.parametrize("kind", [np.random.PCG64, np.random.Philox, np.random.SFC64])
def test_random_states_of_all_generators_come_back(kind):
    state = np.random.RandomState(kind(3))
    state.standard_normal(3)
    text = json.dumps(encoding.encode("x", state))
    again = encoding.decode(json.loads(text))
    assert again.standard_normal() == state.standard_normal()
    assert again.randint(1000) == state.randint(1000)


# --- files that Keras writes during a fit --------------------------------------------


def test_the_files_of_a_model_checkpoint_are_estimators(tmp_path, eager):
    path = str(tmp_path / "epoch{epoch}.keras")
    keep = keras.callbacks.ModelCheckpoint(path)
    vae = tiny("VAE", epochs=2).fit(X, callbacks=[keep])
    first, last = (kgen.load(tmp_path / f"epoch{n}.keras") for n in (1, 2))
    assert len(first.history_["loss"]) == 1
    np.testing.assert_allclose(last.log_prob(X), vae.log_prob(X), rtol=1e-5)
    first.set_params(warm_start=True, epochs=1).fit(X)
    np.testing.assert_allclose(first.log_prob(X), vae.log_prob(X), rtol=1e-3)
    assert isinstance(keras.saving.load_model(tmp_path / "epoch1.keras"), keras.Model)


def test_a_model_without_its_estimator_is_saved_by_itself(tmp_path, saved, eager):
    vae = tiny("VAE").fit(X)
    former = vae.model_
    vae.fit(X)
    former.save(tmp_path / "former.keras")
    vae.model_.save(tmp_path / "own.keras")
    assert kgen.load(tmp_path / "own.keras").history_ == vae.history_
    with pytest.raises(ValueError, match="no estimator"):
        kgen.load(tmp_path / "former.keras")


# --- places --------------------------------------------------------------------------


def test_places_that_cannot_be_written_are_named(saved, tmp_path, monkeypatch):
    vae = saved[0]["VAE"]
    (tmp_path / "folder.keras").mkdir()
    (tmp_path / "file").write_text("x")
    read_only = tmp_path / "read_only.keras"
    read_only.write_bytes(b"old")
    read_only.chmod(0o444)
    os.mkfifo(tmp_path / "fifo.keras")
    monkeypatch.chdir(tmp_path)
    before = sorted(path.name for path in tmp_path.iterdir())
    for name, match in {
        "folder.keras": "folder.keras.*it is a folder",
        "": "name is empty",
        "file/a.keras": "file/a.keras",
        "missing/a.keras": "missing/a.keras.*folder does not exist",
        "n" * 250 + ".keras": "nnn.*could not be written",
        "read_only.keras": "read-only",
        "fifo.keras": "not a regular file",
    }.items():
        with pytest.raises(OSError, match=match) as error:
            vae.save(name)
        assert ".kgen-" not in str(error.value)
    with pytest.raises(OSError, match="read-only"):
        vae.model_.save("read_only.keras")
    assert read_only.read_bytes() == b"old"
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_new_files_have_the_permissions_of_the_user(saved, tmp_path):
    former = os.umask(0o027)
    try:
        saved[0]["VAE"].save(tmp_path / "a.keras")
    finally:
        os.umask(former)
    assert stat.S_IMODE((tmp_path / "a.keras").stat().st_mode) == 0o640


def test_no_room_for_a_copy_is_no_fault_of_the_file(saved, monkeypatch):
    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(persistence.shutil, "copyfileobj", full)
    with pytest.raises(OSError, match=r"No space left.*TMPDIR"):
        kgen.load(saved[1] / "VAE.keras")


# --- what dead processes leave --------------------------------------------------------

LEAVE = """
import os, sys
from kgen.core.persistence import atomic
with atomic(sys.argv[1]) as written:
    written.write_bytes(b"new"); os._exit(9)
"""


@pytest.mark.slow
def test_what_a_killed_save_left_is_deleted_by_the_next(saved, tmp_path):
    path = tmp_path / "a.keras"
    assert in_new_process(LEAVE, path).returncode == 9
    assert len(list(tmp_path.glob(".kgen-*"))) == 1
    saved[0]["VAE"].save(path)
    assert os.listdir(tmp_path) == ["a.keras"]


def test_only_files_of_the_dead_are_deleted(tmp_path):
    of_a_former_version, new = tmp_path / ".kgen-old.keras", tmp_path / ".kgen-x.keras"
    for path in (of_a_former_version, new):
        path.write_bytes(b"x")
    old = time.time() - 2 * 24 * 3600
    os.utime(of_a_former_version, (old, old))
    with places.atomic(tmp_path / "a") as a, places.atomic(tmp_path / "b") as b:
        a.write_bytes(b"a")
        b.write_bytes(b"b")
        places.clean(tmp_path)
    found = sorted(path.name for path in tmp_path.iterdir())
    assert found == [".kgen-x.keras", "a", "b"]


# --- backups -------------------------------------------------------------------------


def interrupt(folder, x, **settings):
    with pytest.raises(KeyboardInterrupt):
        tiny("NADE", epochs=3, batch_size=24, **settings).fit(
            x, callbacks=[Crash(1, KeyboardInterrupt)], backup_dir=folder
        )


def test_a_backup_is_not_resumed_on_other_data(tmp_path, eager):
    interrupt(tmp_path, X)
    other = X.copy()
    other[0] = 1 - other[0]
    nade = tiny("NADE", epochs=3, batch_size=24)
    with pytest.raises(ValueError, match="other data"):
        nade.fit(other, backup_dir=tmp_path)
    assert len(nade.fit(X, backup_dir=tmp_path).history_["loss"]) == 3
    assert not list(tmp_path.iterdir())


def test_a_shuffled_dataset_of_real_numbers_is_resumed(tmp_path, eager):
    import tensorflow as tf

    reals = np.random.default_rng(0).normal(5, 3, (96, 3))

    def dataset(x, seed):
        return tf.data.Dataset.from_tensor_slices(x).shuffle(96, seed).batch(32)

    interrupt(tmp_path, dataset(reals, 0))
    nade = tiny("NADE", epochs=3, batch_size=24)
    with pytest.raises(ValueError, match="other data"):
        nade.fit(dataset(reals[:64], 1), backup_dir=tmp_path)
    before = (tmp_path / "backup.keras").read_bytes()
    nade.fit(dataset(reals, 1), backup_dir=tmp_path)
    assert len(nade.history_["loss"]) == 3
    (tmp_path / "backup.keras").write_bytes(before)
    noise = np.random.default_rng(1).normal(0, 0.01, reals.shape)
    with pytest.warns(UserWarning, match="not what it was"):
        nade.fit(dataset(reals + noise, 2), backup_dir=tmp_path)
    assert nade.head_ == nade.model_.head


def test_one_folder_serves_one_fit(tmp_path, eager):
    nade = tiny("NADE")

    class Second(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            with pytest.raises(RuntimeError, match="in use by another fit"):
                tiny("NADE").fit(X, backup_dir=tmp_path)

    nade.fit(X, callbacks=[Second()], backup_dir=tmp_path)
    nade.fit(X, backup_dir=tmp_path)


# --- forks ---------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")
@pytest.mark.filterwarnings("ignore:This process.*is multi-threaded")
@pytest.mark.parametrize("method", ["sample", "log_prob", "fit"])
def test_a_forked_process_says_that_it_cannot_work(method, saved):
    vae = saved[0]["VAE"]
    child = os.fork()
    if not child:
        threading.Timer(20, os._exit, [2]).start()
        try:
            vae.sample(2) if method == "sample" else getattr(vae, method)(X)
        except RuntimeError as problem:
            os._exit(0 if "forked" in str(problem) else 3)
        os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


FORK_FIRST = """
import os, sys
import kgen
from kgen.data.toy import bars
if not os.fork():
    kgen.VAE(latent_dim=2, epochs=1).fit(bars(8, size=3)).sample(2)
    os._exit(7)
assert os.waitstatus_to_exitcode(os.wait()[1]) == 7
"""


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs os.fork")
def test_a_fork_before_anything_was_computed_works(tmp_path):
    assert in_new_process(FORK_FIRST, Path(tmp_path)).returncode == 0
