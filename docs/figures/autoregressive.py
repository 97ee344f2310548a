"""Figures of the chain rule, of masks, and of what the networks for pixels see."""

from matplotlib.patches import Circle, FancyArrowPatch, Rectangle
from style import Ink, draw

DEGREES = (1, 1, 2, 2, 3, 3)
"""Of MADE's hidden units."""


def _axes(figure, box, width, height):
    """Axes without a frame, of that many units."""
    axes = figure.add_axes(box)
    axes.set(xlim=(-0.02, width + 0.02), ylim=(-0.02, height + 0.02), aspect="equal")
    axes.set_axis_off()
    return axes


def _arrow(axes, start, end, colour, *, bend=0.0, width=1.5):
    axes.add_patch(
        FancyArrowPatch(
            start, end, connectionstyle=f"arc3,rad={bend}", arrowstyle="-|>",
            mutation_scale=12, color=colour, linewidth=width, shrinkA=0, shrinkB=0,
        )
    )  # fmt: skip


def _node(axes, x, y, text, fill, edge, ink, radius=0.32, size=12):
    circle = Circle((x, y), radius, facecolor=fill, edgecolor=edge, linewidth=1.5)
    axes.add_patch(circle).set_zorder(3)
    axes.text(x, y, text, ha="center", va="center", size=size, zorder=4, color=ink.text)


def _cell(axes, x, y, fill, ink, text="", hatch=None, size=12):
    """A square of side 1, whose lower left corner is there."""
    axes.add_patch(Rectangle((x, y), 1, 1, facecolor=fill, edgecolor=ink.faint, lw=0.8))
    if hatch:
        axes.add_patch(
            Rectangle((x, y), 1, 1, fill=False, edgecolor=hatch, hatch="///", lw=0)
        )
    axes.text(
        x + 0.5, y + 0.46, text, ha="center", va="center", size=size, color=ink.text
    )


def _mask(axes, x, y, rows, columns, allowed, fill, title, ink):
    """A mask as squares; rows are units, columns what they may see."""
    height = len(rows)
    axes.text(x - 0.6, y + height + 1, title, size=12, color=ink.text)
    for i, row in enumerate(rows):
        level = y + height - 1 - i
        axes.text(
            x - 0.3,
            level + 0.45,
            row,
            ha="center",
            va="center",
            size=11,
            color=ink.text,
        )
        for j, column in enumerate(columns):
            seen = allowed(row, column)
            _cell(
                axes,
                x + j,
                level,
                fill if seen else ink.paper,
                ink,
                str(int(seen)),
                size=11,
            )
    for j, column in enumerate(columns):
        axes.text(
            x + j + 0.5, y + height + 0.2, column, ha="center", size=11, color=ink.text
        )


@draw("chain_rule", width=7.6, height=2.9)
def chain_rule(figure, ink: Ink):
    """Four variables; each depends on all before it."""
    axes = _axes(figure, [0, 0, 1, 1], 7.6, 2.9)
    places = [1.0, 2.9, 4.8, 6.7]
    colours = [ink.blue, ink.orange, ink.green]
    for i, start in enumerate(places):
        for j, end in enumerate(places[i + 1 :], i + 1):
            if j == i + 1:
                _arrow(axes, (start + 0.34, 1.2), (end - 0.36, 1.2), colours[i])
            else:
                near, far = (0.24, 0.26) if j == i + 2 else (0.04, 0.36)
                _arrow(
                    axes, (start + near, 1.2 + far), (end - near, 1.2 + far),
                    colours[i], bend=-0.3,
                )  # fmt: skip
    soft = [ink.soft_blue, ink.soft_orange, ink.soft_green, ink.paper]
    names = ["$p(x_1)$", "$p(x_2|x_1)$", "$p(x_3|x_1,x_2)$", "$p(x_4|x_1,x_2,x_3)$"]
    for i, x in enumerate(places):
        edge = [*colours, ink.text][i]
        _node(axes, x, 1.2, f"$x_{i + 1}$", soft[i], edge, ink, size=14)
        axes.text(x, 0.42, names[i], ha="center", size=13, color=ink.text)
        if i:
            axes.text(x - 0.95, 0.42, r"$\times$", ha="center", size=13, color=ink.text)


