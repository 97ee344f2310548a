"""Features of tables, of any kind, as numbers with a place on an axis."""

import numbers
from typing import Any

import numpy as np

from kgen.core import messages
from kgen.data.frames import is_frame

MOST_FEATURES = 12
"""Features that fit on one page."""

MOST_VALUES = 12
"""Integers with so many values have a bar for each, as categories have."""

BINS = 30


def features_of(sets: tuple, columns: Any = None) -> list["Feature"]:
    """The features of several tables that are drawn.

    Args:
        sets: arrays or DataFrames, (n, features) with any n.
        columns: names or numbers of some of the features; None is all.

    Raises:
        ValueError: as `corner`.
    """
    tables, names = _tables(sets, columns)
    return [Feature(parts, name) for *parts, name in zip(*tables, names, strict=True)]


class Feature:
    """A feature of all tables: as numbers, with what they stand for if they are codes.

    Attributes:
        values: for every table numbers (n,); NaN is missing.
        ticks: the values that have a bar, or None for a histogram.
        texts: what these are; some are empty if there are many.
        edges: of the bins of a histogram.
        ends: the limits of its axis.
    """

    def __init__(self, parts, name):
        self.name = str(name)
        self.ticks, self.texts, self.edges = None, [], None
        if all(_are_numbers(part) for part in parts):
            self.values = [_as_floats(part) for part in parts]
            known = np.unique(np.concatenate(self.values))
            known = known[~np.isnan(known)]
            integral = (known == np.rint(known)).all() and len(known) <= MOST_VALUES
            if integral or len(known) == 1:
                self.ticks, self.texts = known, [f"{value:g}" for value in known]
        else:
            self._code(parts)
        if self.ticks is None:
            low, high = known[0], known[-1]
            self.edges = np.linspace(low, high, BINS + 1)
            around = 0.1 * (high - low)
        else:
            low, high = (self.ticks[0], self.ticks[-1]) if len(self.ticks) else (0, 0)
            around = 0.7 * self.gap
        self.ends = low - around, high + around

    def _code(self, parts):
        """Text, categories and the like as the numbers 0, 1, ..."""
        missing = [np.array([_is_missing(v) for v in part], bool) for part in parts]
        held = {v for p, gone in zip(parts, missing, strict=True) for v in p[~gone]}
        try:
            held = sorted(held)
        except TypeError:  # of several types
            held = sorted(held, key=str)
        number = {value: i for i, value in enumerate(held)}
        self.values = [
            np.array([np.nan if g else number[v] for v, g in zip(p, gone, strict=True)])
            for p, gone in zip(parts, missing, strict=True)
        ]
        self.ticks = np.arange(len(held))
        each = -(-len(held) // MOST_VALUES) or 1
        texts = [str(value) for value in held]
        self.texts = [t if i % each == 0 else "" for i, t in enumerate(texts)]

    @property
    def gap(self):
        """The least distance of two values that have bars."""
        return np.diff(self.ticks).min() if len(self.ticks) > 1 else 1.0


def _is_missing(value):
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return True
    return isinstance(value, numbers.Real) and value != value


def _are_numbers(part):
    """Whether an array (n,) holds numbers, and neither booleans nor anything else."""
    if part.dtype.kind != "O":
        return part.dtype.kind in "iuf"
    return all(
        _is_missing(v) or (isinstance(v, numbers.Real) and not isinstance(v, bool))
        for v in part
    )


def _as_floats(part):
    """Numbers as floats; what is missing or infinite is NaN."""
    if part.dtype.kind == "O":
        part = np.array([np.nan if _is_missing(v) else float(v) for v in part])
    part = part.astype("float64")
    return np.where(np.isfinite(part), part, np.nan)


def _tables(sets, columns):
    """For every table its columns that are drawn, and the names of these."""
    first, tables, names = sets[0], [], None
    for k, table in enumerate(sets):
        name = "X" if k == 0 else f"table {k + 1}"
        if not is_frame(table):
            table = np.asarray(table)
        if table.ndim != 2 or 0 in table.shape:
            raise messages.not_a_table(name, table.shape)
        if k == 0:
            known = (
                list(first.columns) if is_frame(first) else list(range(table.shape[1]))
            )
            names = _chosen(columns, known)
        tables.append(_columns_of(table, name, names, known, matched=is_frame(first)))
    framed = is_frame(first)
    return tables, names if framed else [f"feature {name}" for name in names]


def _chosen(columns, known):
    """Names of the columns to draw."""
    if columns is None:
        if len(known) > MOST_FEATURES:
            raise messages.many_columns(len(known), MOST_FEATURES)
        return known
    columns = [columns] if isinstance(columns, str) else list(columns)
    numbers = range(len(known))
    names = [
        known[c] if c not in known and isinstance(c, int) and c in numbers else c
        for c in columns
    ]
    unknown = [name for name in names if name not in known]
    if unknown or not names or len(set(names)) != len(names):
        raise messages.wrong_columns(columns, known)
    if len(names) > MOST_FEATURES:
        raise messages.many_columns(len(names), MOST_FEATURES)
    return names


def _columns_of(table, name, names, known, *, matched):
    """Columns of a table, each (n,): by name from DataFrames, else by their places."""
    if is_frame(table) and matched:
        missing = [n for n in names if n not in table.columns]
        if missing:
            raise messages.other_columns(name, missing)
        return [_values(table[n]) for n in names]
    if table.shape[1] != len(known):
        raise messages.not_a_table(name, table.shape, f"(n, {len(known)})")
    places = [known.index(n) for n in names]
    if is_frame(table):
        return [_values(table.iloc[:, i]) for i in places]
    return [table[:, i] for i in places]


def _values(series):
    """A column of a DataFrame as an array."""
    if series.dtype.kind in "iuf":
        return series.to_numpy("float64", na_value=np.nan)
    return series.to_numpy(object)
