"""One training step of a game: every player in turn."""

import keras
from keras import tree

from kgen.core import backend, replicas
from kgen.core.backend import tf


class AlternatingTrainStep:
    """`train_step` and `test_step` for `AdversarialModel`, on TensorFlow."""

    def train_step(self, data):
        """Let every player take its steps, each on a part of the batch of its own."""
        backend.keep_graph(self)
        data = _without_weights(data)
        parts = max(self.steps.values())
        for player in self.players:
            variables = self.variables_of(player)
            optimizer = self.optimizers[player]
            for step in range(self.steps[player]):
                part, n = replicas.filled(_part(data, step, parts))
                with tf.GradientTape(watch_accessed_variables=False) as tape:
                    tape.watch([variable.value for variable in variables])
                    loss = self._loss(player, part, training=True)
                    scaled = optimizer.scale_loss(loss * replicas.share(n))
                optimizer.apply(tape.gradient(scaled, variables), variables)
                self.trackers[player].update_state(loss, sample_weight=n)
        return replicas.loggable(self.tracked())

    def test_step(self, data):
        """The players' losses in inference mode, without learning from them."""
        backend.keep_graph(self)
        data, n = replicas.filled(_without_weights(data))
        for player in self.players:
            loss = self._loss(player, data, training=False)
            self.trackers[player].update_state(loss, sample_weight=n)
        return replicas.loggable(self.tracked())

    def _loss(self, player, data, *, training):
        loss = self.loss_of(player, data, training=training)
        return self.with_penalties(loss, getattr(self, player))


def _without_weights(data):
    x, _, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
    if sample_weight is not None:
        raise ValueError("Adversarial models take no `sample_weight` or class weights.")
    return x


def _part(data, index, parts):
    """One of `parts` equal parts of a batch, never an empty one if that is not."""
    if parts == 1:
        return data
    n = tf.shape(tree.flatten(data)[0])[0]
    start = index * n // parts
    stop = tf.maximum((index + 1) * n // parts, start + 1)
    return tree.map_structure(lambda tensor: tensor[start:stop], data)
