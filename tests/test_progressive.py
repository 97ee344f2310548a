"""Progressive GANs: growth in training, in files, and in warm starts."""

import os
import subprocess
import sys

import keras
import numpy as np
import pytest

import kgen
from kgen.data.toy import bars
from kgen.networks import Conv, Progressive, growing_layers
from tests.test_growing import SHAPE, at, networks, noise
from tests.training_jobs import ROOT

# Without graphs unused layers have no gradients, in graphs those are zero.
pytestmark = pytest.mark.filterwarnings("ignore:Gradients do not exist")

SMALL = Conv(width=2, normalisation=None)


@pytest.mark.slow
def test_only_layers_in_use_learn():
    """One step of a model at every stage, without and with a fade; then all learn."""
    up, down = networks(normalisation="batch")
    model = kgen.models.GANModel(up, down, seed=0, ema_momentum=None)
    model.compile(keras.optimizers.SGD(0.1))
    x = noise(8, *SHAPE)
    sizes = {0: {0}, 6: {0, 1}, 8: {0, 1}, 14: {0, 1, 2}, 16: {0, 1, 2}}
    images = {0: {0}, 6: {0, 1}, 8: {1}, 14: {1, 2}, 16: {2}}
    for step in sizes:
        layers = at(step, up), at(step, down)
        parts = [("blocks", sizes[step]), ("images", images[step])]
        held = [
            (used, layer, [np.array(w) for w in layer.get_weights()])
            for grown in layers
            for name, in_use in parts
            for used, layer in (
                (i in in_use, part) for i, part in enumerate(getattr(grown, name))
            )
        ]
        model.train_on_batch(x)
        for used, layer, former in held:
            same = [
                np.array_equal(a, b)
                for a, b in zip(former, layer.get_weights(), strict=True)
            ]
            assert all(same) != used
            assert used or all(same)


def fitted(epochs=3, X=None, **settings):
    X = bars(24, size=9, random_state=0) if X is None else X
    given = {"architecture": SMALL, "latent_dim": 2, "batch_size": 8, "growth_steps": 3}
    given |= {"progressive": True, "random_state": 0, "epochs": epochs, **settings}
    return kgen.GAN(**given).fit(X), X


def growth_of(gan):
    return [layer.growth for layer in growing_layers(gan.model_.generator)]


@pytest.mark.slow
def test_growth_goes_on_in_files_and_warm_starts_to_the_bit(tmp_path, eager):
    whole, X = fitted(4)
    part, _ = fitted(2)
    assert growth_of(part) == [1.0]
    part.set_params(warm_start=True, epochs=1).fit(X)
    assert growth_of(part) == [1.0]
    part.save(tmp_path / "gan.keras")
    other = kgen.load(tmp_path / "gan.keras")
    np.testing.assert_array_equal(
        other.sample(4, random_state=0), part.sample(4, random_state=0)
    )
    other.fit(X)
    assert growth_of(other) == growth_of(whole) == [2.0]
    for a, b in zip(
        whole.model_.get_weights(), other.model_.get_weights(), strict=True
    ):
        np.testing.assert_array_equal(a, b)


def test_half_of_the_first_fit_is_for_growing(eager):
    """20 examples in batches of 2 x 3: 4 steps for each epoch."""
    X = bars(20, size=9, random_state=0)
    settings = {"discriminator_steps": 2, "batch_size": 3, "growth_steps": None}
    gan, _ = fitted(4, X, **settings)
    assert gan.growth_steps_ == 2  # 16 steps, half of them in 4 phases
    assert growth_of(gan) == [2.0]
    gan, _ = fitted(2, X, **settings)
    assert gan.growth_steps_ == 1
    # Images have their full size after a fit of enough steps, and keep it.
    assert growth_of(gan) == [2.0]
    gan.set_params(warm_start=True, epochs=1).fit(X)
    assert gan.growth_steps_ == 1
    assert growth_of(gan) == [2.0]


@pytest.mark.parametrize("conditioning", ["projection", "concatenation"])
def test_conditions(conditioning, eager):
    X, y = bars(16, size=9, random_state=0), np.arange(16) % 2
    gan = kgen.ConditionalGAN(
        architecture=Conv(width=2), progressive=True, growth_steps=1, latent_dim=2,
        conditioning=conditioning, epochs=3, batch_size=8, random_state=0,
    ).fit(X, y)  # fmt: skip
    assert growth_of(gan) == [2.0]
    for weight in gan.model_.generator.trainable_weights:
        weight.assign(noise(*weight.shape))
    z = np.repeat(noise(1, 2), 2, axis=0)
    first, second = gan.model_.decode(z, np.eye(2, dtype="float32"))
    assert np.abs(first - second).max() > 0


