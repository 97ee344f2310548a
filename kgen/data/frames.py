"""DataFrames of pandas: columns of several kinds as one array, and back.

pandas is imported only to make a DataFrame, where it is installed anyway.
"""

import dataclasses
import importlib
from typing import Any, Self

import numpy as np

from kgen.core import encoding, messages


def is_frame(X: Any) -> bool:
    """Whether X is a DataFrame."""
    return hasattr(X, "iloc") and hasattr(X, "columns")


def to_array(frame: Any, owner: str) -> np.ndarray:
    """Values of a DataFrame, (n, columns), of a dtype that holds all columns.

    What is missing is NaN.

    Raises:
        ValueError: for columns that are not numbers, or have equal names; the message
            names them.
    """
    if not frame.columns.is_unique:
        names = frame.columns[frame.columns.duplicated()].unique()
        raise messages.equal_names(owner, list(names))
    columns, other = [], []
    for i, name in enumerate(frame.columns):
        numbers = _numbers(frame.iloc[:, i])
        if numbers is None:
            other.append(f"{name!r} ({frame.dtypes.iloc[i]})")
        else:
            columns.append(numbers)
    if other:
        raise messages.no_numbers(owner, other)
    if not columns:
        return np.zeros(frame.shape)
    dtype = np.result_type(*(column.dtype for column in columns))
    return np.stack([column.astype(dtype) for column in columns], axis=1)


def _numbers(column: Any) -> np.ndarray | None:
    """The values of a column; None if they are not numbers."""
    base = _base(column.dtype)
    missing = np.asarray(column.isna(), bool)
    if base.kind == "O":
        values = column.to_numpy(dtype=object)[~missing]
        if any(isinstance(value, (str, bytes)) for value in values):
            return None
        base = np.dtype("float64")
    if base.kind not in "biuf":
        return None
    if missing.any() and base.kind != "f":
        base = np.dtype("float64")
    found = np.full(len(column), np.nan if missing.any() else 0, base)
    try:
        found[~missing] = column[~missing].to_numpy(dtype=base)
    except (TypeError, ValueError):
        return None
    return found


def _base(dtype: Any) -> np.dtype:
    """The dtype of NumPy behind one of pandas; that of text if there is none."""
    inner = getattr(dtype, "numpy_dtype", getattr(dtype, "subtype", dtype))
    return inner if isinstance(inner, np.dtype) else np.dtype(str)


@dataclasses.dataclass(frozen=True)
class Columns:
    """What a DataFrame has beside its numbers.

    Attributes:
        names: of the columns.
        dtypes: of the columns, as text.
        bases: the dtypes of NumPy behind them, as text.
        low: smallest value that a column of integers may get back, (columns,).
        high: largest one.
    """

    names: list
    dtypes: list[str]
    bases: list[str]
    low: np.ndarray
    high: np.ndarray

    @classmethod
    def learn(cls, frame: Any, summary: Any) -> Self:
        """Learn the columns of training data.

        Columns of integers beside real ones are modelled as reals: they are to stay in
        the range of the training data. Among themselves they have a head for integers,
        which may know more levels than occur.
        """
        bases = [_base(dtype) for dtype in frame.dtypes]
        whole = np.array([base.kind in "biu" for base in bases])
        mixed = whole & (summary.dtype.kind == "f")
        return cls(
            list(frame.columns),
            [str(dtype) for dtype in frame.dtypes],
            [base.str for base in bases],
            np.where(mixed, summary.low_per_feature, -np.inf),
            np.where(mixed, summary.high_per_feature, np.inf),
        )

    def settle(self, x: np.ndarray) -> np.ndarray:
        """Values (n, columns) as the columns can hold them: integers are rounded."""
        settled = np.empty_like(x)
        for i, base in enumerate(map(np.dtype, self.bases)):
            column = np.clip(x[:, i], self.low[i], self.high[i])
            settled[:, i] = in_dtype(column, base)
        return settled

    def frame(self, x: np.ndarray, index: Any = None) -> Any:
        """A DataFrame of values (n, columns); without pandas, the values.

        A column has the dtype it had in fit, unless that cannot hold its values.
        """
        try:
            pandas = importlib.import_module("pandas")
        except ImportError:
            return x
        columns = {}
        for i, (dtype, base) in enumerate(zip(self.dtypes, self.bases, strict=True)):
            column = x[:, i]
            cast = in_dtype(column, np.dtype(base))
            series = pandas.Series(column, index=index)
            if np.array_equal(cast, column):
                series = pandas.Series(cast, index=index).astype(dtype)
            columns[i] = series
        frame = pandas.DataFrame(columns)
        frame.columns = self.names
        return frame


encoding.add_dataclass("columns", Columns)


def in_dtype(x: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """Numbers as another dtype: integers and booleans are rounded, and never wrap.

    Objects stay the numbers that they are.
    """
    if dtype.kind == "O":
        return x
    if dtype.kind == "b":
        return np.clip(np.rint(x), 0, 1).astype(dtype)
    if dtype.kind in "iu" and x.dtype.kind == "f":
        # Rounded first: a bound that is no integer would itself be rounded, and wrap.
        limits, number = np.iinfo(dtype), x.dtype.type
        low, high = number(limits.min), number(limits.max)
        if int(high) > limits.max:
            high = np.nextafter(high, number(0))
        x = np.rint(x)
        x = np.clip(x, low, high, out=x)
    elif dtype.kind in "iu":
        limits = np.iinfo(dtype)
        x = np.clip(x, limits.min, limits.max)
    return x.astype(dtype)
