"""RealNVP: couplings of the halves of a vector, or of the squares of an image.

    z_a = x_a,    z_b = exp(s(x_a)) x_b + t(x_a)

one coupling after another, where the halves a and b take turns. Both directions take
one pass. (For vectors, a fixed shuffle gives every two couplings other halves: features
that always moved together would hardly see each other.)

Images have several scales (sec. 3.6). Each has couplings with checkerboard masks, a
squeeze from positions to channels, and couplings of channels; then half of the channels
are finished, and the others go on to the next scale. The last scale has checkerboard
masks only. (Actnorm takes the place of batch normalisation.)

References:
    Dinh et al., Density Estimation Using Real NVP, 2017, sec. 3.1-3.7, eq. 4-16.
    https://arxiv.org/abs/1605.08803
"""

import math
from collections.abc import Iterator
from typing import Any

from kgen.base.fields import DEEPEST, estimator, param
from kgen.base.spaces import Range, Widths
from kgen.core.random import permutation
from kgen.flows.estimator import FlowEstimator
from kgen.flows.model import FlowModel
from kgen.flows.scales import halves
from kgen.layers import (
    ActNorm,
    Affine,
    Bijection,
    Chain,
    CheckerboardCoupling,
    Coupling,
    FactorOut,
    Permutation,
    Squeeze,
)
from kgen.layers.transforms import MODERATE
from kgen.networks import ResidualConvolutions


@estimator
class RealNVP(FlowEstimator):
    """Affine coupling flow: an exact density of real numbers, one pass to draw.

    Integers get uniform noise, and their `log_prob` is a lower bound.

    Args:
        couplings: number of coupling layers, >= 1; for images, the number at every
            scale, of which the first half have checkerboard masks.
        hidden: for vectors, units of the hidden layers in every coupling's network,
            each >= 1; one number is one hidden layer.
        additive: whether couplings only add t(x_a), which keeps volumes (NICE, Dinh
            et al., 2015).
        scales: for images, the largest number of scales. Each halves the even sides of
            the one before; there are no more once both sides are odd. 0 treats images
            as vectors.
        filters: for images, features of a coupling's convolutions, >= 1.
        blocks: for images, residual blocks of a coupling's network, >= 0.

    Shape:
        X: (n, features), (n, height, width) or (n, height, width, channels).

    References:
        Dinh et al., Density Estimation Using Real NVP, 2017.
        https://arxiv.org/abs/1605.08803

    Example:
        >>> from kgen.data.toy import mixture
        >>> X, _ = mixture(64, random_state=0)
        >>> model = RealNVP(couplings=2, hidden=8, epochs=1, random_state=0).fit(X)
        >>> model.sample(2, random_state=0).shape
        (2, 2)
        >>> model.log_prob(X).shape
        (64,)
    """

    couplings: int = param(8, ge=1, le=DEEPEST, search=Range(4, 16, only="tables"))
    hidden: tuple = param((128, 128), ge=1, search=Widths(32, 256, only="tables"))
    additive: bool = param(False)
    scales: int = param(3, ge=0, le=DEEPEST)
    filters: int = param(
        32, ge=1, search=Range(16, 64, log=True, step=2, only="images")
    )
    blocks: int = param(1, ge=0, le=DEEPEST, search=Range(0, 4, only="images"))

    def build_model(self, event_shape: tuple[int, ...]) -> FlowModel:
        """Build the Keras model for examples of that shape."""
        if len(event_shape) == 3 and self.scales:
            scale = self._scale(event_shape, int(self.scales))
            return self._model(scale, flat=False)
        return self._model(self._couplings(math.prod(event_shape)))

    def _couplings(self, features: int) -> Iterator[Bijection]:
        """Bijections of a vector: every two couplings have other halves if possible."""
        settings = self._settings()
        if not self.additive:
            settings["transform"] = Affine(MODERATE)
        for k in range(int(self.couplings)):
            if features > 2 and k and k % 2 == 0:
                order = permutation(k, 0, features).tolist()
                yield Permutation(order, dtype=self.policy_)
            yield Coupling(hidden=self.hidden, swap=k % 2 > 0, **settings)

    def _settings(self) -> dict[str, Any]:
        """What all couplings share."""
        return {
            "transform": "additive" if self.additive else "affine",
            "condition_dim": self.condition_dim_,
            "dtype": self.policy_,
        }

    def _scale(self, shape: tuple[int, ...], left: int) -> list[Bijection]:
        """Bijections of the first scale that is left, and of all after it."""
        (height, width, channels), policy = shape, {"dtype": self.policy_}
        network = ResidualConvolutions(self.filters, self.blocks)
        settings = {"network": network, **self._settings()}
        count, sides = int(self.couplings), halves(height, width)
        last = left == 1 or sides == (1, 1)
        squares = count if last else (count + 1) // 2
        if height == width == 1:  # no square has a neighbour
            squares = 0
        flow: list[Bijection] = []
        for k in range(squares):
            coupling = CheckerboardCoupling(swap=k % 2 > 0, **settings)
            flow += [ActNorm(**policy), coupling]
        if not last:
            flow.append(Squeeze(sides, **policy))
        for k in range(squares, count):
            swap = (count - k) % 2 == 0  # the last one moves the half that leaves
            flow += [ActNorm(**policy), Coupling(swap=swap, **settings)]
        if last:
            return flow
        channels *= sides[0] * sides[1]
        shape = (height // sides[0], width // sides[1], channels // 2)
        rest = Chain(self._scale(shape, left - 1), **policy)
        return [*flow, FactorOut(rest, **policy)]
