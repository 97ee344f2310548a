"""Training throughput against a hand-written Keras loop over the same network.

    python benchmarks/throughput.py --rounds 6

For PixelCNN, VAE and GAN, it trains kgen's model and a plain `keras.Model` with layers
of the same sizes and the same loss, on the same batches, A B A B in one process. Writes
benchmarks/results/throughput.json: the seconds of every round, and the ratio of the
examples per second (kgen divided by hand-written) with the interval of the rounds.
"""

import argparse
import math
import time

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops
from training import RESULTS, machine, write

import kgen

RANDOM = np.random.default_rng(0)


class MaskedConv(layers.Conv2D):
    """A masked convolution as in Keras' own example."""

    def __init__(self, mask, *args, **kwargs):
        super().__init__(*args, padding="same", **kwargs)
        self.kind = mask

    def build(self, shape):
        super().build(shape)
        size = self.kernel_size[0]
        mask = np.ones((size, size, 1, 1), "float32")
        mask[size // 2, size // 2 + (self.kind == "B") :] = 0
        mask[size // 2 + 1 :] = 0
        self.mask = mask

    def convolution_op(self, inputs, kernel):
        return super().convolution_op(inputs, kernel * self.mask)


def plain_pixelcnn():
    """The same stem, blocks and dilations, with binary cross-entropy."""
    x = keras.Input((28, 28, 1))
    h = MaskedConv("A", 64, 7)(2 * x - 1)
    for dilation in kgen.autoregressive.pixelcnn.DILATIONS:
        inside = layers.Conv2D(32, 1)(ops.relu(h))
        inside = MaskedConv("B", 32, 3, dilation_rate=dilation)(ops.relu(inside))
        h = h + layers.Conv2D(64, 1)(ops.relu(inside))
    h = layers.Conv2D(64, 1)(ops.relu(h))
    model = keras.Model(x, layers.Conv2D(1, 1)(ops.relu(h)))
    model.compile("adam", keras.losses.BinaryCrossentropy(from_logits=True))
    return model, lambda x: (x, x)


class PlainVAE(keras.Model):
    """A VAE as in Keras' own example: 784-512-256-32, Bernoulli pixels."""

    def __init__(self):
        super().__init__()
        self.encoder = keras.Sequential(
            [
                keras.Input((28, 28, 1)),
                layers.Flatten(),
                layers.Dense(512, "silu"),
                layers.Dense(256, "silu"),
                layers.Dense(64),
            ]
        )
        self.decoder = keras.Sequential(
            [
                keras.Input((32,)),
                layers.Dense(256, "silu"),
                layers.Dense(512, "silu"),
                layers.Dense(784),
                layers.Reshape((28, 28, 1)),
            ]
        )
        self.trackers = [keras.metrics.Mean(n) for n in ("loss", "rec", "kl")]

    @property
    def metrics(self):
        return self.trackers

    def train_step(self, x):
        with tf.GradientTape() as tape:
            mean, log_scale = tf.split(self.encoder(x), 2, axis=1)
            z = mean + tf.exp(log_scale) * tf.random.normal(tf.shape(mean))
            logits = self.decoder(z)
            entropy = tf.nn.sigmoid_cross_entropy_with_logits(x, logits)
            rec = tf.reduce_mean(tf.reduce_sum(entropy, (1, 2, 3)))
            kl = tf.exp(2 * log_scale) + mean**2 - 1 - 2 * log_scale
            kl = 0.5 * tf.reduce_mean(tf.reduce_sum(kl, 1))
            loss = rec + kl
        weights = self.trainable_weights
        self.optimizer.apply(tape.gradient(loss, weights), weights)
        for tracker, value in zip(self.trackers, (loss, rec, kl), strict=True):
            tracker.update_state(value)
        return {t.name: t.result() for t in self.trackers}


def plain_vae():
    """See `PlainVAE`."""
    model = PlainVAE()
    model.compile("adam")
    return model, lambda x: x


class PlainGAN(keras.Model):
    """A GAN as in Keras' own example, on given networks."""

    def __init__(self, generator, discriminator):
        super().__init__()
        self.generator, self.discriminator = generator, discriminator
        self.d_optimizer = keras.optimizers.Adam(2e-4, beta_1=0.5)
        self.g_optimizer = keras.optimizers.Adam(2e-4, beta_1=0.5)
        self.trackers = [keras.metrics.Mean("d_loss"), keras.metrics.Mean("g_loss")]

    @property
    def metrics(self):
        return self.trackers

    def train_step(self, x):
        n = tf.shape(x)[0]
        with tf.GradientTape() as tape:
            fake = self.generator(tf.random.normal((n, 64)), training=True)
            real = self.discriminator(x, training=True)
            fake = self.discriminator(tf.stop_gradient(fake), training=True)
            d_loss = tf.reduce_mean(tf.nn.softplus(-real) + tf.nn.softplus(fake))
        weights = self.discriminator.trainable_weights
        self.d_optimizer.apply(tape.gradient(d_loss, weights), weights)
        with tf.GradientTape() as tape:
            fake = self.generator(tf.random.normal((n, 64)), training=True)
            logits = self.discriminator(fake, training=True)
            g_loss = tf.reduce_mean(tf.nn.softplus(-logits))
        weights = self.generator.trainable_weights
        self.g_optimizer.apply(tape.gradient(g_loss, weights), weights)
        self.trackers[0].update_state(d_loss)
        self.trackers[1].update_state(g_loss)
        return {t.name: t.result() for t in self.trackers}


def plain_gan():
    """The DCGAN networks that kgen builds, under a step written by hand."""
    conv = kgen.networks.Conv()
    up, down = conv.up(64, (28, 28, 1)), conv.down((28, 28, 1), 1)
    generator = keras.Sequential([keras.Input((64,)), up, layers.Activation("tanh")])
    model = PlainGAN(generator, down)
    model.compile()
    return model, lambda x: x


CASES = {
    "PixelCNN": (plain_pixelcnn, 64, 40),
    "VAE": (plain_vae, 128, 300),
    "GAN": (plain_gan, 64, 24),
}


def kgen_model(name, x, batch_size):
    """The model inside an estimator with its defaults."""
    estimator = kgen.estimators[name](epochs=1, batch_size=batch_size, random_state=0)
    return estimator.fit(x[: 2 * batch_size]).model_


def seconds(model, dataset, steps):
    """Time of so many training steps, by `fit`."""
    start = time.perf_counter()
    model.fit(dataset, steps_per_epoch=steps, epochs=1, verbose=0)
    return time.perf_counter() - start


def main():
    """Measure all cases, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=6)
    arguments = parser.parse_args()
    found = {"machine": machine(), "rounds": arguments.rounds}
    x = (RANDOM.random((2048, 28, 28, 1)) < 0.2).astype("float32")
    for name, (plain, batch_size, steps) in CASES.items():
        by_hand, adapt = plain()
        model = kgen_model(name, x, batch_size)
        runs = {}
        for key, each, map_to in (
            ("kgen", model, lambda x: x),
            ("by hand", by_hand, adapt),
        ):
            dataset = tf.data.Dataset.from_tensor_slices(x).repeat().batch(batch_size)
            dataset = dataset.map(map_to).prefetch(tf.data.AUTOTUNE)
            seconds(each, dataset, 3)  # tracing
            runs[key] = (each, dataset)
        taken = {key: [] for key in runs}
        for _ in range(arguments.rounds):
            for key, (each, dataset) in runs.items():
                taken[key].append(seconds(each, dataset, steps))
        logs = np.log(np.array(taken["by hand"]) / np.array(taken["kgen"]))
        error = 2 * logs.std(ddof=1) / math.sqrt(len(logs))
        found[name] = {
            "parameters": {
                key: sum(int(np.prod(w.shape)) for w in each.trainable_weights)
                for key, (each, _) in runs.items()
            },
            "seconds": taken,
            "examples per second": {
                key: batch_size * steps / float(np.median(t))
                for key, t in taken.items()
            },
            "ratio": float(np.exp(logs.mean())),
            "interval": np.exp([logs.mean() - error, logs.mean() + error]).tolist(),
        }
        print(name, found[name]["ratio"], found[name]["interval"], flush=True)
    RESULTS.mkdir(exist_ok=True)
    write("throughput", found)


if __name__ == "__main__":
    main()
