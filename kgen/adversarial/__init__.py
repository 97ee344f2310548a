"""Models that learn from a discriminator, and draw samples without a density."""

from kgen.adversarial.estimator import AdversarialEstimator

__all__ = ["AdversarialEstimator"]
