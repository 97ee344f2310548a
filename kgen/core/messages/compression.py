"""Messages about lossless compression."""

from typing import Any

_ALLOWED = (
    "NADE, MADE(orders=1), PixelCNN, GatedPixelCNN, ConditionalPixelCNN, PixelRNN, "
    "WaveNet and SequenceRNN"
)


def no_coder() -> ImportError:
    return ImportError(
        "Compressor needs the package `constriction`, which holds the entropy coder: "
        'pip install "keras-kgen[compression]".'
    )


def not_coded(density: Any) -> TypeError:
    return TypeError(
        f"Compressor: `density` must be a fitted estimator whose density is exact and "
        f"that draws scalar by scalar: {_ALLOWED}, each with a head for integers. Got "
        f"{type(density).__name__}."
    )


def real_head(owner: str, head: str) -> ValueError:
    return ValueError(
        f"Compressor: this {owner} was fitted with the {head} head, for real numbers, "
        "of which there is no shortest exact code. Fit it to integers, such as the "
        "8-bit values of images, or to bits."
    )


def several_orders(owner: str, orders: Any) -> ValueError:
    return ValueError(
        f"Compressor: this {owner} has orders={orders!r}. Its density is a mean over "
        "orders, which no coder of one scalar after the other reaches. Fit one with "
        "orders=1."
    )


def head_without_masses(head: str) -> ValueError:
    return ValueError(
        f"Compressor: the {head} head does not say the probabilities of all levels. "
        "It must be a kgen.heads.LevelHead, with `_log_masses` if it orders the "
        "channels of a pixel."
    )


def outside_code(owner: str, held: str, levels: int) -> ValueError:
    return ValueError(
        f"Compressor: X must hold integers in 0..{levels - 1}, to which the head of "
        f"this {owner} gives probability (and no negative zeros). Got {held}."
    )


def no_probabilities(owner: str) -> FloatingPointError:
    return FloatingPointError(
        f"Compressor: {owner} gives probabilities that are not finite numbers. Has "
        "its training diverged?"
    )


def unordered_draws(owner: str) -> RuntimeError:
    return RuntimeError(
        f"Compressor: the sampler of {owner} does not draw scalars in the order of "
        "its model, without which nothing can be decoded."
    )


def not_bytes(data: Any) -> TypeError:
    return TypeError(
        f"Compressor: `data` must be bytes, as `compress` returns them. Got "
        f"{type(data).__name__}."
    )


def not_compressed() -> ValueError:
    return ValueError(
        "Compressor: `data` were not written by `Compressor.compress`: they do not "
        "begin as its bytes do."
    )


def newer_code(version: int, known: int) -> ValueError:
    return ValueError(
        f"Compressor: `data` have version {version} of the format; this kgen reads "
        f"version {known}. Decompress them with the kgen that wrote them."
    )


def damaged_code() -> ValueError:
    return ValueError(
        "Compressor: `data` are truncated or damaged: their checksum is another. Get "
        "them again from where they came from."
    )


def other_density(owner: str) -> ValueError:
    return ValueError(
        f"Compressor: `data` were compressed with another density than this {owner}: "
        "the fingerprint of settings and weights differs. Load the one they were "
        "compressed with: kgen.load(path)."
    )


def other_conditions() -> ValueError:
    return ValueError(
        "Compressor: `y` is not what it was when `data` were compressed. Pass the same "
        "labels or vectors, in the same order."
    )


def other_arithmetic() -> ValueError:
    return ValueError(
        "Compressor: `data` do not decode to what was compressed. They are intact, but "
        "were written on another kind of processor or device, by other versions of "
        "TensorFlow or kgen, or with another number of threads, where the last bits of "
        "probabilities differ. Decompress them where they were written."
    )
