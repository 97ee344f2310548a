"""Searches that train: what they find, in one process and in several."""

import os
import socket
import subprocess
import sys

import numpy as np
import pytest
from sklearn.base import clone

import kgen
from kgen.data.toy import bars, mixture
from kgen.networks import MLP
from kgen.tuning import search
from kgen.tuning.searching import TUNERS
from tests.conftest import tiny

pytest.importorskip("keras_tuner")

X, LABELS = mixture(120, random_state=0)
RATES = {"learning_rate": [1e-7, 3e-2, 1e-6]}
"""With which only one thing can be learned in two epochs."""


def made(**params):
    return tiny("MADE", **{"epochs": 2, "batch_size": 16, **params})


@pytest.mark.parametrize(
    "tuner",
    ["random", *(pytest.param(t, marks=pytest.mark.slow) for t in TUNERS[1:])],
)
def test_finds_what_is_best(tuner, eager):
    estimator = made()
    before = estimator.get_params()
    found = search(estimator, X, RATES, 5, tuner, random_state=0)
    assert found.best_params_ == {"learning_rate": 3e-2}
    best = found.best_estimator_
    assert best.learning_rate == 3e-2
    assert not best.warm_start
    assert best.epochs == len(best.history_["loss"]) == 2
    assert estimator.get_params() == before
    assert not hasattr(estimator, "model_")
    scores = [trial["score"] for trial in found.trials_]
    assert found.best_score_ == max(scores)
    # The space is exhausted: three settings, of which Hyperband continues some.
    fresh = [t for t in found.trials_ if not t["continues"]]
    assert sorted(t["params"]["learning_rate"] for t in fresh) == [1e-7, 1e-6, 3e-2]
    frame = found.results_
    assert list(frame["score"]) == scores
    assert frame["rank"].min() == 1
    assert "param_learning_rate" in frame


@pytest.mark.slow
def test_best_estimator_is_that_of_its_trial(eager):
    held_out, _ = mixture(50, random_state=1)
    found = search(made(), X, RATES, validation_data=held_out, random_state=0)
    assert found.best_score_ == pytest.approx(found.best_estimator_.score(held_out))
    again = made(**found.best_params_).fit(X)  # made() has a random_state
    assert again.score(held_out) == pytest.approx(found.best_score_)


@pytest.mark.slow
def test_hyperband_continues_trials_exactly(eager, tmp_path):
    """A trial of 1 epoch that went on for 2 more is a fit of 3."""
    estimator = made().set_params(epochs=3)
    held_out, _ = mixture(50, random_state=1)
    found = search(
        estimator, X, RATES, 4, "hyperband", validation_data=held_out, random_state=0
    )
    (went_on,) = (t for t in found.trials_ if t["continues"])
    assert went_on["epochs"] == 3
    whole = clone(estimator).set_params(**went_on["params"]).fit(X)
    assert went_on["score"] == pytest.approx(whole.score(held_out), abs=1e-6)


@pytest.mark.slow
def test_architectures_and_functions(eager):
    images = bars(40, size=3, random_state=0)
    space = {"architecture": [MLP(widths=(4,)), MLP(widths=(64,)), "conv"]}
    vae = tiny("VAE", epochs=2)
    found = search(vae, images, space, 3, "bayesian", random_state=0)
    tried = [trial["params"]["architecture"] for trial in found.trials_]
    assert {*map(repr, tried)} == {"'conv'", "MLP(widths=(4,))", "MLP(widths=(64,))"}
    assert found.best_estimator_.architecture == found.best_params_["architecture"]

    def function(hp):
        return {"latent_dim": 2 * hp.Int("half", 1, 2)}

    found = search(vae, images, function, 5, random_state=0)
    assert {t["params"]["latent_dim"] for t in found.trials_} == {2, 4}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "scoring"),
    [("GAN", None), ("GAN", "sliced_wasserstein"), ("Autoencoder", None)],
)
def test_estimators_without_a_density(name, scoring, eager):
    found = search(
        tiny(name), X, {"batch_size": [16, 32]}, 2, scoring=scoring, random_state=0
    )
    assert found.best_score_ < 0
    assert {t["params"]["batch_size"] for t in found.trials_} == {16, 32}


