"""What a dataset may yield."""

from typing import Any, NamedTuple

import numpy as np

from kgen.core import messages


class Batch(NamedTuple):
    """A batch of a dataset, as NumPy arrays.

    Attributes:
        x: examples, (n, ...), of any numeric dtype.
        y: labels or condition vectors, as they came; None if there are none.
        weight: of the examples, None if there are none.
    """

    x: np.ndarray
    y: Any = None
    weight: Any = None


def as_batch(element: Any, owner: str) -> Batch:
    """Read an element x, (x,), (x, y), (x, y, weight) or {"x": x, "condition": y}.

    A dict may also stand in place of x in a tuple, as Keras' `fit` takes it.

    Raises:
        ValueError: for anything else, and for an example in place of a batch.
    """
    weight = None
    if isinstance(element, (tuple, list)):
        if not 1 <= len(element) <= 3:
            raise messages.wrong_element(owner, f"a tuple of {len(element)}")
        element, y, weight = (*element, None, None)[:3]
        if isinstance(element, dict):
            y = None
    else:
        y = None
    if isinstance(element, dict):
        if "x" not in element:
            raise messages.wrong_element(owner, f"a dict of {sorted(element)}")
        element, y = element["x"], element.get("condition", y)
    x = np.asarray(element)
    if x.dtype.name == "bfloat16":
        x = x.astype("float32")
    if x.dtype.kind not in "biuf" or x.ndim < 2:
        got = f"x of shape {x.shape} and dtype {x.dtype}"
        raise messages.wrong_element(owner, got)
    if any(part is not None and np.ndim(part) == 0 for part in (y, weight)):
        raise messages.unbatched(owner, x.shape)
    return Batch(x, y, weight)
