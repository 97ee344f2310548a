"""Plots of samples, codes, densities and losses. They return matplotlib Axes."""

from kgen.plots.codes import latent_map, reconstructions, traversal
from kgen.plots.comparison import comparison
from kgen.plots.completion import completions
from kgen.plots.corners import corner
from kgen.plots.curves import history
from kgen.plots.densities import density_2d
from kgen.plots.images import image_grid

__all__ = [
    "comparison",
    "completions",
    "corner",
    "density_2d",
    "history",
    "image_grid",
    "latent_map",
    "reconstructions",
    "traversal",
]
