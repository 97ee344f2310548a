"""What a `tf.data.Dataset` says of itself."""

import contextlib
from typing import Any

from kgen.core.backend import tf

_ONE_BY_ONE = {
    "Cache", "Filter", "Map", "Options", "ParallelMap", "Prefetch", "Repeat", "Shard",
    "Shuffle", "Skip", "Take", "TensorSlice", "Zip",
}  # fmt: skip


def unbatched(dataset: Any) -> tuple | None:
    """The shape of an example if a dataset certainly yields single ones, else None.

    Its first axis is known, and what was done to slices of arrays makes no batches.
    (A batch also has a known size after `drop_remainder`.) The names used here are
    private. If another version lacks them, such a dataset is taken for one of batches.
    """
    spec = dataset.element_spec
    while isinstance(spec, (tuple, list)) and spec:
        spec = spec[0]
    spec = spec.get("x") if isinstance(spec, dict) else spec
    shape = getattr(spec, "shape", None)
    if not isinstance(shape, tf.TensorShape) or not shape.rank or shape[0] is None:
        return None
    found, ranks = [dataset], set()
    with contextlib.suppress(AttributeError, TypeError):
        for part in found:
            found += part._inputs()
            kind = type(part).__name__.strip("_").removesuffix("Dataset")
            if kind not in _ONE_BY_ONE:
                return None
            if kind == "TensorSlice":
                leaves = tf.nest.flatten(part.element_spec)
                ranks |= {leaf.shape.rank for leaf in leaves}
        # A function may load batches by the slices of a list of files.
        return tuple(shape) if shape.rank in ranks else None
    return None
