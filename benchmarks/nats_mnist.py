"""Nats on fixed-binarised MNIST after so many minutes of training, with the defaults.

    KGEN_DATA=folder python benchmarks/nats_mnist.py PixelCNN --minutes 10
    KGEN_DATA=folder python benchmarks/nats_mnist.py NADE --minutes 20
    KGEN_DATA=folder python benchmarks/nats_mnist.py MADE --minutes 20 --set orders=16
    KGEN_DATA=folder python benchmarks/nats_mnist.py VAE --minutes 5

`KGEN_DATA` names a folder with `binarized_mnist.npz` (the data of Larochelle and
Murray, bit-packed: train, valid, test). Interrupt it at will: it goes on where it was
when called again. At the end it writes benchmarks/results/nats_mnist_<model>.json, and
a picture of samples beside it; the names include settings other than the defaults.
"""

import argparse

from training import binarized_mnist, draw, settings_of, train, write

import kgen

MODELS = ["PixelCNN", "GatedPixelCNN", "PixelRNN", "NADE", "MADE", "VAE"]


def main():
    """Train, measure, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", choices=MODELS)
    parser.add_argument("--minutes", type=float, required=True)
    parser.add_argument("--set", nargs="*", default=[], metavar="name=value")
    arguments = parser.parse_args()
    name = "_".join(["nats_mnist", arguments.model, *arguments.set])
    model = kgen.estimators[arguments.model](**settings_of(arguments.set))
    found = train(name, model, arguments.minutes, binarized_mnist("train"))
    found["nats"] = {
        split: -model.score(binarized_mnist(split)[:10_000])
        for split in ("train", "valid", "test")
    }
    found["loss"] = model.history_["loss"]
    samples = model.set_params(verbose=0).sample(32, random_state=0)
    draw(name, samples, columns=8)
    write(name, found)


if __name__ == "__main__":
    main()
