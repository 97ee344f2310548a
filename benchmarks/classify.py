"""Densities that classify scikit-learn's digits, and what they reject.

    KGEN_DATA=folder python benchmarks/classify.py --splits 1

Every split has 450 test digits. `BayesClassifier` with a ConditionalPixelCNN, and with
a NADE per class, learns from the other 1,347, a fifth of which is held out for the
threshold; logistic regression and GaussianNB learn from all of them. Then it is shown
images that are not digits of the set: letters and digits of printed fonts, made as the
set's are (32x32 pixels, black ones counted in blocks of 4x4), clothes of Fashion-MNIST
(in `KGEN_DATA`) at the same size, test digits with their pixels shuffled, and noise.
Writes benchmarks/results/classify.json after every fit, and resumes from that file.
"""

import argparse
import json
import time
from pathlib import Path

import matplotlib
import numpy as np
from PIL import Image, ImageDraw, ImageFont
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from training import RESULTS, fashion, machine, write

import kgen
from kgen.tasks import BayesClassifier

RATE = 0.05
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
DENSITIES = {
    "ConditionalPixelCNN": kgen.ConditionalPixelCNN(
        head="mixture_of_logistics", epochs=20, random_state=0
    ),
    "NADE per class": kgen.NADE(
        head="mixture_of_logistics",
        hidden=32,
        epochs=60,
        batch_size=16,
        random_state=0,
    ),
}
OTHERS = {
    "logistic regression": make_pipeline(
        StandardScaler(), LogisticRegression(max_iter=1000)
    ),
    "GaussianNB": GaussianNB(),
}


def printed(characters):
    """Characters in the fonts that matplotlib brings, (n, 8, 8), 0 to 16."""
    folder = Path(matplotlib.get_data_path(), "fonts", "ttf")
    fonts = [path for path in sorted(folder.glob("DejaVu*")) if "Disp" not in path.name]
    return np.stack([_printed(c, font) for font in fonts for c in characters])


def _printed(character, font):
    canvas = Image.new("L", (160, 160))
    pen = ImageDraw.Draw(canvas)
    pen.text((40, 20), character, 255, ImageFont.truetype(str(font), 80))
    cut = canvas.crop(canvas.getbbox())
    scale = 32 / max(cut.size)
    small = cut.resize([max(1, round(side * scale)) for side in cut.size])
    page = np.zeros((32, 32), bool)
    height, width = small.size[::-1]
    top, left = (32 - height) // 2, (32 - width) // 2
    page[top : top + height, left : left + width] = np.asarray(small) > 127
    return _counted(page)


def _counted(page):
    """Pixels of 32x32 pages in blocks of 4x4, 0 to 16."""
    blocks = page.reshape(*page.shape[:-2], 8, 4, 8, 4)
    return np.rint(blocks.sum(axis=(-3, -1))).astype("uint8")


def strangers(test, random):
    """What are no digits of the set, by name."""
    clothes = fashion("t10k")[0][:450] / 255.0
    clothes = np.pad(clothes, ((0, 0), (2, 2), (2, 2)))
    rows = random.permuted(test.reshape(len(test), -1), axis=1)
    return {
        "printed letters": printed(LETTERS),
        "printed digits": printed("0123456789"),
        "Fashion-MNIST": _counted(clothes),
        "shuffled pixels": rows.reshape(test.shape),
        "noise": random.integers(0, 17, (450, 8, 8), "uint8"),
    }


def judged(density, train, y_train, test, y_test, others):
    """Accuracy, and shares that are rejected."""
    start = time.process_time()
    model = BayesClassifier(density, reject=RATE, random_state=0).fit(train, y_train)
    seconds = time.process_time() - start
    found = model.predict_proba(test).argmax(axis=1)
    kept = model.predict(test)
    rejected = {"digits": np.mean(kept == -1)}
    for name, images in others.items():
        rejected[name] = np.mean(model.score_samples(images) < model.threshold_)
    return {
        "accuracy": np.mean(found == y_test),
        "accuracy of those accepted": np.mean((kept == y_test)[kept != -1]),
        "log p(x)": float(model.score_samples(test).mean()),
        "threshold": model.threshold_,
        "rejected": rejected,
        "fit in CPU seconds": round(seconds),
    }


def main():
    """Fit, judge, write, one by one."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--splits", type=int, default=1)
    splits = parser.parse_args().splits
    path = RESULTS / "classify.json"
    found = json.loads(path.read_text()) if path.exists() else {}
    found |= {"command": f"python benchmarks/classify.py --splits {splits}"}
    found |= {"rate": RATE, "machine": machine()}
    found["models"] = {name: repr(model) for name, model in DENSITIES.items()}
    data = load_digits()
    x, y = data.images.astype("uint8"), data.target
    for split in range(splits):
        train, test, y_train, y_test = train_test_split(
            x, y, test_size=450, stratify=y, random_state=split
        )
        others = strangers(test, np.random.default_rng(split))
        row = found.setdefault(f"split {split}", {})
        for name, model in OTHERS.items():
            model.fit(train.reshape(-1, 64), y_train)
            accuracy = model.score(test.reshape(-1, 64), y_test)
            row[name] = {"accuracy": accuracy}
        for name, density in DENSITIES.items():
            if name not in row:
                row[name] = judged(density, train, y_train, test, y_test, others)
                print(split, name, row[name], flush=True)
                write("classify", found)


if __name__ == "__main__":
    main()
