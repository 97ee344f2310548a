"""Figures of variational models, and of those with discrete codes."""

import numpy as np
from matplotlib.patches import Ellipse, FancyBboxPatch, Polygon, Rectangle
from scipy.spatial import Voronoi
from style import Ink, draw

TWO = [
    "..####..", ".##..##.", ".....##.", "....##..", "...##...", "..##....", ".######.",
    "........",
]  # fmt: skip


def _axes(figure, width, height):
    axes = figure.add_axes([0, 0, 1, 1], xlim=(0, width), ylim=(0, height))
    axes.set_axis_off()
    axes.set_aspect("equal")
    return axes


def _arrow(axes, start, end, color, **style):
    style = {"arrowstyle": "-|>", "color": color, "linewidth": 2} | style
    style.setdefault("mutation_scale", 16)
    axes.annotate("", end, start, arrowprops=style, zorder=4)


def _network(axes, left, right, middle, heights, color, edge, name):
    """A trapezium: as high at its ends as what goes in and comes out."""
    low, high = (h / 2 for h in heights)
    corners = [(left, middle - low), (right, middle - high)]
    corners += [(right, middle + high), (left, middle + low)]
    axes.add_patch(Polygon(corners, facecolor=color, edgecolor=edge, linewidth=2))
    axes.text((left + right) / 2, middle, name, ha="center", va="center")


def _box(axes, x, y, width, height, text, color, edge):
    style = "round,pad=0,rounding_size=0.12"
    corner = (x - width / 2, y - height / 2)
    box = FancyBboxPatch(corner, width, height, boxstyle=style, linewidth=2)
    box.set(facecolor=color, edgecolor=edge)
    axes.add_patch(box)
    axes.text(x, y, text, ha="center", va="center")


def _digit(axes, x, y, size, ink, *, soft=False):
    """A two of 8x8 pixels, with its middle at (x, y)."""
    random, cell = np.random.default_rng(0), size / 8
    for i, row in enumerate(TWO):
        for j, pixel in enumerate(row):
            shade = 0.85 if pixel == "#" else 0.06
            if soft:
                near = [r[max(j - 1, 0) : j + 2] for r in TWO[max(i - 1, 0) : i + 2]]
                shade = 0.45 * shade + 0.5 * "".join(near).count("#") / 9
                shade += 0.05 * random.uniform()
            corner = (x - size / 2 + j * cell, y + size / 2 - (i + 1) * cell)
            axes.add_patch(Rectangle(corner, cell, cell, color=ink.text, alpha=shade))
    corner = (x - size / 2, y - size / 2)
    axes.add_patch(Rectangle(corner, size, size, fill=False, ec=ink.faint, lw=1))


def _map(axes, x, y, rows, fill, edge, text):
    side = 0.66
    for i, row in enumerate(rows):
        for j, number in enumerate(row):
            left = x + (j - len(row) / 2) * side
            low = y + (len(rows) / 2 - i - 1) * side
            axes.add_patch(Rectangle((left, low), side, side, fc=fill, ec=edge, lw=1.2))
            middle = (left + side / 2, low + side / 2)
            axes.text(
                *middle, number, ha="center", va="center", fontsize=11, color=text
            )


@draw("encoder_decoder", width=8.6, height=3.9)
def encoder_decoder(figure, ink: Ink):
    """An image becomes a cloud of codes, of which one is drawn and decoded."""
    axes = _axes(figure, 16.4, 7.4)
    _digit(axes, 1.5, 4.2, 2.2, ink)
    axes.text(1.5, 2.5, "$x$", ha="center", fontsize=14)
    _arrow(axes, (2.75, 4.2), (3.35, 4.2), ink.text)
    _network(axes, 3.4, 5.9, 4.2, (3.0, 1.6), ink.soft_blue, ink.blue, "encoder")
    axes.text(4.65, 6.2, "$q(z \\mid x)$", ha="center", color=ink.blue, fontsize=13)
    for y, name in ((4.75, "$\\mu$"), (3.65, "$\\sigma$")):
        _arrow(axes, (5.95, y), (6.5, y), ink.text)
        _box(axes, 6.95, y, 0.85, 0.85, name, ink.soft_blue, ink.blue)
        _arrow(axes, (7.4, y), (8.32, 4.3 if y > 4 else 4.1), ink.text)
    _box(axes, 6.95, 1.6, 0.85, 0.85, "$\\epsilon$", ink.soft_orange, ink.orange)
    axes.text(6.95, 0.5, "noise, Normal(0, I)", ha="center", color=ink.orange)
    _arrow(axes, (7.42, 1.75), (8.65, 3.72), ink.orange)
    _box(axes, 8.8, 4.2, 0.9, 0.9, "$z$", ink.soft_green, ink.green)
    formula = "$z = \\mu + \\sigma\\,\\epsilon$"
    axes.text(8.8, 5.35, formula, ha="center", color=ink.green, fontsize=13)
    _arrow(axes, (9.3, 4.2), (10.25, 4.2), ink.text)
    _network(axes, 10.3, 12.8, 4.2, (1.6, 3.0), ink.soft_purple, ink.purple, "decoder")
    axes.text(11.55, 6.2, "$p(x \\mid z)$", ha="center", color=ink.purple, fontsize=13)
    _arrow(axes, (12.85, 4.2), (13.45, 4.2), ink.text)
    _digit(axes, 14.8, 4.2, 2.2, ink, soft=True)
    text = "a distribution\nfor every pixel"
    axes.text(14.8, 2.7, text, ha="center", va="top")


