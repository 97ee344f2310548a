"""Files of former versions: they load, and their models say what they said then."""

import json
from pathlib import Path

import keras
import numpy as np
import pytest

import kgen
from tests import former_files

DATA = Path(__file__).parent / "data"
FILES = sorted(DATA.glob("format*/*.keras"))


def test_every_estimator_has_a_file_of_every_format():
    for folder in DATA.glob("format*"):
        kept = {path.stem for path in folder.glob("*.keras")}
        assert kept == set(json.loads((folder / "numbers.json").read_text())), folder
    assert {path.stem for path in DATA.glob("format1/*.keras")} == set(kgen.estimators)
    assert len(list(DATA.glob("format0/*.keras"))) == 12  # as many as there were


@pytest.mark.parametrize(
    "path", FILES, ids=lambda path: f"{path.parent.name}-{path.stem}"
)
def test_a_former_file_gives_the_same_numbers(path, eager):
    expected = json.loads((path.parent / "numbers.json").read_text())[path.stem]
    loaded = kgen.load(path)
    found = former_files.numbers(path.stem, loaded)
    assert found["history"] == expected["history"]
    for key in ("sample", "decode", "log_prob"):
        if key in expected:
            np.testing.assert_allclose(found[key], expected[key], rtol=1e-3, atol=1e-4)
    assert path.stat().st_size < 30_000


@pytest.mark.parametrize("name", ["MADE", "VAE", "GAN"])
def test_training_goes_on_from_a_former_file(name, eager):
    loaded = kgen.load(DATA / "format0" / f"{name}.keras")
    loaded.set_params(warm_start=True, epochs=1).fit(*former_files.data(name))
    assert len(next(iter(loaded.history_.values()))) == 3
    loaded.set_params(**({"hidden": (5,)} if name == "MADE" else {"latent_dim": 7}))
    with pytest.raises(ValueError, match="was"):
        loaded.fit(*former_files.data(name))


def test_masks_of_made_are_those_of_the_file(eager, monkeypatch, tmp_path):
    """They do not depend on NumPy's generator, which may change its stream."""
    made = kgen.load(DATA / "format0" / "MADE.keras")
    X, _ = former_files.data("MADE")
    made.save(tmp_path / "a.keras")
    before = made.log_prob(X)

    def other(seed, key, n):
        return np.arange(n)[::-1].copy()

    monkeypatch.setattr("kgen.autoregressive.made.permutation", other)
    again = kgen.load(tmp_path / "a.keras")
    np.testing.assert_allclose(again.log_prob(X), before, rtol=1e-5)
    same = keras.saving.load_model(tmp_path / "a.keras")
    for mine, its in zip(same.degrees, made.model_.degrees, strict=True):
        np.testing.assert_array_equal(mine, its)
