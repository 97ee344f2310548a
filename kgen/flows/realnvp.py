"""RealNVP: couplings of the halves of a vector.

    z_a = x_a,    z_b = exp(s(x_a)) x_b + t(x_a)

one after another, where the halves a and b take turns. Both ways take one pass. (This
is the model of vectors; the masks and scales of images in sec. 3.4-3.6 are left out.)

References:
    Dinh et al., Density Estimation Using Real NVP, 2017, sec. 3.1-3.5, eq. 4-8.
    https://arxiv.org/abs/1605.08803
"""

from kgen.base.fields import DEEPEST, estimator, param
from kgen.flows.estimator import FlowEstimator
from kgen.flows.model import FlowModel
from kgen.layers import Coupling


@estimator
class RealNVP(FlowEstimator):
    """Affine coupling flow: an exact density of real vectors, one pass to draw.

    Integers get uniform noise, and their `log_prob` is a lower bound.

    Args:
        couplings: number of coupling layers, >= 1.
        hidden: units of every hidden layer of a coupling's network, each >= 1; one
            number is one layer.
        additive: whether couplings add t(x_a) only, which keeps volumes (NICE, Dinh
            et al., 2015).

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

    couplings: int = param(8, ge=1, le=DEEPEST)
    hidden: tuple = param((128, 128), ge=1)
    additive: bool = param(False)

    def build_model(self, event_shape: tuple[int, ...]) -> FlowModel:
        """Build the Keras model for examples of that shape."""
        settings = {"condition_dim": self.condition_dim_, "dtype": self.policy_}
        transform = "additive" if self.additive else "affine"
        return self._model(
            Coupling(transform, self.hidden, swap=k % 2 > 0, **settings)
            for k in range(int(self.couplings))
        )
