"""Write the table of docs/results.md: what every model reaches, beside its paper.

    python docs/results.py

Our numbers come from benchmarks/results/*.json, those of the papers are in this file.
Only the part of docs/results.md between the marks is written.
"""

import json
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
from tables import ROOT, estimators, guide  # noqa: E402

PAGE = ROOT / "docs" / "results.md"
RESULTS = ROOT / "benchmarks" / "results"
MARK = re.compile(
    r"(<!-- results: made by docs/results.py -->\n\n).*?(\n\n<!-- end)", re.S
)
BINARY = "binarised MNIST, nats ↓"
MADE_PAPER = "[MADE, table 6](https://arxiv.org/abs/1502.03509)"
PIXEL_RNN = "[table 4](https://arxiv.org/abs/1601.06759)"
IWAE = "[IWAE, table 4](https://arxiv.org/abs/1509.00519)"
FFJORD = "[FFJORD, table 2](https://arxiv.org/abs/1810.01367)"
MAF_PAPER = "[MAF, table 1](https://arxiv.org/abs/1705.07057)"
UCI = ("not measured", "python benchmarks/uci.py --data folder")
SMALL = "digits of 64 reals, nats ↓"
FRECHET = "Fréchet distance in features of our own ↓"


@dataclass(frozen=True)
class Row:
    """A line of the table.

    `ours` makes text of the content of a file of benchmarks/results, or is the reason
    why there is none, and `file` the command that would measure it. `minutes` reads
    them where the file has no such key.
    """

    model: str
    measure: str
    paper: str
    ours: Callable[[dict], str] | str
    file: str = ""
    minutes: Callable[[dict], float] = lambda facts: facts["minutes"]
    key: str = ""

    def cells(self) -> list[str]:
        """What stands in the columns."""
        name, *settings = self.model.split("(", 1)
        page = {cls.__name__: guide(cls) for cls in estimators()}[name]
        model = f"[`{name}`]({page})"
        if settings:
            model += f"<br>{typed(settings[0].removesuffix(')'))}"
        measure = re.sub(" ([↓↑])", "&nbsp;\\1", self.measure)
        if isinstance(self.ours, str):
            command = typed(self.file) if self.file else ""
            return [model, measure, self.paper, self.ours, "", command]
        facts = json.loads((RESULTS / f"{self.file}.json").read_text())
        facts = facts[self.key] if self.key else facts
        machine = facts["machine"]
        cores = f"{machine['cores']} core{'s' * (machine['cores'] > 1)}"
        minutes = self.minutes(facts) + 1e-9  # 19.45 is 19.5
        time = f"{minutes:.1f} minutes, {cores} of {machine['processor']}"
        command = typed(facts["command"])
        return [model, measure, self.paper, self.ours(facts), time, command]


def typed(text: str) -> str:
    """Code that may break, unlike that of other tables."""
    return f'<span class="typed">{text}</span>'


def nats(facts: dict) -> str:
    """Of test images."""
    return f"{facts['nats']['test']:.1f}"


def sampled_nats(facts: dict) -> str:
    """The tightest bound there is."""
    return (
        f"{facts['nats on every tenth test image, by importance samples']['5000']:.1f}"
    )


def bits(facts: dict) -> str:
    """Per dimension, of test images."""
    return f"{facts['bits']['value']:.2f}"


def folds(name: str, key: str) -> Callable[[dict], float]:
    """Mean over the five parts of the digits in tables.json."""

    def found(facts: dict) -> float:
        return mean(fold[key] for fold in facts["sets"]["digits"][name].values())

    return found


def table_of(name: str) -> tuple[Callable[[dict], str], str, Callable[[dict], float]]:
    """Nats of a flow on the digits beside normals; the file; CPU minutes."""

    def found(facts: dict) -> str:
        ours, normals = (folds(n, "nats")(facts) for n in (name, "mixture"))
        return f"{ours:.1f} (a mixture of normals: {normals:.1f})"

    return found, "tables", lambda facts: folds(name, "cpu_seconds")(facts) / 60


def frechet(facts: dict) -> str:
    """Distance of samples, and what real digits have."""
    distance = facts["frechet distance"]
    text = f"{distance['value']:.2f} (real digits: {distance['floor']:.2f})"
    if "drawn as asked" in facts:
        text += f"; {facts['drawn as asked']:.0%} of the label that was asked for"
    return text


def accuracy(facts: dict) -> str:
    """By Bayes' rule, over the splits."""
    runs = [facts[k]["ConditionalPixelCNN"] for k in facts if k.startswith("split")]
    return f"{mean(run['accuracy'] for run in runs):.1%}"


def fit_minutes(facts: dict) -> float:
    """CPU minutes of a fit, over the splits."""
    runs = [facts[k]["ConditionalPixelCNN"] for k in facts if k.startswith("split")]
    return mean(run["fit in CPU seconds"] for run in runs) / 60


def spoken(facts: dict) -> str:
    """Nats per sample of speech."""
    found = facts["nats per sample"]
    linear = found["linear predictor"]["test"]
    return f"{found['WaveNet']['test']:.2f} (a linear predictor: {linear:.2f})"


def coded(facts: dict) -> str:
    """Bits of the prior per code."""
    found = facts["bits per code"]
    return f"{found['prior']:.2f} (uniform: {found['uniform']:.0f})"


