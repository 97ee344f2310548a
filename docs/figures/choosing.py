"""Which family for which purpose."""

from matplotlib.patches import FancyArrowPatch, FancyBboxPatch
from style import Ink, draw

AUTOREGRESSIVE, FLOWS, VARIATIONAL, ADVERSARIAL = "blue", "green", "purple", "orange"
NEEDS = (
    (
        "a probability\nfor every example",
        (
            ("PixelCNN, MADE", "exact", AUTOREGRESSIVE),
            ("NSF, Glow", "exact, for reals", FLOWS),
            ("VAE", "a bound", VARIATIONAL),
        ),
    ),
    (
        "new examples,\nfast",
        (
            ("GAN, WGAN", "sharp, no density", ADVERSARIAL),
            ("VAE", "steady, and blurred", VARIATIONAL),
            ("RealNVP, NSF", "with a density", FLOWS),
        ),
    ),
    (
        "short codes,\nor features",
        (
            ("VAE", "numbers", VARIATIONAL),
            ("VQVAE", "maps of integers", VARIATIONAL),
            ("Autoencoder", "no samples", VARIATIONAL),
        ),
    ),
    (
        "examples of a class\nof your choice",
        (
            ("ConditionalPixelCNN", "exact", AUTOREGRESSIVE),
            ("ConditionalVAE", "a bound", VARIATIONAL),
            ("ConditionalGAN", "no density", ADVERSARIAL),
        ),
    ),
    (
        "gaps filled in",
        (
            ("MADE, any order", "whatever is missing", AUTOREGRESSIVE),
            ("PixelCNN", "the rest of an image", AUTOREGRESSIVE),
        ),
    ),
)
HEIGHT, GAP = 0.84, 0.32


def box(axes, x, y, width, color, edge) -> None:
    """A box with its left end at x, in the middle of row y."""
    axes.add_patch(
        FancyBboxPatch(
            (x, y - HEIGHT / 2),
            width,
            HEIGHT,
            boxstyle="round,pad=0,rounding_size=0.12",
            facecolor=color,
            edgecolor=edge,
            linewidth=1.5,
        )
    )


@draw("choosing", width=9.5, height=5.8)
def choosing(figure, ink: Ink):
    """Five needs, and the models that meet them, in the colours of their families."""
    axes = figure.add_axes([0, 0, 1, 1])
    for row, (need, answers) in enumerate(NEEDS):
        y = -row * (HEIGHT + GAP)
        box(axes, 0, y, 2.15, "none", ink.faint)
        axes.text(1.075, y, need, ha="center", va="center", color=ink.text)
        axes.add_patch(
            FancyArrowPatch(
                (2.2, y),
                (2.62, y),
                arrowstyle="-|>",
                mutation_scale=14,
                color=ink.faint,
                linewidth=1.5,
            )  # fmt: skip
        )
        for column, (name, why, family) in enumerate(answers):
            x = 2.68 + 2.34 * column
            box(axes, x, y, 2.2, getattr(ink, f"soft_{family}"), "none")
            axes.text(
                x + 1.1, y + 0.14, name, ha="center", va="center",
                color=ink.text, fontweight="bold",
            )  # fmt: skip
            axes.text(
                x + 1.1, y - 0.2, why, ha="center", va="center",
                color=ink.text, fontsize=11,
            )  # fmt: skip
    families = (
        ("autoregressive", AUTOREGRESSIVE),
        ("flows", FLOWS),
        ("variational", VARIATIONAL),
        ("adversarial", ADVERSARIAL),
    )
    y = -len(NEEDS) * (HEIGHT + GAP) + 0.28
    for x, (word, family) in zip((2.68, 4.75, 5.95, 7.65), families, strict=True):
        axes.plot(x + 0.12, y, "s", color=getattr(ink, f"soft_{family}"), ms=14)
        axes.text(x + 0.36, y, word, va="center", color=getattr(ink, family))
    axes.set(xlim=(-0.1, 9.7), ylim=(y - 0.35, HEIGHT / 2 + 0.1))
    axes.axis("off")
