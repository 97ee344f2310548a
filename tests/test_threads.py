"""What happens at once: fits in threads, refits beside samplers, Ctrl-C in tracing."""

import os
import random
import signal
import threading
from concurrent.futures import ThreadPoolExecutor

import keras
import numpy as np
import pytest

import kgen
from kgen.data.toy import bars
from tests.conftest import tiny

X = bars(24, size=3, random_state=0)


def test_fits_in_threads_have_the_weights_of_their_seed(eager):
    def fit(seed):
        return tiny("MADE", random_state=seed).fit(X).model_.get_weights()

    before = random.getstate()
    alone = [fit(seed) for seed in (0, 1)]
    with ThreadPoolExecutor(2) as threads:
        together = list(threads.map(fit, [0, 1, 0, 1]))
    assert random.getstate() == before
    for found, expected in zip(together, alone * 2, strict=True):
        for mine, other in zip(found, expected, strict=True):
            np.testing.assert_allclose(mine, other, rtol=1e-4, atol=1e-6)


def test_another_thread_draws_while_a_model_is_fitted_again(eager):
    vae = tiny("VAE").fit(X)
    done, problems = threading.Event(), []

    def draw():
        while not done.is_set():
            try:
                vae.sample(2)
            except AttributeError as problem:
                problems.append(problem)
                return

    thread = threading.Thread(target=draw)
    thread.start()
    try:
        for _ in range(2):
            vae.fit(X)
        with pytest.raises(ValueError, match="NaN"):
            vae.fit(np.full((4, 4, 4), np.nan))
    finally:
        done.set()
        thread.join()
    assert not problems


class InterruptedVAE(kgen.models.VAEModel):
    """Presses Ctrl-C while its training step is traced."""

    def call(self, inputs, training=False):
        if training and isinstance(self.pressed, list):
            self.pressed.append(1)
            os.kill(os.getpid(), signal.SIGINT)
        return super().call(inputs, training=training)

    pressed: list | None = None


def interrupted(monkeypatch, **settings):
    monkeypatch.setattr(
        kgen.VAE, "build_model", _build_interrupted(kgen.VAE.build_model)
    )
    return tiny("VAE", **settings)


def _build_interrupted(build):
    def build_model(self, event_shape):
        model = build(self, event_shape)
        object.__setattr__(model, "__class__", InterruptedVAE)
        return model

    return build_model


def test_ctrl_c_while_a_graph_is_traced_is_a_keyboard_interrupt(
    interruptible, monkeypatch
):
    vae = interrupted(monkeypatch, epochs=2)
    monkeypatch.setattr(InterruptedVAE, "pressed", [])
    with pytest.raises(KeyboardInterrupt):
        vae.fit(X)
    assert InterruptedVAE.pressed
    assert not hasattr(vae, "model_")
    assert keras.ops.ones(2).numpy().sum() == 2  # not in graph mode
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    monkeypatch.setattr(InterruptedVAE, "pressed", None)
    vae.fit(X)


def test_an_error_that_ctrl_c_became_is_a_keyboard_interrupt(interruptible, eager):
    class Disguise(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            try:
                os.kill(os.getpid(), signal.SIGINT)
                threading.Event().wait(1)
            except KeyboardInterrupt:
                raise SystemError("returned a result with an exception set") from None

    vae = tiny("VAE")
    with pytest.raises(KeyboardInterrupt):
        vae.fit(X, callbacks=[Disguise()])


def test_changed_settings_of_a_warm_start_are_named(eager):
    made = tiny("MADE", warm_start=True).fit(X)
    made.set_params(epochs=2, learning_rate=1e-4, batch_size=5, verbose=0).fit(X)
    made.set_params(hidden=(8,), head="categorical")
    with pytest.raises(ValueError, match=r"head=.*hidden=\(8,\) \(was \(16,\)\)"):
        made.fit(X)
    assert made.set_params(warm_start=False).fit(X).model_.hidden == (8,)


def test_a_strategy_changed_in_place_is_noticed(eager):
    mlp = kgen.networks.MLP(widths=(4,))
    sgd = keras.optimizers.SGD(0.1)
    vae = tiny("VAE", warm_start=True, architecture=mlp, optimizer=sgd).fit(X).fit(X)
    with pytest.raises(ValueError, match="architecture=.*widths"):
        vae.set_params(architecture__widths=(8,)).fit(X)
    vae.set_params(architecture__widths=(4,), optimizer=keras.optimizers.SGD(0.1))
    vae.fit(X)


def test_callbacks_see_the_history_of_the_epoch_that_ended(eager, tmp_path):
    seen = []

    class Save(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            vae.save(tmp_path / "a.keras")
            seen.append(len(kgen.load(tmp_path / "a.keras").history_["loss"]))
            logs["extra"] = 7.0

    vae = tiny("VAE", epochs=2)
    vae.fit(X, callbacks=[Save()])
    assert seen == [1, 2]
    assert vae.history_["extra"] == [7.0, 7.0]
