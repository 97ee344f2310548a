"""Training steps on TensorFlow: with one optimizer, and with one for every player.

Keras adds up the losses of a strategy's replicas. These steps minimise the mean over
the whole batch, as on a single device, even if its parts differ in size.
"""

import keras
from keras import tree

from kgen.core import backend, replicas
from kgen.core.backend import tf


class SingleTrainStep:
    """`train_step` and `test_step` around the `compute_loss` of a model."""

    def train_step(self, data):
        """Take one step of the optimizer."""
        backend.keep_graph(self)
        with replicas.part(data) as (data, n):
            x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
            with tf.GradientTape() as tape:
                y_pred = self(x, training=True)
                loss = self.compute_loss(x, y, y_pred, sample_weight, training=True)
                scaled = self.optimizer.scale_loss(loss * replicas.share(n))
            variables = self.trainable_weights  # some are made by the first call
            gradients = tape.gradient(scaled, variables)
        replicas.apply(self.optimizer, gradients, variables)
        self.after_update()
        return self._logs(loss, n, x, y, y_pred, sample_weight)

    def test_step(self, data):
        """Evaluate the loss, without learning from it."""
        backend.keep_graph(self)
        with replicas.part(data) as (data, n):
            x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
            y_pred = self(x, training=False)
            loss = self.compute_loss(x, y, y_pred, sample_weight, training=False)
        return self._logs(loss, n, x, y, y_pred, sample_weight)

    def _logs(self, loss, n, x, y, y_pred, sample_weight):
        tracker = next(metric for metric in self.metrics if metric.name == "loss")
        tracker.update_state(loss, sample_weight=n)
        logs = self.compute_metrics(x, y, y_pred, sample_weight=sample_weight)
        return replicas.loggable(logs)


class PlayersTrainStep:
    """`train_step` and `test_step` of a `PlayersModel`: every turn, one after another.

    In a turn one player learns, or several learn from the same forward pass.
    """

    def train_step(self, data):
        """Let every player take its steps, each on its own part of the batch."""
        backend.keep_graph(self)
        data = _without_weights(data)
        parts = max(self.steps.values())
        for turn in self.turns:
            for step in range(self.steps[turn[0]]):
                with replicas.part(_part(data, step, parts)) as (own, n):
                    self._take(turn, own, n)
        self.optimizer.iterations.assign_add(1)
        self.after_update()
        return replicas.loggable(self.tracked())

    def _take(self, turn, data, n):
        learned = {name: self.variables_of(name) for name in turn}
        watched = [v.value for variables in learned.values() for v in variables]
        with tf.GradientTape(len(turn) > 1, watch_accessed_variables=False) as tape:
            tape.watch(watched)
            losses, reports = self._play(turn, data, training=True)
            scaled = {
                name: self.optimizers[name].scale_loss(losses[name] * replicas.share(n))
                for name in turn
            }
        gradients = {name: tape.gradient(scaled[name], learned[name]) for name in turn}
        del tape
        for name in turn:
            replicas.apply(self.optimizers[name], gradients[name], learned[name])
        self._track(losses, reports, n)
        for name in turn:
            self._track_norm(name, gradients[name])
            self.after_step(name)

    def test_step(self, data):
        """The players' losses in inference mode, without learning from them."""
        backend.keep_graph(self)
        with replicas.part(_without_weights(data)) as (data, n):
            for turn in self.turns:
                self._track(*self._play(turn, data, training=False), n)
        self.optimizer.evaluated.assign_add(1)
        return replicas.loggable(self.tracked())

    def _play(self, turn, data, *, training):
        """Losses of the players of a turn, and whatever else is to be reported."""
        reports = dict(self.losses_of(turn, data, training=training))
        losses = {
            name: self.with_penalties(reports.pop(name), self.players[name].networks)
            for name in turn
        }
        return losses, reports

    def _track(self, losses, reports, n):
        for name, loss in losses.items():
            self.trackers[self.players[name].log].update_state(loss, sample_weight=n)
        for name, value in reports.items():
            self.trackers[name].update_state(value, sample_weight=n)

    def _track_norm(self, name, gradients):
        """Report the norm of a player's gradient, without loss scaling."""
        if name in self.norms:
            own = [g for g in gradients if g is not None]
            scale = self.optimizers[name].scale_loss(1.0)
            self.norms[name].update_state(tf.linalg.global_norm(own) / scale)


def _without_weights(data):
    x, _, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
    if sample_weight is not None:
        raise ValueError(
            "Models with several players take no `sample_weight` or class weights."
        )
    return x


def _part(data, index, parts):
    """Every `parts`-th example of the whole batch; empty only if the batch is.

    Places in the whole batch decide, so that replicas divide it as one device does.
    """
    if parts == 1:
        return data
    n = tf.shape(tree.flatten(data)[0])[0]
    before, total = replicas.place(n)
    stride = tf.clip_by_value(total, 1, parts)
    first = tf.minimum(tf.math.floormod(index - before, stride), n)
    rows = tf.range(first, n, stride)
    return tree.map_structure(lambda tensor: tf.gather(tensor, rows), data)
