"""From `precision="auto"` to the name of a Keras dtype policy."""

from kgen.core import backend
from kgen.core.registry import unknown_name

POLICIES = (
    "float32",
    "mixed_bfloat16",
    "mixed_float16",
    "float64",
    "bfloat16",
    "float16",
)


def resolve(precision: str) -> str:
    """Name of the dtype policy that `precision` stands for.

    Args:
        precision: "auto" (mixed_bfloat16 on GPUs of compute capability 8 or more,
            mixed_float16 on 7.x, float32 elsewhere) or the name of a
            floating-point Keras policy.

    Raises:
        ValueError: if there is no such policy.

    Example:
        >>> resolve("mixed_bfloat16")
        'mixed_bfloat16'
    """
    if precision == "auto":
        capability = backend.gpu_compute_capability()
        if capability is None or capability < (7, 0):
            return "float32"
        return "mixed_bfloat16" if capability >= (8, 0) else "mixed_float16"
    if precision not in POLICIES:
        raise ValueError(unknown_name("precision", precision, ["auto", *POLICIES]))
    return precision
