"""The projection discriminator.

The best discriminator of data q from samples p, with their conditions y, has the logit

    log q(x, y) / p(x, y)  =  log q(y|x) / p(y|x)  +  log q(x) / p(x)

If both q(y|x) and p(y|x) are softmaxes of linear maps of features phi(x), the logit is

    y^T V phi(x)  +  psi(phi(x))

with a row of V for each class, up to terms that do not depend on y. Here psi is the
last, dense layer of a discriminator without conditions, and phi(x) is its input.

References:
    Miyato and Koyama, cGANs with Projection Discriminator, 2018, sec. 3.
    https://arxiv.org/abs/1802.05637
"""

from collections.abc import Callable
from typing import Any

import keras
from keras import layers

from kgen.core import messages
from kgen.networks.features import with_features


def project(
    network: keras.Model,
    condition_dim: int,
    *,
    dtype: Any = None,
    wrap: Callable | None = None,
    name: str | None = None,
) -> keras.Model:
    """A discriminator of [x, condition] from one of x: w . phi + b + (V y) . phi.

    Args:
        network: a Sequential or functional model from data to logits (n, 1), whose last
            layer takes vectors phi (n, k), like all that architectures build with
            `down`. It shares its layers with the result.
        condition_dim: length of condition vectors y, >= 1, one-hot or others.
        dtype: Keras dtype policy of V. Products and sums are in float32.
        wrap: a function from a layer to a layer, such as
            `kgen.layers.SpectralNormalization`, which is also applied to V.
        name: name of the result.

    Returns:
        A model from [x (n, ...), y (n, condition_dim)] to logits (n, 1).

    Raises:
        ValueError: for another kind of model, or if its last layer takes more than one
            tensor, or a tensor that is not a vector.

    References:
        Miyato and Koyama, cGANs with Projection Discriminator, 2018, sec. 3.
        https://arxiv.org/abs/1802.05637

    Example:
        >>> from kgen.networks import MLP
        >>> discriminator = project(MLP().down((28, 28, 1), 1), condition_dim=10)
        >>> [tuple(shape) for shape in discriminator.input_shape]
        [(None, 28, 28, 1), (None, 10)]
    """
    try:
        split = with_features(network)
    except ValueError as problem:
        raise messages.not_projectable(network, problem) from problem
    size = split.outputs[0].shape[1:]
    if len(size) != 1:
        why = f"Its last layer takes (n, {', '.join(map(str, size))})."
        raise messages.not_projectable(network, why)
    embedding = layers.Dense(size[0], use_bias=False, dtype=dtype, name="projection")
    if wrap is not None:
        embedding = wrap(embedding)
    x = keras.Input(network.inputs[0].shape[1:], dtype=network.inputs[0].dtype)
    y = keras.Input((condition_dim,), dtype="float32")
    features, logits = split(x)
    product = layers.Dot(axes=1, dtype="float32")([embedding(y), features])
    logits = layers.Add(dtype="float32")([logits, product])
    return keras.Model([x, y], logits, name=name)
