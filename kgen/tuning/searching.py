"""`search`: hyper-parameters that do better on held-out examples."""

import contextlib
import importlib
import io
import json
import os
import re
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import joblib
import numpy as np
from sklearn.base import clone
from sklearn.model_selection import train_test_split

from kgen.base.estimator import GenerativeEstimator
from kgen.base.files import load
from kgen.base.spaces import OneOf, Space
from kgen.core import backend, messages, validation
from kgen.core.random import new_seed
from kgen.core.strategy import readable
from kgen.data.sources import is_dataset
from kgen.tuning import scores
from kgen.tuning.results import SearchResult

TUNERS = ("random", "bayesian", "hyperband")

OWN_FILES = {
    "search.json", "oracle.json", "trial.json", "estimator.keras", "problem.txt"
}  # fmt: skip

Pair = tuple[Any, Any]
"""X, and y or None."""


def search(
    estimator: Any,
    X: Any,
    space: Any = None,
    max_trials: int = 10,
    tuner: str = "bayesian",
    directory: str | os.PathLike | None = None,
    *,
    y: Any = None,
    validation_data: Any = None,
    validation_split: float = 0.2,
    scoring: Any = None,
    callbacks: Any = (),
    random_state: Any = None,
    overwrite: bool = False,
    verbose: int | bool = 0,
) -> SearchResult:
    """Search for hyper-parameters with keras-tuner.

    Every trial fits a clone of the estimator with other hyper-parameters, and scores it
    on examples that it was not trained on. The first trial has the estimator's own
    values, where the space contains them (except with "hyperband"). A trial fails if
    its loss becomes NaN, if it needs too much memory or if its values do not fit the
    data. That gives a warning, and the search goes on.

    Args:
        estimator: what to tune; it is not changed.
        X: training data, as for `fit`.
        space: None for the estimator's `search_space`; or a dictionary from names of
            hyper-parameters to lists of values, or to `Range`, `OneOf`, `Widths`; or a
            function from keras-tuner's `hp` to a dictionary of hyper-parameters.
        max_trials: number of settings to try, >= 1. With "hyperband" it is the cost of
            the search: at most about as many epochs as this many full trainings have.
        tuner: "random"; "bayesian", a Gaussian process after a few random trials; or
            "hyperband", which trains many a little, and goes on with the best.
        directory: folder for trials and fitted estimators. The same call resumes what
            it holds: trials that are done are not run again. None for a temporary
            folder.
        y: labels or conditions of X, as for `fit`.
        validation_data: examples to score on, X or (X, y).
        validation_split: share of X, an array, to hold out instead, chosen at random,
            > 0 and < 1.
        scoring: what to maximise. None is the mean log-likelihood ("log_likelihood")
            where there is a density, minus the Frechet distance of as many samples as
            held-out examples where there is none ("frechet_distance"), and minus the
            squared error ("reconstruction") for plain autoencoders. Or
            "kernel_distance", "sliced_wasserstein", "mmd" (see `kgen.metrics`), or a
            function (estimator, X, y) -> float, where higher is better.
        callbacks: Keras callbacks for every fit, copied for each; they see
            `validation_data`.
        random_state: None, int or RandomState: for the trials, the split, and the fits
            if the estimator has none.
        overwrite: whether to delete what `directory` holds, and to start again.
        verbose: 1 or True prints trials as they begin and end.

    Returns:
        The `best_params_`, the `best_estimator_` as its trial left it, and all results.

    Raises:
        ImportError: if keras-tuner is not installed.
        ValueError: for invalid arguments, a `directory` with another search, or if all
            trials failed.

    Example:
        >>> import kgen
        >>> from kgen.data.toy import mixture
        >>> X, _ = mixture(200, random_state=0)
        >>> made = kgen.MADE(hidden=(16,), epochs=2, jit_compile=False)
        >>> found = search(made, X, {"learning_rate": [1e-5, 1e-2]}, random_state=0)
        >>> found.best_params_
        {'learning_rate': 0.01}
        >>> found.results_[["status", "param_learning_rate", "rank"]]
              status  param_learning_rate  rank
        0  completed              0.00001     2
        1  completed              0.01000     1
        >>> found.best_estimator_.sample(3).shape
        (3, 2)

    References:
        O'Malley et al., KerasTuner, 2019. https://github.com/keras-team/keras-tuner
    """
    if not isinstance(estimator, GenerativeEstimator):
        raise messages.cannot_search(estimator)
    backend.need_tensorflow("kgen.tuning.search")
    max_trials = validation.check_setting("search", "max_trials", max_trials, ge=1)
    validation.check_choice("search", "tuner", tuner, TUNERS)
    validation.check_params(estimator)
    name, score = scores.resolve(estimator, scoring)
    trials, oracles = _import("trials"), _import("oracles")
    with contextlib.ExitStack() as stack:
        folder = _folder(directory, random_state, stack, overwrite=overwrite)
        seed = _seed(folder, random_state)
        train, held_out = _split((X, y), validation_data, validation_split, seed)
        asked = _space(estimator, space, None if is_dataset(X) else np.shape(X)[1:])
        job = trials.Job(
            estimator, asked, train, held_out, score, callbacks, seed, folder
        )
        facts = {
            "estimator": type(estimator).__name__,
            "hyper-parameters": _shown(estimator),
            "space": _checked(estimator, asked, tuner),
            "data": _digest(train, held_out),
            "tuner": tuner,
            "scoring": name,
        }
        if _role() != "worker":
            _remember(folder, directory, facts, seed)
        oracle = oracles.make(tuner, max_trials, int(estimator.epochs), seed)
        # keras-tuner prints that it resumes.
        out = sys.stdout if verbose else io.StringIO()
        with contextlib.redirect_stdout(out):
            loop = trials.Trials(oracle, job)
        _run(loop, verbose=int(verbose))
        return _result(job, trials.read(job))


