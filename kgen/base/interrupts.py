"""Ctrl-C in `fit`."""

import signal
import threading
from typing import Any, Self

import keras

from kgen.core import backend


class CtrlC(keras.callbacks.Callback):
    """Put off Ctrl-C while a graph is traced, until the end of the training step.

    TensorFlow turns a KeyboardInterrupt in tracing into other errors, and may stay in
    graph mode. A second Ctrl-C is not put off. Other code's handlers are left alone,
    and so are threads other than the main one, which Ctrl-C does not reach.
    """

    def __init__(self) -> None:
        super().__init__()
        self.came = False
        self._former: Any = None

    def __enter__(self) -> Self:
        in_main = threading.current_thread() is threading.main_thread()
        if in_main and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            self._former = signal.signal(signal.SIGINT, self._handle)
        return self

    def __exit__(self, *problem: object) -> None:
        if self._former is not None:
            signal.signal(signal.SIGINT, self._former)

    def _handle(self, number: int, frame: Any) -> None:
        again, self.came = self.came, True
        if again or not backend.tracing():
            raise KeyboardInterrupt

    def on_train_batch_end(self, batch, logs=None):
        if self.came:
            raise KeyboardInterrupt

    def on_epoch_end(self, epoch, logs=None):
        if self.came:
            raise KeyboardInterrupt
