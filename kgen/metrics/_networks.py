"""The networks whose features metrics use: made, and trained, in a minute or less."""

import keras
import numpy as np
from keras import layers

from kgen.core.progress import Verbose, ticker
from kgen.core.random import seed_scope
from kgen.layers.scaling import Scaling
from kgen.networks import MLP, Conv, with_features

BATCH = 128
MEASURED = 2000
"""Examples by which the mean and scale of features are found, at most."""


def columns(x: np.ndarray) -> keras.Model:
    """The columns of a table themselves, standardised, as [features, features]."""
    inputs = keras.Input(x.shape[1:])
    features = _standardise(x)(inputs)
    return keras.Model(inputs, [features, features], name="columns")


def random_network(x: np.ndarray, n_features: int, seed: int) -> keras.Model:
    """A network with random weights, from images to [features, outputs]."""
    with seed_scope(seed):
        return _finished(_classifier(x, 1, n_features), x, "random")


def trained_classifier(
    x: np.ndarray,
    classes: np.ndarray,
    n_features: int,
    steps: int,
    seed: int,
    verbose: Verbose,
) -> keras.Model:
    """A classifier, from examples to [features, logits].

    Args:
        x: (n, features) or (n, height, width, channels).
        classes: integers from 0, (n,).
        n_features: width of its last hidden layer.
        steps: of training.
        seed: of initial weights and of the order of examples.
        verbose: see the metrics.
    """
    with seed_scope(seed):
        network = _classifier(x, int(classes.max()) + 1, n_features)
        # As it is where there are no steps, on any backend and device.
        network.compile(
            keras.optimizers.Adam(1e-3),
            keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            jit_compile=False,
        )
        train, _ = split(len(x), seed)
        random, order = np.random.default_rng([seed, 1]), np.array([], int)
        tick = ticker(steps, verbose)
        for _ in range(steps):
            if len(order) < min(BATCH, len(train)):
                order = np.concatenate([order, random.permutation(train)])
            rows, order = order[:BATCH], order[BATCH:]
            network.train_on_batch(x[rows].astype("float32"), classes[rows])
            tick()
        return _finished(network, x, "classifier")


def split(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Examples to train on, and a tenth to measure accuracy by."""
    order = np.random.default_rng([seed, 0]).permutation(n)
    return order[n // 10 :], order[: n // 10]


def _classifier(x: np.ndarray, units: int, n_features: int) -> keras.Model:
    shape = x.shape[1:]
    images = len(shape) == 3
    builder = Conv(width=32, normalisation="layer") if images else MLP(widths=(128,))
    inputs = keras.Input(shape)
    body = builder.down(shape, n_features)
    hidden = layers.ReLU()(body(_standardise(x)(inputs)))
    return keras.Model(inputs, layers.Dense(units)(hidden))


def _finished(network: keras.Model, x: np.ndarray, name: str) -> keras.Model:
    """The network with its features brought to mean 0 and a common scale.

    They do not each get variance 1, which would make a rarely active feature
    heavy-tailed.
    """
    both = with_features(network)
    sample = x[:: max(1, len(x) // MEASURED)].astype("float32")
    features = both.predict(sample, batch_size=BATCH, verbose=0)[0]
    inputs = keras.Input(x.shape[1:])
    found, outputs = both(inputs)
    mean, std = features.mean(axis=0), np.sqrt(features.var(axis=0).mean()) or 1.0
    scaled = Scaling(float(1 / std), (-mean / std).tolist())(found)
    return keras.Model(inputs, [scaled, outputs], name=name)


def _standardise(x: np.ndarray) -> Scaling:
    """To mean 0 and variance 1: all pixels of images together, or every column."""
    if x.ndim == 4:
        mean, std = x.mean(dtype="float64"), x.std(dtype="float64")
        return Scaling(float(1 / (std or 1)), float(-mean / (std or 1)))
    mean, std = (np.asarray(f(x, axis=0, dtype="float64")) for f in (np.mean, np.std))
    # A column that never varies in the data says nothing.
    scale = np.divide(1, std, out=np.zeros_like(std), where=std > 0)
    return Scaling(scale.tolist(), (-mean * scale).tolist())
