"""From what users pass in to the batches that models train on."""

from kgen.data.mu_law import mu_law_decode, mu_law_encode

__all__ = ["mu_law_decode", "mu_law_encode"]
