"""Which trials a search runs, what it records and resumes, and what it refuses."""

import copy
import sys

import numpy as np
import pytest
from sklearn.mixture import GaussianMixture

import kgen
from kgen.data.toy import mixture
from kgen.tuning import OneOf, Range, Widths, search
from tests.conftest import tiny

pytest.importorskip("keras_tuner")
from kgen.tuning import trials  # noqa: E402

X, LABELS = mixture(120, random_state=0)
RATES = {"learning_rate": [1e-7, 3e-2, 1e-6]}
"""With which only one thing can be learned in two epochs."""


def made(**params):
    return tiny("MADE", **{"epochs": 2, "batch_size": 16, **params})


@pytest.fixture
def instant(monkeypatch, eager):
    """Trials that do not train: what they are given counts. Returns all of them."""
    fitted, begun = tiny("MADE").fit(X[:16]), []

    def fit(job, hp):
        begun.append(job.space(hp))
        if begun[-1].get("learning_rate", 0) > 1:
            raise FloatingPointError("the loss is NaN")
        return copy.copy(fitted).set_params(**begun[-1])

    monkeypatch.setattr(trials.Job, "fit", fit)
    return begun


def nearness(estimator, X, y):
    """Highest at a learning rate of 0.01."""
    return -abs(np.log10(estimator.learning_rate) + 2)


def test_first_trial_has_own_values(instant):
    space = {"learning_rate": Range(1e-5, 1e-1, log=True), "hidden": Widths(4, 32)}
    estimator = made(learning_rate=0.02, hidden=(8, 8))
    for tuner in ("random", "bayesian"):
        search(estimator, X, space, 1, tuner, random_state=1)
        assert instant.pop() == {"learning_rate": 0.02, "hidden": (8, 8)}


@pytest.mark.slow
def test_bayesian_search_closes_in(instant):
    """Of a smooth score it finds the top, and by chance it would not."""
    space = {"learning_rate": Range(1e-6, 1.0, log=True)}
    bayesian = search(made(), X, space, 12, scoring=nearness, random_state=0)
    near = [abs(np.log10(p["learning_rate"]) + 2) for p in instant]
    assert bayesian.best_score_ > -0.05
    assert np.median(near[6:]) < 0.5
    assert len({p["learning_rate"] for p in instant}) == 12


@pytest.mark.parametrize(
    "tuner", ["random", pytest.param("bayesian", marks=pytest.mark.slow)]
)
def test_tries_nothing_twice_and_stops_when_all_is_tried(tuner, instant):
    space = {"learning_rate": [0.1, 0.01], "hidden": [(4,), (4, 4)]}
    found = search(made(), X, space, 9, tuner, scoring=nearness, random_state=0)
    assert len(found.trials_) == len(instant) == 4
    assert len({*map(repr, instant)}) == 4


def test_hyperband_spends_its_budget(instant):
    """Nine epochs are three brackets, which start with 1, 3 and 9 of them."""
    space = {"learning_rate": Range(1e-6, 1e-1, log=True)}
    estimator = made(epochs=9)
    found = search(estimator, X, space, 9, "hyperband", scoring=nearness)
    begun = [t["epochs"] for t in found.trials_ if not t["continues"]]
    assert begun[:9] == [1] * 9
    first, then = found.trials_[:9], found.trials_[9:12]
    best = sorted(first, key=lambda t: -t["score"])[:3]
    assert [t["continues"] for t in then] == [t["trial"] for t in best]
    by_id = {t["trial"]: t for t in found.trials_}
    spent = 0
    for trial in found.trials_:
        before = by_id.get(trial["continues"], {"epochs": 0, "params": trial["params"]})
        assert trial["params"] == before["params"]
        spent += trial["epochs"] - before["epochs"]
    assert 81 <= spent < 81 + 9


