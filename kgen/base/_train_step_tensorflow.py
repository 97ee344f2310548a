"""The training step of models with one optimizer: Keras' own, right on replicas.

Keras adds up the losses of the replicas of a strategy; here the mean over the whole
batch is trained on, as on a single device, even where its parts differ in size.
"""

import keras

from kgen.core import backend, replicas
from kgen.core.backend import tf


class SingleTrainStep:
    """`train_step` and `test_step` around the `compute_loss` of a model."""

    def train_step(self, data):
        """Take one step of the optimizer."""
        backend.keep_graph(self)
        (x, y, sample_weight), n = _unpacked(data)
        with tf.GradientTape() as tape:
            y_pred = self(x, training=True)
            loss = self.compute_loss(x, y, y_pred, sample_weight, training=True)
            scaled = self.optimizer.scale_loss(loss * replicas.share(n))
        variables = self.trainable_weights
        self.optimizer.apply(tape.gradient(scaled, variables), variables)
        return self._logs(loss, n, x, y, y_pred, sample_weight)

    def test_step(self, data):
        """Evaluate the loss, without learning from it."""
        backend.keep_graph(self)
        (x, y, sample_weight), n = _unpacked(data)
        y_pred = self(x, training=False)
        loss = self.compute_loss(x, y, y_pred, sample_weight, training=False)
        return self._logs(loss, n, x, y, y_pred, sample_weight)

    def _logs(self, loss, n, x, y, y_pred, sample_weight):
        tracker = next(metric for metric in self.metrics if metric.name == "loss")
        tracker.update_state(loss, sample_weight=n)
        logs = self.compute_metrics(x, y, y_pred, sample_weight=sample_weight)
        return replicas.loggable(logs)


def _unpacked(data):
    data, n = replicas.filled(data)
    return keras.utils.unpack_x_y_sample_weight(data), n