@pytest.mark.slow
def test_score_of_a_gan_is_its_frechet_distance(eager):
    held_out, _ = mixture(60, random_state=1)
    found = search(
        tiny("GAN"),
        X,
        {"batch_size": [16]},
        1,
        validation_data=held_out,
        random_state=3,
    )
    seed = kgen.core.random.new_seed(3)
    fake = found.best_estimator_.sample(60, random_state=seed).astype("float64")
    real = held_out.astype("float64")
    shift = ((real.mean(axis=0) - fake.mean(axis=0)) ** 2).sum()
    first, second = np.cov(real, rowvar=False), np.cov(fake, rowvar=False)
    root = np.sqrt(np.linalg.eigvals(first @ second).astype(complex)).real.sum()
    distance = shift + np.trace(first) + np.trace(second) - 2 * root
    assert found.best_score_ == pytest.approx(-distance, rel=1e-4)


@pytest.mark.slow
def test_conditional_estimators(eager):
    images = bars(40, size=3, random_state=0)
    y = images[:, 0, 0]
    for name in ("ConditionalPixelCNN", "ConditionalGAN"):
        space = {"batch_size": [8, 16]}
        found = search(tiny(name), images, space, 2, y=y, random_state=0)
        assert len(found.trials_) == 2


WORKER = """
import os, sys, time
from pathlib import Path
sys.modules["tensorboard"] = None  # keras-tuner's own loop imports it
import kgen
from kgen.data.toy import mixture
from kgen.tuning import Range, search

X, _ = mixture(60, random_state=0)
made = kgen.MADE(hidden=(4,), epochs=1, random_state=0, jit_compile=False)
space = {"learning_rate": Range(1e-4, 1e-1, log=True)}
folder, others = Path(sys.argv[1]), int(sys.argv[2])
me = os.environ.get("KERASTUNER_TUNER_ID", "alone")

def once_all_are_here(estimator, X, y):
    (folder / f"{me}.here").touch()
    for _ in range(900):
        if len(list(folder.glob("worker*.here"))) >= others:
            return estimator.score(X)
        time.sleep(0.1)

found = search(made, X, space, 4, "random", folder, scoring=once_all_are_here,
               random_state=0)
print("TRIALS", *sorted(t["params"]["learning_rate"] for t in found.trials_))
print("BEST", found.best_score_)
"""


def process(script, *arguments, **variables):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **variables}
    return subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", script, *map(str, arguments)],
        env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


@pytest.mark.slow
def test_workers_share_the_trials(tmp_path):
    """A chief that hands out trials, and two workers on this machine.

    None of them has tensorboard.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    place = {"KERASTUNER_ORACLE_IP": "127.0.0.1", "KERASTUNER_ORACLE_PORT": port}
    running = [
        process(WORKER, tmp_path, 2, KERASTUNER_TUNER_ID=name, **place)
        for name in ("chief", "worker0", "worker1")
    ]
    try:
        ended = [p.communicate(timeout=180) for p in running]
    finally:
        for p in running:
            p.kill()
    for p, (_, errors) in zip(running, ended, strict=True):
        assert p.returncode == 0, errors[-2000:]
    printed = [
        dict(line.split(" ", 1) for line in out.splitlines()) for out, _ in ended
    ]
    assert len({*printed[0]["TRIALS"].split()}) == 4
    # Both have taken some, by what they keep about themselves.
    assert {p.stem for p in tmp_path.glob("worker*.json")} == {"worker0", "worker1"}
    # Another process resumes what they have done, with nothing left to do.
    alone = process(WORKER, tmp_path, 0)
    out, errors = alone.communicate(timeout=120)
    assert alone.returncode == 0, errors[-2000:]
    assert out.splitlines()[-2:] == ended[0][0].splitlines()[-2:]


@pytest.mark.slow
def test_searches_of_scikit_learn(eager):
    """Over architectures, too, which halving gives more and more examples."""
    from sklearn.experimental import enable_halving_search_cv  # noqa: F401
    from sklearn.model_selection import HalvingGridSearchCV, RandomizedSearchCV

    grid = {"architecture": [MLP(widths=(4,)), "mlp"]}
    vae = tiny("VAE")
    for found in (
        RandomizedSearchCV(vae, grid, n_iter=1, cv=2, random_state=0),
        HalvingGridSearchCV(vae, grid, cv=2, min_resources=60, random_state=0),
    ):
        found.fit(X)
        assert np.isfinite(found.cv_results_["mean_test_score"]).all()
        assert found.best_params_["architecture"] in grid["architecture"]
        assert found.best_estimator_.sample(2).shape == (2, 2)
