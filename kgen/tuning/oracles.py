"""What to try next: keras-tuner's oracles, with a few habits of kgen.

References:
    Bergstra and Bengio, Random Search for Hyper-Parameter Optimization, 2012.
    https://jmlr.org/papers/v13/bergstra12a.html
    Snoek et al., Practical Bayesian Optimization of Machine Learning Algorithms, 2012.
    https://arxiv.org/abs/1206.2944
    Li et al., Hyperband: A Novel Bandit-Based Approach to Hyperparameter Optimization,
    2018. https://jmlr.org/papers/v18/16-558.html
"""

import warnings
from typing import Any

import keras_tuner
from keras_tuner import oracles

RUNNING, STOPPED = "RUNNING", "STOPPED"


class RandomOracle(oracles.RandomSearchOracle):
    """The estimator's own values, then random ones, no combination twice."""

    def populate_space(self, trial_id: str) -> dict[str, Any]:
        return super().populate_space(trial_id) if self.trials else _own_values(self)


class BayesianOracle(oracles.BayesianOptimizationOracle):
    """The same, and after a few trials a Gaussian process of the scores."""

    num_initial_points: Any

    def populate_space(self, trial_id: str) -> dict[str, Any]:
        if not self.trials:
            return _own_values(self)
        with warnings.catch_warnings():
            # The process would warn that it does not fit so few points well.
            warnings.simplefilter("ignore")
            found = super().populate_space(trial_id)
        tried = [trial.hyperparameters.values for trial in self.trials.values()]
        if found.get("values") in tried:
            former = self.num_initial_points
            self.num_initial_points = len(tried) + 1  # one by chance
            found = super().populate_space(trial_id)
            self.num_initial_points = former
        return found


def _own_values(oracle: Any) -> dict[str, Any]:
    """The first trial: the estimator's own values, as far as they are in the space.

    No search ends below what it began with.
    """
    return {"status": RUNNING, "values": oracle.get_space().values}


class HyperbandOracle(oracles.HyperbandOracle):
    """Many trials of few epochs, the best of which go on, bracket after bracket.

    Args:
        budget: epochs of all trials together, after which no more begin.
        **kwargs: see `keras_tuner.oracles.HyperbandOracle`.
    """

    def __init__(self, budget: int, **kwargs: Any) -> None:
        super().__init__(hyperband_iterations=None, **kwargs)
        self.budget = budget

    def populate_space(self, trial_id: str) -> dict[str, Any]:
        chosen = [trial.hyperparameters.values for trial in self.trials.values()]
        spent = sum(v["tuner/epochs"] - v["tuner/initial_epoch"] for v in chosen)
        if spent >= self.budget:
            return {"status": STOPPED}
        return super().populate_space(trial_id)


def make(tuner: str, max_trials: int, epochs: int, seed: int) -> Any:
    """The oracle with that name.

    Args:
        tuner: "random", "bayesian" or "hyperband".
        max_trials: largest number of trials; for "hyperband", the budget in full
            trainings.
        epochs: of a full training.
        seed: of what is left to chance, > 0.
    """
    options: dict[str, Any] = {
        "objective": keras_tuner.Objective("score", "max"),
        "seed": seed,
        # A lock of keras-tuner's stays locked when this limit is reached.
        "max_consecutive_failed_trials": 2**31,
    }
    if tuner == "hyperband":
        return HyperbandOracle(max_trials * epochs, max_epochs=epochs, **options)
    if tuner == "random":
        return RandomOracle(max_trials=max_trials, **options)
    points = max(3, max_trials // 3)
    return BayesianOracle(max_trials=max_trials, num_initial_points=points, **options)
