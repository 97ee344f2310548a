"""Nats of the importance weighted autoencoder paper's network, after so many minutes.

    KGEN_DATA=folder python benchmarks/iwae_mnist.py --k 1 --minutes 20
    KGEN_DATA=folder python benchmarks/iwae_mnist.py --k 5 --minutes 20

Burda et al., 2016, table 4: two layers of 200 tanh units and 50 latent dimensions, on
fixed-binarised MNIST; after 3,280 epochs 88.7 nats with k = 1, 87.6 with 5, 87.1 with
50. Here the learning rate falls along a cosine over the given minutes, and weights
decay. The bound has 5,000 importance samples, on every tenth test image.
`KGEN_DATA` is the folder of `nats_mnist.py`; interrupt it at will. Writes
results/iwae_mnist_k=<k>.json.
"""

import argparse
import math
import time

import keras
from training import RESULTS, binarized_mnist, draw, train, write

import kgen


class Cosine(keras.callbacks.Callback):
    """Lower the learning rate along half a cosine, by the time that is left.

    Args:
        rate: at the start.
        minutes: until it is zero.
        clock: file that keeps the time of a run that is interrupted.
    """

    def __init__(self, rate, minutes, clock):
        super().__init__()
        self.rate, self.seconds, self.clock = rate, 60 * minutes, clock

    def on_train_begin(self, logs=None):
        before = float(self.clock.read_text()) if self.clock.exists() else 0.0
        self.start = time.perf_counter() - before

    def on_epoch_begin(self, epoch, logs=None):
        share = min(1.0, (time.perf_counter() - self.start) / self.seconds)
        rate = self.rate * 0.5 * (1 + math.cos(math.pi * share))
        self.model.optimizer.learning_rate = max(rate, 1e-6)


def main():
    """Train, measure, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--k", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=20)
    arguments = parser.parse_args()
    name = f"iwae_mnist_k={arguments.k}"
    network = kgen.networks.MLP(widths=(200, 200), activation="tanh")
    model = kgen.VAE(
        latent_dim=50,
        architecture=network,
        n_importance=arguments.k,
        batch_size=100,
        weight_decay=0.02,
        random_state=0,
        verbose=2,
    )
    cosine = Cosine(1e-3, arguments.minutes, RESULTS / f"{name}.seconds")
    x = binarized_mnist("train")
    found = train(name, model, arguments.minutes, x, callbacks=[cosine])
    test = binarized_mnist("test")[::10]  # they are in the order of their classes
    bounds = {k: -float(model.log_prob(test, n_importance=k).mean()) for k in (1, 5000)}
    found["nats on every tenth test image, by importance samples"] = bounds
    found["nats on 1,000 training images, 64 importance samples"] = -model.score(
        x[:1000]
    )
    found["loss"] = model.history_["loss"][:: max(1, found["epochs"] // 100)]
    draw(name, model.set_params(verbose=0).sample(32, random_state=0), columns=8)
    write(name, found)


if __name__ == "__main__":
    main()
