"""How a condition joins data or codes at the input of a network."""

import keras
from keras import layers


def join(x, condition):
    """Data or codes with a condition beside them, in float32.

    Args:
        x: a Keras tensor, (n, features) or (n, height, width, channels).
        condition: a Keras tensor, (n, k): further features, or constant planes of an
            image.

    Returns:
        A Keras tensor with k more features or channels.

    References:
        Mirza and Osindero, Conditional Generative Adversarial Nets, 2014, sec. 3.2.
        https://arxiv.org/abs/1411.1784

    Example:
        >>> import keras
        >>> join(keras.Input((28, 28, 1)), keras.Input((10,))).shape
        (None, 28, 28, 11)
    """
    if len(x.shape) == 4:
        planes = layers.Reshape((1, 1, condition.shape[-1]), dtype="float32")
        size = {"size": x.shape[1:3], "data_format": "channels_last"}
        condition = layers.UpSampling2D(**size, dtype="float32")(planes(condition))
    return layers.Concatenate(dtype="float32")([x, condition])


def assemble(
    shape: tuple[int, ...],
    *parts: layers.Layer,
    condition_dim: int = 0,
    before: int = 0,
    name: str | None = None,
) -> keras.Model:
    """Layers and networks in sequence as one network, for float32 inputs.

    Args:
        shape: shape of one input.
        *parts: layers and networks, in their order.
        condition_dim: length of condition vectors; 0 means no condition.
        before: index of the part that also takes the condition. If it is a network of
            two inputs, it gets both, [x, condition]; otherwise see `join`.
        name: name of the network.

    Returns:
        A model of x, or of [x, condition].

    Example:
        >>> dense = layers.Dense(3)
        >>> assemble((4,), dense, condition_dim=2).output_shape
        (None, 3)
        >>> tuple(dense.kernel.shape)
        (6, 3)
    """
    x = keras.Input(shape, dtype="float32")
    if not condition_dim:
        return keras.Sequential([x, *parts], name=name)
    y, h = keras.Input((condition_dim,), dtype="float32"), x
    for index, part in enumerate(parts):
        if index == before:
            both = len(getattr(part, "inputs", ())) == 2
            h = part([h, y] if both else join(h, y))
        else:
            h = part(h)
    return keras.Model([x, y], h, name=name)
