"""How good pictures are after so many minutes of training, in numbers and to look at.

    KGEN_DATA=folder python benchmarks/quality.py fashion GAN --minutes 10
    KGEN_DATA=folder python benchmarks/quality.py fashion VAE --minutes 10
    KGEN_DATA=folder python benchmarks/quality.py mnist ConditionalGAN --minutes 10

`KGEN_DATA` names a folder with `mnist.npz` and `fashion-mnist/`. Interrupt it at will:
it goes on where it was when called again. At the end it writes a picture and
benchmarks/results/quality_<data>_<model>.json: Frechet distance, precision, recall,
density and coverage of 5,000 samples in the default features of `kgen.metrics`, with
their floors from held-out images; and for conditional models how often a classifier,
trained for three times as many steps, sees the class that was asked for. The names
include settings other than the defaults (`--set name=value`).
"""

import argparse
import dataclasses

import numpy as np
from training import draw, fashion, mnist, settings_of, train, write

import kgen
from kgen.metrics import default_features, frechet_distance, prdc


def main():
    """Train, draw, judge, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", choices=("mnist", "fashion"))
    parser.add_argument("model")
    parser.add_argument("--minutes", type=float, required=True)
    parser.add_argument("--set", nargs="*", default=[], metavar="name=value")
    arguments = parser.parse_args()
    name = "_".join(["quality", arguments.data, arguments.model, *arguments.set])
    x, y = {"mnist": mnist, "fashion": fashion}[arguments.data]()
    (x, held_out), (y, truth) = np.split(x, [50_000]), np.split(y, [50_000])
    model = kgen.estimators[arguments.model](**settings_of(arguments.set))
    labels = [y] if model.conditional else []
    found = train(name, model, arguments.minutes, x, *labels)
    asked = np.tile(np.arange(10), 500)
    given = {"y": asked} if model.conditional else {"n_samples": len(asked)}
    drawn = model.sample(**given, random_state=0)
    draw(name, drawn[:80], columns=10)
    features = default_features(x, y)
    data = {"real": x[:10_000], "fake": drawn, "held_out": held_out[:5000]}
    data |= {"features": features, "random_state": 0}
    found["frechet distance"] = dataclasses.asdict(frechet_distance(**data))
    found |= {
        name: dataclasses.asdict(estimate)
        for name, estimate in prdc(**data)._asdict().items()
    }
    if model.conditional:
        judge = default_features(x, y, steps=3000)
        right = float(np.mean(judge.predict(held_out) == truth))
        found["drawn as asked"] = float(np.mean(judge.predict(drawn) == asked))
        found["classifier's accuracy"] = right
    write(name, found)


if __name__ == "__main__":
    main()
