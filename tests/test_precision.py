"""Half precision: which policy, every layer in it, and gradients that do not vanish."""

import keras
import numpy as np
import pytest

from kgen.core import backend, precision
from kgen.data.toy import bars
from kgen.models import GANModel, PixelCNNModel
from tests.conftest import ROOTS, data_for, tiny

TINY = 1e-6
"""Times a gradient of 1/128 it is nothing in float16, whose least number is 6e-8."""


@pytest.mark.parametrize(
    ("capability", "policy"),
    [
        (None, "float32"),
        ((6, 1), "float32"),
        ((7, 0), "mixed_float16"),
        ((7, 5), "mixed_float16"),
        ((8, 0), "mixed_bfloat16"),
        ((8, 9), "mixed_bfloat16"),
        ((9, 0), "mixed_bfloat16"),
        ((12, 0), "mixed_bfloat16"),
    ],
)
def test_auto_asks_the_device(capability, policy, monkeypatch):
    monkeypatch.setattr(backend, "gpu_compute_capability", lambda: capability)
    assert precision.resolve("auto") == policy


@pytest.mark.parametrize("policy", ["float32", "mixed_float16", "mixed_bfloat16"])
def test_auto_is_the_policy_of_models(policy, monkeypatch, eager):
    capabilities = {"mixed_float16": (7, 0), "mixed_bfloat16": (8, 0)}
    found = capabilities.get(policy)
    monkeypatch.setattr(backend, "gpu_compute_capability", lambda: found)
    for name in ROOTS:
        estimator = tiny(name)
        X, y = data_for(estimator, 8)
        estimator.fit(X, y)
        assert estimator.policy_ == policy
        assert estimator.model_.dtype_policy.name == policy


def test_the_weakest_of_several_gpus_decides(monkeypatch):
    import tensorflow as tf

    details = {"a": {"compute_capability": (9, 0)}, "b": {"compute_capability": (7, 5)}}
    query = "get_device_details"
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: ["a", "b"])
    monkeypatch.setattr(tf.config.experimental, query, details.get)
    assert backend.gpu_compute_capability() == (7, 5)
    monkeypatch.setattr(tf.config.experimental, query, lambda gpu: {})
    assert backend.gpu_compute_capability() is None


@pytest.mark.parametrize("policy", precision.POLICIES)
def test_any_policy_of_keras(policy, eager):
    """With a warning if weights have 16 bits: Adam does not learn."""
    assert precision.resolve(policy) == policy
    pixels, X = tiny("PixelCNN", precision=policy), bars(8, size=3, random_state=0)
    if policy in ("float16", "bfloat16"):
        with pytest.warns(UserWarning, match=f"'mixed_{policy}'"):
            pixels.fit(X)
    else:
        pixels.fit(X)
    assert pixels.model_.compute_dtype == keras.DTypePolicy(policy).compute_dtype
    assert pixels.log_prob(bars(4, size=3, random_state=0)).dtype == "float32"


def game(policy):
    """A GAN whose gradients are tiny: the discriminator puts out nearly nothing."""
    keras.utils.set_random_seed(0)
    generator = keras.Sequential(
        [keras.Input((3,)), keras.layers.Dense(2, dtype=policy)]
    )
    discriminator = keras.Sequential(
        [
            keras.Input((2,)),
            keras.layers.Dense(4, dtype=policy),
            keras.layers.Dense(1, dtype=policy),
        ]
    )
    model = GANModel(generator, discriminator, seed=0, dtype=policy)
    last = discriminator.layers[-1].kernel
    last.assign(TINY * np.sign(last))
    model.compile(keras.optimizers.SGD(1e5))
    model.build_optimizers()
    return model


def moves(model, x, layers, **options):
    """How far one training step moves the kernels of layers."""
    before = [layer.kernel.numpy() for layer in layers]
    model.train_on_batch(x, **options)
    return [
        layer.kernel.numpy() - old for layer, old in zip(layers, before, strict=True)
    ]


def test_tiny_gradients_arrive_at_both_players():
    x = np.random.default_rng(0).normal(size=(64, 2)).astype("float32")

    def both(policy, *, scaled=True):
        model = game(policy)
        kinds = [type(optimizer).__name__ for optimizer in model.optimizer_list()]
        expected = "LossScaleOptimizer" if policy == "mixed_float16" else "SGD"
        assert kinds == [expected] * 2
        if not scaled:
            model.optimizers = {
                player: optimizer.inner_optimizer
                for player, optimizer in model.optimizers.items()
            }
        # One after the other: a step of the discriminator changes the next gradient.
        first = model.discriminator.layers[0]
        learned = moves(model, x, [first])
        model = game(policy)
        if not scaled:
            model.optimizers["generator"] = model.optimizers[
                "generator"
            ].inner_optimizer
        model.optimizers["discriminator"].learning_rate = 0.0
        return learned + moves(model, x, [model.generator.layers[0]])

    for half, single in zip(both("mixed_float16"), both("float32"), strict=True):
        assert np.abs(single).min() > 0
        np.testing.assert_allclose(half, single, rtol=0.02, atol=1e-5)
    for lost in both("mixed_float16", scaled=False):
        assert np.abs(lost).max() == 0, "the test's gradients do not vanish"


def test_tiny_gradients_arrive_with_a_single_optimizer():
    x = bars(64, size=4, random_state=0)[..., np.newaxis].astype("float32")

    def first(policy, *, scaled=True):
        keras.utils.set_random_seed(0)
        model = PixelCNNModel(filters=8, blocks=1, dtype=policy)
        model.build((None, 4, 4, 1))
        model.compile(keras.optimizers.SGD(1e6), auto_scale_loss=scaled)
        weights = np.full(64, TINY, "float32")
        return moves(model, x, [model.last], sample_weight=weights)[0]

    single = first("float32")
    assert np.abs(single).max() > 0
    # Sums of many products of 16-bit numbers.
    np.testing.assert_allclose(
        first("mixed_float16"), single, atol=0.05 * np.abs(single).max()
    )
    lost = first("mixed_float16", scaled=False)
    assert np.abs(lost).max() < 0.01 * np.abs(single).max()
