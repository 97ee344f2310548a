"""Pictures drawn after every epoch of a GAN that grows progressively.

    KGEN_DATA=folder python benchmarks/progressive.py mnist
    KGEN_DATA=folder python benchmarks/progressive.py fashion

`KGEN_DATA` names a folder with `mnist.npz` and `fashion-mnist/`. Trains for 12 epochs,
and writes benchmarks/results/progressive_<data>.json, with the number of doublings
after every epoch, and a picture beside it: a row for every epoch, a column for every
code.
"""

import argparse
import time

import keras
import numpy as np
from training import draw, fashion, machine, mnist, write

import kgen

COLUMNS = 10


class Rows(keras.callbacks.Callback):
    """Samples of the same codes after every epoch, and the share of the size grown."""

    def __init__(self):
        super().__init__()
        self.samples, self.growth = [], []

    def on_epoch_end(self, epoch, logs=None):
        self.samples.append(self.model.sample(COLUMNS, seed=1))
        (layer,) = kgen.networks.growing_layers(self.model.generator)
        self.growth.append(layer.growth)


def main():
    """Train, draw, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", choices=("mnist", "fashion"))
    data = parser.parse_args().data
    x, _ = {"mnist": mnist, "fashion": fashion}[data]()
    model = kgen.GAN(
        architecture=kgen.networks.Conv(width=16),
        progressive=True,
        epochs=12,
        random_state=0,
        verbose=2,
    )
    rows, start = Rows(), time.process_time()
    model.fit(x, callbacks=rows)
    seconds = time.process_time() - start
    images = np.concatenate([np.asarray(row) for row in rows.samples])
    draw(f"progressive_{data}", np.clip(np.rint(images), 0, 255)[..., 0], COLUMNS)
    found = {"model": repr(model), "CPU seconds": seconds, "machine": machine()}
    write(f"progressive_{data}", found | {"doublings after every epoch": rows.growth})


if __name__ == "__main__":
    main()