NOT_THERE = "not measured at the paper's size"
ROWS = (
    Row("NADE", BINARY,
        "[88.86](https://proceedings.mlr.press/v15/larochelle11a.html)", nats,
        "nats_mnist_NADE"),
    Row("SequenceRNN", "Penn Treebank, bits per character ↓",
        "1.26, [table 1](https://arxiv.org/abs/1308.0850)", NOT_THERE),
    Row("MADE(orders=16)", BINARY, f"86.64 (32 masks), {MADE_PAPER}", nats,
        "nats_mnist_MADE_orders=16"),
    Row("PixelCNN", BINARY, f"81.30, {PIXEL_RNN}", nats, "nats_mnist_PixelCNN"),
    Row("PixelRNN", BINARY, f"79.20 (7 layers), {PIXEL_RNN}", nats,
        "nats_mnist_PixelRNN"),
    Row("ConditionalPixelCNN", "digits of 8x8 pixels, accuracy by Bayes' rule ↑",
        "not reported: pictures of ImageNet", accuracy, "classify", fit_minutes),
    Row("GatedPixelCNN", BINARY, "not reported (CIFAR-10: 3.03 bits per dimension, "
        "[table 1](https://arxiv.org/abs/1606.05328))", nats,
        "nats_mnist_GatedPixelCNN"),
    Row("WaveNet", "spoken digits of new speakers, nats per sample ↓",
        "not reported: listeners judge ([table 1](https://arxiv.org/abs/1609.03499))",
        spoken, "speech"),
    Row("RealNVP", "MNIST, bits per dimension ↓", f"1.06, {FFJORD}", bits,
        "bits_mnist_RealNVP"),
    Row("RealNVP", SMALL, "not reported", *table_of("RealNVP")),
    Row("MAF", "POWER, nats ↑", f"0.24, {MAF_PAPER}", *UCI),
    Row("MAF", SMALL, "not reported", *table_of("MAF")),
    Row("Glow(learning_rate=3e-3)", "MNIST, bits per dimension ↓", f"1.05, {FFJORD}",
        bits, "bits_mnist_Glow_learning_rate=3e-3"),
    Row("NSF", "POWER, nats ↑", "0.64, [table 1](https://arxiv.org/abs/1906.04032)",
        *UCI),
    Row("NSF", SMALL, "not reported", *table_of("NSF")),
    Row("Autoencoder", "MNIST, squared error of codes of 30 numbers ↓",
        "3.00, [fig. 2](https://doi.org/10.1126/science.1127647)", NOT_THERE),
    Row("VAE", BINARY, "not reported: curves of the bound", nats, "nats_mnist_VAE"),
    Row("VAE(n_importance=1)", f"{BINARY}, the IWAE paper's network",
        f"88.71, {IWAE}", sampled_nats, "iwae_mnist_k=1"),
    Row("VAE(n_importance=5)", f"{BINARY}, the IWAE paper's network",
        f"87.63, {IWAE}", sampled_nats, "iwae_mnist_k=5"),
    Row("AAE", "MNIST, nats of a Parzen window ↑",
        "340 ± 2, [table 1](https://arxiv.org/abs/1511.05644)", NOT_THERE),
    Row("ConditionalVAE(prior=\"conditional\", latent_dim=10)", f"MNIST, {FRECHET}",
        "not reported: halves of digits", frechet,
        "quality_mnist_ConditionalVAE_prior=conditional_latent_dim=10"),
    Row("VAEGAN", "faces, attributes of samples", "not comparable "
        "([table 1](https://arxiv.org/abs/1512.09300))", NOT_THERE),
    Row("VQVAE", "Fashion-MNIST, bits per code ↓", "not reported (CIFAR-10: 4.67 bits "
        "per dimension, [sec. 4.1](https://arxiv.org/abs/1711.00937))", coded, "vqvae",
        lambda facts: facts["minutes of one core"]),
    Row("BetaVAE", "drawn shapes, disentanglement ↑",
        "99.23%, [fig. 6](https://openreview.net/forum?id=Sy2fzU9gl)", NOT_THERE),
    Row("WAE", "CelebA, Fréchet distance ↓",
        "55, [table 1](https://arxiv.org/abs/1711.01558)", NOT_THERE),
    Row("GAN", f"MNIST, {FRECHET}", "not reported (Parzen window: 225 ± 2 nats, "
        "[table 1](https://arxiv.org/abs/1406.2661))", frechet, "quality_mnist_GAN"),
    Row("ConditionalGAN", f"MNIST, {FRECHET}", "not reported (Parzen window: 132 ± 1.8 "
        "nats, [table 1](https://arxiv.org/abs/1411.1784))", frechet,
        "quality_mnist_ConditionalGAN"),
    Row("WGAN", f"MNIST, {FRECHET}", "not reported (CIFAR-10: Inception score 7.86, "
        "[table 3](https://arxiv.org/abs/1704.00028))", frechet, "quality_mnist_WGAN"),
)  # fmt: skip
HEADER = (
    "model",
    "data and measure",
    "the paper",
    "ours",
    "time and machine",
    "command",
)


def table() -> str:
    """The table, by family, in the order in which the models are listed elsewhere."""
    order = [cls.__name__ for cls in estimators()]
    names = [row.model.split("(")[0] for row in ROWS]
    missing = set(order) ^ set(names)
    if missing:
        raise SystemExit(f"docs/results.py has no row for, or unknown: {missing}")
    rows: list[Any] = [HEADER, ["---"] * len(HEADER)]
    rows += [
        row.cells()
        for _, row in sorted(
            zip(names, ROWS, strict=True), key=lambda pair: order.index(pair[0])
        )
    ]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in rows)


def written() -> str:
    """What the page should be."""
    text, found = MARK.subn(lambda mark: mark[1] + table() + mark[2], PAGE.read_text())
    if found != 1:
        raise SystemExit(f"{PAGE} has {found} parts with the mark")
    return text


if __name__ == "__main__":
    PAGE.write_text(written())
