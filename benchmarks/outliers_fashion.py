"""The trap of the likelihood, and ways out of it: Fashion-MNIST against MNIST.

    KGEN_DATA=folder python benchmarks/outliers_fashion.py

`KGEN_DATA` names a folder with `mnist.npz` and `fashion-mnist/`. Two PixelCNNs, one of
clothes and one of clothes with random pixels (the background model of Ren et al.,
2019), are trained for some minutes each. Then every score judges 2,000 test images of
clothes and 2,000 of digits. 1,000 other test images of clothes set the thresholds, with
contamination="auto".

Interrupt it at will: it goes on where it was when called again. At the end it writes
benchmarks/results/outliers_fashion.json, with the area under the ROC curve of every
score and the share of both kinds that is called outliers, and a picture of the scores.
"""

import argparse
import json

import matplotlib.pyplot as plt
import numpy as np
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import roc_auc_score
from training import RESULTS, fashion, mnist, train, write

import kgen
from kgen.tasks import OutlierDetector
from kgen.tasks.backgrounds import mutated

NAME, SET_BY, JUDGED = "outliers_fashion", 1000, 2000


def pixels(name, x, minutes):
    """A PixelCNN of 256 levels, and facts about its training; kept in files."""
    path = RESULTS / f"{NAME}_{name}.keras"
    facts = path.with_suffix(".facts")
    if not path.exists():
        density = kgen.PixelCNN(
            filters=32, head="mixture_of_logistics", random_state=0, verbose=2
        )
        found = train(f"{NAME}_{name}", density, minutes, x)
        density.save(path)
        facts.write_text(json.dumps(found))
    return FrozenEstimator(kgen.load(path)), json.loads(facts.read_text())


def draw_scores(scores, aucs):
    """Histograms of the scores of clothes and digits, one panel for every score."""
    figure, axes = plt.subplots(2, 2, figsize=(9, 5.5), layout="constrained")
    for ax, (name, (clothes, digits)) in zip(axes.flat, scores.items(), strict=True):
        bins = np.histogram_bin_edges(np.concatenate([clothes, digits]), 60)
        ax.hist(clothes, bins, alpha=0.6, label="clothes (normal)")
        ax.hist(digits, bins, alpha=0.6, label="digits (outliers)")
        ax.set(title=f"{name}: AUROC {aucs[name]:.2f}", xlabel="nats", yticks=[])
    axes.flat[0].legend()
    figure.savefig(RESULTS / f"{NAME}.png", dpi=100)


def main():
    """Train, judge, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=5.0, help="for each model")
    parser.add_argument("--rate", type=float, default=0.2, help="of mutations")
    arguments = parser.parse_args()
    x, _ = fashion("train")
    density, facts = pixels("density", x, arguments.minutes)
    noisy = mutated(x, arguments.rate, np.random.default_rng(0))
    background, more = pixels(f"background_{arguments.rate}", noisy, arguments.minutes)
    rest = np.random.default_rng(0).permutation(fashion("t10k")[0])
    set_by, clothes = rest[:SET_BY], rest[SET_BY:][:JUDGED]
    digits = np.random.default_rng(0).permutation(mnist("test")[0])[:JUDGED]
    detectors = {
        "likelihood": {"score": "likelihood"},
        "typicality": {"score": "typicality"},
        "ratio to the complexity": {"score": "likelihood_ratio"},
        "ratio to a background": {
            "score": "likelihood_ratio",
            "background": background,
        },
    }
    found = {"density": facts, "background": more, "rate": arguments.rate, "scores": {}}
    scores, aucs = {}, {}
    for name, settings in detectors.items():
        detector = OutlierDetector(density, "auto", **settings).fit(set_by)
        scores[name] = [detector.score_samples(part) for part in (clothes, digits)]
        odd = np.repeat([0, 1], JUDGED)
        aucs[name] = float(roc_auc_score(odd, -np.concatenate(scores[name])))
        below = [float(np.mean(part < detector.threshold_)) for part in scores[name]]
        found["scores"][name] = {
            "auroc": round(aucs[name], 4),
            "means": [round(float(np.mean(part)), 1) for part in scores[name]],
            "called outliers": [round(share, 4) for share in below],
        }
        print(name, found["scores"][name], flush=True)
    draw_scores(scores, aucs)
    write(NAME, found)


if __name__ == "__main__":
    main()
