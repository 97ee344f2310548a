"""Conditional variational autoencoder.

    log p(x|y) >= E over q(z|x,y) of log p(x|z,y)  -  KL(q(z|x,y) || p(z|y))     (eq. 4)

The condition y is an input of the encoder and the decoder. If `prior` is "conditional",
it is also the input of a network that gives the prior. (In the paper x is the
condition, and y what is drawn.)

References:
    Sohn et al., Learning Structured Output Representation using Deep Conditional
    Generative Models, 2015, sec. 4.1. https://papers.nips.cc/paper/5775
    Kingma et al., Semi-Supervised Learning with Deep Generative Models, 2014 (a prior
    that does not depend on y). https://arxiv.org/abs/1406.5298
"""

from typing import Any

from kgen import networks
from kgen.base.fields import estimator, param
from kgen.variational.estimator import VariationalEstimator
from kgen.variational.model import VAEModel


@estimator
class ConditionalVAE(VariationalEstimator):
    """VAE of data given a label or a vector: p(x|y), bounded from below.

    Args:
        latent_dim: dimensions of the code, >= 1.
        architecture: see `VAE`.
        prior: p(z|y): "normal", a standard normal for all y, so that a code holds what
            y does not say; or "conditional", a normal whose means and scales a network
            computes from y.
        n_importance: codes per example in the training objective, >= 1.
        head: see `VAE`.
        scale: see `VAE`.

    Shape:
        X: (n, features), (n, height, width) or (n, height, width, channels).
        y: (n,) labels of any type, or (n, k) condition vectors.

    References:
        Sohn et al., Learning Structured Output Representation using Deep Conditional
        Generative Models, 2015. https://papers.nips.cc/paper/5775

    Example:
        >>> from kgen.data.toy import bars
        >>> X = bars(64, size=4, random_state=0)
        >>> y = X[:, 0, 0]
        >>> vae = ConditionalVAE(latent_dim=2, epochs=1, random_state=0).fit(X, y)
        >>> vae.sample(y=[0, 1, 1]).shape
        (3, 4, 4)
        >>> vae.log_prob(X, y).shape
        (64,)
    """

    conditional = True

    prior: str = param("normal", choices=("normal", "conditional"))
    n_importance: int = param(1, ge=1)

    def build_model(self, event_shape: tuple[int, ...]) -> VAEModel:
        """Build the Keras model for examples of that shape."""
        options: dict[str, Any] = {"n_importance": self.n_importance}
        if self.prior == "conditional":
            mlp, k = networks.MLP(widths=_PRIOR), self.condition_dim_
            outputs = 2 * int(self.latent_dim)
            prior = mlp.down((k,), outputs, dtype=self.policy_)
            options["prior"] = networks.assemble((k,), prior, name="prior")
        return self._autoencoder(event_shape, **options)


_PRIOR = (128,)
"""Units of the hidden layers of the prior's network."""