@draw("made_masks", width=7.6, height=4.4)
def made_masks(figure, ink: Ink):
    """A MADE of four variables: its connections, and the masks that leave them."""
    net = _axes(figure, [0, 0.02, 0.52, 0.96], 3.8, 4)
    inputs = [(0.55 + 0.9 * k, 0.5) for k in range(4)]
    hidden = [(0.3 + 0.64 * k, 1.85) for k in range(6)]
    outputs = [(0.55 + 0.9 * k, 3.15) for k in range(4)]
    line = {"linewidth": 1.2, "zorder": 1}
    for d, (x, y) in enumerate(inputs, 1):
        for m, (u, v) in zip(DEGREES, hidden, strict=True):
            if m >= d:
                net.plot([x, u], [y, v], color=ink.blue, **line)
    for d, (x, y) in enumerate(outputs, 1):
        for m, (u, v) in zip(DEGREES, hidden, strict=True):
            if d > m:
                net.plot([u, x], [v, y], color=ink.orange, **line)
    for d, (x, y) in enumerate(inputs, 1):
        _node(net, x, y, str(d), ink.soft_blue, ink.blue, ink, 0.2)
        net.text(x, 0.05, f"$x_{d}$", ha="center", size=13, color=ink.text)
    for m, (x, y) in zip(DEGREES, hidden, strict=True):
        _node(net, x, y, str(m), ink.paper, ink.text, ink, 0.2)
    given = ["$p(x_1)$", "$p(x_2|\\cdot)$", "$p(x_3|\\cdot)$", "$p(x_4|\\cdot)$"]
    for d, (x, y) in enumerate(outputs, 1):
        _node(net, x, y, str(d), ink.soft_orange, ink.orange, ink, 0.2)
        net.text(x, 3.52, given[d - 1], ha="center", size=12, color=ink.text)

    grids = _axes(figure, [0.53, 0.02, 0.46, 0.96], 9, 14)
    for y, rows, columns, allowed, fill, title in (
        (8, range(1, 5), DEGREES, lambda d, m: d > m, ink.soft_orange,
         "outputs: 1 if $d > m$"),
        (0.1, DEGREES, range(1, 5), lambda m, d: m >= d, ink.soft_blue,
         "hidden: 1 if $m \\geq d$"),
    ):  # fmt: skip
        _mask(grids, 2, y, rows, columns, allowed, fill, title, ink)


@draw("masks_ab", width=7.6, height=3)
def masks_ab(figure, ink: Ink):
    """Raster order, and the two masks of a 3x3 kernel."""
    order = _axes(figure, [0.01, 0.04, 0.32, 0.92], 7, 8.2)
    order.text(3.5, 7.4, "raster order", ha="center", size=12, color=ink.text)
    for row in range(7):
        for column in range(7):
            before = row < 3 or (row == 3 and column < 3)
            here = (row, column) == (3, 3)
            fill = ink.soft_orange if here else ink.soft_blue if before else ink.paper
            _cell(order, column, 6 - row, fill, ink, "?" if here else "")
    for row in range(3):
        _arrow(order, (0.4, 6.5 - row), (6.6, 6.5 - row), ink.blue)
    _arrow(order, (0.4, 3.5), (2.9, 3.5), ink.blue)
    order.add_patch(Rectangle((2, 2), 3, 3, fill=False, edgecolor=ink.orange, lw=2.5))
    for left, name, note in (
        (0.38, "mask A: first layer", "hides the pixel itself"),
        (0.70, "mask B: all others", "shows it"),
    ):
        axes = _axes(figure, [left, 0.1, 0.29, 0.86], 4, 5.2)
        axes.text(2, 4.3, name, ha="center", size=12, color=ink.text)
        for k, value in enumerate((1, 1, 1, 1, int("B" in name), 0, 0, 0, 0)):
            row, column = divmod(k, 3)
            fill = ink.soft_blue if value else ink.paper
            _cell(axes, 0.5 + column, 3 - row, fill, ink, str(value), size=15)
        axes.add_patch(
            Rectangle((1.5, 2), 1, 1, fill=False, edgecolor=ink.orange, lw=2.5)
        )
        axes.text(2, 0.35, note, ha="center", size=12, color=ink.text)


