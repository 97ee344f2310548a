"""What all tests share: a CPU, tiny models, and a switch to run eagerly."""

import os

os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("MPLBACKEND", "Agg")
# JAX compiles every operation by itself, and most of them run once.
os.environ.setdefault("JAX_DISABLE_MOST_OPTIMIZATIONS", "1")

import contextlib
import random
import signal
from pathlib import Path

import keras
import numpy as np
import pytest

import kgen
from kgen.data.toy import bars, mixture

TINY = {
    "SequenceRNN": {"hidden": 16, "epochs": 1},
    "WaveNet": {"filters": 8, "layers": 2, "stacks": 1, "epochs": 1},
    "PixelRNN": {"hidden": 8, "layers": 1, "epochs": 1},
    "MADE": {"hidden": (16,), "orders": 2, "epochs": 1},
    "NADE": {"hidden": 16, "epochs": 1},
    "PixelCNN": {"filters": 16, "blocks": 1, "epochs": 1},
    "GatedPixelCNN": {"filters": 8, "layers": 2, "epochs": 1},
    "ConditionalPixelCNN": {"filters": 8, "layers": 2, "epochs": 1},
    "RealNVP": {"couplings": 2, "hidden": (16,), "epochs": 1},
    "Glow": {"steps": 2, "filters": 8, "epochs": 1},
    "MAF": {"layers": 2, "hidden": (16,), "epochs": 1},
    "NSF": {"couplings": 2, "hidden": (16,), "bins": 4, "epochs": 1},
    "VAE": {"latent_dim": 2, "epochs": 1},
    "BetaVAE": {"latent_dim": 2, "epochs": 1},
    "Autoencoder": {"latent_dim": 2, "epochs": 1},
    "ConditionalVAE": {"latent_dim": 2, "epochs": 1},
    "WAE": {"latent_dim": 2, "epochs": 1},
    "VQVAE": {
        "codebook_size": 8,
        "code_dim": 4,
        "positions": 3,
        "epochs": 1,
        "prior": kgen.MADE(hidden=(8,), epochs=1, jit_compile=False),
    },
    "AAE": {"latent_dim": 2, "hidden": 16, "epochs": 1},
    "VAEGAN": {"latent_dim": 2, "epochs": 1},
    "WGAN": {"latent_dim": 4, "discriminator_steps": 2, "epochs": 1},
    "GAN": {"latent_dim": 4, "epochs": 1},
    "ConditionalGAN": {"latent_dim": 4, "epochs": 1},
}


def tiny(name, **params):
    """An estimator of the registry that is quick to fit, and to compile.

    Without XLA: `check_model` compares the samplers with it and without.
    """
    settings = {**TINY[name], "random_state": 0, "jit_compile": False}
    return kgen.estimators[name](**{**settings, **params})


def unless_slow(*names):
    """All estimators' names, for `parametrize`; the others run with --slow only."""
    return [
        name if name in names else pytest.param(name, marks=pytest.mark.slow)
        for name in kgen.estimators
    ]


ROOTS = ("PixelCNN", "VAE", "GAN")
"""One with an exact density, one with a bound and codes, and a game."""

TWINS = {"BetaVAE", "Glow", "MAF", "NSF"}
"""The same Keras model and methods as another's, of other parts, which have tests of
their own: with --slow only."""

FAMILIES = ("PixelCNN", "ConditionalPixelCNN", "MADE", "WaveNet", "VAE", "GAN")
"""One of every family, for what their common bases do, and not each by itself."""


def is_conditional(estimator):
    return getattr(estimator, "conditional", False)


def takes_sequences(estimator):
    return estimator._any_length


def data_for(estimator, n=32):
    """Data that an estimator takes: images, or a table where it can.

    To a model of sequences an image is a sequence whose steps are rows.
    """
    if estimator.__sklearn_tags__().input_tags.two_d_array:
        X, y = mixture(n, random_state=0)
    else:
        X = bars(n, size=4, random_state=0)
        y = X[:, 0, 0]
    return X, y if is_conditional(estimator) else None


def drawn(fitted, n, **options):
    """Samples; of an estimator that has none, what it makes of codes."""
    if hasattr(type(fitted), "sample"):
        return fitted.sample(n, **options)
    return fitted.decode(np.random.default_rng(0).normal(size=(n, fitted.latent_dim)))


DRAWING = [name for name, cls in kgen.estimators.items() if hasattr(cls, "sample")]
"""Estimators that draw samples: all but a plain autoencoder."""


def moved_by(function, x, changes):
    """Which changes of one example change a function's output at all, by one bit.

    Args:
        function: of a batch, example by example.
        x: the example, (1, ...).
        changes: one for every row of a batch, (n, ...), to be added to the example.

    Returns:
        Boolean, of the shape of the output, (n, ...).
    """
    x = np.repeat(x, len(changes), axis=0).astype("float32")
    # Equal rows of a batch may be rounded differently, but not at the same place.
    before, after = (
        keras.ops.convert_to_numpy(function(part))
        for part in (x, (x + changes).astype("float32"))
    )
    return after != before


@pytest.fixture(autouse=True)
def seeded():
    """The same random numbers in every run, for whatever is made without a seed."""
    random.seed(0)
    np.random.seed(0)


@contextlib.contextmanager
def eagerly():
    """Run without graphs: quicker for many small fits of different shapes."""
    import tensorflow as tf

    tf.config.run_functions_eagerly(True)
    try:
        yield
    finally:
        tf.config.run_functions_eagerly(False)


@pytest.fixture
def eager():
    """The same for all of a test."""
    with eagerly():
        yield


@pytest.fixture
def interruptible():
    """Ctrl-C is an exception: processes in the background of a shell ignore it."""
    former = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, former)


@pytest.fixture(params=[False, pytest.param(True, marks=pytest.mark.slow)])
def jit(request):
    """Whether to compile with XLA: for tests of what both ways must do."""
    return request.param


@pytest.fixture(scope="session")
def real_data():
    """Folder with real data sets, named by the environment variable KGEN_DATA."""
    folder = os.environ.get("KGEN_DATA")
    if not folder or not Path(folder).is_dir():
        pytest.skip("KGEN_DATA does not name a folder with the real data sets")
    return Path(folder)


@pytest.fixture(scope="session")
def binary_mnist(real_data):
    """The first 2,000 fixed-binarised MNIST digits, uint8, (2000, 28, 28)."""
    packed = np.load(real_data / "binarized_mnist.npz")["train"][:2000]
    return np.unpackbits(packed, axis=1).reshape(-1, 28, 28)


def pytest_addoption(parser):
    parser.addoption("--slow", action="store_true", help="run slow tests, too")


# Their examples draw, which XLA compiles for many seconds.
SLOW_EXAMPLES = ("gated_pixelcnn", "pixelrnn", "wavenet")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config, items):
    for item in items:
        if isinstance(item, pytest.DoctestItem) and item.path.stem in SLOW_EXAMPLES:
            item.add_marker(pytest.mark.slow)
    if not config.getoption("--slow"):
        skip = pytest.mark.skip(reason="slow: give --slow to run it")
        for item in items:
            if "slow" in item.keywords:
                item.add_marker(skip)
