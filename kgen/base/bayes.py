"""Bayes' rule: from densities of x given its label to probabilities of the label.

p(y|x) = p(x|y) p(y) / p(x),    p(x) = the sum of p(x|y) p(y) over the labels
"""

from typing import NamedTuple

import numpy as np


class Posterior(NamedTuple):
    """What Bayes' rule says about n examples and k labels.

    Attributes:
        log_proba: log p(y|x), (n, k), float64.
        log_evidence: log p(x), (n,), float64, in nats and the units of the data.
    """

    log_proba: np.ndarray
    log_evidence: np.ndarray


def bayes(log_likelihood: np.ndarray, prior: np.ndarray) -> Posterior:
    """Bayes' rule, for densities that may be far too small or too large for floats.

    Where every log-likelihood is -inf, no label explains x: log p(x) is -inf, and
    p(y|x), which has no limit, is p(y). Labels whose log-likelihood is +inf share the
    probability in proportion to their priors.

    Args:
        log_likelihood: log p(x|y), (n, k), in nats; a constant that all labels share
            makes no difference to p(y|x).
        prior: p(y), (k,), >= 0, with sum 1.

    Example:
        >>> found = bayes(np.log([[0.2, 0.6]]), np.array([0.75, 0.25]))
        >>> np.exp(found.log_proba), np.exp(found.log_evidence)
        (array([[0.5, 0.5]]), array([0.3]))
    """
    prior = np.asarray(prior, "float64")
    with np.errstate(divide="ignore"):
        log_prior = np.log(prior)
    # A label of prior 0 stays impossible, however well it would explain x.
    joint = np.where(prior > 0, np.asarray(log_likelihood, "float64"), -np.inf)
    joint = joint + log_prior
    top = joint.max(axis=1, keepdims=True)
    infinite = np.isinf(top)
    # Differences of infinities are NaN: there, only the priors are left.
    left = np.where(joint == top, log_prior, -np.inf)
    scaled = np.where(infinite, left, joint - np.where(infinite, 0, top))
    total = np.log(np.sum(np.exp(scaled), axis=1, keepdims=True))
    evidence = np.where(infinite, top, top + total)
    return Posterior(scaled - total, evidence[:, 0])
