"""Neural spline flow: couplings by rational-quadratic splines.

Every coupling comes after a linear map, P L U, of all features (sec. 4.1). Both
directions take one pass. In the autoregressive form (sec. 3.2), every feature is moved
by a spline that depends on those before it; in a coupling, half of the features are
moved by splines that depend on the other half. (Residual networks are left out.)

References:
    Durkan et al., Neural Spline Flows, 2019, sec. 3-4. https://arxiv.org/abs/1906.04032
"""

from typing import Any, ClassVar

from kgen.base.fields import DEEPEST, estimator, param
from kgen.base.spaces import Range, Widths
from kgen.flows.estimator import FlowEstimator
from kgen.flows.model import FlowModel
from kgen.layers import (
    Bijection,
    Coupling,
    InvertibleLinear,
    MaskedAutoregressive,
    Spline,
)


@estimator
class NSF(FlowEstimator):
    """Neural spline flow: an exact density of real vectors, one pass to draw.

    Integers get uniform noise, and their `log_prob` is a lower bound.

    Args:
        couplings: number of coupling, or autoregressive, layers, >= 1.
        hidden: units of the hidden layers in every layer's network, each >= 1; one
            number is one hidden layer.
        bins: bins of every spline, 2 to 500.
        autoregressive: whether layers are masked autoregressive (the paper's
            RQ-NSF (AR)); these fit better and draw feature by feature.

    Shape:
        X: (n, features), (n, height, width) or (n, height, width, channels).

    References:
        Durkan et al., Neural Spline Flows, 2019.
        https://arxiv.org/abs/1906.04032

    Example:
        >>> from kgen.data.toy import mixture
        >>> X, _ = mixture(64, random_state=0)
        >>> model = NSF(couplings=2, hidden=8, epochs=1, random_state=0).fit(X)
        >>> model.sample(2, random_state=0).shape
        (2, 2)
        >>> model.log_prob(X).shape
        (64,)
    """

    couplings: int = param(6, ge=1, le=DEEPEST, search=Range(2, 10))
    hidden: tuple = param((128, 128), ge=1, search=Widths(32, 256))
    bins: int = param(8, ge=2, le=500, search=Range(4, 16))
    autoregressive: bool = param(False)

    # No loops, but small operations as in them: XLA trains splines three times as fast.
    _loops: ClassVar[bool] = True

    def build_model(self, event_shape: tuple[int, ...]) -> FlowModel:
        """Build the Keras model for examples of that shape."""
        policy: dict[str, Any] = {"dtype": self.policy_}
        layer: Any = Coupling
        options = {"condition_dim": self.condition_dim_, **policy}
        if self.autoregressive:
            layer = MaskedAutoregressive
            options["jit_compile"] = self.jit_compile is not False
        bijections: list[Bijection] = []
        for k in range(int(self.couplings)):
            bijections += [
                InvertibleLinear(k, **policy),
                layer(
                    Spline(int(self.bins)),
                    self.hidden,
                    **options,
                ),
            ]
        return self._model(bijections)
