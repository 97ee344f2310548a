"""What a density pays for its data."""

from style import Ink, draw

P = (1 / 2, 1 / 4, 1 / 8, 1 / 8)
Q = (1 / 8, 1 / 4, 1 / 8, 1 / 2)
NAMES = {1 / 2: "1/2", 1 / 4: "1/4", 1 / 8: "1/8"}


@draw("cross_entropy", width=7.6, height=3)
def cross_entropy(figure, ink: Ink):
    """Two laws of four outcomes, and the bits that each of them pays."""
    left = figure.add_axes([0.02, 0.12, 0.38, 0.74])
    for k, (p, q) in enumerate(zip(P, Q, strict=True)):
        for x, height, fill, edge in (
            (k - 0.2, p, ink.soft_blue, ink.blue),
            (k + 0.2, q, ink.soft_orange, ink.orange),
        ):
            left.bar(x, height, 0.34, facecolor=fill, edgecolor=edge, linewidth=1.5)
            left.text(
                x, height + 0.015, NAMES[height], ha="center", color=edge, size=11
            )
        left.text(k, -0.06, "ABCD"[k], ha="center", size=12, color=ink.text)
    left.axhline(0, color=ink.text, linewidth=1)
    left.set(xlim=(-0.5, 3.5), ylim=(-0.03, 0.6))
    left.set_axis_off()
    figure.text(0.02, 0.9, "data p", color=ink.blue, size=12, weight="bold")
    figure.text(0.14, 0.9, "model q", color=ink.orange, size=12, weight="bold")

    right = figure.add_axes([0.45, 0, 0.55, 1])
    right.set(xlim=(-0.05, 2.75), ylim=(0, 3))
    right.set_axis_off()
    right.text(0, 2.7, "bits per outcome, on average", size=12, color=ink.text)
    blue = {"facecolor": ink.soft_blue, "edgecolor": ink.blue, "linewidth": 1.5}
    orange = {"facecolor": ink.soft_orange, "edgecolor": ink.orange, "linewidth": 1.5}
    for y, whose in ((1.95, "p pays"), (0.95, "q pays")):
        right.text(0, y + 0.33, whose, size=11, color=ink.text)
        right.barh(y, 1.75, 0.45, left=0, **blue)
        right.text(
            0.875, y, "entropy 1.75", ha="center", va="center", size=11, color=ink.text
        )
    right.barh(0.95, 0.75, 0.45, left=1.75, **orange)
    right.text(
        2.125, 0.95, "KL 0.75", ha="center", va="center", size=11, color=ink.text
    )
    right.plot([0, 0, 2.5, 2.5], [0.62, 0.52, 0.52, 0.62], color=ink.text, lw=1)
    right.text(1.25, 0.22, "cross-entropy 2.50", ha="center", size=12, color=ink.text)
