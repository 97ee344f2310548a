"""One training step of a game: every player in turn. The tapes stand here."""

import keras
import tensorflow as tf
from keras import tree


class AlternatingTrainStep:
    """`train_step` and `test_step` for `AdversarialModel`, on TensorFlow."""

    def train_step(self, data):
        """Let every player take its steps, each on a part of the batch of its own."""
        data = _without_weights(data)
        parts = max(self.steps.values())
        for player in self.players:
            variables = self.variables_of(player)
            optimizer = self.optimizers[player]
            for step in range(self.steps[player]):
                part = _part(data, step, parts)
                with tf.GradientTape(watch_accessed_variables=False) as tape:
                    tape.watch([variable.value for variable in variables])
                    loss = self.loss_of(player, part, training=True)
                    loss = self.with_penalties(loss, getattr(self, player))
                    scaled = optimizer.scale_loss(loss)
                optimizer.apply(tape.gradient(scaled, variables), variables)
                self.track(player, loss, part)
        return self.tracked()

    def test_step(self, data):
        """The players' losses in inference mode, without learning from them."""
        data = _without_weights(data)
        for player in self.players:
            loss = self.loss_of(player, data, training=False)
            self.track(player, self.with_penalties(loss, getattr(self, player)), data)
        return self.tracked()


def _without_weights(data):
    x, _, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
    if sample_weight is not None:
        raise ValueError("Adversarial models take no `sample_weight` or class weights.")
    return x


def _part(data, index, parts):
    """One of `parts` equal parts of a batch, never an empty one."""
    n = tf.shape(tree.flatten(data)[0])[0]
    start = index * n // parts
    stop = tf.maximum((index + 1) * n // parts, start + 1)
    return tree.map_structure(lambda tensor: tensor[start:stop], data)
