"""Replicas and workers train as a single device does, and survive one another."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

import kgen
from kgen.core import replicas
from tests.training_jobs import NAMES, ROOT, finish, free_ports, start


def answers(folder, jobs):
    """Do jobs at the same time, each a dict of options, and read what they found."""
    processes = [
        start(out=str(folder / f"{i}.json"), **options)
        for i, options in enumerate(jobs)
    ]
    for process in processes:
        # Twelve models and more, on a machine that may be busy.
        status, output = finish(process, timeout=1200)
        assert status == 0, output
    return [
        json.loads((folder / f"{i}.json").read_text()) for i in range(len(processes))
    ]


EVERY = list(kgen.estimators)
# The others are made of the layers of one of these.
COMPILED = [
    name
    for name in EVERY
    if name not in ("GatedPixelCNN", "MAF", "BetaVAE", "ConditionalVAE", "WAE")
]


@pytest.fixture(scope="module")
def one_device(tmp_path_factory):
    job = {"names": EVERY, "settings": {"jit_compile": False}}
    return answers(tmp_path_factory.mktemp("one"), [job])[0]


@pytest.fixture(scope="module")
def with_xla(tmp_path_factory):
    job = {"names": COMPILED, "settings": {"jit_compile": True}}
    return answers(tmp_path_factory.mktemp("xla"), [job])[0]


@pytest.fixture(scope="module")
def two_replicas(tmp_path_factory):
    folder = tmp_path_factory.mktemp("replicas")
    return answers(folder, [{"names": EVERY, "replicas": 2}])[0]


@pytest.fixture(scope="module")
def two_workers(tmp_path_factory):
    folder, ports = tmp_path_factory.mktemp("workers"), free_ports(2)
    jobs = [{"names": NAMES, "worker": i, "ports": ports} for i in (0, 1)]
    return answers(folder, jobs)


def same(found, expected):
    """The same losses after every epoch, and the same weights in the end."""
    assert found["history"].keys() == expected["history"].keys()
    for key, values in expected["history"].items():
        # A divergence near zero is a difference of numbers near one.
        np.testing.assert_allclose(found["history"][key], values, rtol=1e-4, atol=1e-6)
    for mine, theirs in zip(found["weights"], expected["weights"], strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-3, atol=2e-5)


@pytest.mark.parametrize("name", COMPILED)
@pytest.mark.slow
def test_xla_trains_like_tensorflow(name, one_device, with_xla):
    for key, values in one_device[name]["history"].items():
        np.testing.assert_allclose(
            with_xla[name]["history"][key], values, rtol=1e-3, atol=1e-6
        )


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.slow
def test_replicas_train_like_one_device(name, one_device, two_replicas):
    same(two_replicas[name], one_device[name])
    assert two_replicas[name]["replicas"] == 2
    assert two_replicas[name]["apart"] == 0


@pytest.mark.slow
def test_replicas_share_the_steps_of_a_batch(tmp_path):
    """Five steps of 2 or 1 examples: some parts of a replica are empty."""
    settings = {"discriminator_steps": 5, "batch_size": 2, "jit_compile": False}
    job = {"names": ["WGAN"], "settings": {**settings, "learning_rate": 2e-3}}
    single, both = answers(tmp_path, [job, {**job, "replicas": 2}])
    same(both["WGAN"], single["WGAN"])


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.slow
def test_workers_train_like_one_device(name, one_device, two_workers):
    first, second = (worker[name] for worker in two_workers)
    same(first, one_device[name])
    assert first["history"] == second["history"]
    assert first["weights"] == second["weights"]


@pytest.mark.slow
def test_without_a_random_state_workers_agree_on_one(tmp_path):
    ports, path = free_ports(2), tmp_path / "model.keras"
    settings = {"random_state": None, "epochs": 1}
    jobs = [
        {"worker": i, "ports": ports, "settings": settings, "save": str(path)}
        for i in (0, 1)
    ]
    first, second = answers(tmp_path, jobs)
    assert first["PixelCNN"]["seed"] == second["PixelCNN"]["seed"]
    assert first["PixelCNN"]["weights"] == second["PixelCNN"]["weights"]
    # The first of them wrote the file, alone.
    assert kgen.load(path).seed_ == first["PixelCNN"]["seed"]


@pytest.mark.slow
def test_a_killed_worker_goes_on_from_the_backup(tmp_path):
    """kill -9 of one of two workers; both are started again until they are done."""
    whole = answers(tmp_path, [{"settings": {"epochs": 4}}])[0]["PixelCNN"]
    death, attempts = tmp_path / "death", []
    while len(attempts) < 3 and (not attempts or any(s for s, _ in attempts[-1])):
        ports = free_ports(2)
        processes = [
            start(
                worker=i, ports=ports, settings={"epochs": 4},
                backup_dir=str(tmp_path / "backup"), out=str(tmp_path / f"w{i}.json"),
                **({"death": str(death)} if i == 1 else {}),
            )
            for i in (0, 1)
        ]  # fmt: skip
        attempts.append([finish(process) for process in reversed(processes)])
    assert len(attempts) == 2, attempts
    assert attempts[0][0][0] == -9
    assert attempts[0][1][0] == 1, "the other worker did not stop by itself"
    for i in (0, 1):
        again = json.loads((tmp_path / f"w{i}.json").read_text())["PixelCNN"]
        same(again, whole)
        assert len(again["history"]["loss"]) == 4
    assert not list((tmp_path / "backup").iterdir())


OUTSIDE = """
import tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
two = [tf.config.LogicalDeviceConfiguration()] * 2
tf.config.set_logical_device_configuration(cpu, two)
import kgen
from kgen.data.toy import bars
X = bars(16, size=3, random_state=0)
model = kgen.PixelCNN(filters=4, blocks=0, epochs=1, warm_start=True)
strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
model.fit(X)
try:
    with strategy.scope():
        model.fit(X)
except ValueError as error:
    print("refused:", error)
inside = kgen.PixelCNN(filters=4, blocks=0, epochs=1, warm_start=True)
with strategy.scope():
    print("epochs:", len(inside.fit(X).fit(X).history_["loss"]))
"""


@pytest.mark.slow
def test_a_model_from_outside_is_not_trained_on_in_a_scope():
    done = subprocess.run(
        [sys.executable, "-c", OUTSIDE], cwd=ROOT, text=True, capture_output=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)}, check=True,
    )  # fmt: skip
    assert "refused: PixelCNN(warm_start=True).fit" in done.stdout
    assert "strategy.scope()" in done.stdout
    assert "epochs: 2" in done.stdout


def test_without_a_strategy_there_is_one_replica():
    assert replicas.count() == 1
    assert replicas.sizes(3) is None
    assert replicas.share(3) == 1
    assert replicas.is_chief()
    assert replicas.agreed(7) == 7
    data = {"x": np.zeros((0, 2), "float32")}
    with replicas.part(data) as (own, _):
        assert own is data
        assert replicas.counted(data["x"]) is data["x"]
    assert replicas.whole_batch(data["x"]) is data["x"]
