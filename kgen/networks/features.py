"""Features: the inputs of a network's last layer."""

import keras


def with_features(network: keras.Model) -> keras.Model:
    """A network that also outputs its features: the inputs of its last layer.

    It is for losses and discriminators that use a network's representation of the data,
    and not only its output. One pass gives both, so that dropout, batch statistics and
    spectral normalisation happen once. If the last layer is itself a network, the
    features are that network's.

    Args:
        network: a built Sequential or functional model with one output, like those that
            architectures build. It shares its layers with the result.

    Returns:
        A model with the same inputs and two outputs, features and output. The features
        of networks that an `MLP`, `Conv` or `ResNet` builds with `down` are vectors,
        (n, k).

    Raises:
        ValueError: for another kind of model, or if its last layer takes more than one
            tensor.

    Example:
        >>> import numpy as np
        >>> from kgen.networks import MLP
        >>> discriminator = with_features(MLP(widths=(32, 16)).down((4, 4, 1), 1))
        >>> features, logits = discriminator(np.zeros((5, 4, 4, 1)))
        >>> tuple(features.shape), tuple(logits.shape)
        ((5, 16), (5, 1))
    """
    calls = []

    def call(layer, *args, **kwargs):
        outputs = layer(*args, **kwargs)
        calls.append((layer, args, kwargs, outputs))
        return outputs

    # The same layers, called once more on symbolic inputs, show which of them makes
    # the output, and from what.
    replay = keras.models.clone_model(
        _functional(network), clone_function=lambda layer: layer, call_function=call
    )
    made = [each for each in calls if each[-1] is replay.outputs[0]]
    if len(replay.outputs) != 1 or not made:
        raise _unfit(network, "No single layer of it makes one output.")
    layer, args, kwargs, output = made[0]
    if isinstance(layer, keras.Model):
        features, output = with_features(layer)(*args, **kwargs)
    else:
        taken = keras.tree.flatten([args, kwargs])
        features = taken[0]
        if len([x for x in taken if isinstance(x, keras.KerasTensor)]) != 1:
            raise _unfit(network, f"Its last layer, {layer.name!r}, takes several.")
    return keras.Model(replay.input, [features, output])


def _functional(network: keras.Model) -> keras.Model:
    sequential = isinstance(network, keras.Sequential)
    try:
        if sequential:
            return keras.Model(network.inputs[0], network.outputs[0])
        return keras.Model(network.input, network.output)
    except (AttributeError, TypeError, ValueError) as problem:
        raise _unfit(network, "It is not built, or of another kind.") from problem


def _unfit(network: keras.Model, why: str) -> ValueError:
    return ValueError(
        "with_features needs a built Sequential or functional model whose last layer "
        f"takes one tensor and makes the output. Got {network!r}. {why}"
    )
