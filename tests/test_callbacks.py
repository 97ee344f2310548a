"""Callbacks that look at samples: pictures, metrics in the logs, mode collapse."""

import functools
import os
import warnings

import keras
import numpy as np
import pytest
from matplotlib.image import imread

import kgen
from kgen.callbacks import CollapseMonitor, SampleGrid, SampleMetric
from kgen.data.toy import bars, mixture
from kgen.networks import MLP
from tests.conftest import tiny

X, CENTRE = mixture(1000, random_state=0)


class Draws(keras.Model):
    """A model that draws what it is told, whatever it learns."""

    condition_dim = 0

    def __init__(self, drawn):
        super().__init__()
        self.drawn = drawn
        self.epochs = 0
        self.epoch = self.add_weight(shape=(), name="epoch")
        self.compile("sgd", "mse", run_eagerly=True)
        self.built = True

    def call(self, x):
        return x * self.epoch

    def train_step(self, data):
        self.epochs += 1
        self.epoch.assign(self.epochs)
        return {"loss": self.epoch}

    def sample(self, n, seed=None, condition=None):
        self.seen = n, seed, condition
        return self.drawn(n, self.epochs)


def fit(drawn, *callbacks, epochs=6):
    model = Draws(drawn)
    model.fit(
        np.zeros((1, 1)), np.zeros((1, 1)),
        epochs=epochs, verbose=0, callbacks=list(callbacks),
    )  # fmt: skip
    return model


def real_samples(n, epoch):
    return mixture(n, random_state=100 + epoch)[0]


def one_mode(n, epoch):
    return X[CENTRE == 3][np.arange(n) % (CENTRE == 3).sum()]


@pytest.mark.parametrize("measure", ["coverage", "diversity"])
@pytest.mark.parametrize("action", ["warn", "stop", "restore"])
def test_a_monitor_is_silent_on_real_data(measure, action):
    monitor = CollapseMonitor(X, 200, measure=measure, action=action)
    model = fit(real_samples, monitor)  # warnings are errors
    assert model.epochs == 6


@pytest.mark.parametrize("measure", ["coverage", "diversity"])
def test_a_monitor_fires_on_a_generator_that_is_frozen_to_one_mode(measure):
    monitor = CollapseMonitor(X, 200, measure=measure)
    with pytest.warns(UserWarning, match=f"{measure} of samples") as caught:
        model = fit(one_mode, monitor)
    assert model.epochs == 6
    assert len(caught) == 1  # and not again in every epoch
    assert "Epoch 3:" in str(caught[0].message)
    assert "Mode collapse" in str(caught[0].message)


def test_a_monitor_tells_collapse_from_samples_off_the_data():
    with pytest.warns(UserWarning, match="0% of the samples lie among the data"):
        fit(lambda n, epoch: real_samples(n, epoch) + 99, CollapseMonitor(X, 200))
    # Which are as diverse as the data.
    fit(
        lambda n, epoch: real_samples(n, epoch) + 99,
        CollapseMonitor(X, 200, measure="diversity"),
    )


def collapsing(n, epoch):
    """Two modes, then all, then one."""
    if epoch == 1:
        return X[CENTRE < 3][:n]
    return real_samples(n, epoch) if epoch == 2 else one_mode(n, epoch)


def test_a_monitor_stops_or_restores_the_best_weights():
    with pytest.warns(UserWarning, match="Training was stopped.$"):
        model = fit(collapsing, CollapseMonitor(X, 200, action="stop", patience=2))
    assert model.epochs == int(model.epoch.value) == 4
    with pytest.warns(UserWarning, match="the weights are those of epoch 2"):
        model = fit(collapsing, CollapseMonitor(X, 200, action="restore", patience=2))
    assert (model.epochs, int(model.epoch.value)) == (4, 2)


def test_a_monitor_warns_again_after_a_recovery():
    def twice(n, epoch):
        return (real_samples if epoch == 3 else one_mode)(n, epoch)

    with pytest.warns(UserWarning, match="coverage") as caught:
        fit(twice, CollapseMonitor(X, 200, patience=1), epochs=5)
    assert ["Epoch 1:" in str(w.message) for w in caught] == [True, False]


def test_a_monitor_compares_at_the_numbers_of_its_ceiling():
    """More samples than held-out data would cover more."""
    numbers = []

    def features(x):
        numbers.append(len(x))
        return x

    monitor = CollapseMonitor(X[:100], 1000, features=features)
    assert numbers == [50, 50, 50]  # real, their first again, held-out
    # Naeem et al., 2020, lemma 2: 1 - 2^-5.
    assert monitor.ceiling == pytest.approx(0.97, abs=0.1)
    fit(real_samples, monitor, epochs=1)
    assert numbers[3:] == [50]


