"""Classifier two-sample test: can a classifier tell samples from real data?

References:
    Lopez-Paz and Oquab, Revisiting Classifier Two-Sample Tests, 2017.
    https://arxiv.org/abs/1610.06545
"""

import warnings
from typing import Any

import numpy as np
from scipy.stats import binomtest
from sklearn.base import BaseEstimator, clone, is_classifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from kgen.core import messages
from kgen.core.progress import Verbose, ticker
from kgen.core.random import new_seed
from kgen.metrics._samples import choose
from kgen.metrics.estimate import Estimate


def classifier_two_sample(
    *,
    real: Any,
    fake: Any,
    held_out: Any = None,
    features: Any = None,
    floor: bool = True,
    classifier: Any = None,
    max_samples: int = 10_000,
    random_state: Any = None,
    verbose: Verbose = 0,
) -> Estimate:
    """Accuracy of telling fake from real: 0.5 if they are alike, 1 if fully distinct.

    A classifier learns from half of the examples, as many real as fake ones, and is
    tested on the other half. `p_value` is the probability of this many right answers by
    guessing. An accuracy of 0.5 only says that this classifier finds no difference.

    Args:
        real: real data, (n, ...).
        fake: samples of a model, (m, ...), like real data.
        held_out: other real data, for the floor. None splits `real`.
        features: None, a `keras.Model` or a function: see `frechet_distance`.
        floor: whether to compute the floor, about 0.5.
        classifier: a scikit-learn classifier, which is cloned. None is that of the
            paper, a network with one layer of 20 ReLUs (sec. 3), on standardised
            features.
        max_samples: examples of each kind to compare, at most; chosen at random.
        random_state: None, int or RandomState, as in scikit-learn.
        verbose: 1, True or "auto" shows a progress bar.

    Raises:
        ValueError: for data of different shapes, NaN, too few examples, or anything but
            a classifier.

    Example:
        >>> random = np.random.default_rng(0)
        >>> real, fake = random.normal(size=(400, 2)), random.normal(size=(200, 2))
        >>> accuracy = classifier_two_sample(real=real, fake=fake + 9, random_state=0)
        >>> float(accuracy), accuracy.p_value < 1e-9
        (1.0, True)

    References:
        Lopez-Paz and Oquab, Revisiting Classifier Two-Sample Tests, 2017, sec. 3.
        https://arxiv.org/abs/1610.06545
    """
    if classifier is not None and not (
        isinstance(classifier, BaseEstimator) and is_classifier(classifier)
    ):
        raise messages.wrong_classifier(classifier)
    samples = choose(
        "classifier_two_sample",
        real,
        fake,
        held_out=held_out,
        features=features,
        floor=floor,
        max_samples=max_samples,
        random_state=random_state,
        at_least=4,
    )
    tick = ticker(1 + bool(floor), verbose)

    def answers(real, fake):
        found = _right_answers(real, fake, classifier, samples.random)
        tick()
        return found

    right = answers(samples.real, samples.fake)
    p_value = binomtest(int(right.sum()), len(right), 0.5, alternative="greater").pvalue
    accuracy = right.mean()
    stderr = np.sqrt(accuracy * (1 - accuracy) / len(right))
    size = min(len(samples.real), len(samples.fake))
    floor_ = samples.floor(lambda *pair: answers(*pair).mean())
    return Estimate(
        float(accuracy), float(stderr), floor_, size, size, p_value=float(p_value)
    )


def _right_answers(
    real: np.ndarray, fake: np.ndarray, classifier: Any, random: np.random.Generator
) -> np.ndarray:
    """Whether each of the tested examples is recognised, (n_test,)."""
    seed = new_seed(int(random.integers(2**31)))
    if classifier is None:
        network = MLPClassifier((20,), max_iter=100, random_state=seed)
        classifier = make_pipeline(StandardScaler(), network)
    size = min(len(real), len(fake))
    real, fake = (x[random.permutation(len(x))[:size]] for x in (real, fake))
    halves = slice(size // 2), slice(size // 2, None)
    train, test = (np.concatenate([real[half], fake[half]]) for half in halves)
    is_fake = [np.arange(len(x)) >= len(x) // 2 for x in (train, test)]
    with warnings.catch_warnings():
        # The network need not have converged after its 100 epochs.
        warnings.simplefilter("ignore", ConvergenceWarning)
        fitted = clone(classifier).fit(train, is_fake[0])
    return fitted.predict(test) == is_fake[1]