@draw("nearest_code", width=8.6, height=3.9)
def nearest_code(figure, ink: Ink):
    """The plane, cut into the cells of a codebook; a vector goes to the nearest one."""
    axes = figure.add_axes([0.01, 0.02, 0.56, 0.96], xlim=(0, 4.6), ylim=(0, 3.6))
    axes.set_aspect("equal")
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set(visible=True, color=ink.faint)
    codes = np.array(
        [(0.8, 0.8), (2.2, 0.6), (3.8, 0.9), (0.7, 2.1), (2.1, 2.0), (3.5, 2.3),
         (1.3, 3.1), (2.9, 3.2)]
    )  # fmt: skip
    far = np.array([(-90, -90), (-90, 90), (90, -90), (90, 90)])
    cells = Voronoi(np.vstack([codes, far]))
    fills = (ink.soft_blue, ink.soft_green, ink.soft_purple, ink.soft_red)
    for k, color in enumerate((0, 1, 2, 3, 2, 0, 1, 3)):
        corners = cells.vertices[cells.regions[cells.point_region[k]]]
        patch = Polygon(corners, facecolor=fills[color], edgecolor=ink.faint, lw=1)
        patch.set_alpha(0.55)
        axes.add_patch(patch)
    axes.plot(*codes.T, "o", markersize=9, color=ink.blue)
    for k, (x, y) in enumerate(codes):
        axes.text(x - 0.1, y - 0.3, f"$e_{k + 1}$", color=ink.blue, ha="right")
    z = np.array([2.62, 1.62])
    _arrow(axes, z + (-0.06, 0.05), codes[4] + (0.1, -0.06), ink.orange)
    axes.plot(*z, "D", markersize=9, color=ink.orange)
    axes.text(z[0] + 0.15, z[1] - 0.12, "$z$", color=ink.orange, fontsize=14)
    text = figure.text
    text(0.61, 0.83, "$z$: a vector from the encoder", color=ink.orange)
    text(0.61, 0.70, "$e_1 \\ldots e_8$: the codebook", color=ink.blue)
    text(0.61, 0.48, "The code of $z$ is the number\nof the nearest vector: 5.")
    text(0.61, 0.23, "The decoder is given $e_5$;\nit never sees $z$ itself.")


@draw("straight_through", width=8.9, height=3.1)
def straight_through(figure, ink: Ink):
    """Forwards by the nearest code; backwards as if it were not there."""
    axes = _axes(figure, 17.8, 6.2)
    middle = 3.9
    _arrow(axes, (0.7, middle), (1.5, middle), ink.text)
    axes.text(0.4, middle, "$x$", ha="center", va="center", fontsize=14)
    _network(axes, 1.55, 4.0, middle, (2.8, 1.7), ink.soft_blue, ink.blue, "encoder")
    _arrow(axes, (4.05, middle), (6.55, middle), ink.text)
    axes.text(5.3, middle + 0.35, "$z$", ha="center", fontsize=14)
    _box(axes, 8.05, middle, 2.9, 1.7, "nearest in\nthe codebook", ink.paper, ink.green)
    _arrow(axes, (9.55, middle), (12.05, middle), ink.text)
    axes.text(10.8, middle + 0.35, "$e_{code}$", ha="center", fontsize=14)
    _network(
        axes, 12.1, 14.55, middle, (1.7, 2.8), ink.soft_purple, ink.purple, "decoder"
    )
    _arrow(axes, (14.6, middle), (15.5, middle), ink.text)
    axes.text(15.6, middle, "$p(x|\\,$code$)$", va="center")
    bent = {"connectionstyle": "arc3,rad=-0.42", "linestyle": "--"}
    _arrow(axes, (10.8, middle - 0.35), (5.3, middle - 0.35), ink.orange, **bent)
    axes.text(8.05, 1.1, "the gradient goes straight through", ha="center", va="top",
              color=ink.orange)  # fmt: skip
    axes.text(8.05, 5.2, "no slope here", ha="center", color=ink.green)


