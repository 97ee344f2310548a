"""Searches for hyper-parameters with keras-tuner."""

from kgen.base.spaces import OneOf, Range, Widths
from kgen.tuning.results import SearchResult
from kgen.tuning.searching import search

__all__ = ["OneOf", "Range", "SearchResult", "Widths", "search"]