@pytest.mark.slow
@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"spectral_normalisation": True},
        {"precision": "mixed_float16"},
        {"simultaneous": True},
        {"objective": "wasserstein"},
    ],
    ids=str,
)
def test_graphs_grow(settings):
    """The stages are branches of one graph: gradients, also of gradients, pass."""
    gan, X = fitted(2, growth_steps=1, **settings)
    assert growth_of(gan) == [2.0]
    assert gan.sample(3, random_state=0).shape == (3, 9, 9)
    assert np.isfinite(list(gan.history_.values())).all()


def test_spectral_norms_of_unused_layers_wait(eager):
    def directions(model):
        (layer,) = growing_layers(model.discriminator)
        return [np.array(block.layers[0].u) for block in layer.blocks]

    class Note(keras.callbacks.Callback):
        def on_train_begin(self, logs=None):
            self.before = directions(self.model)

    note, settings = Note(), {"spectral_normalisation": True, "growth_steps": 100}
    gan = kgen.GAN(
        architecture=SMALL, latent_dim=2, batch_size=8, progressive=True,
        random_state=0, epochs=1, **settings,
    ).fit(bars(24, size=9, random_state=0), callbacks=[note])  # fmt: skip
    moved = [
        np.abs(after - before).max()
        for after, before in zip(directions(gan.model_), note.before, strict=True)
    ]
    assert moved[0] > 1e-3
    assert moved[1:] == [0.0, 0.0]


def test_what_cannot_grow():
    table = noise(20, 3)
    with pytest.raises(ValueError, match="progressive=True needs images"):
        kgen.GAN(progressive=True).fit(table)
    for architecture in ("mlp", "resnet", kgen.networks.ResNet(width=4)):
        with pytest.raises(ValueError, match="progressive=True needs.*'conv'"):
            fitted(architecture=architecture)
    for estimator in (kgen.VAE, kgen.GAN):
        with pytest.raises(ValueError, match="Use progressive=True"):
            estimator(architecture=Progressive(3)).fit(bars(8, random_state=0))
    with pytest.raises(ValueError, match="growth_steps"):
        fitted(growth_steps=0)
    with pytest.raises(ValueError, match="progressive=True, jit_compile=True"):
        fitted(jit_compile=True)


def test_players_grow_together():
    up, _ = networks()
    (down,) = networks(growth_steps=7)[1:]
    with pytest.raises(ValueError, match=r"grow together.*\[\d, 7\]"):
        kgen.models.GANModel(up, down)


def test_keras_leaves_xla_off():
    model = kgen.models.GANModel(*networks())
    model.compile("adam", jit_compile="auto")
    assert not model.jit_compile
    with pytest.warns(UserWarning, match="jit_compile=False"):
        model.compile("adam", jit_compile=True)
    assert not model.jit_compile


REPLICAS = """
import numpy as np
import tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
two = [tf.config.LogicalDeviceConfiguration()] * 2
tf.config.set_logical_device_configuration(cpu, two)
import kgen
from kgen.data.toy import bars
X = bars(33, size=8, random_state=0)
fits = []
for devices in (["CPU:0", "CPU:1"], ["CPU:0"]):
    gan = kgen.GAN(
        architecture=kgen.networks.Conv(width=2, normalisation="layer"), latent_dim=2,
        progressive=True, growth_steps=3, batch_size=8, epochs=3, random_state=0,
    )
    with tf.distribute.MirroredStrategy(devices).scope():
        fits.append(gan.fit(X))
(layer,) = kgen.networks.growing_layers(fits[0].model_.generator)
print("growth:", layer.growth, "of", len(layer.step.value.values), "replicas")
both = zip(*(fit.model_.get_weights() for fit in fits), strict=True)
print("equal:", max(np.abs(a - b).max() for a, b in both) < 2e-5)
"""


@pytest.mark.slow
def test_replicas_grow_like_one_device():
    done = subprocess.run(
        [sys.executable, "-c", REPLICAS], cwd=ROOT, text=True, capture_output=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)}, check=False,
    )  # fmt: skip
    assert "growth: 2.0 of 2 replicas" in done.stdout, done.stderr
    assert "equal: True" in done.stdout