def _import(name: str) -> Any:
    """A module that needs keras-tuner."""
    try:
        importlib.import_module("keras_tuner")
    except ImportError:
        raise messages.no_tuner() from None
    return importlib.import_module(f"kgen.tuning.{name}")


def _role() -> str:
    """What this process is: keras-tuner reads it from the environment."""
    if "KERASTUNER_ORACLE_IP" not in os.environ:
        return "alone"
    return "chief" if "chief" in os.environ.get("KERASTUNER_TUNER_ID", "") else "worker"


def _folder(directory: Any, random_state: Any, stack: Any, *, overwrite: bool) -> Path:
    """Where the files of the search are, emptied of another's on request."""
    if _role() != "alone":
        if directory is None:
            raise messages.workers_need("the same `directory`, which they share")
        if not validation.is_a(random_state, int):
            raise messages.workers_need("the same `random_state`, an integer")
    if directory is None:
        directory = stack.enter_context(tempfile.TemporaryDirectory())
    folder = Path(directory).absolute()
    folder.mkdir(parents=True, exist_ok=True)
    if overwrite and _role() != "worker":
        for path in [*folder.glob("trial_*/*"), *folder.glob("*.json")]:
            # The state of keras-tuner's loop, under a name of its choice, is empty.
            if path.name in OWN_FILES or path.read_bytes() == b"{}":
                path.unlink()
    return folder


def _seed(folder: Path, random_state: Any) -> int:
    """The seed of this search: that of what is resumed, if it was left to chance."""
    path = folder / "search.json"
    if random_state is None and path.exists():
        return json.loads(path.read_text())["seed"]
    return max(new_seed(random_state), 1)  # keras-tuner takes 0 for none


