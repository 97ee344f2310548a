"""Plots of samples, codes and losses. Every function returns matplotlib Axes."""

from kgen.plots.codes import latent_map, reconstructions, traversal
from kgen.plots.curves import history
from kgen.plots.images import image_grid

__all__ = ["history", "image_grid", "latent_map", "reconstructions", "traversal"]