def test_resumes_and_runs_nothing_twice(instant, tmp_path):
    def interrupted(estimator, X, y):
        if len(instant) == 2:
            raise KeyboardInterrupt
        return nearness(estimator, X, y)

    settings = {"scoring": interrupted, "directory": tmp_path / "search"}
    with pytest.raises(KeyboardInterrupt):
        search(made(), X, RATES, 3, "random", **settings)
    found = search(made(), X, RATES, 3, "random", **settings)
    # The interrupted trial once more, the finished one not.
    rates = [params["learning_rate"] for params in instant]
    assert rates[1] == rates[2]
    assert len(rates) == 4
    assert set(rates) == {*RATES["learning_rate"]}
    again = search(made(), X, RATES, 3, "random", **settings)
    assert len(instant) == 4
    assert again.trials_ == found.trials_
    assert again.best_estimator_.learning_rate == found.best_params_["learning_rate"]
    with pytest.raises(ValueError, match=r"another data"):
        search(made(), X[1:], RATES, 3, "random", **settings)
    with pytest.raises(ValueError, match=r"another hyper-parameters"):
        search(made(epochs=1), X, RATES, 3, "random", **settings)
    other = tmp_path / "search" / "other.json"
    other.write_text("[1]")
    found = search(made(), X[1:], RATES, 1, "random", overwrite=True, **settings)
    assert len(found.trials_) == 1
    assert other.exists()


def test_resumes_with_more_trials(instant, tmp_path, monkeypatch):
    space = {"learning_rate": Range(1e-6, 1e-1, log=True)}
    for n in (2, 2, 5):
        monkeypatch.setenv("KERASTUNER_TUNER_ID", f"in another role: {n}")
        found = search(made(), X, space, n, "random", tmp_path, scoring=nearness)
        assert len(found.trials_) == len(instant) == n
    assert [t["params"] for t in found.trials_] == instant


def test_failed_trials_are_recorded(instant, capfd):
    rates = {"learning_rate": [10.0, 0.01, 0.1]}
    with pytest.warns(UserWarning, match=r"Trial \d failed.* the loss is NaN"):
        found = search(made(), X, rates, 3, scoring=nearness, random_state=0)
    failed = [t for t in found.trials_ if t["status"] == "failed"]
    assert [t["params"] for t in failed] == [{"learning_rate": 10.0}]
    assert failed[0]["problem"] == "FloatingPointError: the loss is NaN"
    assert found.results_["rank"].isna().sum() == 1
    assert found.best_params_ == {"learning_rate": 0.01}
    assert capfd.readouterr() == ("", "")
    with (
        pytest.warns(UserWarning, match="failed"),
        pytest.raises(ValueError, match=r"All 2 trials failed.* score is -inf"),
    ):
        search(made(), X, {"batch_size": [1, 2]}, scoring=lambda *_: -np.inf)


def test_mistakes_of_a_scorer_are_raised(instant):
    def mistaken(estimator, X, y):
        return estimator.no_such_thing

    with pytest.raises(AttributeError, match="no_such_thing"):
        search(made(), X, RATES, 3, scoring=mistaken)


def test_progress_is_printed_on_request(instant, capsys):
    search(made(), X, RATES, 1, scoring=nearness, verbose=1)
    assert "learning_rate" in capsys.readouterr().out


def test_user_errors():
    estimator = made()
    with pytest.raises(TypeError, match="estimator of kgen"):
        search(GaussianMixture(), X)
    with pytest.raises(ValueError, match="`tuner` must be one of"):
        search(estimator, X, tuner="grid")
    with pytest.raises(ValueError, match="`max_trials` must be"):
        search(estimator, X, max_trials=0)
    with pytest.raises(ValueError, match="`space` must be None"):
        search(estimator, X, {"hidden": 3})
    with pytest.raises(ValueError, match="Invalid parameter 'widht'"):
        search(estimator, X, {"widht": [3]})
    with pytest.raises(ValueError, match="names no hyper-parameter of MADE"):
        search(estimator, X, {})
    with pytest.raises(ValueError, match="Leave `epochs` out"):
        search(estimator, X, {"epochs": [1, 2]}, tuner="hyperband")
    with pytest.raises(ValueError, match="`scoring` must be None"):
        search(estimator, X, scoring="accuracy")
    with pytest.raises(ValueError, match="needs `score`, which GAN does not have"):
        search(tiny("GAN"), X, scoring="log_likelihood")
    for share in (0, 1.0, "a"):
        with pytest.raises(ValueError, match="validation_data"):
            search(estimator, X, validation_split=share)
    with pytest.raises(ValueError, match="must print differently"):
        OneOf((1, 1))
    with pytest.raises(ValueError, match="0 < low <= high"):
        Range(0, 1, log=True)


def test_frames_need_pandas_only_when_read(monkeypatch):
    found = kgen.tuning.SearchResult({}, 0.0, None, [])
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match="pip install pandas"):
        _ = found.results_
    monkeypatch.setitem(sys.modules, "keras_tuner", None)
    with pytest.raises(ImportError, match=r"keras-kgen\[tuner\]"):
        search(made(), X)
