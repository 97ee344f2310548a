"""How a condition joins data or codes at the input of a network."""

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