def _split(data: Pair, given: Any, share: Any, seed: int) -> tuple[Pair, Pair]:
    """X and y to train on, and X and y to score on."""
    X, y = data
    if given is not None:
        held_out = given if isinstance(given, tuple) else (given, None)
        if len(held_out) != 2 or is_dataset(held_out[0]):
            raise messages.no_split("A dataset cannot be scored on: pass arrays.")
        return data, held_out
    if is_dataset(X):
        raise messages.no_split("X is a dataset, which is not split.")
    if not validation.is_a(share, float) or not 0 < share < 1:
        raise messages.no_split(f"Got {share!r}.")
    X = X if hasattr(X, "shape") else np.asarray(X)
    if len(X) < 2:
        raise messages.no_split(f"X has {len(X)} examples.")
    if y is None:
        parts = train_test_split(X, test_size=share, random_state=seed)
        return (parts[0], None), (parts[1], None)
    y = y if hasattr(y, "shape") else np.asarray(y)
    parts = train_test_split(X, y, test_size=share, random_state=seed)
    return (parts[0], parts[2]), (parts[1], parts[3])


def _space(estimator: Any, space: Any, shape: Any) -> Callable[[Any], dict[str, Any]]:
    """The function from `hp` to hyper-parameters."""
    if space is None:
        return lambda hp: estimator.search_space(hp, shape)
    if callable(space):
        return space
    if not isinstance(space, dict):
        raise messages.wrong_space(space)
    spaces = {}
    for name, values in space.items():
        if not isinstance(values, (Space, list, tuple, np.ndarray)):
            raise messages.wrong_space(space)
        spaces[name] = values if isinstance(values, Space) else OneOf(tuple(values))
    own = estimator.get_params()
    return lambda hp: {k: v.draw(hp, k, own.get(k)) for k, v in spaces.items()}


def _checked(estimator: Any, space: Callable[[Any], Any], tuner: str) -> str:
    """A space as text, after a look at its first values."""
    hp = importlib.import_module("keras_tuner").HyperParameters()
    params = space(hp)
    if not isinstance(params, dict):
        raise messages.wrong_space(space)
    if not params:
        raise messages.empty_space(type(estimator).__name__)
    if tuner == "hyperband" and "epochs" in params:
        raise messages.epochs_are_the_budget()
    clone(estimator).set_params(**params)
    return json.dumps(hp.get_config()["space"], sort_keys=True)


def _shown(estimator: Any) -> str:
    """Hyper-parameters as text, without addresses, and without what changes nothing."""
    params = estimator.get_params(deep=False)
    text = repr({k: readable(v) for k, v in params.items() if k != "verbose"})
    return re.sub(r" at 0x[0-9a-f]+", "", text)


def _digest(*pairs: tuple) -> str:
    """What data are recognised by; for datasets, only that they are datasets."""
    parts = [part for pair in pairs for part in pair]
    return joblib.hash(["dataset" if is_dataset(part) else part for part in parts])


def _remember(folder: Path, directory: Any, facts: dict, seed: int) -> None:
    """Write down which search this is, or check that it is the same."""
    path = folder / "search.json"
    if path.exists():
        saved = json.loads(path.read_text())["facts"]
        for what, value in facts.items():
            if saved.get(what) != value:
                raise messages.other_search(directory, what)
    path.write_text(json.dumps({"seed": seed, "facts": facts}))


def _run(loop: Any, *, verbose: int) -> None:
    """Run trials; errors that are no trial's fault are raised unchanged."""
    errors = importlib.import_module("keras_tuner").errors
    try:
        loop.search(verbose=verbose)
    except errors.FatalError as fatal:
        raise fatal.__cause__ or fatal from None


def _result(job: Any, found: list[dict[str, Any]]) -> SearchResult:
    """The best of the trials that completed."""
    completed = [trial for trial in found if trial["status"] == "completed"]
    if not completed:
        problems = [trial["problem"] for trial in found if trial["status"] == "failed"]
        if problems:
            raise messages.all_failed(len(found), problems[-1])
        raise messages.no_trials(_role())
    best = max(completed, key=lambda trial: trial["score"])
    fitted = load(job.path(best["trial"], "estimator.keras"))
    return SearchResult(best["params"], best["score"], fitted, found)
