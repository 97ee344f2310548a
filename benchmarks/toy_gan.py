"""GANs on points whose modes are known: a ring of 8 normals, and a grid of 25.

    python benchmarks/toy_gan.py ring GAN --seeds 5
    python benchmarks/toy_gan.py grid GAN --seeds 5 --set objective=wasserstein

Fits an estimator from several seeds to 10,000 points. Of 10,000 samples it counts the
modes that get any (a tenth of their share at least, within four standard deviations),
and the share of samples within four standard deviations of any. Prints both and, with
--name, writes benchmarks/results/toy_gan_NAME.json.
"""

import argparse
import time

import numpy as np
from training import machine, settings_of, write

import kgen


def ring():
    """Centres and standard deviation."""
    angle = np.arange(8) * np.pi / 4
    return 2 * np.stack([np.cos(angle), np.sin(angle)], axis=1), 0.2


def grid():
    """Centres and standard deviation."""
    line = np.linspace(-4, 4, 5)
    return np.stack(np.meshgrid(line, line), axis=-1).reshape(-1, 2), 0.1


def points(centres, scale, n, seed):
    """A sample of the mixture, float32 (n, 2)."""
    random = np.random.default_rng(seed)
    which = random.integers(len(centres), size=n)
    return (centres[which] + scale * random.normal(size=(n, 2))).astype("float32")


def judge(samples, x, centres, scale):
    """Modes that are covered, and the share of good samples."""
    modes = len(centres)
    found = kgen.metrics.mode_coverage(
        real=x,
        fake=samples,
        modes=centres,
        radius=4 * scale,
        min_count=len(samples) // (10 * modes),
        n_resamples=0,
    )
    return round(modes * float(found.covered)), float(found.good)


def main():
    """Fit, judge, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("law", choices=("ring", "grid"))
    parser.add_argument("model")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--set", nargs="*", default=[], metavar="name=value")
    parser.add_argument("--name", help="of the file of results")
    arguments = parser.parse_args()
    centres, scale = {"ring": ring, "grid": grid}[arguments.law]()
    x = points(centres, scale, 10_000, 0)
    chosen = settings_of(arguments.set)
    found = []
    for seed in range(arguments.seeds):
        start = time.perf_counter()
        own = {**chosen, "random_state": seed, "verbose": 0}
        model = kgen.estimators[arguments.model](**own).fit(x)
        seconds = time.perf_counter() - start
        samples = model.sample(10_000, random_state=seed)
        modes, good = judge(samples, x, centres, scale)
        found.append({"modes": modes, "good": good, "seconds": seconds})
        print(f"seed {seed}: {modes} of {len(centres)} modes, {good:.3f} good")
    if arguments.name:
        facts = {"law": arguments.law, "model": repr(model), "machine": machine()}
        write(f"toy_gan_{arguments.name}", facts | {"seeds": found})


if __name__ == "__main__":
    main()
