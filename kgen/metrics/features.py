"""Features to compare examples by, which need no download."""

import collections
import hashlib
import os
import threading
from pathlib import Path
from typing import Any

import keras
import numpy as np

from kgen.core import messages, validation
from kgen.core.places import atomic
from kgen.core.progress import Verbose
from kgen.core.random import new_seed
from kgen.metrics import _networks
from kgen.metrics._samples import apply, as_array

VERSION = 1
"""Of the recipe. Another one makes other features."""


class Features:
    """A network's features of examples: what metrics take as `features`.

    Args:
        network: `keras.Model` from examples to [features, outputs].
        source: where they come from: "classifier", "random" (an untrained network) or
            "columns" (of a table, standardised).
        accuracy: share of held-out real data whose class the classifier names, in [0,
            1]; NaN if there is none. Look at it before you trust the features.
    """

    def __init__(self, network: keras.Model, source: str, accuracy: float) -> None:
        self.network = network
        self.source = source
        self.accuracy = accuracy

    def __call__(self, X: Any) -> np.ndarray:
        """Features of examples, (n, k) float32."""
        return self._output(0, X)

    def predict(self, X: Any) -> np.ndarray:
        """Index of every example's class among the sorted labels, (n,) int.

        Only a classifier has classes; `mode_coverage` uses them as modes.
        """
        if self.source != "classifier":
            raise messages.no_classes(self.source)
        return self._output(1, X).argmax(axis=1)

    def _output(self, place: int, X: Any) -> np.ndarray:
        x = as_array("Features", "X", X)
        wanted = tuple(self.network.input_shape[1:])
        if x.shape[1:] not in (wanted, (*wanted[:-1],) if len(wanted) == 3 else wanted):
            raise messages.other_features("Features", "X", x.shape[1:], wanted)

        def output(part):
            part = keras.ops.convert_to_tensor(part.astype("float32"))
            return self.network(part)[place]

        return apply("Features", output, x.reshape(-1, *wanted))

    def __repr__(self) -> str:
        return f"Features(source={self.source!r}, accuracy={self.accuracy:.3f})"


def default_features(
    X: Any,
    y: Any = None,
    *,
    n_features: int = 64,
    steps: int = 1000,
    cache_dir: str | os.PathLike | None = None,
    random_state: Any = 0,
    verbose: Verbose = 0,
) -> Features:
    """Features for metrics, from a small network that is trained on the real data.

    With labels, the features are what a classifier knows before its last layer. It is
    convolutional for images and dense for tables, and learns from nine tenths of the
    data (a minute for MNIST on two cores). It looks at what tells classes apart, and
    less at what all of them share, such as noise.

    Without labels, features of images come from the same network with random weights,
    as in Naeem et al. They have learned nothing: they find gross differences, and miss
    subtle ones. Prefer labels, or a network that was trained on similar data. Features
    of a table are its columns, standardised.

    The same call returns the same features, from memory or from `cache_dir`: a digest
    of data and settings identifies them.

    Args:
        X: real training data, (n, features) or (n, height, width[, channels]).
        y: their labels, (n,), of any type that can be sorted, of two classes or more.
        n_features: number of features, >= 1; not used where the features are columns.
        steps: training steps, with 128 examples each, >= 1.
        cache_dir: folder in which to keep networks, made if it does not exist; None
            keeps only the last four, in memory.
        random_state: None, int or RandomState. None gives other features each time.
        verbose: 1, True or "auto" shows a progress bar.

    Returns:
        A function from examples to features, (n, n_features). In the real data they
        have mean 0, and variance 1 on average over the features.

    Raises:
        ValueError: for data that are not an array of examples, or a y of another length
            or of one class.

    Example:
        >>> from sklearn.datasets import load_digits
        >>> digits = load_digits()
        >>> features = default_features(digits.images, digits.target, steps=50)
        >>> features(digits.images[:5]).shape, features.accuracy > 0.5
        ((5, 64), True)

    References:
        Heusel et al., GANs Trained by a Two Time-Scale Update Rule Converge to a Local
        Nash Equilibrium, 2017, sec. 4 (a classifier's features).
        https://arxiv.org/abs/1706.08500
        Naeem et al., Reliable Fidelity and Diversity Metrics for Generative Models,
        2020, sec. 4.2 (random ones). https://arxiv.org/abs/2002.09797
    """
    owner = "default_features"
    n_features = validation.check_setting(owner, "n_features", n_features, ge=1)
    steps = validation.check_setting(owner, "steps", steps, ge=1)
    seed = new_seed(random_state)
    x = as_array(owner, "X", X)
    x = x[..., np.newaxis] if x.ndim == 3 else x
    classes = None if y is None else _classes(y, len(x))
    key = _digest(x, classes, (VERSION, n_features, steps, seed))
    found = _CACHE.get(key)
    if found is None:
        path = None if cache_dir is None else Path(cache_dir, f"features-{key}.keras")
        if path and path.exists():
            network = keras.saving.load_model(path, compile=False)
        elif classes is not None:
            network = _networks.trained_classifier(
                x, classes, n_features, steps, seed, verbose
            )
        elif x.ndim == 2:
            network = _networks.columns(x)
        else:
            network = _networks.random_network(x, n_features, seed)
        if path and not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            with atomic(path) as written:
                network.save(written)
        found = Features(network, network.name, float("nan"))
        if classes is not None:
            _, tested = _networks.split(len(x), seed)
            found.accuracy = float(np.mean(found.predict(x[tested]) == classes[tested]))
        _CACHE.put(key, found)
    return found


class _Cache:
    """The last few features, by their digests."""

    def __init__(self, size):
        self.size = size
        self._lock = threading.Lock()
        self._entries = collections.OrderedDict()

    def get(self, key):
        return self._entries.get(key)

    def put(self, key, value):
        with self._lock:
            self._entries[key] = value
            self._entries.move_to_end(key)
            while len(self._entries) > self.size:
                self._entries.popitem(last=False)


_CACHE = _Cache(4)


def _classes(y: Any, n: int) -> np.ndarray:
    labels = np.asarray(y)
    if labels.shape != (n,):
        raise messages.wrong_classes(labels.shape, n)
    known, classes = np.unique(labels, return_inverse=True)
    if len(known) < 2 or n < 10:
        raise messages.wrong_classes(labels.shape, n)
    return classes


def _digest(x: np.ndarray, classes: np.ndarray | None, settings: tuple) -> str:
    digest = hashlib.sha256(repr((settings, x.shape, x.dtype.str)).encode())
    digest.update(np.ascontiguousarray(x).data)
    if classes is not None:
        digest.update(classes.astype("int64").tobytes())
    return digest.hexdigest()[:32]
