"""One protocol for heads, penalties, posteriors, objectives and architectures."""

import json

import keras
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

import kgen
from kgen import heads, networks, objectives, penalties, variational
from kgen.base import Strategy
from kgen.data.toy import bars, mixture
from kgen.heads import LevelHead
from tests.conftest import tiny

REGISTRIES = (
    heads.heads,
    networks.architectures,
    objectives.objectives,
    penalties.penalties,
    variational.posteriors,
)
BY_NAME = [(r, name) for r in REGISTRIES for name in r]
WITH_SETTINGS = [
    (heads.Normal(scale=0.5), {"scale": 2.0}),
    (heads.Normal(loc=[1.0, 2.0], unit=np.array([3.0, 4.0])), {"loc": 0.0}),
    (heads.Categorical(5), {"levels": 7}),
    (heads.MixtureOfLogistics(2, 4), {"components": 3}),
    (networks.MLP(widths=[8, np.int64(4)]), {"widths": (8,)}),
    (penalties.KL(2, warm_up=3), {"free_bits": 0.5}),
]


@pytest.mark.parametrize(("registry", "name"), BY_NAME, ids=lambda v: str(v)[:24])
def test_a_name_stands_for_the_defaults(registry, name):
    strategy = registry.resolve(name)
    assert isinstance(strategy, Strategy)
    assert strategy == type(strategy)()
    assert registry.resolve(strategy) == strategy
    assert registry.resolve(strategy) is not strategy
    with pytest.raises(ValueError, match=f"Did you mean '{name}'"):
        registry.resolve(name + "q")
    with pytest.raises(ValueError, match="must be a name or an instance of"):
        registry.resolve(object())


@pytest.mark.parametrize(("strategy", "change"), WITH_SETTINGS, ids=repr)
def test_settings_are_compared_copied_changed_and_written(strategy, change):
    kind, settings = type(strategy), strategy.get_params()
    again = kind.from_config(json.loads(json.dumps(strategy.get_config())))
    serialised = keras.saving.serialize_keras_object(strategy)
    from_keras = keras.saving.deserialize_keras_object(serialised)
    for same in (kind(**settings), clone(strategy), again, from_keras):
        assert same == strategy
        assert hash(same) == hash(strategy)
        assert repr(same) == repr(strategy)
    other = clone(strategy).set_params(**change)
    assert other != strategy
    assert kind(**{**settings, **change}) == other
    assert strategy != object()
    with pytest.raises(ValueError, match=r"no setting 'nonsense'\. Its settings are"):
        strategy.set_params(nonsense=1)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: penalties.KL(weight=-1), r"KL\(weight=-1\).*>= 0"),
        (lambda: penalties.KL(weight=float("nan")), "weight=nan"),
        (lambda: penalties.KL(warm_up=1.5), r"warm_up=1.5.*an integer >= 0"),
        (lambda: penalties.KL().set_params(free_bits=-0.1), "free_bits=-0.1"),
        (lambda: heads.Categorical(5).set_params(levels=1), "levels=1"),
    ],
)
def test_limits_are_checked_on_every_way_in(make, words):
    with pytest.raises(ValueError, match=words):
        make()


def test_later_changes_do_not_reach_a_fitted_model(tmp_path, eager):
    X = bars(20, random_state=0) * 2
    vae = tiny("VAE", head=heads.Categorical(3)).fit(X)
    vae.set_params(head__levels=9)
    assert (vae.head_.levels, vae.model_.head.levels) == (3, 3)
    vae.save(tmp_path / "a.keras")
    np.testing.assert_array_equal(
        kgen.load(tmp_path / "a.keras").log_prob(X), vae.log_prob(X)
    )
    kl = penalties.KL(2.0)
    with pytest.raises(ValueError, match="weight=-1"):
        kl.set_params(free_bits=0.5, weight=-1)
    assert kl == penalties.KL(2.0)


def test_searches_reach_into_strategies(eager):
    X, _ = mixture(40, random_state=0)
    vae = tiny("VAE", head=heads.Normal(), architecture=networks.MLP(widths=8))
    grid = {"head__scale": [0.1, 1.0], "architecture__widths": [(4,), (8, 4)]}
    search = GridSearchCV(vae, grid, cv=2).fit(X)
    assert search.best_params_["head__scale"] in (0.1, 1.0)
    assert search.best_estimator_.head_.scale == search.best_params_["head__scale"]
    assert vae.head == heads.Normal()
    assert vae.architecture == networks.MLP(widths=8)
    grid = {"head": [heads.Normal(), heads.MixtureOfNormals(2)]}
    made = GridSearchCV(tiny("MADE"), grid, cv=2).fit(X)
    assert type(made.best_estimator_.head_) in (heads.Normal, heads.MixtureOfNormals)


@kgen.base.register
class Thermometer(LevelHead):
    """A head of one's own: a chain of coins, of which every level shows one more."""

    def __init__(self, levels=4, floor=0.0):
        self.levels = levels
        self.floor = floor
        self.size = levels

    def _logits(self, params):
        return keras.ops.cumsum(self.split(params), axis=-1) + self.floor

    def distribution(self, params):
        tfd = kgen.base.tfd
        logits = self._logits(params)
        return tfd.Independent(
            tfd.Categorical(logits=logits, dtype="float32"), len(params.shape) - 1
        )

    def mean(self, params):
        shares = keras.ops.softmax(self._logits(params))
        return keras.ops.sum(shares * np.arange(self.levels, dtype="float32"), -1)

    def draw(self, params, noise, temperature=1.0):
        shares = keras.ops.softmax(self._logits(params) / temperature)
        passed = keras.ops.expand_dims(noise, -1) > keras.ops.cumsum(shares, -1)
        return keras.ops.sum(keras.ops.cast(passed[..., :-1], "float32"), -1)


def test_two_classes_of_one_name_are_refused():
    with pytest.raises(ValueError, match="'KL' is registered already"):
        kgen.base.register(type("KL", (), {}))


def test_a_head_of_your_own_serves_every_model_and_file(tmp_path, eager, monkeypatch):
    monkeypatch.setitem(heads.heads._entries, "thermometer", Thermometer)
    kgen.testing.check_head(Thermometer())
    X = bars(30, random_state=0) * 3
    for name in ("VAE", "PixelCNN", "MADE"):
        fitted = tiny(name, head=Thermometer(floor=0.5)).fit(X)
        fitted.save(tmp_path / "a.keras")
        again = kgen.load(tmp_path / "a.keras")
        assert again.head == again.head_ == again.model_.head == Thermometer(4, 0.5)
        np.testing.assert_array_equal(again.log_prob(X), fitted.log_prob(X))
    assert tiny("VAE", head="thermometer").fit(X).head_ == Thermometer(4)
