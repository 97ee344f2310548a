"""What `Compressor` writes is refused where it would be read wrongly."""

import numpy as np
import pytest

import kgen
from kgen.data.toy import bars
from kgen.tasks import _code_format
from tests.conftest import eagerly, tiny

pytest.importorskip("constriction")
Compressor = kgen.tasks.Compressor

BARS = bars(300, size=4, random_state=0)


@pytest.fixture(scope="module")
def nade():
    with eagerly():
        return tiny("NADE", order=3).fit(BARS)


def test_another_density_refuses(nade):
    code = Compressor(nade).compress(BARS)
    with eagerly():
        other = tiny("NADE", order=3, random_state=1).fit(BARS)
    with pytest.raises(ValueError, match="compressed with another density"):
        Compressor(other).decompress(code)
    # The last bit of one weight.
    weight = nade.model_.weights[0]
    value = np.array(weight)
    moved = value.copy()
    moved[0, 0] = np.nextafter(moved[0, 0], np.float32(9))
    weight.assign(moved)
    with pytest.raises(ValueError, match="compressed with another density"):
        Compressor(nade).decompress(code)
    weight.assign(value)


def test_damage_is_found(nade):
    compressor = Compressor(nade)
    code = compressor.compress(BARS[:2])
    for place in range(len(code)):
        damaged = bytearray(code)
        damaged[place] ^= 4
        with pytest.raises(ValueError, match="truncated or damaged|written by|version"):
            compressor.decompress(damaged)
    for size in range(len(code)):
        with pytest.raises(ValueError, match="truncated or damaged|not written"):
            compressor.decompress(code[:size])
    with pytest.raises(TypeError, match="must be bytes"):
        compressor.decompress("code")


def test_other_probabilities_are_an_error_and_no_other_data(nade):
    """As on another machine: intact bytes, which other last bits do not decode."""
    compressor = Compressor(nade)
    found = _code_format.read(compressor.compress(BARS))
    moved = found.words.copy()
    moved[3] ^= 1
    others = [
        found._replace(words=moved),
        found._replace(words=np.full_like(found.words, 2**32 - 1)),
        found._replace(digest=b"8 others"),
    ]
    for other in others:
        with pytest.raises(ValueError, match="do not decode to what was compressed"):
            compressor.decompress(_code_format.written(other))


def test_conditions_are_part_of_the_code(eager, nade):
    y = BARS[:, 0, 0]
    compressor = Compressor(tiny("ConditionalPixelCNN").fit(BARS, y))
    code = compressor.compress(BARS[:9], y[:9])
    with pytest.raises(ValueError, match="`y` is not what it was"):
        compressor.decompress(code, 1 - y[:9])
    with pytest.raises(ValueError, match="y"):
        compressor.decompress(code)
    with pytest.raises(ValueError, match="y"):
        Compressor(nade).compress(BARS, y)
