"""What goes wrong outside: processes that are killed, files that lie, memory."""

import gc
import json
import os
import signal
import sys
import time
import zipfile
from pathlib import Path

import keras
import numpy as np
import pytest
from sklearn.base import clone

import kgen
from kgen.core import persistence
from kgen.data.toy import bars
from tests.conftest import drawn, is_conditional, tiny
from tests.training_jobs import NAMES, finish, start

X = bars(32, size=3, random_state=0)


@pytest.mark.slow
def test_a_killed_fit_goes_on_from_its_backup(tmp_path):
    """kill -9 in the middle of an epoch, the same call again: as if never killed."""

    def runs(**options):
        for name in NAMES:
            extra = {key: str(tmp_path / name) + end for key, end in options.items()}
            yield start(
                names=[name], settings={"epochs": 4}, out=f"{tmp_path}/{name}.json",
                **extra,
            )  # fmt: skip

    whole = start(names=NAMES, settings={"epochs": 4}, out=f"{tmp_path}/whole.json")
    interrupted = {"death": ".death", "backup_dir": ".backup"}
    for process in list(runs(**interrupted)):
        assert finish(process)[0] == -signal.SIGKILL
    for process in [whole, *runs(**interrupted)]:
        status, output = finish(process)
        assert status == 0, output
    expected = json.loads((tmp_path / "whole.json").read_text())
    for name in NAMES:
        found = json.loads((tmp_path / f"{name}.json").read_text())[name]
        for key, values in expected[name]["history"].items():
            np.testing.assert_allclose(found["history"][key], values, rtol=1e-4)
        for mine, other in zip(
            found["weights"], expected[name]["weights"], strict=True
        ):
            np.testing.assert_allclose(mine, other, rtol=1e-3, atol=1e-5)
        assert not list(Path(f"{tmp_path}/{name}.backup").iterdir())


def test_a_real_ctrl_c_keeps_the_last_epoch(interruptible, eager):
    class Interrupt(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 2:
                os.kill(os.getpid(), signal.SIGINT)
                time.sleep(0.1)

    vae = tiny("VAE", epochs=5)
    with pytest.raises(KeyboardInterrupt):
        vae.fit(X, callbacks=[Interrupt()])
    two = tiny("VAE", epochs=2).fit(X)
    assert vae.history_["loss"] == pytest.approx(two.history_["loss"], rel=1e-4)
    np.testing.assert_allclose(vae.log_prob(X), two.log_prob(X), rtol=1e-3)


def resident():
    """Megabytes in main memory, after everything that can be freed was freed."""
    import ctypes

    gc.collect()
    ctypes.CDLL("libc.so.6").malloc_trim(0)
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


on_linux = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="asks the kernel of Linux"
)


@on_linux
@pytest.mark.slow
def test_memory_is_flat_over_samples():
    fitted = [
        fit(tiny(name, jit_compile="auto")) for name in ("PixelCNN", "VAE", "GAN")
    ]
    random = np.random.default_rng(0)

    def draw(times):
        for n in random.integers(1, 100, size=times):
            for estimator in fitted:
                estimator.sample(int(n))

    draw(50)
    before = resident()
    draw(1000)
    assert resident() - before < 10


def fit(estimator):
    y = X[:, 0, 0] if is_conditional(estimator) else None
    estimator.fit(X, y, validation_data=X if y is None else (X, y))
    drawn(estimator, 2)
    if hasattr(estimator, "log_prob"):
        estimator.log_prob(X, y)
    return estimator


def grows(call):
    """Megabytes that 20 calls take, after some in which everything warms up."""
    for _ in range(30):  # in a new process the allocator grows for as long
        call()
    before = resident()
    for _ in range(20):
        call()
    return resident() - before


@on_linux
@pytest.mark.slow
def test_memory_is_flat_over_refits():
    """Keras alone keeps several megabytes of every fit: its graphs."""
    vae = tiny("VAE")
    assert grows(lambda: vae.fit(X).sample(2)) < 25


@on_linux
@pytest.mark.slow
@pytest.mark.parametrize("name", ["PixelCNN", "GAN"])
def test_memory_is_flat_whatever_is_called(name):
    """Graphs that are kept take several megabytes a fit, and the allocator a few."""
    estimator = tiny(name, jit_compile="auto")
    assert grows(lambda: fit(estimator)) < 50


@pytest.mark.slow
@pytest.mark.parametrize("name", list(kgen.estimators))
def test_a_model_that_goes_takes_nothing_with_it(name):
    """Graphs of one model end with it; those of others work on."""
    estimator = tiny(name, jit_compile="auto")
    gone, stays = fit(clone(estimator)), fit(clone(estimator))
    before = drawn(stays, 3, random_state=0)
    del gone
    gc.collect()
    np.testing.assert_array_equal(drawn(stays, 3, random_state=0), before)
    fit(stays.set_params(warm_start=True))
    again = fit(clone(estimator))
    np.testing.assert_array_equal(drawn(again, 3, random_state=0), before)


def rewrite(path, entry, change):
    """Change the JSON of one entry of a file."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    content = json.loads(parts[entry])
    change(content)
    parts[entry] = json.dumps(content).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data)


class Foreign(keras.layers.Layer):
    """A layer that nobody registered."""

    def call(self, x):
        return x


def saved(path, layer):
    """A VAE whose encoder ends with a layer, as a file."""
    vae = tiny("VAE").fit(X)
    vae.model_.encoder = keras.Sequential([*vae.model_.encoder.layers, layer])
    vae.model_.encoder(np.zeros((1, 3, 3, 1), "float32"))
    vae.model_.save(path)  # the estimator refuses to
    return path


def test_files_with_a_lambda_are_refused(tmp_path, eager):
    path = saved(tmp_path / "a.keras", keras.layers.Lambda(lambda x: x))
    for load in (kgen.load, keras.saving.load_model):
        with pytest.raises(ValueError, match="(?i)lambda"):
            load(path)


def test_files_with_a_class_of_somebody_else_are_refused(tmp_path, eager):
    path = saved(tmp_path / "a.keras", Foreign())
    with pytest.raises(ValueError, match=r"Foreign.*register"):
        kgen.load(path)
    keras.saving.register_keras_serializable("tests")(Foreign)
    path = saved(tmp_path / "b.keras", Foreign())
    assert kgen.load(path).sample(1).shape == (1, 3, 3)


@pytest.mark.parametrize(
    ("module", "name"), [("os", "system"), ("subprocess", "Popen"), ("kgen.x", "Y")]
)
def test_files_that_name_a_function_of_python_are_refused(
    module, name, tmp_path, eager
):
    evil = {"module": module, "class_name": name, "config": {}, "registered_name": None}

    def into_model(content):
        content["config"]["head"] = evil

    def into_facts(content):
        content["params"]["dict"].append(["head", {"keras": json.dumps(evil)}])

    for entry, change in (("config.json", into_model), (persistence.ENTRY, into_facts)):
        path = tmp_path / f"{entry}.keras"
        tiny("VAE").fit(X).save(path)
        rewrite(path, entry, change)
        with pytest.raises(ValueError, match=name):
            kgen.load(path)
