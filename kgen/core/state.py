"""Variables of layers and models that are no weights: counts, averages, directions."""

from typing import Any

import keras


def add_state(
    layer: keras.layers.Layer,
    name: str,
    shape: tuple[int, ...] = (),
    initializer: Any = "zeros",
    dtype: str = "float32",
) -> keras.Variable:
    """Add a variable that training changes, but no optimizer.

    It is saved with the weights, keeps its dtype under any policy, and is the same on
    all replicas, as each of them computes the same.

    Args:
        layer: what it belongs to.
        name: of the variable.
        shape: of the variable.
        initializer: name or instance of a Keras initializer.
        dtype: of the variable.
    """
    return layer.add_weight(
        shape=shape,
        initializer=initializer,
        dtype=dtype,
        trainable=False,
        autocast=False,
        aggregation="only_first_replica",
        name=name,
    )
