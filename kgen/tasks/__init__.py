"""What densities are for: tasks on top of any estimator with `fit` and `score_samples`.

They take kgen's densities, and scikit-learn's own.
"""

from kgen.tasks.backgrounds import Background
from kgen.tasks.bayes_classifier import BayesClassifier
from kgen.tasks.comparison import compare
from kgen.tasks.complexity import Complexity
from kgen.tasks.compressor import Compressor
from kgen.tasks.imputer import Imputer
from kgen.tasks.outliers import OutlierDetector

__all__ = [
    "Background",
    "BayesClassifier",
    "Complexity",
    "Compressor",
    "Imputer",
    "OutlierDetector",
    "compare",
]
