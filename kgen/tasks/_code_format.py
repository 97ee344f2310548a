"""The bytes that `Compressor` writes: a header, the code, a checksum.

    offset  size
         0     4  "kgen"
         4     1  version of the format, 1
         5    16  fingerprint of the density
        21     8  digest of the data
        29     8  digest of the conditions
        37     4  examples that are coded in lockstep
        41     1  1 if the data were a DataFrame, else 0
        42     3  dtype, as NumPy writes it: "|u1"
        45     1  axes of the data, k
        46    4k  their lengths
              ..  the code, in words of 32 bits
               4  CRC-32 of all of this

Integers are little-endian and unsigned.
"""

import hashlib
import struct
import zlib
from typing import NamedTuple

import numpy as np

from kgen.core import messages

MAGIC = b"kgen"
VERSION = 1
_FIXED = struct.Struct("<4sB16s8s8sIB3sB")


class Code(NamedTuple):
    """What the bytes hold.

    Attributes:
        fingerprint: of the density, 16 bytes.
        digest: of the data, 8 bytes.
        condition: digest of the conditions, 8 bytes.
        rows: examples that are coded in lockstep.
        frame: whether the data were a DataFrame.
        dtype: of the data.
        shape: of the data.
        words: the code, uint32.
    """

    fingerprint: bytes
    digest: bytes
    condition: bytes
    rows: int
    frame: bool
    dtype: np.dtype
    shape: tuple[int, ...]
    words: np.ndarray


def digest(array: np.ndarray | None, size: int = 8) -> bytes:
    """Digest of the bytes of an array, of that many bytes; None counts as no bytes."""
    content = b"" if array is None else np.ascontiguousarray(array).tobytes()
    return hashlib.blake2b(content, digest_size=size).digest()


def written(code: Code) -> bytes:
    """The bytes of a code."""
    *digests, rows, frame, dtype, shape, words = code
    fixed = _FIXED.pack(
        MAGIC, VERSION, *digests, rows, frame, dtype.str.encode(), len(shape)
    )
    lengths = struct.pack(f"<{len(shape)}I", *shape)
    content = fixed + lengths + words.astype("<u4").tobytes()
    return content + struct.pack("<I", zlib.crc32(content))


def read(data: bytes) -> Code:
    """The code in those bytes.

    Raises:
        ValueError: if they are not a code, of another version, or damaged.
    """
    if data[:4] != MAGIC:
        raise messages.not_compressed()
    if len(data) > 4 and data[4] != VERSION:
        raise messages.newer_code(data[4], VERSION)
    content, checksum = data[:-4], data[-4:]
    if len(content) < _FIXED.size or struct.pack("<I", zlib.crc32(content)) != checksum:
        raise messages.damaged_code()
    *fields, dtype, axes = _FIXED.unpack_from(content)
    _, _, fingerprint, found, condition, rows, frame = fields
    shape = struct.unpack_from(f"<{axes}I", content, _FIXED.size)
    words = np.frombuffer(content[_FIXED.size + 4 * axes :], "<u4").astype("uint32")
    kind = np.dtype(dtype.decode())
    return Code(fingerprint, found, condition, rows, bool(frame), kind, shape, words)
