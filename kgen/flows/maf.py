"""Masked autoregressive flow.

    z_i = (x_i - mu_i) exp(-alpha_i),    mu_i and alpha_i functions of x_1 ... x_i-1

by MADE's masks (eq. 4-5). There are several such layers, each in the reversed order of
the one before. The density takes one pass. A draw takes as many turns as there are
features, which together cost about as much as a pass or two. (Batch normalisation
between layers, sec. 3.2, is left out.)

References:
    Papamakarios et al., Masked Autoregressive Flow for Density Estimation, 2017, sec.
    3. https://arxiv.org/abs/1705.07057
"""

from kgen.base.fields import DEEPEST, estimator, param
from kgen.base.spaces import Range, Widths
from kgen.flows.estimator import FlowEstimator
from kgen.flows.model import FlowModel
from kgen.layers import Affine, MaskedAutoregressive, Permutation
from kgen.layers.transforms import MODERATE


@estimator
class MAF(FlowEstimator):
    """Masked autoregressive flow: an exact density of real vectors.

    Integers get uniform noise, and their `log_prob` is a lower bound.

    Args:
        layers: number of autoregressive layers, >= 1.
        hidden: units of the hidden layers in every layer's network, each >= 1; one
            number is one hidden layer.

    Shape:
        X: (n, features), (n, height, width) or (n, height, width, channels).

    References:
        Papamakarios et al., Masked Autoregressive Flow for Density Estimation, 2017.
        https://arxiv.org/abs/1705.07057

    Example:
        >>> from kgen.data.toy import mixture
        >>> X, _ = mixture(64, random_state=0)
        >>> model = MAF(layers=2, hidden=8, epochs=1, random_state=0).fit(X)
        >>> model.sample(2, random_state=0).shape
        (2, 2)
        >>> model.log_prob(X).shape
        (64,)
    """

    layers: int = param(5, ge=1, le=DEEPEST, search=Range(2, 10))
    hidden: tuple = param((128, 128), ge=1, search=Widths(32, 512))

    def build_model(self, event_shape: tuple[int, ...]) -> FlowModel:
        """Build the Keras model for examples of that shape."""
        policy = {"dtype": self.policy_}
        bijections: list = []
        for _ in range(int(self.layers)):
            layer = MaskedAutoregressive(
                Affine(MODERATE),
                self.hidden,
                self.condition_dim_,
                jit_compile=self.jit_compile is not False,
                **policy,
            )
            bijections += [layer, Permutation(**policy)]
        return self._model(bijections)