@draw("words_of_a_picture", width=8.6, height=3.7)
def words_of_a_picture(figure, ink: Ink):
    """A picture is a map of integers, and a prior writes such maps."""
    axes = _axes(figure, 17.2, 7.4)
    _digit(axes, 1.7, 5.5, 2.4, ink)
    _arrow(axes, (3.1, 5.5), (4.3, 5.5), ink.blue)
    axes.text(3.7, 5.85, "encode", ha="center", color=ink.blue)
    numbers = ((12, 4, 4, 9), (3, 15, 6, 2), (12, 8, 11, 12), (5, 5, 7, 14))
    _map(axes, 5.9, 5.5, numbers, ink.soft_green, ink.green, ink.text)
    _arrow(axes, (7.5, 5.5), (8.7, 5.5), ink.purple)
    axes.text(8.1, 5.85, "decode", ha="center", color=ink.purple)
    _digit(axes, 10.1, 5.5, 2.4, ink, soft=True)
    axes.text(
        11.8, 6.2, "First, an autoencoder whose\ncodes are integers.", va="center"
    )
    axes.text(11.8, 5.0, "8x8 pixels, 4x4 words", va="center", color=ink.green)
    _box(axes, 1.9, 1.9, 2.6, 1.3, "prior", ink.soft_orange, ink.orange)
    _arrow(axes, (3.3, 1.9), (4.3, 1.9), ink.orange)
    numbers = ((3, 14, 7, 9), (13, 2, 0, 15), (1, 8, 2, 6), (5, 10, 10, 4))
    _map(axes, 5.9, 1.9, numbers, ink.soft_green, ink.green, ink.text)
    _arrow(axes, (7.5, 1.9), (8.7, 1.9), ink.purple)
    axes.text(9.0, 1.9, "decoder", va="center", color=ink.purple)
    axes.text(
        11.8, 1.9, "Then, a model of the words:\nwhich map is probable?", va="center"
    )


@draw("rate_and_distortion", width=8.6, height=3.2)
def rate_and_distortion(figure, ink: Ink):
    """Posteriors of four examples in the plane of codes, for three values of beta."""
    random = np.random.default_rng(3)
    means = np.array([(-1.1, 0.7), (0.9, 1.0), (-0.6, -1.0), (1.1, -0.7)])
    colors = (ink.blue, ink.orange, ink.green, ink.purple)
    titles = ("small beta", "beta = 1", "large beta")
    notes = ("a code says all,\nbut they do not fill the plane",
             "codes overlap a little,\nand fill the plane",
             "all codes alike:\nthe posterior has collapsed")  # fmt: skip
    for k, (spread, size) in enumerate(((1.0, 0.12), (0.85, 0.5), (0.04, 1.0))):
        left = 0.02 + k / 3
        axes = figure.add_axes([left, 0.24, 0.29, 0.66], xlim=(-2.9, 2.9))
        axes.set(ylim=(-2.4, 2.4), aspect="equal")
        axes.set_axis_off()
        for r in (1, 2):
            circle = Ellipse((0, 0), 2 * r, 2 * r, fill=False, ec=ink.faint, ls="--")
            axes.add_patch(circle)
        for mean, color in zip(means, colors, strict=True):
            at = spread * 1.15 * mean + 0.02 * random.normal(size=2)
            cloud = Ellipse(at, 3 * size, 3 * size, fc=color, ec=color)
            cloud.set_alpha(0.35 if size < 1 else 0.15)
            axes.add_patch(cloud)
            axes.plot(*at, "o", markersize=4, color=color)
        axes.set_title(titles[k], color=ink.text, fontsize=13)
        figure.text(left + 0.145, 0.02, notes[k], ha="center", fontsize=11)