@draw("blind_spot", width=7.6, height=3.4)
def blind_spot(figure, ink: Ink):
    """What a stack of masked convolutions sees, and what two stacks see."""
    rows, columns, row, column = 6, 9, 4, 3
    panels = (
        (0.01, "one stack, masks A and B"),
        (0.515, "two stacks, gated"),
    )
    for which, (left, title) in enumerate(panels):
        axes = _axes(figure, [left, 0.02, 0.475, 0.96], 9, 8.2)
        axes.text(4.5, 7.65, title, ha="center", size=13, color=ink.text)
        for i in range(rows):
            for j in range(columns):
                fill, hatch, text = ink.paper, None, ""
                if i < row and (which or j - column <= row - i):
                    fill = ink.soft_blue
                elif i < row:
                    fill, hatch = ink.soft_red, ink.red
                elif i == row and j < column:
                    fill = ink.soft_green if which else ink.soft_blue
                elif (i, j) == (row, column):
                    fill, text = ink.soft_orange, "?"
                _cell(axes, j, rows - i + 0.4, fill, ink, text, hatch, size=14)
        key = (
            (
                (0, ink.soft_blue, None, "seen"),
                (3, ink.soft_red, ink.red, "blind spot"),
            ),
            (
                (0, ink.soft_blue, None, "vertical stack"),
                (5, ink.soft_green, None, "horizontal"),
            ),
        )[which]
        for x, fill, hatch, text in key:
            axes.add_patch(
                Rectangle(
                    (x, 0.25), 0.7, 0.7, facecolor=fill, lw=0.8, edgecolor=ink.faint
                )
            )
            if hatch:
                axes.add_patch(
                    Rectangle(
                        (x, 0.25),
                        0.7,
                        0.7,
                        fill=False,
                        hatch="///",
                        lw=0,
                        edgecolor=hatch,
                    )
                )
            axes.text(x + 0.95, 0.58, text, va="center", size=12, color=ink.text)


@draw("gated_layer", width=7.6, height=3.3)
def gated_layer(figure, ink: Ink):
    """One layer of the gated PixelCNN: the two stacks and the link between them."""
    axes = _axes(figure, [0, 0, 1, 1], 7.6, 3.3)

    def box(x, y, text, fill, edge, width=1.5):
        axes.add_patch(
            Rectangle(
                (x, y - 0.28), width, 0.56, facecolor=fill, edgecolor=edge, lw=1.5
            )
        )
        axes.text(
            x + width / 2, y, text, ha="center", va="center", size=11.5, color=ink.text
        )

    up, low = 2.55, 0.95
    for y, name, fill, edge, kernel in (
        (up, "vertical", ink.soft_blue, ink.blue, "rows above"),
        (low, "horizontal", ink.soft_green, ink.green, "row, left"),
    ):
        axes.text(0.1, y + 0.42, name, size=12, color=edge, weight="bold")
        _arrow(axes, (0.1, y), (1.3, y), edge)
        box(1.3, y, kernel, fill, edge)
        _arrow(axes, (2.8, y), (4.3, y), edge)
        box(4.3, y, "tanh $\\times$ $\\sigma$", ink.paper, ink.text, 1.1)
    _arrow(axes, (5.4, up), (7.5, up), ink.blue)
    _node(axes, 3.5, low, "+", ink.paper, ink.text, ink, 0.17, 12)
    _arrow(axes, (3.5, up), (3.5, low + 0.18), ink.blue)
    axes.text(3.6, 1.75, "1x1 link", size=12, color=ink.text)
    box(5.7, low, "1x1", ink.soft_green, ink.green, 0.6)
    _arrow(axes, (5.4, low), (5.7, low), ink.green)
    _arrow(axes, (6.3, low), (7.5, low), ink.green)
    _node(axes, 6.8, low, "+", ink.paper, ink.text, ink, 0.17, 12)
    axes.plot([0.6, 0.6, 6.8, 6.8], [low, 0.3, 0.3, low - 0.3], color=ink.green, lw=1.5)
    _arrow(axes, (6.8, 0.4), (6.8, low - 0.18), ink.green)
    axes.text(3.5, 0.38, "residual", ha="center", size=11, color=ink.text)