def test_a_monitor_on_a_gan_whose_generator_is_frozen(eager):
    """A generator of weights 0 draws a single point."""
    mlp = MLP(widths=8)
    generator = mlp.up(4, (2,))
    for weights in generator.weights:
        weights.assign(np.zeros(weights.shape))
    generator.trainable = False
    model = kgen.models.GANModel(generator, mlp.down((2,), 1), seed=0)
    model.compile("adam")
    for measure in ("coverage", "diversity"):
        monitor = CollapseMonitor(X, 50, measure=measure, patience=2, action="stop")
        with pytest.warns(UserWarning, match=f"{measure} of samples is 0,"):
            history = model.fit(X, epochs=3, verbose=0, callbacks=[monitor]).history
        assert history[f"val_{measure}"] == [0, 0]


def mean_gap(*, real, fake):
    return abs(real.mean() - fake.mean())


def test_a_metric_is_in_the_logs_for_other_callbacks(tmp_path):
    """Samples of epoch e have the mean e, real data 3: the best epoch is the third."""
    real = np.full((10, 4, 4), 3, "uint8")
    saved = tmp_path / "best.weights.h5"
    watch = SampleMetric(mean_gap, real, 7)
    best = keras.callbacks.ModelCheckpoint(
        saved, "val_mean_gap", mode="min", save_best_only=True, save_weights_only=True
    )
    stop = keras.callbacks.EarlyStopping("val_mean_gap", mode="min", patience=2)

    def drawn(n, epoch):
        # Rounded, as real ones are.
        return np.full((n, 4, 4, 1), epoch - 0.2, "float32")

    model = fit(drawn, watch, best, stop, epochs=20)
    assert model.epochs == 5
    assert model.seen == (7, 0, None)
    assert model.history.history["val_mean_gap"] == [2, 1, 0, 1, 2]
    other = Draws(drawn)
    other.load_weights(saved)
    assert int(other.epoch.value) == 3


def test_names_and_repetition_of_metrics():
    found = functools.partial(kgen.metrics.prdc, floor=False)
    partly = functools.partial(kgen.metrics.mmd, floor=False, n_permutations=0)
    model = fit(
        real_samples,
        SampleMetric(found, X, 100, every=2),
        SampleMetric(partly, X, 100, name="gap"),
        epochs=4,
    )
    history = model.history.history
    wanted = {"val_precision", "val_recall", "val_density", "val_coverage", "val_gap"}
    assert set(history) == {"loss", *wanted}
    one, two, three, four = history["val_density"]
    assert (one, three) == (two, four)
    assert one != three
    one, two = history["val_gap"][:2]
    assert one != two


def test_metrics_in_the_history_of_an_estimator(eager, tmp_path):
    distance = functools.partial(
        kgen.metrics.sliced_wasserstein, floor=False, n_resamples=0, random_state=0
    )
    watch = SampleMetric(distance, X, 50)
    path = tmp_path / "best.keras"
    best = keras.callbacks.ModelCheckpoint(
        path, "val_sliced_wasserstein", mode="min", save_best_only=True
    )
    gan = tiny("GAN", epochs=3).fit(X, callbacks=[watch, best])
    values = gan.history_["val_sliced_wasserstein"]
    assert len(values) == 3
    # What was logged is what the model draws, and the file is the best epoch's.
    fake = gan.model_.sample(50, seed=0)
    assert values[-1] == pytest.approx(float(distance(real=X, fake=fake)), rel=1e-5)
    kept = kgen.load(path).model_.sample(50, seed=0)
    assert min(values) == pytest.approx(float(distance(real=X, fake=kept)), rel=1e-5)


def test_pictures_of_every_epoch(tmp_path):
    def drawn(n, epoch):
        return np.random.default_rng(0).random((n, 4, 5, 3)).astype("float32")

    model = fit(drawn, SampleGrid(tmp_path / "new", 6, every=2, seed=5), epochs=3)
    assert model.seen == (6, 5, None)
    assert sorted(os.listdir(tmp_path / "new")) == ["epoch_0001.png", "epoch_0003.png"]
    picture = imread(tmp_path / "new" / "epoch_0001.png")
    assert picture.std() > 0.1


