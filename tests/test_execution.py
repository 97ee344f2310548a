"""How steps are run: several at once, Adam's kernel, and the order of the examples."""

import gc
import weakref

import keras
import numpy as np
import pytest
import tensorflow as tf

import kgen
from kgen.base import execution, training
from kgen.base.adam import Adam
from kgen.core.random import permutation
from kgen.data.sources import ArraySource
from kgen.data.toy import bars, mixture
from tests.conftest import eagerly, tiny

X = bars(54, size=4, random_state=0)


def fitted(name="MADE", X=X, callbacks=(), **settings):
    """An estimator after two epochs, and how many steps it ran at once, if several."""
    settings = {"epochs": 2, "batch_size": 9, **settings}
    estimator = tiny(name, **settings).fit(X, callbacks=callbacks)
    (at_once,) = estimator.model_.traced or [1]
    return estimator, at_once


class Batches(keras.callbacks.Callback):
    """Counts batches."""

    seen = 0

    def on_train_batch_end(self, batch, logs=None):
        self.seen += 1


@pytest.mark.parametrize(
    "name",
    [
        name if name in ("VAE", "GAN") else pytest.param(name, marks=pytest.mark.slow)
        for name in ("MADE", "VAE", "GAN", "NADE", "ConditionalGAN", "PixelCNN")
    ],
)
def test_several_steps_at_once_train_like_one_by_one(name):
    y = X[:, 0, 0] if name.startswith("Conditional") else None
    found = []
    for callbacks in ([], [Batches()]):
        estimator = tiny(name, epochs=2, batch_size=9)
        held_out = X[:20] if y is None else (X[:20], y[:20])
        estimator.fit(X, y, validation_data=held_out, callbacks=callbacks)
        found.append((estimator.history_, estimator.model_.get_weights()))
        traced = [1] if callbacks else [6]
        assert list(estimator.model_.traced or [1]) == traced
    (history, weights), (other, others) = found
    assert history == other
    for a, b in zip(weights, others, strict=True):
        np.testing.assert_array_equal(a, b)


def test_they_divide_the_steps_of_an_epoch():
    with eagerly():
        model = fitted()[0]
        assert execution.steps_per_execution(model, 9, 6, []) == 1
    for steps, at_once in ((1, 1), (6, 6), (37, 1), (64, 32), (68, 17)):
        assert execution.steps_per_execution(model, 9, steps, []) == at_once


def test_callbacks_see_every_batch():
    batches = Batches()
    assert fitted(callbacks=[batches])[1] == 1
    assert batches.seen == 12
    seen = []
    each = keras.callbacks.LambdaCallback(
        on_train_batch_begin=lambda batch, logs: seen.append(batch)
    )
    assert fitted(callbacks=each)[1] == 1
    assert len(seen) == 12


def test_callbacks_that_look_at_epochs_cost_nothing(tmp_path):
    callbacks = [
        keras.callbacks.ModelCheckpoint(tmp_path / "model.keras"),
        keras.callbacks.EarlyStopping("loss", patience=9),
        keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: None),
    ]
    assert fitted(callbacks=callbacks)[1] == 6
    saving = keras.callbacks.ModelCheckpoint(tmp_path / "model.keras", save_freq=3)
    assert fitted(callbacks=saving)[1] == 1


def test_long_steps_are_run_one_by_one(monkeypatch):
    with eagerly():
        images, sequences = (
            fitted(name, epochs=1)[0] for name in ("PixelCNN", "SequenceRNN")
        )
    assert execution.steps_per_execution(images, 9, 6, []) == 6
    assert execution.steps_per_execution(sequences, 9, 6, []) == 1
    monkeypatch.setattr(execution, "WORK", 9 * 16 * 1000)
    assert execution.steps_per_execution(images, 9, 6, []) == 1


def test_a_dataset_of_batches():
    data = tf.data.Dataset.from_tensor_slices(X).batch(9)
    found = [fitted(X=data, callbacks=c) for c in ([], [Batches()])]
    (several, at_once), (one, alone) = found
    assert (at_once, alone) == (6, 1)
    assert several.history_ == one.history_


def test_the_keras_door_is_as_before():
    model = fitted()[0].model_
    assert model.steps_per_execution == 1
    batches = Batches()
    model.fit(
        X[..., None].astype("float32"), batch_size=9, verbose=0, callbacks=batches
    )
    assert batches.seen == 6
    model.compile("sgd")
    assert not model.traced


def test_training_that_goes_on_traces_nothing_anew():
    estimator = fitted(warm_start=True)[0]
    functions = dict(estimator.model_.traced)
    estimator.fit(X)
    assert estimator.model_.traced == functions
    assert len(estimator.history_["loss"]) == 4


