"""Single steps on two replicas and on one device, for `test_replicas.py`.

python -m tests.replica_steps answers.json writes what came of them.
"""

import contextlib
import json
import sys
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from kgen.base import whole_batch
from kgen.models import PixelCNNModel, VAEModel, VQVAEModel
from kgen.networks import MLP, Spatial
from kgen.penalties import KL, Penalty


class Spread(Penalty):
    """The distance between the codes of every two examples, on average."""

    name = "spread"

    def __call__(self, posterior, prior, z, z_prior=None, step=None):
        every = whole_batch(z[:, 0])
        apart = ops.mean(ops.abs(every[:, None] - every[None]))
        apart = ops.broadcast_to(apart, (ops.shape(z)[0],))
        return apart, -10.0 * apart


def pixels(policy="float32"):
    model = PixelCNNModel("normal", 4, 0, dtype=policy)
    model.build((None, 3, 3, 1))
    return model


def variational(penalty="kl"):
    mlp = MLP(widths=(8,), normalisation="batch")
    down, up = mlp.down((3, 3, 1), 4), mlp.up(2, (3, 3, 2))
    return VAEModel(down, up, "normal", penalty, seed=0)


def quantised():
    networks = Spatial(width=4, halvings=1, blocks=1)
    down, up = networks.down((3, 3, 1), 3), networks.up(3, (3, 3, 2))
    return VQVAEModel(down, up, "normal", codebook_size=5, decay=0.5, seed=0)


def fit(build, optimizer, sizes, weights=None, scope=contextlib.nullcontext):
    """Two steps, on batches of those sizes; what the model is then."""
    keras.utils.set_random_seed(0)
    random = np.random.default_rng(0)
    x = random.normal(size=(sum(sizes), 3, 3, 1)).astype("float32") + 1.0
    with scope():
        model = build()
        model.compile(keras.optimizers.get(optimizer))
        settings = {"batch_size": sizes[0], "shuffle": False, "verbose": 0}
        # Without a target Keras drops the weights.
        history = model.fit(x, x, sample_weight=weights, **settings).history
    scale = getattr(model.optimizer, "dynamic_scale", None)
    return {
        "weights": np.concatenate([w.ravel() for w in model.get_weights()]).tolist(),
        "history": history,
        "scale": None if scale is None else float(ops.convert_to_numpy(scale)),
        "updates": int(ops.convert_to_numpy(model.optimizer.iterations)),
    }


def sgd(**options):
    config = {"learning_rate": 0.1, **options}
    return {"class_name": "SGD", "config": config}


# With these weights gradients are within the range of float16 ...
SMALL = np.full(16, 1e-2, "float32")
# ... and here they are not, in the second half of the first batch.
OVERFLOW = np.where(np.arange(16) // 4 == 1, 1e9, SMALL).astype("float32")
EVEN, UNEVEN, EMPTY = (8, 8), (5, 5), (5, 1)
BITS = KL(free_bits=0.1)


def half():
    return pixels("mixed_float16")


CASES = {
    "plain": (pixels, sgd(), EVEN),
    "clipnorm": (pixels, sgd(clipnorm=0.3), EVEN),
    "global_clipnorm": (pixels, sgd(global_clipnorm=0.5), EVEN),
    "clipvalue": (pixels, sgd(clipvalue=0.1), EVEN),
    "half": (half, sgd(learning_rate=5.0), EVEN, SMALL),
    "half_norm": (half, sgd(learning_rate=5.0, global_clipnorm=0.01), EVEN, SMALL),
    "half_value": (half, sgd(learning_rate=5.0, clipvalue=2e-3), EVEN, SMALL),
    "overflow": (half, sgd(), EVEN, OVERFLOW),
    "overflow_value": (half, sgd(clipvalue=1.0), EVEN, OVERFLOW),
    "empty": (variational, sgd(), EMPTY),
    "free_bits": (lambda: variational(BITS), sgd(), UNEVEN),
    "free_bits_empty": (lambda: variational(BITS), sgd(), EMPTY),
    "quantised": (quantised, sgd(learning_rate=0.01), UNEVEN),
    "quantised_empty": (quantised, sgd(learning_rate=0.01), EMPTY),
    "spread": (lambda: variational(Spread()), sgd(), UNEVEN),
    "spread_empty": (lambda: variational(Spread()), sgd(), EMPTY),
}


def main():
    cpu = tf.config.list_physical_devices("CPU")[0]
    parts = [tf.config.LogicalDeviceConfiguration()] * 2
    tf.config.set_logical_device_configuration(cpu, parts)
    strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    found = {
        name: [fit(*case), fit(*case, scope=strategy.scope)]
        for name, case in CASES.items()
    }
    try:
        optimizer = sgd(gradient_accumulation_steps=2)
        fit(pixels, optimizer, EVEN, scope=strategy.scope)
    except ValueError as error:
        found["accumulation"] = str(error)
    Path(sys.argv[1]).write_text(json.dumps(found))


if __name__ == "__main__":
    main()
