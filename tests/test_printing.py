"""What is printed: settings of objects, names of modules, lines and bars."""

import sys

import keras
import numpy as np
import pytest

import kgen
from kgen.core import backend, progress
from kgen.data.toy import bars
from tests.conftest import tiny

X = bars(20, size=3, random_state=0)


def test_settings_are_shown_where_they_differ_from_the_defaults():
    assert repr(kgen.heads.MixtureOfNormals(components=7)) == (
        "MixtureOfNormals(components=7)"
    )
    assert repr(kgen.heads.Normal(scale=0.5)) == "Normal(scale=0.5)"
    assert repr(kgen.heads.Bernoulli()) == "Bernoulli()"
    assert repr(kgen.networks.MLP(widths=(8, 4))) == "MLP(widths=(8, 4))"
    assert repr(kgen.penalties.KL()) == "KL()"
    assert "head" in repr(kgen.heads.heads)
    assert "bernoulli, categorical" in repr(kgen.heads.heads)


def test_every_strategy_prints_the_call_that_makes_it():
    registries = (
        kgen.heads.heads, kgen.networks.architectures, kgen.objectives.objectives,
        kgen.penalties.penalties, kgen.variational.posteriors,
    )  # fmt: skip
    for registry in registries:
        for name in registry:
            strategy = registry.resolve(name)
            assert repr(strategy) == f"{type(strategy).__name__}()"


def test_a_fitted_head_is_short(eager):
    reals = np.random.default_rng(0).normal(size=(20, 50))
    head = tiny("MADE", head="normal").fit(reals).head_
    assert "..., " in repr(head)
    assert len(repr(head)) < 100


def test_estimators_print_objects_by_their_settings():
    vae = kgen.VAE(
        architecture=kgen.networks.MLP(widths=8),
        optimizer=keras.optimizers.AdamW(0.002, weight_decay=0.1),
    )
    assert (
        repr(vae).split()
        == (
            "VAE(architecture=MLP(widths=(8,)), "
            "optimizer=AdamW(learning_rate=0.002, weight_decay=0.1))"
        ).split()
    )
    assert repr(kgen.VAE(optimizer="sgd")) == "VAE(optimizer='sgd')"


def test_modules_list_what_they_have():
    assert {"plots", "testing", "VAE", "__version__"} <= set(dir(kgen))
    assert not {"importlib", "Any"} & set(dir(kgen))
    assert "Normal" in dir(backend.tfd)


def test_an_estimator_without_a_density_lists_none():
    assert "log_prob" in dir(kgen.VAE())
    assert not {"log_prob", "score", "score_samples", "bits_per_dim"} & set(
        dir(kgen.GAN())
    )


@pytest.mark.parametrize("verbose", [1, 2])
def test_a_file_gets_lines_and_no_bars(verbose, capfd, eager):
    model = tiny("PixelCNN", verbose=verbose, epochs=3).fit(X)
    model.sample(20)
    model.model_.sample(20, verbose=1)
    printed = capfd.readouterr().out
    assert printed.count("loss: ") == 3
    assert "\x1b" not in printed
    assert "\b" not in printed
    assert "part" not in printed


def test_a_terminal_gets_bars(monkeypatch, capsys, eager):
    model = tiny("PixelCNN", epochs=1).fit(X)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    assert progress.of_fit(1) == 1
    model.set_params(verbose=1).sample(2)
    assert "/part" in capsys.readouterr().out
    model.set_params(verbose=2).sample(2)
    assert capsys.readouterr().out == ""