@pytest.mark.parametrize("columns", [1, 2, 5])
@pytest.mark.parametrize("with_real", [False, True])
def test_pictures_of_tables(columns, with_real, tmp_path):
    def drawn(n, epoch):
        return np.random.default_rng(epoch).normal(size=(n, columns))

    real = drawn(50, 0) if with_real else None
    fit(drawn, SampleGrid(tmp_path, 20, real=real), epochs=2)
    one, two = (imread(tmp_path / f"epoch_000{i}.png") for i in (1, 2))
    assert np.abs(one - two).max() > 0.1


def test_pictures_in_tensorboard(tmp_path):
    folder, logs = tmp_path / "pictures", tmp_path / "logs"
    fit(real_samples, SampleGrid(folder, 20, log_dir=logs), epochs=2)
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        events = EventAccumulator(os.fspath(logs))
        events.Reload()
        steps = [event.step for event in events.Tensors("samples")]
    assert steps == [0, 1]


def test_conditional_models(eager, tmp_path):
    """An estimator of four labels; the grid has a column for each."""
    images = bars(64, size=4, random_state=0)
    labels = np.array(list("abcd"))[images[:, 0].argmax(axis=1)]
    gan = tiny("ConditionalGAN", epochs=2)
    gan.fit(images, labels, callbacks=[SampleGrid(tmp_path, 8, columns=4)])
    assert len(os.listdir(tmp_path)) == 2

    grid = SampleGrid(tmp_path, 6, condition=[2, 0])
    grid.set_model(gan.model_)
    one_hot = np.eye(4)[[2, 0, 2, 0, 2, 0]]
    wanted = gan.model_.sample(6, seed=0, condition=one_hot)
    np.testing.assert_array_equal(grid.draw(), wanted)
    vectors = SampleGrid(tmp_path, 6, condition=one_hot[:2])
    vectors.set_model(gan.model_)
    np.testing.assert_array_equal(vectors.draw(), wanted)
    each = SampleGrid(tmp_path, 6)
    each.set_model(gan.model_)
    wanted = gan.model_.sample(6, seed=0, condition=np.eye(4)[[0, 1, 2, 3, 0, 1]])
    np.testing.assert_array_equal(each.draw(), wanted)
    wrong = SampleGrid(tmp_path, 6, condition=[4])
    wrong.set_model(gan.model_)
    with pytest.raises(ValueError, match="label 4; the model knows 0 to 3"):
        wrong.draw()


def test_a_keras_model_in_plain_fit(eager, tmp_path):
    mlp = MLP(widths=8)
    model = kgen.models.GANModel(mlp.up(4, (2,)), mlp.down((2,), 1), seed=0)
    model.compile("adam")
    callbacks = [
        SampleGrid(tmp_path, 20, real=X),
        SampleMetric(functools.partial(kgen.metrics.mmd, floor=False), X, 30),
        CollapseMonitor(X, 30, patience=9),
    ]
    history = model.fit(X, epochs=2, verbose=0, callbacks=callbacks).history
    assert len(history["val_mmd"]) == len(history["val_coverage"]) == 2
    assert len(os.listdir(tmp_path)) == 2


def test_bad_settings(tmp_path):
    for make, words in [
        (lambda: SampleGrid(tmp_path, 0), "n_samples=0"),
        (lambda: SampleGrid(tmp_path, every=0), "every=0"),
        (lambda: SampleGrid(tmp_path, seed=-1), "seed"),
        (lambda: SampleGrid(tmp_path, condition="cat"), "condition vectors"),
        (lambda: SampleGrid(tmp_path, condition=[-1]), "condition vectors"),
        (lambda: SampleMetric("mmd", X), "function of `real=`"),
        (lambda: CollapseMonitor(X, 19), "n_samples=19"),
        (lambda: CollapseMonitor(X[:30]), "`real` has 30 examples; at least 40"),
        (lambda: CollapseMonitor(X, action="cry"), "action='cry'.*'warn', 'stop'"),
        (lambda: CollapseMonitor(X, measure="recall"), "measure='recall'"),
        (lambda: CollapseMonitor(X, threshold=1.0), "threshold=1.0"),
        (lambda: CollapseMonitor(X, patience=0), "patience=0"),
    ]:
        with pytest.raises(ValueError, match=words):
            make()
    plain = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    plain.compile("sgd", "mse")
    with pytest.raises(ValueError, match=r"Sequential has no method `sample"):
        plain.fit(X, X[:, :1], verbose=0, callbacks=[SampleGrid(tmp_path)])
    with pytest.raises(
        ValueError, match=r"samples of this model have shape \(9, 3, 3, 2"
    ):
        fit(lambda n, epoch: np.zeros((n, 3, 3, 2)), SampleGrid(tmp_path, 9))