def test_divergence_is_noticed_between_executions():
    checks = training.StopOnNaN("VAE", None)
    checks.on_epoch_begin(0)
    nan = {"loss": np.nan}
    for batch in (39, 79):
        checks.on_train_batch_end(batch, nan)
    with pytest.raises(FloatingPointError, match="epoch 1"):
        checks.on_train_batch_end(119, nan)
    checks.on_train_batch_end(159, nan)  # before 200


@pytest.mark.slow
def test_graphs_of_several_steps_are_freed():
    def graphs_of_steps():
        names = ("one_step_on_data", "multi_step_on_iterator")
        return [
            part
            for part in gc.get_objects()
            if isinstance(part, tf.Graph) and getattr(part, "name", None) in names
        ]

    others = graphs_of_steps()  # of estimators that other tests still hold
    for _ in range(2):
        estimator, at_once = fitted("VAE")
        assert at_once == 6
    graphs = [
        weakref.ref(graph)
        for graph in graphs_of_steps()
        if not any(graph is other for other in others)
    ]
    assert len(graphs) >= 2
    del estimator
    gc.collect()
    for graph in graphs:
        assert graph() is None or not graph().get_operations()


@pytest.mark.parametrize("start", [0, 3])
def test_every_epoch_has_its_own_order(start):
    source = ArraySource(np.arange(10))
    batches = iter(source.batches(4, seed=7, first_epoch=start))
    for epoch in range(start, start + 3):
        found = np.concatenate([next(batches) for _ in range(source.steps(4))])
        np.testing.assert_array_equal(found, permutation(7, epoch, 10))
    held_out = [batch.numpy().tolist() for batch in source.batches(4)]
    assert held_out == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]


ADAMS = [
    {},
    {"beta_1": 0.5, "beta_2": 0.9, "epsilon": 1e-3},
    {"weight_decay": 0.1},
    {"clipnorm": 0.1},
    {"use_ema": True, "ema_momentum": 0.5},
    {"gradient_accumulation_steps": 2},
    {"amsgrad": True},
]


@pytest.mark.parametrize("settings", ADAMS, ids=str)
def test_adam_takes_the_steps_of_keras(settings, jit):
    random = np.random.default_rng(0)
    variables = [keras.Variable(np.ones((5, 4), "float32")) for _ in range(2)]
    rate = keras.optimizers.schedules.ExponentialDecay(0.01, 10, 0.9)
    both = [kind(rate, **settings) for kind in (Adam, keras.optimizers.Adam)]
    for optimizer, variable in zip(both, variables, strict=True):
        optimizer.build([variable])

    @tf.function(jit_compile=jit)
    def step(gradient):
        for optimizer, variable in zip(both, variables, strict=True):
            optimizer.apply([gradient], [variable])

    for _ in range(20):
        step(tf.constant(random.normal(size=(5, 4)), "float32"))
    ours, theirs = map(np.asarray, variables)
    assert np.abs(theirs - 1).max() > 0.03
    np.testing.assert_allclose(ours, theirs, atol=2e-6)
    for a, b in zip(both[0].variables, both[1].variables, strict=True):
        np.testing.assert_allclose(np.asarray(a), np.asarray(b), rtol=3e-5, atol=2e-6)


def test_adam_takes_sparse_gradients():
    found = []
    for kind in (Adam, keras.optimizers.Adam):
        variable = keras.Variable(np.ones((4, 2), "float32"))
        gradient = tf.IndexedSlices(tf.ones((1, 2)), tf.constant([2]), (4, 2))
        kind(0.1).apply([gradient], [variable])
        found.append(variable.numpy())
    np.testing.assert_array_equal(*found)


@pytest.mark.parametrize("name", ["VAE", "GAN"])
def test_adam_by_name_is_the_fast_one(name, tmp_path, eager):
    model = tiny(name).fit(X).model_
    assert all(type(own) is Adam for own in model.optimizer_list())
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    for a, b in zip(model.optimizer_list(), again.optimizer_list(), strict=True):
        assert type(b) is Adam
        assert a.get_config() == b.get_config()


def test_a_given_adam_is_left_alone(eager):
    model = tiny("VAE", optimizer=keras.optimizers.Adam(0.1)).fit(X).model_
    assert type(model.optimizer) is keras.optimizers.Adam


def test_grey_values_at_the_keras_door():
    """Bernoulli's loss is linear in x, as in Keras' cross-entropy."""
    head = kgen.heads.Bernoulli()
    logits = keras.ops.convert_to_tensor([[-90.0, -3, 0, 0.5, 90]])
    x = np.array([[0.25, 0.5, 0.75, 1.0, 0.0]], "float32")
    expected = -keras.ops.binary_crossentropy(x, logits, from_logits=True)
    found = head.log_prob(logits, x)
    np.testing.assert_allclose(found, [np.sum(expected)], rtol=1e-6)


def test_real_data_are_trained_several_steps_at_once():
    assert fitted("VAE", mixture(54, random_state=0)[0])[1] == 6
