"""Objectives of generator and discriminator, as functions of the logits.

`real` and `fake` are outputs of the discriminator before any activation, shape (n, 1),
float32: logit D(x) and logit D(G(z)) in the notation of Goodfellow et al.
"""

from kgen.objectives._base import Objective, discriminator_loss, objectives
from kgen.objectives.cross_entropy import Minimax, NonSaturating, cross_entropy
from kgen.objectives.hinge import Hinge
from kgen.objectives.least_squares import LeastSquares
from kgen.objectives.r1 import R1
from kgen.objectives.wasserstein import Wasserstein

__all__ = [
    "R1",
    "Hinge",
    "LeastSquares",
    "Minimax",
    "NonSaturating",
    "Objective",
    "Wasserstein",
    "cross_entropy",
    "discriminator_loss",
    "objectives",
]
