"""Messages about searches for hyper-parameters."""

from typing import Any


def no_range(low: Any, high: Any, *, log: bool) -> ValueError:
    rule = "0 < low <= high, since log=True" if log else "low <= high"
    return ValueError(f"Range({low!r}, {high!r}): {rule} is needed.")


def no_values(values: Any) -> ValueError:
    return ValueError(
        f"OneOf({values!r}): `values` must be a tuple of one or more values."
    )


def equal_values(values: tuple) -> ValueError:
    return ValueError(
        f"OneOf({values!r}): values must print differently, since trials are known "
        "again by what they print."
    )


def no_tuner() -> ImportError:
    return ImportError(
        "kgen.tuning.search needs keras-tuner: pip install 'keras-kgen[tuner]', or pip "
        "install keras-tuner."
    )


def no_frames() -> ImportError:
    return ImportError(
        "`results_` is a DataFrame, which needs pandas: pip install pandas. `trials_` "
        "has the same as a list of dictionaries."
    )


def cannot_search(estimator: Any) -> TypeError:
    return TypeError(
        "`estimator` must be an estimator of kgen, such as kgen.MADE(). Got "
        f"{type(estimator).__name__}. For others, also for pipelines, there is "
        "sklearn.model_selection.RandomizedSearchCV."
    )


def wrong_space(space: Any) -> ValueError:
    return ValueError(
        "`space` must be None (the estimator's own search_space), a function from "
        "keras-tuner's `hp` to a dictionary of hyper-parameters, or a dictionary from "
        "names of hyper-parameters to lists of values, or to a Range, OneOf or Widths "
        f"of kgen.tuning. Got {space!r}."
    )


def empty_space(owner: str) -> ValueError:
    return ValueError(
        f"There is nothing to search: `space` names no hyper-parameter of {owner}."
    )


def epochs_are_the_budget() -> ValueError:
    return ValueError(
        'tuner="hyperband" decides itself how many epochs a trial gets, up to those of '
        "the estimator. Leave `epochs` out of `space`."
    )


def wrong_scoring(scoring: Any, known: list[str]) -> ValueError:
    return ValueError(
        "`scoring` must be None, a function (estimator, X, y) -> float of which more "
        f"is better, or one of {', '.join(map(repr, known))}. Got {scoring!r}."
    )


def nothing_to_score(owner: str, scoring: str, method: str) -> ValueError:
    return ValueError(
        f"scoring={scoring!r} needs `{method}`, which {owner} does not have. Choose "
        "another, or pass a function (estimator, X, y) -> float."
    )


def no_split(why: str) -> ValueError:
    return ValueError(
        "A search scores trials on examples that they were not trained on: pass "
        f"`validation_data`, X or (X, y), or a `validation_split` in (0, 1). {why}"
    )


def other_search(directory: Any, what: str) -> ValueError:
    return ValueError(
        f"{directory} holds a search with another {what}. To resume it, repeat its "
        "call (`max_trials` may grow); to begin anew, choose another directory, or "
        "overwrite=True."
    )


def all_failed(n: int, last: str) -> ValueError:
    return ValueError(f"All {n} trials failed. The last one: {last}")


def no_trials(role: str) -> RuntimeError:
    return RuntimeError(
        f"{role} of the search ended without a trial that has completed: others have "
        "taken them all, or the chief had ended before."
    )


def workers_need(what: str) -> ValueError:
    return ValueError(
        "KERASTUNER_ORACLE_IP is set, so that this process shares a search with "
        f"others. All of them need {what}."
    )


def trial_failed(trial: str, problem: str) -> str:
    return f"Trial {trial} failed, and the search goes on: {problem}"
