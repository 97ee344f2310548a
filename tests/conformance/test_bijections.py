"""Every bijection: its inverse, its Jacobian, its files."""

import pytest

from kgen.layers import (
    ActNorm,
    Chain,
    CheckerboardCoupling,
    Coupling,
    FactorOut,
    Flat,
    InvertibleLinear,
    MaskedAutoregressive,
    Permutation,
    Spline,
    Squeeze,
    Units,
)
from kgen.networks import Convolutions, ResidualConvolutions
from kgen.testing import check_bijection

CONVOLUTIONS = Convolutions(4)
RESIDUAL = ResidualConvolutions(4, blocks=1)


def chain():
    """All kinds, one after another."""
    return Chain(
        [
            ActNorm(),
            InvertibleLinear(seed=3),
            Coupling("spline", hidden=(8,), condition_dim=2),
            Permutation(),
            MaskedAutoregressive(hidden=(8,), condition_dim=2),
            Coupling(hidden=(8,), swap=True),
        ]
    )


def images():
    """Two scales of an image with channels."""
    inner = [CheckerboardCoupling(RESIDUAL, "spline", condition_dim=2)]
    step = Coupling(network=CONVOLUTIONS, condition_dim=2)
    parts = [Squeeze((2, 1)), ActNorm(), InvertibleLinear(), step]
    return Chain([*parts, FactorOut(Chain(inner))])


@pytest.mark.parametrize(
    ("bijection", "shape"),
    [
        (Permutation(), (3,)),
        (Permutation((2, 0, 1)), (2, 3)),
        (Squeeze(), (4, 2, 3)),
        (ActNorm(), (3,)),
        (ActNorm(), (2, 2, 3)),
        (InvertibleLinear(), (4,)),
        (InvertibleLinear(seed=1), (2, 3, 2)),
        (InvertibleLinear(), (1,)),
        (Coupling(hidden=(8,)), (5,)),
        (Coupling("additive", hidden=(8, 8), swap=True), (5,)),
        (Coupling(Spline(bins=4, bound=2.0), hidden=8), (3,)),
        (Coupling(hidden=(8,), condition_dim=2), (4,)),
        (Coupling("spline", hidden=(8,), swap=True), (1,)),
        (MaskedAutoregressive(hidden=(8,)), (4,)),
        (MaskedAutoregressive(hidden=()), (3,)),
        (MaskedAutoregressive("spline", hidden=(8, 8), condition_dim=1), (3,)),
        (MaskedAutoregressive(hidden=(4,), condition_dim=2), (1,)),
        (Flat(), (2, 3)),
        (Units(loc=[1.0, -2.0], unit=[3.0, 0.0]), (4, 2)),
        (Units(), (3,)),
        (Chain([]), (2,)),
        (Chain([Squeeze(), ActNorm(), InvertibleLinear()]), (2, 4, 1)),
        (chain(), (3,)),
        (Squeeze((1, 3)), (2, 3, 2)),
        (Coupling(network=CONVOLUTIONS), (2, 3, 3)),
        (Coupling("additive", network=RESIDUAL, swap=True), (2, 2, 3)),
        (CheckerboardCoupling(RESIDUAL), (3, 3, 1)),
        (CheckerboardCoupling(RESIDUAL, swap=True, condition_dim=2), (2, 3, 2)),
        (CheckerboardCoupling(CONVOLUTIONS, "additive"), (1, 2, 2)),
        (FactorOut(InvertibleLinear()), (2, 1, 5)),
        (images(), (2, 2, 2)),
    ],
    ids=lambda part: type(part).__name__ if hasattr(part, "forward") else str(part),
)
def test_contract(bijection, shape):
    check_bijection(bijection, shape)
