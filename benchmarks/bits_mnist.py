"""Bits per dimension on MNIST of 256 levels after so many minutes of training.

    KGEN_DATA=folder python benchmarks/bits_mnist.py RealNVP --minutes 20
    KGEN_DATA=folder python benchmarks/bits_mnist.py Glow --minutes 20

`KGEN_DATA` names a folder with `mnist.npz`. Interrupt it at will: it goes on where it
was when called again. At the end it writes benchmarks/results/bits_mnist_<model>.json,
and a picture of samples beside it; the names include settings other than the defaults.
Papers use one draw of the noise for every image ("bits"); the bound with 16 draws
("bits, 16 draws") is tighter. At convergence, on test images: RealNVP 1.06, Glow 1.05,
MAF 1.89 (Grathwohl et al., FFJORD, 2019, table 2. https://arxiv.org/abs/1810.01367).
"""

import argparse

import numpy as np
from training import draw, mnist, settings_of, train, write

import kgen

MODELS = ["RealNVP", "Glow", "MAF", "NSF"]


def main():
    """Train, measure, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", choices=MODELS)
    parser.add_argument("--minutes", type=float, required=True)
    parser.add_argument("--set", nargs="*", default=[], metavar="name=value")
    arguments = parser.parse_args()
    name = "_".join(["bits_mnist", arguments.model, *arguments.set])
    model = kgen.estimators[arguments.model](**settings_of(arguments.set))
    x, _ = mnist()
    unseen, _ = mnist("test")
    found = train(name, model, arguments.minutes, x)
    unit = np.log(2) * x[0].size
    for words, images, draws in (
        ("bits", unseen, 1),
        ("bits, 16 draws", unseen[:2000], 16),
        ("bits of training images", x[:2000], 1),
    ):
        log_prob = model.log_prob(images, n_importance=draws).astype("float64")
        error = log_prob.std() / np.sqrt(len(images)) / unit
        found[words] = {"value": -log_prob.mean() / unit, "standard error": error}
    found["loss"] = model.history_["loss"]
    samples = model.set_params(verbose=0).sample(40, random_state=0)
    draw(name, samples, columns=10)
    write(name, found)


if __name__ == "__main__":
    main()
