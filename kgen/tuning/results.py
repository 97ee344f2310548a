"""What a search has found."""

import dataclasses
import importlib
import math
from typing import Any

from kgen.core import messages


@dataclasses.dataclass(frozen=True)
class SearchResult:
    """What `kgen.tuning.search` returns.

    Args:
        best_params_: hyper-parameters of the trial with the highest score, for
            `set_params`.
        best_score_: its score: higher is better, so distances are negative.
        best_estimator_: the estimator that this trial fitted, without the held-out
            examples. `clone(estimator).set_params(**best_params_).fit(X)` fits on all
            of X.
        trials_: a dictionary for every trial: `trial`, `status` ("completed", "failed",
            "running"), `score`, `seconds` of its fit, `epochs`, `continues` (the trial
            whose weights it continues from, with "hyperband"), `params` and `problem`.
    """

    best_params_: dict[str, Any]
    best_score_: float
    best_estimator_: Any = dataclasses.field(repr=False)
    trials_: list[dict[str, Any]] = dataclasses.field(repr=False)

    @property
    def results_(self) -> Any:
        """The trials as a DataFrame: a row for each, a column for each parameter.

        Columns are those of `trials_`, with `param_<name>` for every hyper-parameter
        and `rank`, 1 for the best.

        Raises:
            ImportError: if pandas is not installed.
        """
        try:
            pandas = importlib.import_module("pandas")
        except ImportError:
            raise messages.no_frames() from None
        scores = [t["score"] for t in self.trials_]
        rows = []
        for trial in self.trials_:
            row = {k: v for k, v in trial.items() if k not in ("params", "problem")}
            better = sum(score > trial["score"] for score in scores)
            row["rank"] = None if math.isnan(trial["score"]) else 1 + better
            row |= {f"param_{name}": value for name, value in trial["params"].items()}
            rows.append({**row, "problem": trial["problem"]})
        frame = pandas.DataFrame(rows)
        frame["rank"] = frame["rank"].astype("Int64")
        return frame
