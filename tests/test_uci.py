"""The benchmark on the MAF paper's tables, on made-up files of the same form."""

import json
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import multivariate_normal

pd = pytest.importorskip("pandas")
h5py = pytest.importorskip("h5py")

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
pytestmark = pytest.mark.skipif(
    not BENCHMARKS.is_dir(), reason="the benchmarks are not part of what is installed"
)


@pytest.fixture
def uci(monkeypatch, tmp_path):
    """The script, which writes its results into a folder of the test."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    before = set(sys.modules)
    import training
    import uci

    monkeypatch.setattr(training, "RESULTS", tmp_path / "results")
    yield uci
    for name in {"training", "uci"} - before:
        del sys.modules[name]


@pytest.fixture
def folder(tmp_path):
    """Files of the same form as those of the archive."""
    random, folder = np.random.default_rng(0), tmp_path / "data"
    for name in ("power", "gas", "hepmass", "miniboone", "BSDS300"):
        (folder / name).mkdir(parents=True)

    power = random.integers(0, 40, size=(203, 8)) * [1e-3, 9, 0.01, 9, 1, 1, 1, 0]
    power[:, 7] = np.arange(203)  # the time
    np.save(folder / "power" / "data.npy", power)

    names = ["Time", "Meth", "Eth", "a", "b", "c", "d"]
    gas = pd.DataFrame(random.normal(size=(150, 7)), columns=names)
    gas["b"] = -gas["a"]  # the other way round it does not count
    gas["d"] = 3 * gas["c"] + 0.01 * gas["d"]
    gas["e"] = gas["c"] + 0.01 * gas["Time"]
    gas.to_pickle(folder / "gas" / "ethylene_CO.pickle")

    for part, n in (("train", 160), ("test", 40)):
        rows = random.normal(3.0, 2.0, size=(n, 5))
        rows[:, 0] = random.integers(2, size=n)
        rows[:, 2] = np.maximum(rows[:, 2], 3.0)  # the smallest value recurs
        rows[:, 4] = np.minimum(rows[:, 4], 3.0)  # the largest one
        frame = pd.DataFrame(rows, columns=["# label", "f0", "f1", "f2", "f3"])
        if part == "test":
            frame["mass"] = 1000.0
        frame.to_csv(folder / "hepmass" / f"1000_{part}.csv", index=False)

    np.save(folder / "miniboone" / "data.npy", random.normal(5, 2, size=(101, 3)))
    with h5py.File(folder / "BSDS300" / "BSDS300.hdf5", "w") as file:
        for part, n in (("train", 30), ("validation", 10), ("test", 20)):
            file[part] = random.normal(0, 0.1, size=(n, 4)).astype("float32")
    return folder


def prepared(uci, folder, name):
    return uci.PREPARE[name](*uci.located(folder, name))


def test_power_is_shuffled_given_noise_and_standardised(uci, folder):
    raw = np.load(folder / "power" / "data.npy")
    train, valid, test = prepared(uci, folder, "POWER")
    assert [len(train), len(valid), len(test)] == [203 - 20 - 18, 18, 20]

    random = np.random.RandomState(42)
    rows = raw[random.permutation(203)]
    voltage, active = 0.01 * random.rand(203), 0.001 * random.rand(203)
    meters, wanted = random.rand(203, 3), []
    for k, row in enumerate(rows):
        wanted.append([row[0] + active[k], row[2] + voltage[k]])
        wanted[-1] += [*(row[4:7] + meters[k]), row[7]]
    wanted = np.array(wanted)
    for column in range(6):
        own = wanted[:183, column]
        mean = own.sum() / 183
        spread = (((own - mean) ** 2).sum() / 183) ** 0.5
        found = np.concatenate([train, valid, test])[:, column]
        np.testing.assert_allclose(found, (wanted[:, column] - mean) / spread)


def test_gas_drops_features_that_another_one_repeats(uci, folder):
    train, valid, test = prepared(uci, folder, "GAS")
    assert [len(train), len(valid), len(test)] == [150 - 15 - 13, 13, 15]
    # As in the paper's code, with its frames.
    frame = pd.read_pickle(folder / "gas" / "ethylene_CO.pickle")
    frame = frame.drop(["Meth", "Eth", "Time"], axis=1)
    while True:
        alike = (frame.corr() > 0.98).sum(axis=1)
        if (alike == 1).all():
            break
        frame = frame.drop(frame.columns[np.where(alike > 1)[0][0]], axis=1)
    assert list(frame.columns) == ["a", "b", "e"]
    wanted = ((frame - frame.mean()) / frame.std()).to_numpy()
    np.testing.assert_allclose(np.concatenate([train, valid, test]), wanted)


def test_hepmass_keeps_the_signal_and_features_that_do_not_recur(uci, folder):
    train, valid, test = prepared(uci, folder, "HEPMASS")
    raw = np.loadtxt(folder / "hepmass" / "1000_train.csv", delimiter=",", skiprows=1)
    raw = raw[raw[:, 0] == 1, 1:]
    other = np.loadtxt(folder / "hepmass" / "1000_test.csv", delimiter=",", skiprows=1)
    other = other[other[:, 0] == 1, 1:5]
    assert len(valid) == len(raw) // 10
    counts = [sorted(Counter(column).items())[0][1] for column in raw.T]
    kept = [k for k in range(4) if counts[k] <= 5]
    assert kept == [0, 2, 3]
    mean, spread = raw.mean(axis=0), raw.std(axis=0, ddof=1)
    found = np.concatenate([train, valid])
    np.testing.assert_allclose(found, ((raw - mean) / spread)[:, kept])
    np.testing.assert_allclose(test, ((other - mean) / spread)[:, kept])


def test_miniboone_is_standardised_by_what_is_not_test(uci, folder):
    raw = np.load(folder / "miniboone" / "data.npy")
    train, valid, test = prepared(uci, folder, "MINIBOONE")
    assert [len(train), len(valid), len(test)] == [82, 9, 10]
    own = np.concatenate([train, valid])
    np.testing.assert_allclose(own.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(own.std(axis=0), 1)
    np.testing.assert_allclose(test * raw[:91].std(axis=0), raw[91:] - raw[:91].mean(0))


def test_bsds300_is_as_in_the_file(uci, folder):
    with h5py.File(folder / "BSDS300" / "BSDS300.hdf5") as file:
        for found, part in zip(
            prepared(uci, folder, "BSDS300"),
            ("train", "validation", "test"),
            strict=True,
        ):
            np.testing.assert_array_equal(found, file[part])


def test_a_run_writes_and_prints_and_is_not_repeated(uci, folder, eager, capsys):
    chosen = ["--data", str(folder), "--sets", "MINIBOONE", "--models", "RealNVP"]
    chosen += ["--minutes", "0", "--set", "hidden=4", "couplings=1", "verbose=0"]
    uci.main(chosen)
    printed = capsys.readouterr().out
    assert "the paper's -37.24" in printed
    assert "the paper's -13.84" in printed
    results = folder.parent / "results"
    assert [path.name for path in results.iterdir() if path.is_file()] == ["uci.json"]
    found = json.loads((results / "uci.json").read_text())["MINIBOONE"]
    assert found["shape"] == [[82, 3], [9, 3], [10, 3]]
    assert found["RealNVP"]["epochs"] == 1

    # The Gaussian, and the flow that has not learned yet: standard normal.
    train, _, test = prepared(uci, folder, "MINIBOONE")
    law = multivariate_normal(train.mean(axis=0), np.cov(train.T, bias=True))
    log_prob = law.logpdf(test)
    assert found["Gaussian"]["nats"] == pytest.approx(log_prob.mean(), abs=1e-4)
    error = 2 * log_prob.std() / 10**0.5
    assert found["Gaussian"]["two_errors"] == pytest.approx(error, abs=1e-4)
    units = multivariate_normal(train.mean(axis=0), np.diag(train.var(axis=0)))
    nats = units.logpdf(test).mean()
    assert found["RealNVP"]["nats"] == pytest.approx(nats, abs=0.1)

    uci.main(chosen)
    assert capsys.readouterr().out.count("MINIBOONE") == 2
    assert json.loads((results / "uci.json").read_text())["MINIBOONE"] == found


def test_the_best_epoch_is_kept_over_an_interruption(uci, tmp_path):
    class Model:
        stop_training = False

        def get_weights(self):
            return [np.full(2, self.value), np.full((1, 3), -self.value)]

        def set_weights(self, weights):
            self.value = weights[0][0]
            np.testing.assert_array_equal(weights[1], np.full((1, 3), -self.value))

    model = Model()
    for losses in ([3.0, 1.0, 2.0], [1.5, 1.2]):  # two calls
        keep = uci.KeepBest(tmp_path / "best.npz", patience=2)
        keep.set_model(model)
        keep.on_train_begin()
        for epoch, loss in enumerate(losses):
            assert not model.stop_training
            model.value = loss
            keep.on_epoch_end(epoch, {"val_loss": loss})
    assert model.stop_training
    keep.restore(model)
    assert model.value == 1.0


def test_a_missing_file_is_an_error_that_says_where_it_comes_from(uci, tmp_path):
    with pytest.raises(SystemExit, match=r"GAS: there is no file .*zenodo.*--data"):
        uci.main(["--data", str(tmp_path), "--sets", "GAS"])
